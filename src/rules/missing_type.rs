//! See `rules/missing-type.md`.

use crate::{
    finding::Severity,
    op::{self, Op},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::{Known, Sort},
    source::Span,
    statement::{Action, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    let Some((labels, span)) = site.step().and_then(|it| asked(&it.op)) else { return };
    for action in actions {
        let (column, kind) = match action {
            Action::AddColumn { column, .. } => (&column.name, &column.kind),
            Action::SetType { column, kind, .. } => (column, kind),
            _ => continue,
        };
        let name = Name { schema: kind.schema.clone(), name: kind.name.clone() };
        let gone = match site.schema.object(Sort::Enum, &name) {
            Known::Yes(_) => continue,
            Known::No => true,
            // Nothing is missing in a database that the history has not made alone.
            Known::Unknown if site.schema.is_blurred() || !is_ours(site, table) => continue,
            Known::Unknown => false,
        };
        let why = if gone { "it has been dropped before" } else { "nothing in the history creates it" };
        let message = format!("the type `{name}` of `{table}.{column}` is not there, so that this always fails: {why}");
        let finding = findings.report(span.unwrap_or(site.statement.span), message);
        finding.object(format!("{table}.{column}"));
        let labels: Vec<String> = labels.iter().map(|it| code::quoted(it)).collect();
        let named = format!("name={}{}", code::quoted(&name.name), code::schema(&name));
        finding.help(format!("postgresql.ENUM({}, {named}).create(op.get_bind())  # before it", labels.join(", ")));
    }
}

/// The labels of the enum that a column is to have, and where the type stands.
fn asked(op: &Op) -> Option<(&[String], Option<Span>)> {
    let (kind, span) = match op {
        Op::AddColumn { column, .. } => (column.kind.as_ref(), column.kind_span),
        Op::AlterColumn(alter) => (alter.kind.as_ref(), alter.kind_span),
        _ => return None,
    };
    let given = match kind? {
        op::Type::Enum(given) => given,
        op::Type::Array { item, .. } => match item.as_ref() {
            op::Type::Enum(given) => given,
            _ => return None,
        },
        _ => return None,
    };
    given.native.then_some((given.labels.as_slice(), span))
}

/// The history has made the table.
fn is_ours(site: &Site<'_>, table: &Name) -> bool {
    site.schema.table(table).yes().is_some_and(|it| it.made.is_some())
}
