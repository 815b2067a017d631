//! See `rules/unbounded-backfill.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::DataLoss, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::Update(update) = &site.statement.kind else { return };
    let table = &update.table;
    if update.condition.is_some() || !update.from.is_empty() || site.run.direction == Direction::Downgrade {
        return;
    }
    // Behind a lock that is one fault with the lock: `backfill-under-lock` tells of it.
    let locked = site.in_transaction && !site.transaction.locked.is_empty();
    if locked || site.in_use(table) == Known::No || site.drops_later(table) {
        return;
    }
    let Some((column, value)) = update.set.first() else { return };
    // A value that is made of the old one is meant for every row, and what is NULL everywhere is not overwritten.
    if update.set.iter().any(|(name, value)| value.mentions(name)) || site.is_new_column(table, column) {
        return;
    }
    let _ = value;
    let message = format!("this overwrites `{column}` in every row of `{table}`, also where it has a value");
    let sql = site.statement.sql.as_str();
    findings
        .report(site.statement.span, message)
        .object(format!("{}.{column}", table.name))
        .help(code::execute(&format!("{sql} WHERE {} IS NULL", code::identifier(column))));
}
