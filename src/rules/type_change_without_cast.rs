//! See `rules/type-change-without-cast.md`.

use crate::{
    finding::Severity,
    op::{self, Op},
    rule::{Check, Findings, Group, Site, Spec, code},
    statement::{Action, Expr, Family, Kind, Name, Type},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    for action in actions {
        let Action::SetType { column, kind, using: None, .. } = action else { continue };
        let known = site.schema.column(table, column).yes();
        let Some(old) = known.and_then(|it| it.kind.clone()).or_else(|| existing(site)) else { continue };
        if !refused(site, &old, kind) {
            continue;
        }
        let span = match site.step().map(|it| &it.op) {
            Some(Op::AlterColumn(alter)) => alter.kind_span,
            _ => None,
        };
        let span = span.unwrap_or_else(|| site.statement.place_after(&[&table.name], column));
        let message =
            format!("PostgreSQL always refuses to change `{table}.{column}` from `{old}` to `{kind}` without `USING`");
        let finding = findings.report(span, message);
        finding.object(format!("{table}.{column}")).help(help(table, column, &old, kind));
        if let Some(made) = known.and_then(|it| it.made) {
            finding.note(made.span, format!("`{column}` was made here"));
        }
    }
}

/// The server refuses the change, whatever else it would do.
pub(super) fn is_refused(site: &Site<'_>, table: &Name, column: &str, kind: &Type, using: Option<&Expr>) -> bool {
    let known = site.schema.column(table, column).yes().and_then(|it| it.kind.clone());
    using.is_none() && known.or_else(|| existing(site)).is_some_and(|old| refused(site, &old, kind))
}

fn refused(site: &Site<'_>, old: &Type, new: &Type) -> bool {
    let (from, to) = (site.schema.is_enum(old), site.schema.is_enum(new));
    let plain = |it: &Type| it.family() != Family::Foreign;
    match (from, to) {
        (true, true) => old.name != new.name || old.schema != new.schema,
        // An enum becomes text by itself, and nothing becomes an enum.
        (true, false) => new.family() == Family::Known || (plain(new) && old.dimensions == 0 && new.dimensions > 0),
        (false, true) => plain(old),
        (false, false) => old.becomes(new) == Some(false),
    }
}

/// What the operation says of the column that the history does not know.
fn existing(site: &Site<'_>) -> Option<Type> {
    let Op::AlterColumn(alter) = &site.step()?.op else { return None };
    let name = match alter.existing_kind.as_ref()? {
        op::Type::Text { word, .. } => match word.to_ascii_uppercase().as_str() {
            "VARCHAR" | "NVARCHAR" => "varchar",
            "TEXT" => "text",
            "CHAR" | "NCHAR" => "bpchar",
            _ => return None,
        },
        op::Type::Integer { bytes: 2 } => "int2",
        op::Type::Integer { bytes: 4 } => "int4",
        op::Type::Integer { .. } => "int8",
        op::Type::Boolean => "bool",
        op::Type::Numeric { .. } => "numeric",
        op::Type::Float { .. } => "float8",
        op::Type::Timestamp { timezone, .. } => {
            if *timezone {
                "timestamptz"
            } else {
                "timestamp"
            }
        }
        op::Type::Date => "date",
        op::Type::Json { binary } => {
            if *binary {
                "jsonb"
            } else {
                "json"
            }
        }
        op::Type::Uuid { .. } => "uuid",
        op::Type::Bytes => "bytea",
        _ => return None,
    };
    Some(Type::plain(name))
}

fn help(table: &Name, column: &str, old: &Type, new: &Type) -> String {
    let name = code::identifier(column);
    let using = format!("{name}::{new}");
    let (Some(existing), Some(kind)) = (code::sqlalchemy(old), code::sqlalchemy(new)) else {
        return code::execute(&format!(
            "ALTER TABLE {} ALTER COLUMN {name} TYPE {new} USING {using}",
            code::table(table)
        ));
    };
    format!(
        "op.alter_column({}, {}, existing_type={existing}, type_={kind}, postgresql_using={}{})",
        code::quoted(&table.name),
        code::quoted(column),
        code::quoted(&using),
        code::schema(table),
    )
}
