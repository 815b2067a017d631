//! What queries read from: tables, aliases, joins, functions in a `FROM`, `VALUES`.

use super::{
    args::{Reason, items, name_of, not_known},
    core::{clause, condition, value},
    interp::Args,
    items::blank,
    value::{Arg, Table, Value},
};
use crate::op::{Column, Expr, From, Name, Qualified, Source};
use std::rc::Rc;

/// How many joins one may stand in another.
const JOINS: usize = 40;

/// What a value is in a `FROM`.
pub(super) fn from_of(given: &Value) -> Result<Source, Reason> {
    match given {
        Value::Table(table) | Value::Columns(table) => Ok(table.source.clone()),
        Value::Expr(expr) => match &**expr {
            Expr::Text(text) => Ok(Source::new(From::Text(text.clone()))),
            Expr::Whole(source) => Ok(source.clone()),
            _ => Err("an SQL expression is given as a table".into()),
        },
        Value::Unknown(unknown) => Err(not_known("a table is", &unknown.reason)),
        other => Err(Reason::of(other.cause(), format!("{} is given as a table", other.kind()))),
    }
}

/// It is the source or joined in it.
pub(super) fn holds(source: &Source, other: &Source) -> bool {
    source == other
        || match &**source {
            From::Join { left, right, .. } => holds(left, other) || holds(right, other),
            _ => false,
        }
}

fn joins_in(source: &Source) -> usize {
    match &**source {
        From::Join { left, right, .. } => 1 + joins_in(left).max(joins_in(right)),
        _ => 0,
    }
}

pub(super) fn joined(left: Source, right: Source, on: Expr, outer: bool, full: bool) -> Result<Source, Reason> {
    if joins_in(&left).max(joins_in(&right)) >= JOINS {
        return Err(format!("more than {JOINS} joins").into());
    }
    Ok(Source::new(From::Join { left, right, on, outer, full }))
}

/// A table value around a source.
fn wrapped(source: Source, name: Option<&Name>, columns: Vec<Column>) -> Value {
    let name = Qualified { schema: None, name: name.cloned().unwrap_or_else(|| Name::plain("anon_1")) };
    Value::Table(Rc::new(Table { name, source, columns, create: None, open: false }))
}

/// `join(a, b, on)`, `a.join(b, on)`.
pub(super) fn join(outer: bool, args: &Args) -> Result<Value, Reason> {
    let bound = args.clone().bind(&["left", "right", "onclause", "isouter", "full"]).closed()?;
    let left = from_of(bound.value("left").ok_or("what is joined is not given")?)?;
    let right = from_of(bound.value("right").ok_or("what is joined is not given")?)?;
    let on = match bound.value("onclause") {
        None | Some(Value::None) => return Err("the condition of the join is not given".into()),
        Some(on) => condition(on)?,
    };
    let source = joined(left, right, on, outer || bound.is("isouter")?, bound.is("full")?)?;
    Ok(wrapped(source, None, Vec::new()))
}

/// A function under another name.
fn again(
    source: &Source,
    name: Option<&Name>,
    lateral: bool,
    derived: Vec<(Name, Option<crate::op::Type>)>,
    keeps_base: bool,
) -> Source {
    let From::Function { function, name: before, ordinality, .. } = &**source else { return source.clone() };
    Source::new(From::Function {
        function: function.clone(),
        name: name.cloned(),
        base: before.as_ref().filter(|_| keeps_base).map(|name| name.text.clone()),
        ordinality: *ordinality,
        lateral,
        derived,
    })
}

/// `table.alias("name")`.
pub(super) fn alias(table: &Rc<Table>, args: &Args) -> Result<Value, Reason> {
    let name = args.clone().bind(&["name"]).name("name", "the alias")?;
    let source = match &*table.source {
        From::Function { lateral, derived, .. } => again(&table.source, name.as_ref(), *lateral, derived.clone(), true),
        From::Join { .. } => return Err("`.alias()` of a join is not evaluated".into()),
        _ => Source::new(From::Alias { of: table.source.clone(), name: name.clone() }),
    };
    let name = Qualified { schema: None, name: name.unwrap_or_else(|| table.name.name.clone()) };
    Ok(Value::Table(Rc::new(Table { name, source, columns: table.columns.clone(), create: None, open: table.open })))
}

