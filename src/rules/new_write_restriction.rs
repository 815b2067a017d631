//! See `rules/new-write-restriction.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec},
    schema::Known,
    statement::{Action, Demand, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::BreaksOldCode, default: false, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let (table, what): (&Name, &str) = match &site.statement.kind {
        Kind::AlterTable { table, actions, .. } => {
            let Some(what) = actions.iter().find_map(|it| restriction(site, table, it)) else { return };
            (table, what)
        }
        Kind::CreateIndex(create) if create.unique => (&create.table, "a unique index"),
        _ => return,
    };
    if site.run.direction == Direction::Downgrade || site.in_use(table) == Known::No {
        return;
    }
    let message = format!("`{table}` gets {what}: code from before may write what it refuses");
    findings
        .report(site.statement.span, message)
        .object(&table.name)
        .help("deploy code that keeps to it first, and add it in a later revision");
}

fn restriction(site: &Site<'_>, table: &Name, action: &Action) -> Option<&'static str> {
    match action {
        Action::SetNotNull { column } if !site.is_new_column(table, column) => Some("a `NOT NULL`"),
        Action::AddConstraint(constraint) => Some(match constraint.rule {
            Demand::Check(_) => "a CHECK",
            Demand::ForeignKey { .. } => "a foreign key",
            Demand::Unique { using: None, .. } => "a UNIQUE",
            Demand::Exclude => "an EXCLUDE",
            _ => return None,
        }),
        _ => None,
    }
}
