//! See `rules/rewriting-column.md`.

use crate::{
    finding::Severity,
    lock::Work,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Column, Expr, Generation, Kind, Name, Type},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Rewrite, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    if site.in_use(table) == Known::No || site.drops_later(table) || site.has_emptied(table, None) {
        return;
    }
    for action in actions {
        match action {
            Action::AddColumn { column, .. } => added(site, table, action, column, findings),
            Action::SetExpression { column } => expression(site, table, action, column, findings),
            _ => {}
        }
    }
}

fn added(site: &Site<'_>, table: &Name, action: &Action, column: &Column, findings: &mut Findings<'_>) {
    // Where a row is there, this fails before it rewrites anything: `not-null-without-backfill` says so.
    if column.not_null && !column.generated && column.default.as_ref().is_none_or(|it| *it == Expr::Null) {
        return;
    }
    // Its constraints are other rules' matter.
    let mut bare = action.clone();
    if let Action::AddColumn { column, .. } = &mut bare {
        column.constraints.clear();
    }
    let effect = site.effect_of(&bare);
    let doubtful = effect.locks.iter().filter(|it| it.work == Work::Rewrite).all(|it| it.doubt.is_some());
    let Some(sentence) = effect.sentence(table).filter(|_| effect.work() == Work::Rewrite && !doubtful) else { return };
    let name = &column.name;
    let why = match &column.generation {
        Some(Generation::Serial) => "a serial gives each its number",
        Some(Generation::Identity) => "an identity gives each its number",
        Some(Generation::Stored(_) | Generation::Virtual(_)) => "its value is computed and stored in each",
        None if column.default.is_some() => "its default is VOLATILE, and asked for each",
        None => "each is held against what its domain demands",
    };
    let finding = findings.report(site.place_of_column(name), format!("adding `{name}` {sentence}: {why}"));
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(format!("{}.{name}", table.name)).help(help(
        table,
        column,
        site.schema.domain(&column.kind).map(|it| &it.base),
    ));
    if let Known::Yes(made) = site.in_use(table) {
        finding.note(made, format!("`{table}` is in use since it was made here"));
    }
}

fn expression(site: &Site<'_>, table: &Name, action: &Action, column: &str, findings: &mut Findings<'_>) {
    let known = site.schema.column(table, column).yes();
    // What is not stored is nowhere to be rewritten.
    if matches!(known.and_then(|it| it.generation.as_deref()), Some(Generation::Virtual(_))) {
        return;
    }
    let effect = site.effect_of(action);
    let Some(sentence) = effect.sentence(table).filter(|_| effect.work() == Work::Rewrite) else { return };
    let message = format!("another expression for `{column}` {sentence}: its value is computed and stored anew");
    let (sql, name) = (code::table(table), code::identifier(column));
    let finding = findings.report(site.statement.place_after(&[&table.name], column), message);
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(format!("{}.{column}", table.name)).help(format!(
        "# the column stays and no longer follows the others; a trigger BEFORE INSERT OR UPDATE gives it its value\n{}\n\
         # in a later revision: UPDATE {sql} SET {name} = … in batches",
        code::execute(&format!("ALTER TABLE {sql} ALTER COLUMN {name} DROP EXPRESSION")),
    ));
}

/// The column without what rewrites, and that behind it.
fn help(table: &Name, column: &Column, base: Option<&Type>) -> String {
    let (name, quoted) = (code::identifier(&column.name), code::quoted(&column.name));
    let (on, schema, sql) = (code::quoted(&table.name), code::schema(table), code::table(table));
    let add = |kind: &Type| match code::sqlalchemy(kind) {
        Some(kind) => format!("op.add_column({on}, sa.Column({quoted}, {kind}, nullable=True){schema})"),
        None => code::execute(&format!("ALTER TABLE {sql} ADD COLUMN {name} {kind}")),
    };
    let plain = add(&column.kind);
    let later = |value: &str| {
        format!("# in a later revision: UPDATE {sql} SET {name} = {value} WHERE {name} IS NULL, in batches")
    };
    match (&column.generation, &column.default_sql) {
        (Some(Generation::Serial | Generation::Identity), _) => {
            let sequence = code::table(&table.renamed(code::fitting(format!("{}_{}_seq", table.name, column.name))));
            let next = format!("nextval('{sequence}')");
            format!(
                "{plain}\n{}\n{}\n{}",
                code::execute(&format!("CREATE SEQUENCE {sequence} OWNED BY {sql}.{name}")),
                code::execute(&format!("ALTER TABLE {sql} ALTER COLUMN {name} SET DEFAULT {next}")),
                later(&next),
            )
        }
        (Some(_), _) => format!("{plain}\n# a trigger BEFORE INSERT OR UPDATE gives it its value\n{}", later("…")),
        (None, Some(default)) => format!(
            "{plain}\nop.alter_column({on}, {quoted}, server_default=sa.text({}){schema})\n{}",
            code::quoted(default),
            later(default),
        ),
        (None, None) => {
            let check = code::fitting(format!("{}_{}_check", table.name, column.name));
            format!(
                "# the type that the domain is over, and its CHECK by itself:\n{}\n\
                 op.create_check_constraint({}, {on}, \"…\", postgresql_not_valid=True{schema})\n\
                 # in a later revision:\n{}",
                add(base.unwrap_or(&column.kind)),
                code::quoted(&check),
                code::execute(&format!("ALTER TABLE {sql} VALIDATE CONSTRAINT {}", code::identifier(&check))),
            )
        }
    }
}
