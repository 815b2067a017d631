//! `select(…)` as its methods build it up, and what becomes of it: a subquery, a CTE, an `EXISTS`.

use super::{
    args::{Reason, items, not_known},
    core::{column_of, condition, kind_of, value},
    interp::Args,
    items::blank,
    tables::{self, from_of},
    value::{Arg, QueryValue, Table, Value},
};
use crate::{
    op::{Column, Correlation, Distinct, Expr, From, Name, Qualified, Query, Select, Source},
    source::Span,
};
use std::rc::Rc;

/// `select(…)`.
pub(super) fn select(args: &Args) -> Result<Value, Reason> {
    if let Some(unknown) = &args.open {
        return Err(not_known("a column is", &unknown.reason));
    }
    let mut query = Select::default();
    let mut given = args.positional.iter();
    // The 1.x form gives one list, and perhaps the condition.
    if let Some(arg @ Arg { value: Value::List(_), .. }) = args.positional.first() {
        given.next();
        for part in items(arg, "the columns")? {
            query.columns.extend(columns(&part.value, part.span)?);
        }
        if let Some(arg) = given.next() {
            query.conditions.push(condition(&arg.value)?);
        }
    }
    for arg in given {
        query.columns.extend(columns(&arg.value, arg.span)?);
    }
    for (name, arg, _) in &args.keywords {
        match name.as_str() {
            "whereclause" => query.conditions.push(condition(&arg.value)?),
            "from_obj" => {
                for part in items(arg, "the tables")? {
                    query.from.push(from_of(&part.value)?);
                }
            }
            _ => return Err(format!("`{name}` of `select()` is not evaluated").into()),
        }
    }
    Ok(statement(query))
}

/// As a value of its own.
pub(super) fn statement(select: Select) -> Value {
    Value::Query(Rc::new(QueryValue { query: Query::Select(Box::new(select)), table: None, unknown: None }))
}

/// What a selected or returned thing stands for.
pub(super) fn columns(given: &Value, span: Span) -> Result<Vec<Expr>, Reason> {
    match given {
        Value::Table(table) | Value::Columns(table) => {
            if table.open {
                let open = format!("the columns of `{}` are what the database says", table.name.name.text);
                return Err(Reason::data(open));
            }
            let mut found = Vec::new();
            for column in &table.columns {
                match column_of(table, &column.name.text, span) {
                    Value::Expr(expr) => found.push((*expr).clone()),
                    _ => return Err("a column is not known".into()),
                }
            }
            Ok(found)
        }
        Value::Expr(_) | Value::Query(_) | Value::Item(_) => Ok(vec![value(given, None)?]),
        Value::None => Ok(vec![Expr::Null]),
        // Numbers are written as they stand, and have no label.
        Value::Int(number) => Ok(vec![Expr::Verbatim(number.to_string())]),
        Value::Bool(yes) => Ok(vec![if *yes { Expr::True } else { Expr::False }]),
        Value::Unknown(unknown) => Err(not_known("a column is", &unknown.reason)),
        other => Err(Reason::of(other.cause(), format!("{} is given as a column", other.kind()))),
    }
}

/// The columns that a query gives, as far as they have names.
fn given_columns(select: &Select, span: Span) -> Vec<Column> {
    let mut found: Vec<Column> = Vec::new();
    let first = select.compound.as_ref().and_then(|(_, parts)| parts.first()).unwrap_or(select);
    for expr in &first.columns {
        let (Expr::Column { name, .. } | Expr::Label { name, .. }) = expr else { continue };
        if !found.iter().any(|column| column.name.text == name.text) {
            let name = Name { span: None, ..name.clone() };
            found.push(Column { kind: kind_of(expr), ..blank(name, span) });
        }
    }
    found
}

/// `union(a, b)`: the parts under one keyword.
pub(super) fn compound(keyword: &str, parts: &[Value]) -> Result<Value, Reason> {
    let mut selects = Vec::new();
    for part in parts {
        selects.push(select_of(part)?);
    }
    let keyword = match keyword.trim_end_matches('_') {
        "union" => "UNION",
        "union_all" => "UNION ALL",
        "intersect" => "INTERSECT",
        "intersect_all" => "INTERSECT ALL",
        "except_all" => "EXCEPT ALL",
        _ => "EXCEPT",
    };
    Ok(statement(Select { compound: Some((keyword.to_owned(), selects)), ..Select::default() }))
}

/// The `SELECT` that a value is.
pub(super) fn select_of(given: &Value) -> Result<Select, Reason> {
    match given {
        Value::Query(query) => match (&query.query, &query.unknown) {
            (_, Some(reason)) => Err(reason.clone()),
            (Query::Select(select), None) => Ok((**select).clone()),
            _ => Err("a statement is used as a SELECT".into()),
        },
        Value::Expr(expr) => match &**expr {
            Expr::Subquery(select) => Ok((**select).clone()),
            _ => Err("an SQL expression is used as a SELECT".into()),
        },
        Value::Unknown(unknown) => Err(not_known("the SELECT is", &unknown.reason)),
        other => Err(format!("{} is used as a SELECT", other.kind()).into()),
    }
}

