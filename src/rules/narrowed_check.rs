//! See `rules/narrowed-check.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Migration, Spec},
    schema::{Constraint, Known, Table},
    statement::{Demand, Name},
};
use std::collections::BTreeSet;

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Migration(check) };

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    if !migration.context.is_deployed_now(migration.run) {
        return;
    }
    let touched: BTreeSet<&Name> = migration.upgrade.statements.iter().flat_map(|it| it.tables()).collect();
    for name in touched {
        let (Known::Yes(before), Known::Yes(after)) = (migration.before.table(name), migration.after.table(name))
        else {
            continue;
        };
        for constraint in after.constraints().filter(|it| it.made.run == migration.run) {
            narrowed(before, constraint, findings);
        }
    }
}

/// The constraint lets a column have fewer values than one that it stands in for.
fn narrowed(before: &Table, constraint: &Constraint, findings: &mut Findings<'_>) {
    let Some((column, allowed)) = choices(constraint) else { return };
    let old = before.constraints().filter_map(|it| Some((it, choices(it)?)));
    for (earlier, (_, values)) in old.filter(|(_, (of, _))| *of == column) {
        let gone: Vec<&str> = values.iter().filter(|it| !allowed.contains(it)).copied().collect();
        if gone.is_empty() {
            continue;
        }
        let message = format!(
            "`{column}` of `{}` no longer takes `{}`: code that writes it fails from here on",
            before.name,
            gone.join("`, `")
        );
        let finding = findings.report(constraint.made.span, message);
        finding.subject.direction = Some(Direction::Upgrade);
        finding
            .object(format!("{}.{column}", before.name.name))
            .note(earlier.made.span, "the values that it took before")
            .help("deploy code that does not write it, change the rows that have it, then narrow the CHECK in a later revision");
        return;
    }
}

fn choices(constraint: &Constraint) -> Option<(&str, Vec<&str>)> {
    match &constraint.rule {
        Demand::Check(condition) => condition.choices(),
        _ => None,
    }
}
