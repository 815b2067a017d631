//! Core statements: `insert()`, `update()`, `delete()`, as their methods build them up.

use super::{
    args::{Reason, items, name_of, not_known},
    core::{clause, condition, nowhere, value},
    interp::Args,
    items::blank,
    select,
    value::{Arg, QueryValue, Table, Value},
};
use crate::op::{Column, Conflict, ConstraintKind, Expr, From, Name, Qualified, Query, Source, Type};
use std::rc::Rc;

/// `INSERT` of one row, its columns in the table's order.
pub(super) fn insert(table: &Table, row: &Value) -> Result<Query, Reason> {
    let (columns, values) = in_order(table, row_pairs(table, row)?)?.into_iter().unzip();
    let table = table.source.clone();
    Ok(Query::Insert { table, columns, rows: vec![values], conflict: None, returning: Vec::new() })
}

/// A row as a dict, or as a tuple in the order of the table's columns.
fn row_pairs(table: &Table, row: &Value) -> Result<Vec<(String, Value)>, Reason> {
    match row {
        Value::Tuple(items) if !table.open && items.len() <= table.columns.len() => {
            Ok(table.columns.iter().map(|column| column.name.text.clone()).zip(items.iter().cloned()).collect())
        }
        _ => pairs(row),
    }
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
        let open = format!("the order of the columns of `{}` is what the database says", table.name.name.text);
        return Err(Reason::data(open));
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

/// `insert(table)`, `update(table)`, `delete(table)`, `select(…)`, `union(…)`.
pub(super) fn statement(name: &str, args: &Args) -> Option<Result<Value, Reason>> {
    let table = match args.positional.first().map(|arg| &arg.value) {
        Some(Value::Table(table)) => Some(Rc::clone(table)),
        _ => None,
    };
    let source = table.as_ref().map(|table| table.source.clone());
    let query = match (name, source) {
        ("insert", Some(table)) => {
            Query::Insert { table, columns: Vec::new(), rows: Vec::new(), conflict: None, returning: Vec::new() }
        }
        ("update", Some(table)) => {
            Query::Update { table, set: Vec::new(), conditions: Vec::new(), returning: Vec::new() }
        }
        ("delete", Some(table)) => Query::Delete { table, conditions: Vec::new(), returning: Vec::new() },
        ("insert" | "update" | "delete", None) => {
            let class = args.positional.first().map_or(crate::reason::Class::Limit, |arg| arg.value.cause());
            return Some(Err(Reason::of(class, format!("the table of `{name}()` is not known"))));
        }
        ("select", _) => return Some(select::select(args)),
        ("union" | "union_all" | "intersect" | "intersect_all" | "except_" | "except_all", _) => {
            let parts: Vec<Value> = args.positional.iter().map(|arg| arg.value.clone()).collect();
            return Some(select::compound(name, &parts));
        }
        _ => return None,
    };
    // The 1.x form takes the condition and the values at once.
    let mut made = QueryValue { query, table, unknown: None };
    if let Some(arg) = args.positional.get(1).filter(|arg| !matches!(arg.value, Value::None)) {
        let method = if name == "insert" { "values" } else { "where" };
        let args = Args { positional: vec![arg.clone()], keywords: Vec::new(), open: None, span: args.span };
        match build(&mut made, method, &args) {
            Ok(true) => {}
            Ok(false) => made.unknown = Some(format!("`{name}()` with two arguments is not evaluated").into()),
            Err(reason) => made.unknown = Some(reason),
        }
    }
    for (keyword, arg, _) in &args.keywords {
        let method = if keyword == "whereclause" { "where" } else { keyword.as_str() };
        let args = Args { positional: vec![arg.clone()], keywords: Vec::new(), open: None, span: args.span };
        if !matches!(method, "where" | "values") || !build(&mut made, method, &args).is_ok_and(|known| known) {
            made.unknown = Some(format!("`{keyword}` of `{name}()` is not evaluated").into());
        }
    }
    Some(Ok(Value::Query(Rc::new(made))))
}

/// Methods of statements under construction.
pub(super) fn query_method(query: &QueryValue, name: &str, args: &Args) -> Value {
    if let (None, None) = (&query.unknown, &args.open) {
        match select::finished(query, name, args) {
            Ok(Some(value)) => return value,
            Ok(None) => {}
            Err(reason) => return Value::unknown(args.span, reason),
        }
    } else if matches!(
        name,
        "subquery" | "alias" | "cte" | "lateral" | "scalar_subquery" | "as_scalar" | "exists" | "label"
    ) {
        let reason = match (&query.unknown, &args.open) {
            (Some(reason), _) => reason.clone(),
            (None, Some(unknown)) => not_known("an argument is", &unknown.reason),
            (None, None) => Reason::from("it is not known"),
        };
        return Value::unknown(args.span, reason);
    }
    let mut next = query.clone();
    match build(&mut next, name, args) {
        Ok(true) => {}
        Ok(false) => next.unknown = Some(format!("`.{name}()` is not evaluated").into()),
        Err(reason) => next.unknown = Some(reason),
    }
    Value::Query(Rc::new(next))
}

/// `false` where the method is not known.
fn build(next: &mut QueryValue, name: &str, args: &Args) -> Result<bool, Reason> {
    if let Some(unknown) = &args.open {
        return Err(not_known("an argument is", &unknown.reason));
    }
    let own = next.table.clone();
    if name == "execution_options" {
        return Ok(true);
    }
    if name == "inline" && matches!(next.query, Query::Insert { .. }) {
        // What the database makes up is not asked for.
        next.table = own.map(|table| Rc::new(Table { create: None, ..copy(&table) }));
        return Ok(true);
    }
    if let (Query::Select(select), _) = (&mut next.query, name) {
        return select::build(select, name, args);
    }
    let Some(table) = own else { return Ok(false) };
    match (&mut next.query, name) {
        (
            Query::Insert { returning, .. }
            | Query::InsertSelect { returning, .. }
            | Query::Update { returning, .. }
            | Query::Delete { returning, .. },
            "returning",
        ) => {
            for arg in &args.positional {
                returning.extend(select::columns(&arg.value, arg.span)?);
            }
        }
        (
            Query::Insert { conflict, .. } | Query::InsertSelect { conflict, .. },
            "on_conflict_do_nothing" | "on_conflict_do_update",
        ) => *conflict = Some(on_conflict(&table, name, args)?),
        (Query::Insert { columns, rows, .. }, "values") => {
            if !rows.is_empty() {
                return Err("`.values()` is called twice".into());
            }
            (*columns, *rows) = all_rows(&table, args)?;
        }
        (Query::Insert { table, returning, conflict, .. }, "from_select") => {
            let bound = args.clone().bind(&["names", "select", "include_defaults"]);
            let columns = bound.names("names", "the columns")?;
            let select = Box::new(select::select_of(bound.value("select").ok_or("the SELECT is not given")?)?);
            let implied = |column: &&Column| {
                column.python_default.is_some() && !columns.iter().any(|name| name.text == column.name.text)
            };
            if bound.flag("include_defaults")? != Some(false)
                && let Some(own) = &next.table
                && let Some(column) = own.columns.iter().find(implied)
            {
                return Err(format!("`{}` has a default of Python's", column.name.text).into());
            }
            let (table, conflict, returning) = (table.clone(), conflict.clone(), returning.clone());
            next.query = Query::InsertSelect { table, columns, select, conflict, returning };
        }
        (Query::Update { set, .. }, "values") => set_values(set, in_order_of_update(&table, given(args)?)?),
        (Query::Update { set, .. }, "ordered_values") => {
            for arg in &args.positional {
                let pair = items(arg, "a pair")?;
                let [name, value] = pair.as_slice() else { return Err("a pair is not one".into()) };
                let name = name_of(name, "a column")?.text;
                set.extend(in_order_of_update(&table, vec![(name, value.value.clone())])?);
            }
        }
        (Query::Update { conditions, .. } | Query::Delete { conditions, .. }, "where") => {
            for arg in &args.positional {
                conditions.push(condition(&arg.value)?);
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A column that is given again takes the last value.
fn set_values(set: &mut Vec<(Name, Expr)>, given: Vec<(Name, Expr)>) {
    for (name, value) in given {
        match set.iter_mut().find(|(known, _)| known.text == name.text) {
            Some(slot) => slot.1 = value,
            None => set.push((name, value)),
        }
    }
}

/// `.values(…)` of an INSERT: one row, or a list of them with the same columns.
fn all_rows(table: &Table, args: &Args) -> Result<(Vec<Name>, Vec<Vec<Expr>>), Reason> {
    let [Arg { value: list @ Value::List(_), span }] = args.positional.as_slice() else {
        let row = match args.positional.as_slice() {
            [Arg { value: row @ Value::Tuple(_), .. }] => row_pairs(table, row)?,
            _ => given(args)?,
        };
        let (columns, values) = in_order(table, row)?.into_iter().unzip();
        return Ok((columns, vec![values]));
    };
    let mut rows = Vec::new();
    let mut columns: Option<Vec<Name>> = None;
    for row in items(&Arg { value: list.clone(), span: *span }, "the rows")? {
        let (names, values): (Vec<Name>, Vec<Expr>) =
            in_order(table, row_pairs(table, &row.value)?)?.into_iter().unzip();
        let first = columns.get_or_insert_with(|| names.clone());
        if first.iter().map(|name| &name.text).ne(names.iter().map(|name| &name.text)) {
            return Err("the rows have different columns".into());
        }
        rows.push(values);
    }
    Ok((columns.ok_or("there are no rows")?, rows))
}

/// An update knows no defaults of Python's but `onupdate`.
fn in_order_of_update(table: &Table, pairs: Vec<(String, Value)>) -> Result<Vec<(Name, Expr)>, Reason> {
    let implied = |column: &&Column| column.on_update && !pairs.iter().any(|(name, _)| *name == column.name.text);
    if let Some(column) = table.columns.iter().find(implied) {
        return Err(format!("`{}` has an `onupdate`", column.name.text).into());
    }
    let columns = table.columns.iter().map(|column| Column { python_default: None, ..column.clone() }).collect();
    in_order(&Table { columns, ..copy(table) }, pairs)
}

fn given(args: &Args) -> Result<Vec<(String, Value)>, Reason> {
    let mut all = Vec::new();
    for arg in &args.positional {
        all.extend(pairs(&arg.value)?);
    }
    all.extend(args.keywords.iter().map(|(name, arg, _)| (name.clone(), arg.value.clone())));
    Ok(all)
}

fn copy(table: &Table) -> Table {
    Table {
        name: table.name.clone(),
        source: table.source.clone(),
        columns: table.columns.clone(),
        create: table.create.clone(),
        open: table.open,
    }
}

/// An INSERT of one row asks for the keys that the database makes up, where the table is described with its keys.
pub(super) fn with_keys(mut query: Query, table: Option<&Table>) -> Result<Query, Reason> {
    let Query::Insert { columns, rows, returning, .. } = &mut query else { return Ok(query) };
    let Some((table, create)) = table.and_then(|table| Some((table, table.create.as_ref()?))) else { return Ok(query) };
    if rows.len() > 1 || !returning.is_empty() {
        return Ok(query);
    }
    let listed = create.constraints.iter().find_map(|constraint| match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => Some(columns),
        _ => None,
    });
    let is_key = |column: &Column| {
        column.primary_key || listed.is_some_and(|names| names.iter().any(|name| name.text == column.name.text))
    };
    let refers = |column: &Column| {
        let foreign = |kind: &ConstraintKind| match kind {
            ConstraintKind::ForeignKey { columns, .. } => columns.iter().any(|name| name.text == column.name.text),
            _ => false,
        };
        column.constraints.iter().chain(&create.constraints).any(|constraint| foreign(&constraint.kind))
    };
    let keys: Vec<&Column> = table.columns.iter().filter(|column| is_key(column)).collect();
    for key in &keys {
        if columns.iter().any(|name| name.text == key.name.text) {
            continue;
        }
        let counts = match (&key.kind, key.autoincrement) {
            (_, Some(false)) => false,
            (Some(Type::Integer { .. }), Some(true)) => true,
            (Some(Type::Integer { .. }), None) => keys.len() == 1 && !refers(key),
            (Some(Type::Numeric { .. }) | None, _) => {
                return Err(format!("whether the database makes up `{}` is not known", key.name.text).into());
            }
            _ => false,
        };
        if key.sequence {
            return Err(format!("`{}` has a sequence", key.name.text).into());
        }
        if counts || key.server_default.is_some() || key.identity.is_some() {
            let (name, kind) = (key.name.clone(), key.kind.clone());
            returning.push(Expr::Column { table: Some(table.source.clone()), name, kind });
        }
    }
    Ok(query)
}

/// The row that could not be inserted, as `ON CONFLICT` sees it: `statement.excluded`.
pub(super) fn excluded(table: &Table) -> Value {
    let name = Name::plain("excluded");
    let source = Source::new(From::Alias { of: table.source.clone(), name: Some(name.clone()) });
    let name = Qualified { schema: None, name };
    Value::Columns(Rc::new(Table { name, source, columns: table.columns.clone(), create: None, open: table.open }))
}

fn on_conflict(table: &Table, name: &str, args: &Args) -> Result<Conflict, Reason> {
    let bound = args.clone().bind(&["constraint", "index_elements", "index_where", "set_", "where"]).closed()?;
    let present = |name: &str| bound.value(name).filter(|value| !matches!(value, Value::None));
    let mut elements = Vec::new();
    if present("index_elements").is_some()
        && let Some(arg) = bound.arg("index_elements")
    {
        for item in items(arg, "the elements")? {
            elements.push(match &item.value {
                Value::Expr(expr) => (**expr).clone(),
                _ => Expr::Column { table: None, name: name_of(&item, "an element")?, kind: None },
            });
        }
    }
    let constraint = match present("constraint") {
        None => None,
        Some(given) if given.as_str().is_some() => bound.name("constraint", "the constraint")?,
        Some(given) => return Err(format!("`constraint` is {}", given.kind()).into()),
    };
    let set = match present("set_") {
        None if name == "on_conflict_do_update" => return Err("`set_` is not given".into()),
        None => None,
        Some(given) => Some(conflict_values(table, given)?),
    };
    Ok(Conflict {
        constraint,
        elements,
        index_where: present("index_where").map(clause).transpose()?,
        set,
        conditions: present("where").map(clause).transpose()?,
    })
}

fn conflict_values(table: &Table, given: &Value) -> Result<Vec<(Name, Expr)>, Reason> {
    let pairs = pairs(given)?;
    let columns = table.columns.iter().map(|it| Column { python_default: None, ..blank_like(it) }).collect();
    in_order(&Table { columns, ..copy(table) }, pairs)
}

fn blank_like(column: &Column) -> Column {
    Column { kind: column.kind.clone(), ..blank(column.name.clone(), column.span) }
}