/// `.subquery()`, `.exists()` and the like: what a query becomes; `None` for a method that builds it further.
pub(super) fn finished(query: &QueryValue, name: &str, args: &Args) -> Result<Option<Value>, Reason> {
    let bound = args.clone().bind(&["name"]);
    let alias = || bound.name("name", "the name");
    let made = |from: From, name: Option<Name>, columns: Vec<Column>| {
        let name = Qualified { schema: None, name: name.unwrap_or_else(|| Name::plain("anon_1")) };
        Value::Table(Rc::new(Table { name, source: Source::new(from), columns, create: None, open: false }))
    };
    if name == "cte" {
        let recursive = args.clone().bind(&["name", "recursive"]).is("recursive")?;
        let columns = match &query.query {
            Query::Select(select) => given_columns(select, args.span),
            Query::Insert { returning, .. }
            | Query::InsertSelect { returning, .. }
            | Query::Update { returning, .. }
            | Query::Delete { returning, .. } => {
                given_columns(&Select { columns: returning.clone(), ..Select::default() }, args.span)
            }
        };
        let names = columns.iter().map(|column| column.name.clone()).collect();
        let query = Box::new(query.query.clone());
        let from = From::Cte { query, name: alias()?, recursive, columns: names, restates: None };
        return Ok(Some(made(from, alias()?, columns)));
    }
    let Query::Select(select) = &query.query else { return Ok(None) };
    let select = select.clone();
    Ok(Some(match name {
        "subquery" | "alias" | "lateral" => {
            let columns = given_columns(&select, args.span);
            made(From::Subquery { select, name: alias()?, lateral: name == "lateral" }, alias()?, columns)
        }
        "scalar_subquery" | "as_scalar" => Value::expr(Expr::Subquery(select)),
        "exists" => Value::expr(Expr::Exists { select, negated: false }),
        "label" => {
            let name = bound.required_name("name", "the label")?;
            Value::expr(Expr::Label { inner: Box::new(Expr::Subquery(select)), name })
        }
        "union" | "union_all" | "intersect" | "intersect_all" | "except_" | "except_all" => {
            let mut parts = vec![statement(*select)];
            parts.extend(args.positional.iter().map(|arg| arg.value.clone()));
            compound(name, &parts)?
        }
        _ => return Ok(None),
    }))
}

