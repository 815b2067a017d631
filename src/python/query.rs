//! Core statements: `insert()`, `update()`, `delete()`, `select()`, as their methods build them up.

use super::{
    args::{Reason, items, name_of, not_known},
    core::{column_of, nowhere, value},
    interp::Args,
    value::{Arg, QueryValue, Table, Value},
};
use crate::op::{Column, Expr, From, Name, Query, Select};
use std::rc::Rc;

/// `INSERT` of one row, its columns in the table's order.
pub(super) fn insert(table: &Table, row: &Value) -> Result<Query, Reason> {
    let values = pairs(row)?;
    let (columns, values) = in_order(table, values)?.into_iter().unzip();
    Ok(Query::Insert { table: table.name.clone(), columns, values })
}

/// Key and value of a row or of `.values(…)`.
fn pairs(row: &Value) -> Result<Vec<(String, Value)>, Reason> {
    match row {
        Value::Dict(dict) => match &*dict.spoiled.borrow() {
            Some(unknown) => Err(unknown.reason.reworded(format!("a row {}", unknown.reason))),
            None => dict
                .items
                .borrow()
                .iter()
                .map(|(key, value)| {
                    let arg = Arg { value: key.clone(), span: nowhere() };
                    Ok((name_of(&arg, "a column")?.text, value.clone()))
                })
                .collect(),
        },
        Value::Unknown(unknown) => Err(not_known("a row is", &unknown.reason)),
        other => Err(format!("a row is {}", other.kind()).into()),
    }
}

fn in_order(table: &Table, pairs: Vec<(String, Value)>) -> Result<Vec<(Name, Expr)>, Reason> {
    let known = |name: &str| table.columns.iter().position(|column| column.name.text == name);
    if let Some((name, _)) = pairs.iter().find(|(name, _)| known(name).is_none())
        && !table.open
    {
        return Err(format!("the table `{}` has no column `{name}` here", table.name.name.text).into());
    }
    if table.open && pairs.len() > 1 {
        return Err(format!("the order of the columns of `{}` is what the database says", table.name.name.text).into());
    }
    let implied =
        |column: &&Column| column.python_default.is_some() && !pairs.iter().any(|(name, _)| *name == column.name.text);
    if let Some(column) = table.columns.iter().find(implied) {
        return Err(format!("`{}` has a default of Python's", column.name.text).into());
    }
    let mut placed: Vec<(usize, Name, Expr)> = Vec::new();
    for (name, given) in pairs {
        let at = known(&name);
        let column = at.and_then(|at| table.columns.get(at));
        let expr = value(&given, column.and_then(|column| column.kind.as_ref()))?;
        placed.push((at.unwrap_or(0), column.map_or_else(|| Name::plain(name), |column| column.name.clone()), expr));
    }
    placed.sort_by_key(|(at, ..)| *at);
    Ok(placed.into_iter().map(|(_, name, expr)| (name, expr)).collect())
}

/// `insert(table)`, `update(table)`, `delete(table)`, `select(…)`.
pub(super) fn statement(name: &str, args: &Args) -> Option<Result<Value, Reason>> {
    let table = match args.positional.first().map(|arg| &arg.value) {
        Some(Value::Table(table)) => Some(Rc::clone(table)),
        _ => None,
    };
    let query = match (name, &table) {
        ("insert", Some(table)) => Query::Insert { table: table.name.clone(), columns: Vec::new(), values: Vec::new() },
        ("update", Some(table)) => {
            Query::Update { table: table.name.clone(), set: Vec::new(), from: Vec::new(), conditions: Vec::new() }
        }
        ("delete", Some(table)) => {
            Query::Delete { table: table.name.clone(), using: Vec::new(), conditions: Vec::new() }
        }
        ("insert" | "update" | "delete", None) => {
            return Some(Err(format!("the table of `{name}()` is not known").into()));
        }
        ("select", _) => return Some(select(args)),
        _ => return None,
    };
    Some(Ok(Value::Query(Rc::new(QueryValue { query, table, unknown: None }))))
}