/// Methods of what stands in a `FROM`; `None` for those that it does not know.
pub(super) fn method(table: &Rc<Table>, name: &str, args: &Args) -> Result<Option<Value>, Reason> {
    Ok(Some(match (name, &*table.source) {
        ("join" | "outerjoin", _) => {
            let mut args = args.clone();
            args.positional.insert(0, Arg { value: Value::Table(Rc::clone(table)), span: args.span });
            join(name == "outerjoin", &args)?
        }
        ("alias", _) => alias(table, args)?,
        ("lateral", From::Function { derived, .. }) => {
            let name = args.clone().bind(&["name"]).name("name", "the name")?;
            let source = again(&table.source, name.as_ref(), true, derived.clone(), true);
            wrapped(source, name.as_ref(), table.columns.clone())
        }
        ("render_derived", From::Function { lateral, .. }) => {
            let bound = args.clone().bind(&["name"]);
            let with_types = bound.is("with_types")?;
            let name = bound.name("name", "the name")?;
            let kind = |column: &Column| if with_types { column.kind.clone() } else { None };
            let derived = table.columns.iter().map(|column| (column.name.clone(), kind(column))).collect();
            // It starts anew from the function: a name before it says nothing.
            let source = again(&table.source, name.as_ref(), *lateral, derived, false);
            wrapped(source, name.as_ref(), table.columns.clone())
        }
        ("data", From::Values { columns, rows, name }) => {
            let mut rows = rows.clone();
            let given = args.positional.first().ok_or("the rows are not given")?;
            for row in items(given, "the rows")? {
                let mut made = Vec::new();
                for (at, item) in items(&row, "a row")?.iter().enumerate() {
                    let kind = table.columns.get(at).and_then(|column| column.kind.as_ref());
                    made.push(value(&item.value, kind)?);
                }
                rows.push(made);
            }
            let source = From::Values { columns: columns.clone(), rows, name: name.clone() };
            wrapped(Source::new(source), name.as_ref(), table.columns.clone())
        }
        ("union" | "union_all", From::Cte { query, name: own, recursive, columns, .. }) => {
            let first = match &**query {
                crate::op::Query::Select(select) => super::select::statement((**select).clone()),
                _ => return Ok(None),
            };
            let mut parts = vec![first];
            parts.extend(args.positional.iter().map(|arg| arg.value.clone()));
            let whole = super::select::select_of(&super::select::compound(name, &parts)?)?;
            let source = From::Cte {
                query: Box::new(crate::op::Query::Select(Box::new(whole))),
                name: own.clone(),
                recursive: *recursive,
                columns: columns.clone(),
                restates: Some(table.source.clone()),
            };
            wrapped(Source::new(source), own.as_ref(), table.columns.clone())
        }
        _ => return Ok(None),
    }))
}

/// `func.unnest(…).table_valued("a", …)`, `.column_valued("x")`, `.alias("x")`.
pub(super) fn of_function(function: &Expr, method: &str, args: &Args) -> Result<Value, Reason> {
    let bound = args.clone().bind(if method == "table_valued" { &[] } else { &["name"] }).closed()?;
    let name = bound.name("name", "the name")?;
    let mut columns = Vec::new();
    let listed = if method == "table_valued" { bound.rest.as_slice() } else { &[] };
    for arg in listed {
        let kind = match &arg.value {
            Value::Expr(expr) => super::core::kind_of(expr),
            _ => None,
        };
        columns.push(Column { kind, ..blank(name_of(arg, "a column")?, arg.span) });
    }
    let ordinality = bound.name("with_ordinality", "the ordinality")?;
    if let Some(name) = &ordinality {
        columns.push(blank(name.clone(), args.span));
    }
    let source = Source::new(From::Function {
        function: Box::new(function.clone()),
        name: name.clone(),
        base: None,
        ordinality: ordinality.is_some(),
        lateral: false,
        derived: Vec::new(),
    });
    if method == "column_valued" {
        return Ok(Value::expr(Expr::Whole(source)));
    }
    Ok(wrapped(source, name.as_ref(), columns))
}

/// `values(column("a"), …, name="v")`.
pub(super) fn values(args: &Args) -> Result<Value, Reason> {
    let bound = args.clone().bind(&[]).closed()?;
    if bound.is("literal_binds")? {
        return Err("`literal_binds` of `values()` is not evaluated".into());
    }
    let mut columns = Vec::new();
    for arg in &bound.rest {
        match clause(&arg.value)? {
            Expr::Column { name, kind, .. } => columns.push(Column { kind, ..blank(name, arg.span) }),
            _ => return Err("a column of `values()` is not a column".into()),
        }
    }
    let name = bound.name("name", "the name")?;
    let names = columns.iter().map(|column| column.name.clone()).collect();
    let source = Source::new(From::Values { columns: names, rows: Vec::new(), name: name.clone() });
    Ok(wrapped(source, name.as_ref(), columns))
}
