//! See `rules/renamed-table.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let (table, new) = match &site.statement.kind {
        Kind::RenameTable { table, to } => (table, table.renamed(to)),
        Kind::MoveTable { table, schema } => (table, Name::within(schema, &table.name)),
        _ => return,
    };
    // A view, or another table, that takes the name over serves old code.
    let served = site.later.iter().any(|it| match &it.kind {
        Kind::CreateView { view, .. } => view == table,
        Kind::CreateTable(create) => create.table == *table,
        Kind::RenameTable { table: other, to } => other.renamed(to) == *table,
        _ => false,
    });
    if !site.is_deployed_now() || served || site.in_use(table) == Known::No {
        return;
    }
    let message = format!("code that uses `{table}` fails from here on: it is `{new}` now");
    findings.report(site.statement.place(&table.name), message).object(&table.name).help(format!(
        "# beside it: old code goes on with a view, which takes writes too, until it is gone\n{}",
        code::execute(&format!("CREATE VIEW {} AS SELECT * FROM {}", code::table(table), code::table(&new)))
    ));
}
