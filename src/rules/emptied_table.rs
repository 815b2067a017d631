//! See `rules/emptied-table.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec},
    schema::Known,
    statement::{Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::DataLoss, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let tables: Vec<&Name> = match &site.statement.kind {
        Kind::Truncate { tables, .. } => tables.iter().collect(),
        Kind::Delete { table, using: false, condition: None } => vec![table],
        _ => return,
    };
    if site.run.direction == Direction::Downgrade || !site.is_deployed_now() {
        return;
    }
    for table in tables {
        if site.in_use(table) == Known::No || site.drops_later(table) || is_copied(site, table) {
            continue;
        }
        let cascade = matches!(site.statement.kind, Kind::Truncate { cascade: true, .. });
        let others = if cascade { ", and of every table that refers to it" } else { "" };
        findings
            .report(site.statement.place(&table.name), format!("every row of `{table}` is deleted{others}"))
            .object(&table.name)
            .help("say in the WHERE which rows, or keep what they hold in another table first");
    }
}

/// The run has read the table into another one before.
fn is_copied(site: &Site<'_>, table: &Name) -> bool {
    site.earlier.iter().any(|it| match &it.kind {
        Kind::CreateTableAs { .. } => mentions(it.sql.as_str(), &table.name),
        Kind::Insert(insert) => {
            insert.rows.is_none() && insert.table != *table && mentions(it.sql.as_str(), &table.name)
        }
        _ => false,
    })
}

fn mentions(sql: &str, name: &str) -> bool {
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    sql.split(|it: char| !is_word(it)).any(|word| word == name)
}
