//! See `rules/type-change-under-view.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    statement::{Action, Kind},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    if !site.statement.guards.is_empty() {
        return;
    }
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    for action in actions {
        let Action::SetType { column, .. } = action else { continue };
        let views = site.schema.views_of_column(table, column);
        let Some(first) = views.first() else { continue };
        let message = format!(
            "PostgreSQL always refuses to change the type of `{table}.{column}`: the {} reads it",
            first.who.words()
        );
        let severity = site.graded(findings.severity(), Severity::Warning);
        let finding = findings.report(site.statement.place_after(&[&table.name], column), message);
        finding.severity = severity;
        finding.object(format!("{table}.{column}"));
        for view in &views {
            if let Some(made) = view.made(site.schema) {
                finding.note(made.span, format!("the {} reads it since here", view.who.words()));
            }
        }
        finding.help(format!("drop the {} before, and make it again after", first.who.words()));
    }
}
