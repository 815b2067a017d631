//! See `rules/rewriting-type-change.md`.

use super::{narrowing_type_change, removed_enum_value, type_change_without_cast};
use crate::{
    finding::{Direction, Severity},
    lock::{Effect, Part, Work},
    op::Op,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::{Constraint, Known},
    statement::{Action, Demand, Expr, Kind, Name, Type},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Rewrite, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    // The way back of a change is that of its upgrade, whichever of the two rewrites.
    if site.run.direction == Direction::Downgrade
        || site.in_use(table) == Known::No
        || site.drops_later(table)
        || site.has_emptied(table, None)
    {
        return;
    }
    for action in actions {
        let Action::SetType { column, kind, using, .. } = action else { continue };
        let using = using.as_deref();
        let told = type_change_without_cast::is_refused(site, table, column, kind, using)
            || narrowing_type_change::is_told(site, table, column, kind, using)
            || removed_enum_value::is_told(site, table, column, kind);
        if !told {
            changed(site, table, action, (column, kind, using), findings);
        }
    }
}

type Change<'a> = (&'a str, &'a Type, Option<&'a Expr>);

fn changed(site: &Site<'_>, table: &Name, action: &Action, change: Change<'_>, findings: &mut Findings<'_>) {
    let (column, kind, using) = change;
    let effect = site.effect_of(action);
    let Some(sentence) = effect.sentence(table) else { return };
    let old = site.schema.column(table, column).yes().and_then(|it| it.kind.as_ref());
    let others: Vec<String> = others(site, &effect).iter().map(|it| format!("`{it}`")).collect();
    let doubt = effect.locks.iter().filter(|it| it.work == effect.work()).try_fold("", |_, it| it.doubt.as_deref());
    let of_time = |it: &Type| it.schema.is_none() && it.name.starts_with("timestamp");
    let zone = of_time(kind) && old.is_some_and(of_time) && doubt.is_some();
    let was = old.map_or_else(String::new, |old| format!(" from `{old}`"));
    let what = format!("changing `{column}`{was} to `{kind}`");
    let (message, severity) = match (effect.work(), doubt) {
        (Work::Brief, _) if others.is_empty() => return,
        (Work::Brief, _) => (
            format!("{what} locks reads and writes out of {} too, through a foreign key", others.join(", ")),
            Severity::Note,
        ),
        // Of types that the history does not know nothing is claimed.
        (Work::Rewrite, Some(_)) if !zone || is_utc(site) => return,
        (Work::Rewrite, Some(doubt)) => (format!("{what} {sentence}, but {doubt}"), Severity::Warning),
        (_, _) => (format!("{what} {sentence}"), Severity::Error),
    };
    let span = match site.step().map(|it| &it.op) {
        Some(Op::AlterColumn(alter)) => alter.kind_span,
        _ => None,
    };
    let finding = findings.report(span.unwrap_or_else(|| site.statement.place_after(&[&table.name], column)), message);
    finding.severity = severity;
    finding.object(format!("{}.{column}", table.name));
    if let Known::Yes(made) = site.in_use(table) {
        let too = match others.as_slice() {
            [] => String::new(),
            _ => format!("; {} is locked too", others.join(", ")),
        };
        finding.note(made, format!("`{table}` is in use since it was made here{too}"));
    }
    finding.help(if zone {
        code::execute("SET LOCAL timezone = 'UTC'")
    } else {
        match (effect.work(), check_of(site, table, column)) {
            // The rows stay; what is to be feared is the wait for the other table.
            (Work::Brief, _) => code::execute("SET LOCAL lock_timeout = '2s'"),
            (Work::Scan, Some(check)) => without_check(table, column, kind, check),
            _ => help(table, column, kind, using.is_some()),
        }
    });
}

fn check_of<'a>(site: &Site<'a>, table: &Name, column: &str) -> Option<&'a Constraint> {
    let known = site.schema.table(table).yes()?;
    known.constraints().find(|it| matches!(&it.rule, Demand::Check(check) if check.mentions(column)))
}

/// The rows stay; the CHECK that is held against them goes and comes back.
fn without_check(table: &Name, column: &str, kind: &Type, check: &Constraint) -> String {
    let (on, schema, name) = (code::quoted(&table.name), code::schema(table), code::quoted(&check.name));
    let (sql, column) = (code::table(table), code::identifier(column));
    format!(
        "op.drop_constraint({name}, {on}, type_=\"check\"{schema})\n{}\n\
         op.create_check_constraint({name}, {on}, \"…\", postgresql_not_valid=True{schema})  # as it was\n\
         # in a later revision, deployed by itself:\n{}",
        code::execute(&format!("ALTER TABLE {sql} ALTER COLUMN {column} TYPE {kind}")),
        code::execute(&format!("ALTER TABLE {sql} VALIDATE CONSTRAINT {}", code::identifier(&check.name))),
    )
}

/// The run has set the session to UTC.
fn is_utc(site: &Site<'_>) -> bool {
    let set = site.earlier.iter().rev().find_map(|it| match &it.kind {
        Kind::Set(setting) if setting.name == "timezone" => Some(setting.value.as_deref()),
        _ => None,
    });
    set.flatten().is_some_and(|it| it.eq_ignore_ascii_case("utc"))
}

/// Tables that are locked through foreign keys and may be in use.
fn others<'a>(site: &Site<'_>, effect: &'a Effect) -> Vec<&'a Name> {
    let keys = effect.locks.iter().filter(|it| matches!(it.part, Part::Referenced | Part::Referring));
    keys.map(|it| &it.relation).filter(|it| site.in_use(it) != Known::No).collect()
}

/// A new column beside the old one.
fn help(table: &Name, column: &str, kind: &Type, using: bool) -> String {
    let (on, schema, sql) = (code::quoted(&table.name), code::schema(table), code::table(table));
    let (new, old) = (code::fitting(format!("{column}_new")), code::identifier(column));
    let name = code::identifier(&new);
    let add = match code::sqlalchemy(kind) {
        Some(kind) => format!("op.add_column({on}, sa.Column({}, {kind}, nullable=True){schema})", code::quoted(&new)),
        None => code::execute(&format!("ALTER TABLE {sql} ADD COLUMN {name} {kind}")),
    };
    let value = if using { "…" } else { old.as_str() };
    format!(
        "{add}\n\
         # the application, or a trigger, writes both; in a later revision, in batches:\n\
         # UPDATE {sql} SET {name} = {value} WHERE {name} IS NULL AND {old} IS NOT NULL\n\
         # once nothing reads {old} any more, drop it in a revision of its own"
    )
}
