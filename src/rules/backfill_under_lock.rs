//! See `rules/backfill-under-lock.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Expr, Kind, Name, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Transaction, default: true, check: Check::Waiting(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    if !site.in_transaction || site.run.direction == Direction::Downgrade {
        return;
    }
    let Some(written) = written(site, site.statement) else { return };
    // One finding for a revision: the first that keeps the others waiting.
    if site.earlier.iter().any(|it| it.step >= first_lock(site) && self::written(site, it).is_some()) {
        return;
    }
    let Some((table, deed)) = site.transaction.locked.iter().find(|(table, _)| !site.drops_later(table)) else {
        return;
    };
    let what = if table == written { "its rows".to_owned() } else { format!("the rows of `{written}`") };
    let message =
        format!("nobody can read or write `{table}` while {what} are changed here: it is locked since before");
    let finding = findings.report(site.statement.span, message);
    finding.object(&table.name).note(deed.span, "the lock is taken here, and kept until the transaction ends");
    finding.help(format!(
        "# in a revision of its own, after this one has been committed\n{}",
        code::autocommit(&code::execute(site.statement.sql.as_str()))
    ));
}

/// The step of this revision that has taken the first lock; the first of all where one before it has.
fn first_lock(site: &Site<'_>) -> usize {
    let own = |span| site.earlier.iter().find(|it| it.span == span).map_or(0, |it| it.step);
    site.transaction
        .locked
        .values()
        .map(|deed| if deed.run == site.run { own(deed.span) } else { 0 })
        .min()
        .unwrap_or(0)
}

/// The table of which many rows may be written, or read to be written elsewhere.
fn written<'a>(site: &Site<'_>, statement: &'a Statement) -> Option<&'a Name> {
    match &statement.kind {
        Kind::Update(update) if site.in_use(&update.table) != Known::No => {
            (!update.condition.as_ref().is_some_and(is_few)).then_some(&update.table)
        }
        Kind::Delete { table, condition, .. } if site.in_use(table) != Known::No => {
            (!condition.as_ref().is_some_and(is_few)).then_some(table)
        }
        Kind::Insert(insert) => insert.rows.is_none().then_some(&insert.table),
        _ => None,
    }
}

/// It is one row's condition, or no row's.
fn is_few(condition: &Expr) -> bool {
    condition.is_never_true() || is_one_row(condition)
}

/// `id = 1`, and such a part of an `AND`.
fn is_one_row(condition: &Expr) -> bool {
    match condition {
        Expr::And(parts) => parts.iter().any(is_one_row),
        Expr::Operator { operator, args } if operator == "=" => match args.as_slice() {
            [column, value] => value.literal().is_some() && (column.is_column("id") || column.is_column("name")),
            _ => false,
        },
        Expr::In { inner, .. } => inner.is_column("id"),
        _ => false,
    }
}
