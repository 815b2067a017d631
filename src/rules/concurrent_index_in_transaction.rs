//! See `rules/concurrent-index-in-transaction.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code, mend},
    statement::{Action, Kind, Name, Upkeep},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Transaction, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    if !site.in_transaction {
        return;
    }
    let sql = site.statement.sql.as_str();
    let (what, object, help) = match &site.statement.kind {
        Kind::CreateIndex(create) if create.concurrently => {
            let help = if create.plain && create.index.is_some() {
                code::concurrent_index(create, sql)
            } else {
                code::autocommit(&code::execute(sql))
            };
            ("CREATE INDEX CONCURRENTLY", create.index.clone().unwrap_or_default(), help)
        }
        Kind::DropIndex { indexes, concurrently: true, if_exists, .. } => {
            let Some(index) = indexes.first() else { return };
            let found = site.schema.index(index).yes();
            let help = code::concurrent_drop(index, found.map(|it| &it.table), *if_exists);
            ("DROP INDEX CONCURRENTLY", index.name.clone(), help)
        }
        Kind::AlterTable { actions, .. } => {
            let detached = actions.iter().find_map(|it| match it {
                Action::DetachPartition { partition, concurrently: true } => Some(partition),
                _ => None,
            });
            let Some(partition) = detached else { return };
            let help = code::autocommit(&code::execute(sql));
            ("ALTER TABLE … DETACH PARTITION CONCURRENTLY", partition.name.clone(), help)
        }
        kind => {
            let Some((what, object)) = alone(kind) else { return };
            (what, object.map_or_else(String::new, |it| it.name.clone()), code::autocommit(&code::execute(sql)))
        }
    };
    let message = format!("`{what}` always fails here: PostgreSQL refuses it inside a transaction");
    let finding = findings.report(site.statement.place(&object), message);
    mend::outside(site, finding.object(object).help(help));
}

/// Everything else that the server runs by itself only (`PreventInTransactionBlock` in its sources), and what it is on.
fn alone(kind: &Kind) -> Option<(&'static str, Option<&Name>)> {
    Some(match kind {
        Kind::Upkeep(Upkeep::Vacuum { tables, .. }) => ("VACUUM", tables.first()),
        Kind::Upkeep(Upkeep::ReindexIndex { index: name, concurrently: true }) => ("REINDEX CONCURRENTLY", Some(name)),
        Kind::Upkeep(Upkeep::ReindexTable { table: name, concurrently: true }) => ("REINDEX CONCURRENTLY", Some(name)),
        Kind::Upkeep(Upkeep::ReindexAll { .. }) => ("REINDEX", None),
        Kind::Upkeep(Upkeep::Cluster { table: None }) => ("CLUSTER", None),
        Kind::Other {
            tag: tag @ ("ALTER SYSTEM" | "CREATE DATABASE" | "DROP DATABASE" | "CREATE TABLESPACE" | "DROP TABLESPACE"),
        } => (tag, None),
        _ => return None,
    })
}
