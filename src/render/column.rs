//! A column's definition: type or SERIAL, default, GENERATED, NOT NULL.

use super::{
    Dialect, Unrendered, clause, expr, literal, names, refused, types,
    words::{Made, anchored, join, placed},
};
use crate::{
    op::{Column, Computed, Default, Expr, Identity, Qualified, Type},
    source::Text,
};

/// What a column's definition depends on beside the column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    /// It is of the primary key.
    pub(super) in_primary_key: bool,
    /// It is the table's autoincrement column: a SERIAL.
    pub(super) is_serial: bool,
}

/// `name TYPE [DEFAULT …] [GENERATED …] [NOT NULL]`, without the constraints.
pub(super) fn definition(column: &Column, table: &Qualified, role: Role, dialect: &Dialect) -> Made {
    let mut made = sql![names::name(&column.name), " "];
    match serial(column, role) {
        Some(word) => made = sql![made, placed(word, column.kind_span)],
        None => made = sql![made, kind(column, table, dialect)?, default_clause(column, dialect)?],
    }
    if let Some(computed) = &column.computed {
        made = sql![made, " ", generated(computed, dialect)?];
    }
    let nullable = column.nullable.unwrap_or(!role.in_primary_key && column.identity.is_none());
    if let Some(given) = &column.identity {
        made = sql![made, " ", identity(given)];
        return Ok(if nullable { sql![made, " ", placed("NULL", column.nullable_span)] } else { made });
    }
    Ok(if nullable { made } else { sql![made, " ", placed("NOT NULL", column.nullable_span)] })
}

/// The word for a SERIAL. A Python-side `default=`, `Identity` or `Sequence` leaves the plain type.
fn serial(column: &Column, role: Role) -> Option<&'static str> {
    if !role.is_serial || column.identity.is_some() || column.sequence || column.python_default.is_some() {
        return None;
    }
    Some(match column.kind {
        Some(Type::Integer { bytes: 8 }) => "BIGSERIAL",
        Some(Type::Integer { bytes: 2 }) => "SMALLSERIAL",
        _ => "SERIAL",
    })
}

fn kind(column: &Column, table: &Qualified, dialect: &Dialect) -> Made {
    match &column.kind {
        Some(kind) => Ok(placed(types::sql_type(kind, Some(table), dialect)?, column.kind_span)),
        None => refused(format!("no type is given for column `{}`", column.name.text)),
    }
}

fn default_clause(column: &Column, dialect: &Dialect) -> Result<Option<Text>, Unrendered> {
    let Some(given) = &column.server_default else { return Ok(None) };
    let span = column.server_default_span;
    let made = default(given, dialect)?.map(|value| sql![placed(" DEFAULT ", span), anchored(value, span)]);
    Ok(made)
}

/// The expression of a default; `None` where it renders nothing.
pub(super) fn default(given: &Default, dialect: &Dialect) -> Result<Option<Text>, Unrendered> {
    Ok(match given {
        Default::Literal(text) => Some(Text::made(literal::quoted(text, dialect))),
        Default::Expr(given) => Some(match given.as_ref() {
            Expr::Text(text) => clause::text(text, dialect)?,
            given => expr::ddl(given, dialect)?,
        }),
        Default::Fetched => None,
    })
}

/// Without `persisted=` SQLAlchemy 2.0 writes `STORED`, 2.1 leaves it to the server.
fn generated(computed: &Computed, dialect: &Dialect) -> Made {
    let kept = match (computed.persisted, dialect.is_before_2_1()) {
        (Some(true), _) | (None, true) => " STORED",
        (None, false) => "",
        (Some(false), false) => " VIRTUAL",
        (Some(false), true) => {
            return refused("`Computed(persisted=False)` has no form for PostgreSQL before SQLAlchemy 2.1");
        }
    };
    Ok(sql!["GENERATED ALWAYS AS (", expr::ddl(&computed.expr, dialect)?, ")", kept])
}

/// `GENERATED … AS IDENTITY (…)`.
pub(super) fn identity(given: &Identity) -> Text {
    let options: Vec<Text> = identity_options(given).into_iter().map(|(_, option)| Text::made(option)).collect();
    let kind = if given.always { "ALWAYS" } else { "BY DEFAULT" };
    let made = sql!["GENERATED ", kind, " AS IDENTITY"];
    if options.is_empty() { made } else { sql![made, " (", join(options, " "), ")"] }
}

/// The options that are given, by their Python names, in the order in which SQLAlchemy writes them.
pub(super) fn identity_options(given: &Identity) -> Vec<(&'static str, String)> {
    let number = |name: &'static str, words: &str, value: Option<i64>| value.map(|n| (name, format!("{words} {n}")));
    let flag = |name: &'static str, words: &str, value: bool| value.then(|| (name, words.to_owned()));
    let cycle = given.cycle.map(|cycle| ("cycle", if cycle { "CYCLE" } else { "NO CYCLE" }.to_owned()));
    [
        number("increment", "INCREMENT BY", given.increment),
        number("start", "START WITH", given.start),
        number("minvalue", "MINVALUE", given.minvalue),
        number("maxvalue", "MAXVALUE", given.maxvalue),
        flag("nominvalue", "NO MINVALUE", given.nominvalue),
        flag("nomaxvalue", "NO MAXVALUE", given.nomaxvalue),
        number("cache", "CACHE", given.cache),
        cycle,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `COMMENT ON COLUMN` for a column that has a comment.
pub(super) fn comment(column: &Column, table: &Qualified, dialect: &Dialect) -> Option<Text> {
    let comment = literal::quoted(column.comment.as_ref()?, dialect);
    let column = names::name(&column.name);
    Some(sql!["COMMENT ON COLUMN ", names::table(table), ".", column, " IS ", comment])
}
