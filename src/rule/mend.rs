//! Repairs that several rules ask for.

use super::Site;
use crate::{
    finding::{Finding, Repair},
    op::Op,
    rule::code,
    schema::Known,
    statement::Name,
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

/// The statement is sent outside the transaction. What is sent together with others cannot be, alone.
pub fn outside(site: &Site<'_>, finding: &mut Finding) {
    let step = site.statement.step;
    let alone = site.earlier.iter().chain(site.later).all(|it| it.step != step)
        && site.unresolved.iter().all(|it| it.step != step);
    let known =
        matches!(site.step().map(|it| &it.op), Some(Op::CreateIndex(_) | Op::DropIndex { .. } | Op::Execute(_)));
    if !alone || !known {
        finding.repairs.clear();
    } else if !site.statement.autocommit {
        finding.repair(Repair::Autocommit { call: site.statement.called });
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
