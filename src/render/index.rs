//! `CREATE INDEX` and `DROP INDEX`.

use super::{
    Dialect, clause,
    constraint::{class_of, include, is_true, operator_class, option},
    convention,
    convention::Subject,
    expr, names, refused,
    words::{Made, join, when},
};
use crate::{
    op::{Column, Expr, Index, IndexColumn, Name, OptionValue, Qualified},
    source::Text,
};

/// `CREATE [UNIQUE] INDEX [CONCURRENTLY] [IF NOT EXISTS] … ON … [USING …] (…) …`.
pub(super) fn create(index: &Index, dialect: &Dialect) -> Made {
    let concurrently = option(&index.options, "concurrently").is_some_and(is_true);
    let mut made = sql![
        "CREATE ",
        when(index.unique, "UNIQUE "),
        "INDEX ",
        when(concurrently, "CONCURRENTLY "),
        when(index.if_not_exists, "IF NOT EXISTS "),
        name(index, dialect)?,
        " ON ",
        names::table(&index.table),
        " "
    ];
    if let Some(OptionValue::Text(using)) = option(&index.options, "using").filter(|using| is_true(using)) {
        made = sql![made, "USING ", names::method(using)?, " "];
    }
    let mut elements = Vec::new();
    for element in &index.columns {
        elements.push(self::element(element, &index.options, dialect)?);
    }
    made = sql![made, "(", join(elements, ", "), ")", include(&index.options)];
    match option(&index.options, "nulls_not_distinct") {
        Some(OptionValue::Bool(true)) => made.push_made(" NULLS NOT DISTINCT"),
        Some(OptionValue::Bool(false)) => made.push_made(" NULLS DISTINCT"),
        _ => {}
    }
    if let Some(parameters) = storage(option(&index.options, "with")) {
        made = sql![made, " WITH (", parameters, ")"];
    }
    if let Some(OptionValue::Text(space)) = option(&index.options, "tablespace").filter(|space| is_true(space)) {
        made = sql![made, " TABLESPACE ", names::quoted(space)];
    }
    match option(&index.options, "where") {
        Some(OptionValue::Expr(condition)) => made = sql![made, " WHERE ", expr::ddl(condition, dialect)?],
        Some(OptionValue::Text(condition)) => {
            let condition = crate::op::TextClause { text: Text::made(condition.as_str()), binds: Vec::new() };
            made = sql![made, " WHERE ", clause::text(&condition, dialect)?];
        }
        _ => {}
    }
    Ok(made)
}

/// The storage parameters of `WITH (…)`: `k = v`, or `k` alone where the value is `None` (an empty text).
pub(super) fn storage(given: Option<&OptionValue>) -> Option<String> {
    let parameter = |(key, value): &(String, String)| {
        if value.is_empty() { key.clone() } else { format!("{key} = {value}") }
    };
    match given? {
        OptionValue::Map(items) if !items.is_empty() => {
            Some(items.iter().map(parameter).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}

fn name(index: &Index, dialect: &Dialect) -> Made {
    let mut columns = Vec::new();
    for element in &index.columns {
        match element {
            IndexColumn::Name(name) | IndexColumn::Expr(Expr::Column { name, .. }) => columns.push(name.text.as_str()),
            // A column that alembic makes up for a `text()` has the text for its name.
            IndexColumn::Expr(Expr::Text(text)) => columns.push(text.text.as_str()),
            IndexColumn::Expr(_) if index.name.is_none() => {
                return refused("an index on an expression has no name that a convention could make");
            }
            IndexColumn::Expr(_) => {}
        }
    }
    let subject = Subject {
        kind: "ix",
        table: &index.table,
        columns,
        referred_table: None,
        referred_columns: None,
        targets: Vec::new(),
        put_on: None,
        condition: None,
        name: index.name.as_ref(),
    };
    match convention::name(&subject, dialect)? {
        Some(name) => names::limited(&name),
        None => refused("CREATE INDEX requires that the index has a name"),
    }
}

fn element(element: &IndexColumn, options: &[(String, OptionValue)], dialect: &Dialect) -> Made {
    let ops = match option(options, "ops") {
        Some(OptionValue::Map(ops)) => ops.as_slice(),
        _ => &[],
    };
    Ok(match element {
        IndexColumn::Name(name) => sql![names::name(name), class_of(&name.text, ops)],
        IndexColumn::Expr(given) => sql![expr::ddl_grouped(given, dialect)?, operator_class(given, ops)],
    })
}

/// `DROP INDEX [CONCURRENTLY] [IF EXISTS] …`.
pub(super) fn drop(index: &Qualified, concurrently: bool, if_exists: bool) -> Made {
    let name = names::limited(&index.name)?;
    let name = match names::schema(index) {
        Some(schema) => sql![names::name(schema), ".", name],
        None => name,
    };
    Ok(sql!["DROP INDEX ", when(concurrently, "CONCURRENTLY "), when(if_exists, "IF EXISTS "), name])
}

/// The index of a column with `index=True`.
pub(super) fn of_column(column: &Column, table: &Qualified) -> Option<Index> {
    column.index.then(|| Index {
        name: None,
        table: table.clone(),
        columns: vec![IndexColumn::Name(Name { exact: false, ..column.name.clone() })],
        unique: column.unique,
        if_not_exists: false,
        options: Vec::new(),
        span: column.span,
    })
}