/// Methods that build a `SELECT` further; `false` where the method is not known.
pub(super) fn build(select: &mut Select, name: &str, args: &Args) -> Result<bool, Reason> {
    let first = args.positional.first().map(|arg| &arg.value);
    match name {
        "where" | "filter" | "having" => {
            let list = if name == "having" { &mut select.having } else { &mut select.conditions };
            for arg in &args.positional {
                list.push(condition(&arg.value)?);
            }
        }
        "select_from" => {
            for arg in &args.positional {
                let source = from_of(&arg.value)?;
                if !select.from.contains(&source) {
                    select.from.push(source);
                }
            }
        }
        "join" | "outerjoin" | "join_from" | "outerjoin_from" => join(select, name, args)?,
        "order_by" => {
            let added = ordering(select, args)?;
            select.order_by.extend(added);
        }
        "group_by" => {
            let added = ordering(select, args)?;
            select.group_by.extend(added);
        }
        "limit" => select.limit = count(first)?,
        "offset" => select.offset = count(first)?,
        "distinct" => {
            let given = args.positional.iter().map(|arg| value(&arg.value, None)).collect::<Result<Vec<_>, _>>()?;
            select.distinct = if given.is_empty() { Distinct::Yes } else { Distinct::On(given) };
        }
        "correlate" | "correlate_except" => {
            let mut given = Vec::new();
            for arg in &args.positional {
                if !matches!(arg.value, Value::None | Value::Bool(false)) {
                    given.push(from_of(&arg.value)?);
                }
            }
            select.correlation = if name == "correlate" { Correlation::To(given) } else { Correlation::Except(given) };
        }
        "with_for_update" => select.locking = Some(locking(args)?),
        "add_columns" | "column" | "add_column" | "with_only_columns" => {
            if name == "with_only_columns" {
                select.columns.clear();
            }
            for arg in &args.positional {
                select.columns.extend(columns(&arg.value, arg.span)?);
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn count(given: Option<&Value>) -> Result<Option<Expr>, Reason> {
    match given {
        None | Some(Value::None) => Ok(None),
        Some(given) => value(given, None).map(Some),
    }
}

/// What is ordered or grouped by; a string names a selected column or label.
fn ordering(select: &Select, args: &Args) -> Result<Vec<Expr>, Reason> {
    let columns =
        select.compound.as_ref().and_then(|(_, parts)| parts.first()).map_or(&select.columns, |it| &it.columns);
    args.positional
        .iter()
        .filter(|arg| !matches!(arg.value, Value::None))
        .map(|arg| match arg.value.as_str() {
            Some(text) => {
                let is_it = |expr: &&Expr| matches!(expr, Expr::Column { name, .. } | Expr::Label { name, .. } if name.text == text);
                columns.iter().find(is_it).cloned().ok_or_else(|| format!("`{text}` is no column of the query").into())
            }
            None => match value(&arg.value, None)? {
                // A text may be the name of what is selected, and then stands for that.
                Expr::Ordered { inner, .. } if matches!(*inner, Expr::Text(_)) => {
                    Err("an order by a text is not evaluated".into())
                }
                other => Ok(other),
            },
        })
        .collect()
}

fn locking(args: &Args) -> Result<String, Reason> {
    let bound = args.clone().bind(&["nowait"]);
    if !matches!(bound.value("of"), None | Some(Value::None)) {
        return Err("`of` of `.with_for_update()` is not evaluated".into());
    }
    let words = match (bound.is("read")?, bound.is("key_share")?) {
        (true, true) => " FOR KEY SHARE",
        (true, false) => " FOR SHARE",
        (false, true) => " FOR NO KEY UPDATE",
        (false, false) => " FOR UPDATE",
    };
    let nowait = if bound.is("nowait")? { " NOWAIT" } else { "" };
    let skip = if bound.is("skip_locked")? { " SKIP LOCKED" } else { "" };
    Ok(format!("{words}{nowait}{skip}"))
}

/// `.join(…)`: the left side is what the query reads from, as far as that leaves no choice.
fn join(select: &mut Select, name: &str, args: &Args) -> Result<(), Reason> {
    let explicit = name.ends_with("_from");
    let parameters: &[&'static str] = if explicit { &["from_", "target", "onclause"] } else { &["target", "onclause"] };
    let mut args = args.clone();
    if name.starts_with("outer") {
        let yes = Arg { value: Value::Bool(true), span: args.span };
        args.keywords.push(("isouter".to_owned(), yes, args.span));
    }
    let bound = args.bind(parameters);
    let right = from_of(bound.value("target").ok_or("what is joined is not given")?)?;
    let on = match bound.value("onclause") {
        None | Some(Value::None) => return Err("the condition of the join is not given".into()),
        Some(on) => condition(on)?,
    };
    let left = if explicit {
        from_of(bound.value("from_").ok_or("what is joined is not given")?)?
    } else {
        implied_left(select, &right, &on)?
    };
    let joined = tables::joined(left.clone(), right, on, bound.is("isouter")?, bound.is("full")?)?;
    match select.from.iter_mut().find(|source| **source == left) {
        Some(slot) => *slot = joined,
        None => select.from.push(joined),
    }
    Ok(())
}

fn implied_left(select: &Select, right: &Source, on: &Expr) -> Result<Source, Reason> {
    let mut candidates = select.from.clone();
    if candidates.is_empty() {
        select.columns.iter().for_each(|expr| crate::op::sources_of(expr, &mut candidates));
        candidates.retain(|source| source != right);
    }
    if let [only] = candidates.as_slice() {
        return Ok(only.clone());
    }
    let mut needed = Vec::new();
    crate::op::sources_of(on, &mut needed);
    let has_all = |source: &&Source| needed.iter().all(|it| it == right || tables::holds(source, it));
    let mut fitting = candidates.iter().filter(has_all);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Err("the left side of the join is not known".into()),
    }
}

/// `exists(…)`, `exists().where(…)`.
pub(super) fn exists(args: &Args) -> Result<Value, Reason> {
    let select = match args.positional.as_slice() {
        [] => Select { columns: vec![Expr::Verbatim("*".to_owned())], ..Select::default() },
        [Arg { value: it @ (Value::Query(_) | Value::Expr(_)), .. }] if !matches!(it, Value::Expr(expr) if !matches!(**expr, Expr::Subquery(_))) => {
            select_of(it)?
        }
        given => {
            let mut select = Select::default();
            for arg in given {
                select.columns.extend(columns(&arg.value, arg.span)?);
            }
            select
        }
    };
    Ok(Value::expr(Expr::Exists { select: Box::new(select), negated: false }))
}

/// Methods of a scalar subquery or an `EXISTS` that concern the `SELECT` in it.
pub(super) fn within(expr: &Expr, name: &str, args: &Args) -> Result<Option<Value>, Reason> {
    if !matches!(name, "where" | "select_from" | "correlate" | "correlate_except") {
        return Ok(None);
    }
    let mut own = expr.clone();
    let (Expr::Subquery(select) | Expr::Exists { select, .. }) = &mut own else { return Ok(None) };
    build(select, name, args)?;
    Ok(Some(Value::expr(own)))
}
