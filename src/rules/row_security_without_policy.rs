//! See `rules/row-security-without-policy.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Table,
    statement::{Action, Definition, Kind, Name, RowSecurity, Sort, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Security, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    let enabled = actions.contains(&Action::RowSecurity(RowSecurity::Enable));
    let others = || site.earlier.iter().chain(site.later);
    if !enabled || site.run.direction == Direction::Downgrade || others().any(|it| is_policy(it, table)) {
        return;
    }
    // What is not understood may make one, here or before.
    let known = site.schema.table(table).yes().filter(|it| it.made.is_some() && site.schema.is_whole(it));
    let has_policy = |it: &Table| site.schema.attached_to(it).iter().any(|(sort, ..)| *sort == Sort::Policy);
    if known.is_none_or(has_policy) || !site.unresolved.is_empty() || site.drops_later(table) {
        return;
    }
    let message = format!("everybody but the owner of `{table}` finds no row in it: it has row security and no policy");
    findings.report(site.statement.span, message).object(&table.name).help(code::execute(&format!(
        "CREATE POLICY {} ON {} USING (...)",
        code::identifier(&code::fitting(format!("{}_all", table.name))),
        code::table(table)
    )));
}

fn is_policy(statement: &Statement, table: &Name) -> bool {
    match statement.definition.as_deref() {
        Some(Definition::Make(make)) => make.sort == Sort::Policy && make.on.as_ref() == Some(table),
        _ => false,
    }
}
