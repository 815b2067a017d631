//! See `rules/invalid-leftover.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Demand, Kind, Name},
    stats::Stats,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::FailsOnData, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(stats) = &site.context.target.stats else { return };
    if site.run.direction == Direction::Downgrade {
        return;
    }
    match &site.statement.kind {
        Kind::CreateIndex(create) => {
            let Some(index) = create.index.as_ref().map(|it| create.table.renamed(it)) else { return };
            leftover(site, stats, &index, findings);
        }
        Kind::AttachIndex { partition, .. } => leftover(site, stats, partition, findings),
        Kind::AlterTable { table, actions, .. } => {
            for action in actions {
                if let Action::AddConstraint(constraint) = action
                    && let Demand::Unique { using: Some(index), .. } | Demand::PrimaryKey { using: Some(index), .. } =
                        &constraint.rule
                {
                    leftover(site, stats, &table.renamed(index), findings);
                }
            }
            unvalidated(site, stats, table, actions, findings);
        }
        _ => {}
    }
}

/// An index that a broken build has left, and that this revision does not drop before.
fn leftover(site: &Site<'_>, stats: &Stats, index: &Name, findings: &mut Findings<'_>) {
    let dropped = site.earlier.iter().any(|it| match &it.kind {
        Kind::DropIndex { indexes, .. } => indexes.contains(index),
        _ => false,
    });
    if dropped || stats.invalid_index(index).is_none() {
        return;
    }
    let message = format!("the database has an invalid index `{index}`, which a build that broke off has left");
    findings.report(site.statement.place(&index.name), message).object(&index.name).help(code::concurrent_drop(
        index,
        site.schema.index(index).yes().map(|it| &it.table),
        true,
    ));
}

/// What the history takes for validated, and the database does not.
fn unvalidated(site: &Site<'_>, stats: &Stats, table: &Name, actions: &[Action], findings: &mut Findings<'_>) {
    let rests = |action: &Action| matches!(action, Action::SetNotNull { .. } | Action::SetType { .. });
    if !actions.iter().any(rests) {
        return;
    }
    for open in stats.unvalidated(table) {
        let Known::Yes(constraint) = site.schema.constraint(table, &open.name) else { continue };
        if !constraint.valid {
            continue;
        }
        let message = format!(
            "the database has `{}` of `{table}` as NOT VALID, though it is validated in the history",
            open.name
        );
        let finding = findings.report(site.statement.span, message);
        finding.severity = Severity::Warning;
        let made = constraint.validated.unwrap_or(constraint.made);
        finding.note(made.span, "it should be valid from here on");
        finding.object(format!("{}.{}", table.name, open.name)).help(code::execute(&format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            code::table(table),
            code::identifier(&open.name)
        )));
    }
}