fn select(args: &Args) -> Result<Value, Reason> {
    let mut query = Select::default();
    for arg in &args.positional {
        // The 1.x form gives one list.
        let parts = match &arg.value {
            Value::List(_) | Value::Tuple(_) => items(arg, "the columns")?,
            _ => vec![arg.clone()],
        };
        for part in parts {
            match &part.value {
                Value::Table(table) => {
                    for column in &table.columns {
                        if let Value::Expr(expr) = column_of(table, &column.name.text, part.span) {
                            query.columns.push((*expr).clone());
                        }
                    }
                    add_from(&mut query.from, table.name.clone(), table.alias.clone());
                }
                other => query.columns.push(value(other, None)?),
            }
        }
    }
    let columns = query.columns.clone();
    for expr in &columns {
        tables_in(expr, &mut query.from);
    }
    Ok(Value::Query(Rc::new(QueryValue { query: Query::Select(Box::new(query)), table: None, unknown: None })))
}

fn add_from(from: &mut Vec<From>, table: crate::op::Qualified, alias: Option<Name>) {
    let known = from.iter().any(|it| match it {
        From::Table { table: other, alias: other_alias } => {
            other.name.text == table.name.text
                && other.schema.as_ref().map(|it| &it.text) == table.schema.as_ref().map(|it| &it.text)
                && other_alias.as_ref().map(|it| &it.text) == alias.as_ref().map(|it| &it.text)
        }
        _ => false,
    });
    if !known {
        from.push(From::Table { table, alias });
    }
}

fn tables_of<'a>(exprs: impl IntoIterator<Item = &'a Expr>, from: &mut Vec<From>) {
    for expr in exprs {
        tables_in(expr, from);
    }
}

/// The tables that the columns of an expression belong to, in order.
fn tables_in(expr: &Expr, from: &mut Vec<From>) {
    match expr {
        Expr::Column { table: Some(table), .. } => add_from(from, table.clone(), None),
        Expr::Binary { left, right, .. } => {
            tables_in(left, from);
            tables_in(right, from);
        }
        Expr::And(parts) | Expr::Or(parts) | Expr::Tuple(parts) | Expr::Function { args: parts, .. } => {
            tables_of(parts.iter(), from);
        }
        Expr::Not(inner)
        | Expr::Negative(inner)
        | Expr::Cast { inner, .. }
        | Expr::Ordered { inner, .. }
        | Expr::Label { inner, .. }
        | Expr::Collate { inner, .. } => tables_in(inner, from),
        Expr::In { left, list, .. } => {
            tables_in(left, from);
            tables_of(list.iter(), from);
        }
        Expr::InSelect { left, .. } => tables_in(left, from),
        Expr::Between { left, low, high, .. } => [left, low, high].iter().for_each(|part| tables_in(part, from)),
        Expr::Case { value, whens, otherwise } => {
            tables_of(value.as_deref(), from);
            for (condition, result) in whens {
                tables_in(condition, from);
                tables_in(result, from);
            }
            tables_of(otherwise.as_deref(), from);
        }
        _ => {}
    }
}

/// Methods of statements under construction.
pub(super) fn query_method(query: &QueryValue, name: &str, args: &Args) -> Value {
    let mut next = query.clone();
    match build(&mut next, name, args) {
        Ok(true) => {}
        Ok(false) => next.unknown = Some(format!("`.{name}()` is not evaluated").into()),
        Err(reason) => next.unknown = Some(reason),
    }
    Value::Query(Rc::new(next))
}

