//! See `rules/unlogged-table.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec},
    statement::{Action, Kind},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::DataLoss, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let table = match &site.statement.kind {
        Kind::CreateTable(create) if create.unlogged => &create.table,
        Kind::AlterTable { table, actions, .. } if actions.contains(&Action::SetUnlogged) => table,
        _ => return,
    };
    let logged = site.later.iter().any(|it| match &it.kind {
        Kind::AlterTable { table: of, actions, .. } => of == table && actions.contains(&Action::SetLogged),
        _ => false,
    });
    if logged || site.run.direction == Direction::Downgrade || site.drops_later(table) {
        return;
    }
    let message = format!("`{table}` is empty after a crash of the server, and on every replica");
    findings.report(site.statement.span, message).object(&table.name).help("leave out `UNLOGGED`");
}
