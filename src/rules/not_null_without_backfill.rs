//! See `rules/not-null-without-backfill.md`.

use crate::{
    finding::{Finding, Severity},
    op::Op,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Column, Demand, Expr, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::FailsOnData, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    if site.drops_later(table) {
        return;
    }
    for action in actions {
        match action {
            Action::AddColumn { column, .. } => added(site, table, column, findings),
            Action::SetNotNull { column } => set(site, table, column, findings),
            Action::AddConstraint(constraint) if constraint.valid => {
                if let Demand::NotNull { column } = &constraint.rule {
                    set(site, table, column, findings);
                }
            }
            _ => {}
        }
    }
}

/// `ADD COLUMN … NOT NULL`: every row that is there would hold NULL.
fn added(site: &Site<'_>, table: &Name, column: &Column, findings: &mut Findings<'_>) {
    let empty = column.default.as_ref().is_none_or(|it| *it == Expr::Null);
    if !column.not_null
        || column.generated
        || !empty
        || site.in_use(table) == Known::No
        || site.has_emptied(table, None)
    {
        return;
    }
    let (mut span, mut python) = (None, None);
    if let Some(Op::AddColumn { column: asked, .. }) = site.step().map(|it| &it.op) {
        (span, python) = (asked.nullable_span.or(Some(asked.span)), asked.python_default);
    }
    let span = span.unwrap_or_else(|| site.statement.place_after(&[&table.name], &column.name));
    let message =
        format!("adding `{}` as NOT NULL without a server default fails when `{table}` holds a row", column.name);
    let finding = findings.report(span, message);
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(format!("{table}.{}", column.name));
    if let Some(python) = python {
        finding.note(python, "`default` is the application's: PostgreSQL never sees it");
    }
    said(site, table, finding);
    let linked = match site.step().map(|it| &it.op) {
        Some(Op::AddColumn { column: asked, .. }) => asked.unique || !asked.constraints.is_empty(),
        _ => false,
    };
    let default = code::filler(Some(&column.kind)).filter(|_| !linked);
    let tail =
        default.map_or_else(|| "True".to_owned(), |it| format!("False, server_default=sa.text({})", code::quoted(it)));
    let add = match code::sqlalchemy(&column.kind) {
        Some(kind) => format!(
            "op.add_column({}, sa.Column({}, {kind}, nullable={tail}){})",
            code::quoted(&table.name),
            code::quoted(&column.name),
            code::schema(table),
        ),
        None => code::execute(&format!(
            "ALTER TABLE {} ADD COLUMN {} {}",
            code::table(table),
            code::identifier(&column.name),
            column.kind
        )),
    };
    if default.is_some() {
        finding.help(add);
    } else {
        finding.help(format!("{add}\n# give every row its value, and then:\n{}", set_not_null(table, &column.name)));
    }
}

fn set_not_null(table: &Name, column: &str) -> String {
    let (name, column, schema) = (code::quoted(&table.name), code::quoted(column), code::schema(table));
    format!("op.alter_column({name}, {column}, nullable=False{schema})")
}

/// `SET NOT NULL`: every row must hold a value.
fn set(site: &Site<'_>, table: &Name, column: &str, findings: &mut Findings<'_>) {
    if !site.may_hold_null(table, column) {
        return;
    }
    let known = site.schema.column(table, column).yes();
    let span = match site.step().map(|it| &it.op) {
        Some(Op::AlterColumn(alter)) => alter.nullable_span,
        _ => None,
    };
    let span = span.unwrap_or_else(|| site.statement.place_after(&[&table.name], column));
    let message =
        format!("making `{table}.{column}` NOT NULL fails when a row holds NULL, and nothing proves that none does");
    let finding = findings.report(span, message);
    finding.severity = site.graded(Severity::Error, Severity::Note);
    finding.object(format!("{table}.{column}"));
    if let Some(hidden) = site.hidden() {
        finding.severity = finding.severity.min(Severity::Warning);
        finding.note(hidden, "what this does is not known; it may be what fills the rows");
    }
    for (span, why) in site.attempts(table, column) {
        finding.note(span, why);
    }
    said(site, table, finding);
    let name = code::identifier(column);
    let value = code::filler(known.and_then(|it| it.kind.as_ref())).filter(|_| !site.is_linked(table, column));
    let first = match value {
        Some(value) => {
            code::execute(&format!("UPDATE {} SET {name} = {value} WHERE {name} IS NULL", code::table(table)))
        }
        None => {
            format!("# first give every row of {} in which {name} is NULL its value, or delete it", code::table(table))
        }
    };
    finding.help(format!("{first}\n{}", set_not_null(table, column)));
}

fn said(site: &Site<'_>, table: &Name, finding: &mut Finding) {
    if let Known::Yes(made) = site.in_use(table) {
        finding.note(made, format!("`{table}` may hold rows since it was made here"));
    }
}
