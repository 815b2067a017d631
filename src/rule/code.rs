//! Alembic code for the helps, with the user's own names.

use crate::statement::{CreateIndex, Name, Type};
use std::fmt::Write;

/// A Python string literal.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for it in text.chars() {
        match it {
            '"' | '\\' => out.extend(['\\', it]),
            '\n' => out.push_str("\\n"),
            it => out.push(it),
        }
    }
    out.push('"');
    out
}

/// The longest name that the server keeps whole, in bytes (`NAMEDATALEN` less one).
const LONGEST_NAME: usize = 63;

/// A name that the help makes up, as long as the server keeps it.
#[must_use]
pub fn fitting(mut name: String) -> String {
    let end = name.floor_char_boundary(LONGEST_NAME);
    name.truncate(end);
    name
}

/// `, schema="app"`, or nothing.
#[must_use]
pub fn schema(name: &Name) -> String {
    name.schema.as_deref().map_or_else(String::new, |it| format!(", schema={}", quoted(it)))
}

/// A block that is run outside the transaction.
#[must_use]
pub fn autocommit(body: &str) -> String {
    let body: Vec<String> = body.lines().map(|line| format!("    {line}")).collect();
    format!("with op.get_context().autocommit_block():\n{}", body.join("\n"))
}

/// SQL that is sent as it stands.
#[must_use]
pub fn execute(sql: &str) -> String {
    if sql.contains('\n') || sql.contains('"') {
        format!("op.execute(\"\"\"{}\"\"\")", sql.replace('\\', "\\\\"))
    } else {
        format!("op.execute({})", quoted(sql))
    }
}

/// The words that no table and no column is called without quotes: reserved, or of types and functions
/// (appendix SQL Key Words of the manual).
const KEYWORDS: &str = " all analyse analyze and any array as asc asymmetric authorization binary both case cast check \
    collate collation column concurrently constraint create cross current_catalog current_date current_role \
    current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except \
    false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull join \
    lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer \
    overlaps placing primary references returning right select session_user similar some symmetric system_user table \
    tablesample then to trailing true union unique user using variadic verbose when where window with ";

/// A name in SQL, quoted where it has to be.
#[must_use]
pub fn identifier(name: &str) -> String {
    let plain = name.starts_with(|it: char| it == '_' || it.is_ascii_lowercase())
        && name.chars().all(|it| it == '_' || it.is_ascii_lowercase() || it.is_ascii_digit());
    let keyword = KEYWORDS.split(' ').any(|it| it == name);
    if plain && !keyword { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A table's name in SQL.
#[must_use]
pub fn table(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", identifier(schema), identifier(&name.name)),
        None => identifier(&name.name),
    }
}

/// The index, built `CONCURRENTLY` outside the transaction. `sql` is the user's own statement, for an index that
/// says more than columns.
#[must_use]
pub fn concurrent_index(create: &CreateIndex, sql: &str) -> String {
    let body = match (&create.index, create.plain) {
        (Some(index), true) => {
            let columns: Vec<String> = create.columns.iter().flatten().map(|it| quoted(it)).collect();
            let mut call =
                format!("op.create_index({}, {}, [{}]", quoted(index), quoted(&create.table.name), columns.join(", "));
            if create.unique {
                call.push_str(", unique=True");
            }
            call.push_str(&schema(&create.table));
            if create.method != "btree" {
                let _ = write!(call, ", postgresql_using={}", quoted(&create.method));
            }
            if create.if_not_exists {
                call.push_str(", if_not_exists=True");
            }
            call.push_str(", postgresql_concurrently=True)");
            call
        }
        _ => execute(&concurrently(sql)),
    };
    autocommit(&body)
}

/// The statement with `CONCURRENTLY` behind its first `INDEX`.
#[must_use]
pub fn concurrently(sql: &str) -> String {
    let at = sql.to_ascii_uppercase().find("INDEX").map_or(0, |at| at + "INDEX".len());
    format!("{} CONCURRENTLY{}", &sql[..at], &sql[at..])
}

/// The index, dropped `CONCURRENTLY` outside the transaction.
#[must_use]
pub fn concurrent_drop(index: &Name, on: Option<&Name>, if_exists: bool) -> String {
    let exists = if if_exists { ", if_exists=True" } else { "" };
    let on = on.map_or_else(String::new, |it| format!(", table_name={}", quoted(&it.name)));
    autocommit(&format!(
        "op.drop_index({}{on}{}{exists}, postgresql_concurrently=True)",
        quoted(&index.name),
        schema(index)
    ))
}

/// A value that a column of a type can be filled with, in SQL; `None` where none suggests itself.
#[must_use]
pub fn filler(kind: Option<&Type>) -> Option<&'static str> {
    Some(match kind.filter(|it| it.dimensions == 0 && it.schema.is_none()).map(|it| it.name.as_str()) {
        Some("text" | "varchar" | "bpchar") => "''",
        Some("int2" | "int4" | "int8" | "numeric" | "float4" | "float8") => "0",
        Some("bool") => "false",
        Some("timestamp" | "timestamptz" | "date") => "now()",
        Some("json" | "jsonb") => "'{}'",
        Some("uuid") => "gen_random_uuid()",
        _ => return None,
    })
}

/// A type as SQLAlchemy names it, where it is one of the common ones.
#[must_use]
pub fn sqlalchemy(kind: &Type) -> Option<String> {
    let arguments = kind.modifiers.join(", ");
    let word = match kind.name.as_str() {
        "varchar" => "String",
        "text" => "Text",
        "bpchar" => "CHAR",
        "int2" => "SmallInteger",
        "int4" => "Integer",
        "int8" => "BigInteger",
        "numeric" => "Numeric",
        "float8" => "Double",
        "float4" => "REAL",
        "bool" => "Boolean",
        "date" => "Date",
        "timestamptz" => return Some("sa.DateTime(timezone=True)".to_owned()),
        "timestamp" => return Some("sa.DateTime()".to_owned()),
        "uuid" => "Uuid",
        "bytea" => "LargeBinary",
        "json" => "JSON",
        "jsonb" => return Some("postgresql.JSONB()".to_owned()),
        _ => return None,
    };
    Some(format!("sa.{word}({arguments})"))
}

/// SQL for a text of SQLAlchemy's, which takes `:name` for a parameter.
#[must_use]
pub fn escaped(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut before = ' ';
    let mut rest = sql.chars().peekable();
    while let Some(it) = rest.next() {
        let word = rest.peek().is_some_and(|it| it.is_alphanumeric() || *it == '_');
        if it == ':' && before != ':' && word {
            out.push('\\');
        }
        out.push(it);
        before = it;
    }
    out
}