fn build(next: &mut QueryValue, name: &str, args: &Args) -> Result<bool, Reason> {
    if let Some(unknown) = &args.open {
        return Err(not_known("an argument is", &unknown.reason));
    }
    let own = next.table.clone();
    match (&mut next.query, name) {
        (_, "execution_options") => Ok(true),
        (Query::Insert { columns, values, .. }, "values") => {
            let Some(table) = own else { return Ok(false) };
            let given = given(args)?;
            for (column, value) in in_order(&table, given)? {
                columns.push(column);
                values.push(value);
            }
            Ok(true)
        }
        (Query::Insert { table, .. }, "from_select") => {
            let bound = args.clone().bind(&["names", "select"]);
            let columns = bound.names("names", "the columns")?;
            match bound.value("select") {
                Some(Value::Query(inner)) => match (&inner.query, &inner.unknown) {
                    (Query::Select(select), None) => {
                        next.query = Query::InsertSelect { table: table.clone(), columns, select: select.clone() };
                        Ok(true)
                    }
                    (_, Some(reason)) => Err(reason.clone()),
                    _ => Ok(false),
                },
                _ => Ok(false),
            }
        }
        (Query::Update { set, .. }, "values") => {
            let Some(table) = own else { return Ok(false) };
            set.extend(in_order_of_update(&table, given(args)?)?);
            others(&mut next.query);
            Ok(true)
        }
        (Query::Update { conditions, .. } | Query::Delete { conditions, .. }, "where") => {
            for arg in &args.positional {
                conditions.push(value(&arg.value, None)?);
            }
            others(&mut next.query);
            Ok(true)
        }
        (Query::Select(select), _) => select_method(select, name, args),
        _ => Ok(false),
    }
}

/// An update knows no defaults of Python's but `onupdate`, which is not modelled.
fn in_order_of_update(table: &Table, pairs: Vec<(String, Value)>) -> Result<Vec<(Name, Expr)>, Reason> {
    let columns = table.columns.iter().map(|column| Column { python_default: None, ..column.clone() }).collect();
    let table = Table { name: table.name.clone(), alias: table.alias.clone(), columns, create: None, open: table.open };
    in_order(&table, pairs)
}

/// The other tables that an UPDATE or DELETE reads.
fn others(query: &mut Query) {
    let is_own = |own: &crate::op::Qualified, it: &From| match it {
        From::Table { table, .. } => {
            table.name.text == own.name.text
                && table.schema.as_ref().map(|it| &it.text) == own.schema.as_ref().map(|it| &it.text)
        }
        _ => false,
    };
    match query {
        Query::Update { table, set, from, conditions } => {
            let mut all = Vec::new();
            // SQLAlchemy looks at the conditions first.
            tables_of(conditions.iter(), &mut all);
            tables_of(set.iter().map(|(_, expr)| expr), &mut all);
            all.retain(|it| !is_own(table, it));
            *from = all;
        }
        Query::Delete { table, using, conditions } => {
            let mut all = Vec::new();
            tables_of(conditions.iter(), &mut all);
            all.retain(|it| !is_own(table, it));
            *using = all;
        }
        _ => {}
    }
}

fn given(args: &Args) -> Result<Vec<(String, Value)>, Reason> {
    let mut all = Vec::new();
    for arg in &args.positional {
        all.extend(pairs(&arg.value)?);
    }
    all.extend(args.keywords.iter().map(|(name, arg, _)| (name.clone(), arg.value.clone())));
    Ok(all)
}

fn select_method(select: &mut Select, name: &str, args: &Args) -> Result<bool, Reason> {
    let exprs = || -> Result<Vec<Expr>, Reason> { args.positional.iter().map(|arg| value(&arg.value, None)).collect() };
    match name {
        "where" | "filter" => {
            for expr in exprs()? {
                tables_in(&expr, &mut select.from);
                select.conditions.push(expr);
            }
        }
        "select_from" => {
            for arg in &args.positional {
                match &arg.value {
                    Value::Table(table) => add_from(&mut select.from, table.name.clone(), table.alias.clone()),
                    _ => return Ok(false),
                }
            }
        }
        "order_by" => {
            let exprs = exprs()?;
            // A text may be the name of what is selected, and then stands for that.
            if exprs.iter().any(|it| matches!(it, Expr::Ordered { inner, .. } if matches!(**inner, Expr::Text(_)))) {
                return Err("an order by a text is not evaluated".into());
            }
            select.order_by.extend(exprs);
        }
        "group_by" => select.group_by.extend(exprs()?),
        "having" => select.having.extend(exprs()?),
        "limit" => select.limit = exprs()?.pop(),
        "offset" => select.offset = exprs()?.pop(),
        "distinct" if args.positional.is_empty() => select.distinct = true,
        "scalar_subquery" | "as_scalar" => {}
        _ => return Ok(false),
    }
    Ok(true)
}
