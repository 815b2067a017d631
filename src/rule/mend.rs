//! Repairs that several rules ask for.

use super::Site;
use crate::{
    finding::{Direction, Finding, Repair},
    op::Op,
    rule::code,
    schema::Known,
    statement::{AnnexSort, Kind, Name, Statement},
};

/// The statement that builds or drops an index does so `CONCURRENTLY`, in a block outside the transaction.
pub fn concurrently(site: &Site<'_>, finding: &mut Finding) {
    let (statement, call) = (site.statement, site.statement.called);
    match site.step().map(|it| &it.op) {
        Some(Op::CreateIndex(_) | Op::DropIndex { .. }) => {
            finding.repair(Repair::Argument {
                call,
                name: "postgresql_concurrently",
                place: None,
                value: "True".to_owned(),
            });
        }
        Some(Op::Execute(_)) => {
            let sql = statement.sql.as_str();
            let Some(at) = sql.to_ascii_uppercase().find("INDEX") else { return };
            let (Some(old), Some(span)) = (sql.get(at..at + 5), statement.sql.place(at, at + 5)) else { return };
            let word = if old == "index" { "concurrently" } else { "CONCURRENTLY" };
            finding.repair(Repair::Replace { span, old: old.to_owned(), new: format!("{old} {word}") });
        }
        _ => return,
    }
    outside(site, finding);
}

/// The statement is sent outside the transaction, where that parts nothing that has held together.
pub fn outside(site: &Site<'_>, finding: &mut Finding) {
    let step = site.statement.step;
    let alone = site.earlier.iter().chain(site.later).all(|it| it.step != step)
        && site.unresolved.iter().all(|it| it.step != step);
    let known =
        matches!(site.step().map(|it| &it.op), Some(Op::CreateIndex(_) | Op::DropIndex { .. } | Op::Execute(_)));
    let parted = !site.unresolved.is_empty() || site.earlier.iter().chain(site.later).any(|it| !stands_alone(site, it));
    if !alone || !known || parted {
        finding.repairs.clear();
    } else if !site.statement.autocommit {
        finding.repair(Repair::Autocommit { call: site.statement.called });
    }
}

/// A statement beside one that leaves the transaction loses nothing by that: it is outside itself, or is to be, or runs a
/// second time as well as the first. Another would be committed before a later one fails, and the revision could not be
/// run again; and what `SET LOCAL` or `LOCK` has begun would end.
fn stands_alone(site: &Site<'_>, statement: &Statement) -> bool {
    statement.autocommit
        || match &statement.kind {
            Kind::CreateIndex(create) => takes_concurrent(site, &create.table),
            Kind::DropIndex { indexes, .. } => indexes.iter().all(|index| {
                let known = site.schema.index(index).yes().map(|it| it.table.clone());
                known.or_else(|| asked(site, statement, index)).is_some_and(|table| takes_concurrent(site, &table))
            }),
            Kind::Set(setting) => !setting.local,
            Kind::Annex(annex) => annex.sort == AnnexSort::Comment,
            _ => false,
        }
}

/// The table that `op.drop_index` names: an index that is dropped before is not in the schema any more.
fn asked(site: &Site<'_>, statement: &Statement, index: &Name) -> Option<Name> {
    let body = match site.run.direction {
        Direction::Upgrade => &site.revision.upgrade,
        Direction::Downgrade => &site.revision.downgrade,
    };
    match &body.steps.get(statement.step)?.op {
        Op::DropIndex { table: Some(table), .. } => Some(index.renamed(table.text.clone())),
        _ => None,
    }
}

/// The table is known, and an index of it can be built and dropped concurrently: it has no partitions.
#[must_use]
pub fn takes_concurrent(site: &Site<'_>, table: &Name) -> bool {
    matches!(site.schema.table(table), Known::Yes(it) if !it.partitioned && it.made.is_some())
}

/// The table's name in the statement is written with its schema.
pub fn within_schema(site: &Site<'_>, table: &Name, named: &Name, finding: &mut Finding) {
    let Some(schema) = named.schema.as_deref() else { return };
    if site.schema.table(named).yes().is_none_or(|it| it.made.is_none()) {
        return;
    }
    match site.step().map(|it| &it.op) {
        Some(
            Op::AddColumn { .. }
            | Op::DropColumn { .. }
            | Op::AlterColumn(_)
            | Op::DropTable { .. }
            | Op::CreateIndex(_)
            | Op::DropIndex { .. },
        ) => {
            let (call, value) = (site.statement.called, code::quoted(schema));
            finding.repair(Repair::Argument { call, name: "schema", place: None, value });
        }
        Some(Op::Execute(_)) => {
            let span = site.statement.place(&table.name);
            let new = format!("{}.{}", code::identifier(schema), table.name);
            finding.repair(Repair::Replace { span, old: table.name.clone(), new });
        }
        _ => {}
    }
}
