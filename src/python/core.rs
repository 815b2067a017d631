//! SQLAlchemy Core: expressions and statements, as they are built up.

use super::{
    args::{Reason, items, name_of, not_known},
    interp::Args,
    value::{Arg, QueryValue, Table, Value},
};
use crate::{
    op::{Column, Expr, From, Literal, Name, Query, Select, TextClause, Type},
    source::Span,
};
use ruff_python_ast::{CmpOp, Operator};
use std::rc::Rc;

// ── values ──

/// A Python value as an SQL expression; `kind` is the type of the column that it meets.
pub(super) fn value(value: &Value, kind: Option<&Type>) -> Result<Expr, Reason> {
    let literal = |literal: Literal| Ok(Expr::Value { value: literal, kind: kind.cloned() });
    match &value.plain() {
        Value::None => literal(Literal::Null),
        Value::Bool(it) => literal(Literal::Bool(*it)),
        Value::Int(it) => literal(Literal::Int(it.to_string())),
        Value::Float(it) => literal(Literal::Float(super::strings::float(*it))),
        Value::Bytes(it) => literal(Literal::Bytes((**it).clone())),
        Value::Literal(it) => literal((**it).clone()),
        Value::Expr(expr) => Ok((**expr).clone()),
        Value::Query(query) => match &query.query {
            Query::Select(select) if query.unknown.is_none() => Ok(Expr::Subquery(select.clone())),
            _ => Err("a statement is used as a value".to_owned()),
        },
        Value::Unknown(unknown) => Err(not_known("a value is", &unknown.reason)),
        Value::Instance(instance) if instance.class.is_enum() => {
            // `Enum(Class)` stores a member's name.
            let name = instance.fields.borrow().get("name").and_then(Value::as_text);
            match (kind, name) {
                (Some(Type::Enum(_)), Some(name)) => literal(Literal::Str(name)),
                _ => Err("an enum member is used as a value".to_owned()),
            }
        }
        Value::List(_) | Value::Tuple(_) | Value::Dict(_) => match kind {
            Some(Type::Json { .. }) => match json(value) {
                Some(text) => literal(Literal::Json(text)),
                None => Err(format!("{} is not evaluated as JSON", value.kind())),
            },
            Some(Type::Array { .. }) => {
                let arg = Arg { value: value.clone(), span: nowhere() };
                let mut list = Vec::new();
                for item in items(&arg, "the items")? {
                    match self::value(&item.value, None)? {
                        Expr::Value { value, .. } => list.push(value),
                        _ => return Err("an item of the array is an expression".to_owned()),
                    }
                }
                literal(Literal::List(list))
            }
            _ => Err(format!("{} is used as a value", value.kind())),
        },
        other => match other.as_text() {
            Some(text) => literal(Literal::Str(text)),
            None => Err(format!("{} is used as a value", other.kind())),
        },
    }
}

fn nowhere() -> Span {
    let sources = crate::source::Sources::default();
    Span { source: sources.add("", ""), start: 0, end: 0 }
}

/// A plain string where SQL is expected: `text()`.
pub(super) fn clause(value: &Value) -> Result<Expr, Reason> {
    match value {
        Value::Expr(expr) => Ok((**expr).clone()),
        Value::Unknown(unknown) => Err(not_known("the SQL is", &unknown.reason)),
        other => match other.as_text() {
            Some(text) => Ok(Expr::Text(TextClause { text, binds: Vec::new() })),
            None => self::value(other, None),
        },
    }
}

/// Python's `json.dumps` with its default separators.
pub(super) fn json(value: &Value) -> Option<String> {
    Some(match &value.plain() {
        Value::None => "null".to_owned(),
        Value::Bool(it) => it.to_string(),
        Value::Int(it) => it.to_string(),
        Value::Float(it) => super::strings::float(*it),
        Value::List(list) if list.spoiled.borrow().is_none() => {
            let parts: Option<Vec<String>> = list.items.borrow().iter().map(json).collect();
            format!("[{}]", parts?.join(", "))
        }
        Value::Tuple(items) => {
            let parts: Option<Vec<String>> = items.iter().map(json).collect();
            format!("[{}]", parts?.join(", "))
        }
        Value::Dict(dict) if dict.spoiled.borrow().is_none() => {
            let mut parts = Vec::new();
            for (key, value) in dict.items.borrow().iter() {
                parts.push(format!("{}: {}", json_text(key.as_str()?), json(value)?));
            }
            format!("{{{}}}", parts.join(", "))
        }
        other => json_text(other.as_str()?),
    })
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii() && !c.is_ascii_control() => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

// ── operators ──

fn kind_of(expr: &Expr) -> Option<&Type> {
    match expr {
        Expr::Column { kind, .. } | Expr::Value { kind, .. } => kind.as_ref(),
        Expr::Cast { kind, .. } => Some(kind),
        _ => None,
    }
}

fn binary(left: Expr, operator: &str, right: Expr) -> Value {
    Value::expr(Expr::Binary { operator: operator.to_owned(), left: Box::new(left), right: Box::new(right) })
}

pub(super) fn not(expr: Expr) -> Value {
    Value::expr(match expr {
        Expr::In { left, list, negated } => Expr::In { left, list, negated: !negated },
        Expr::InSelect { left, select, negated } => Expr::InSelect { left, select, negated: !negated },
        Expr::Exists { select, negated } => Expr::Exists { select, negated: !negated },
        Expr::Not(inner) => *inner,
        other => Expr::Not(Box::new(other)),
    })
}

/// `==`, `<` and the like where one side is an SQL expression.
pub(super) fn comparison(operator: CmpOp, left: &Value, right: &Value, span: Span) -> Option<Value> {
    let (own, other, operator) = match (left, right) {
        (Value::Expr(own), other) => (own, other, operator),
        (other, Value::Expr(own)) => (own, other, mirrored(operator)?),
        _ => return None,
    };
    let word = match operator {
        CmpOp::Eq => "=",
        CmpOp::NotEq => "!=",
        CmpOp::Lt => "<",
        CmpOp::LtE => "<=",
        CmpOp::Gt => ">",
        CmpOp::GtE => ">=",
        _ => return None,
    };
    let word = match (other, word) {
        (Value::None, "=") => "IS",
        (Value::None, "!=") => "IS NOT",
        (_, word) => word,
    };
    Some(match operand(own, other) {
        Ok(right) => binary((**own).clone(), word, right),
        Err(reason) => Value::unknown(span, reason),
    })
}

fn mirrored(operator: CmpOp) -> Option<CmpOp> {
    Some(match operator {
        CmpOp::Eq => CmpOp::Eq,
        CmpOp::NotEq => CmpOp::NotEq,
        CmpOp::Lt => CmpOp::Gt,
        CmpOp::LtE => CmpOp::GtE,
        CmpOp::Gt => CmpOp::Lt,
        CmpOp::GtE => CmpOp::LtE,
        _ => return None,
    })
}

/// What stands at the other side of an operator.
fn operand(own: &Expr, other: &Value) -> Result<Expr, Reason> {
    match other {
        Value::None => Ok(Expr::Null),
        Value::Bool(true) => Ok(Expr::True),
        Value::Bool(false) => Ok(Expr::False),
        other => value(other, kind_of(own)),
    }
}

/// `+`, `||`, `&` and `|` where one side is an SQL expression.
pub(super) fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Option<Value> {
    let own = match (left, right) {
        (Value::Expr(own), _) | (_, Value::Expr(own)) => own,
        _ => return None,
    };
    let build = |side: &Value| match side {
        Value::Expr(expr) => Some((**expr).clone()),
        other => operand(own, other).ok(),
    };
    let (left, right) = (build(left)?, build(right)?);
    let textual = |expr: &Expr| match expr {
        Expr::Value { value: Literal::Str(_), .. } => true,
        other => matches!(kind_of(other), Some(Type::Text { .. })),
    };
    let word = match operator {
        Operator::BitAnd => return Some(Value::expr(both(left, right, true))),
        Operator::BitOr => return Some(Value::expr(both(left, right, false))),
        Operator::Add if textual(&left) || textual(&right) => "||",
        Operator::Add => "+",
        Operator::Sub => "-",
        Operator::Mult => "*",
        Operator::Mod => "%",
        _ => return None,
    };
    Some(binary(left, word, right))
}

fn both(left: Expr, right: Expr, and: bool) -> Expr {
    let mut parts = Vec::new();
    for side in [left, right] {
        match (side, and) {
            (Expr::And(inner), true) | (Expr::Or(inner), false) => parts.extend(inner),
            (other, _) => parts.push(other),
        }
    }
    if and { Expr::And(parts) } else { Expr::Or(parts) }
}

/// `table.c["x"]`.
pub(super) fn item(value: &Value, key: &Value, span: Span) -> Option<Value> {
    match (value, key.as_str()) {
        (Value::Columns(table), Some(name)) => Some(column_of(table, name, span)),
        (Value::Expr(_), _) => Some(Value::unknown(span, "an item of an SQL expression is not evaluated")),
        _ => None,
    }
}

/// A column of a table as an expression.
pub(super) fn column_of(table: &Table, name: &str, span: Span) -> Value {
    let qualified = match &table.alias {
        Some(alias) => crate::op::Qualified { schema: None, name: alias.clone() },
        None => table.name.clone(),
    };
    match table.columns.iter().find(|column| column.name.text == name) {
        Some(column) => {
            Value::expr(Expr::Column { table: Some(qualified), name: column.name.clone(), kind: column.kind.clone() })
        }
        None if table.open => Value::expr(Expr::Column { table: Some(qualified), name: Name::plain(name), kind: None }),
        None => Value::unknown(span, format!("the table `{}` has no column `{name}` here", table.name.name.text)),
    }
}

/// Methods of SQL expressions.
pub(super) fn method(expr: &Expr, name: &str, args: &Args) -> Value {
    let span = args.span;
    match try_method(expr, name, args) {
        Ok(Some(value)) => value,
        Ok(None) => Value::unknown(span, format!("`.{name}()` of an SQL expression is not evaluated")),
        Err(reason) => Value::unknown(span, reason),
    }
}

fn try_method(expr: &Expr, name: &str, args: &Args) -> Result<Option<Value>, Reason> {
    let own = expr.clone();
    let first = args.positional.first().map(|arg| arg.value.clone());
    let with = |word: &str| -> Result<Option<Value>, Reason> {
        let other = first.clone().ok_or("an operand is missing")?;
        Ok(Some(binary(own.clone(), word, operand(&own, &other)?)))
    };
    let boxed = || Box::new(own.clone());
    let ordered = |suffix: &str| Ok(Some(Value::expr(Expr::Ordered { inner: boxed(), suffix: suffix.to_owned() })));
    match name {
        "is_" => with("IS"),
        "is_not" | "isnot" => with("IS NOT"),
        "is_distinct_from" => with("IS DISTINCT FROM"),
        "like" if args.keywords.is_empty() => with("LIKE"),
        "not_like" | "notlike" if args.keywords.is_empty() => with("NOT LIKE"),
        "ilike" if args.keywords.is_empty() => with("ILIKE"),
        "concat" => with("||"),
        "desc" => ordered("DESC"),
        "asc" => ordered("ASC"),
        "nulls_last" | "nullslast" => ordered("NULLS LAST"),
        "nulls_first" | "nullsfirst" => ordered("NULLS FIRST"),
        "in_" | "not_in" | "notin_" => {
            let negated = name != "in_";
            match &first {
                Some(Value::Query(query)) => match (&query.query, &query.unknown) {
                    (Query::Select(select), None) => {
                        Ok(Some(Value::expr(Expr::InSelect { left: boxed(), select: select.clone(), negated })))
                    }
                    _ => Ok(None),
                },
                Some(list) => {
                    let arg = Arg { value: list.clone(), span: args.span };
                    let kind = kind_of(expr);
                    let list = items(&arg, "the members")?
                        .iter()
                        .map(|it| value(&it.value, kind))
                        .collect::<Result<_, _>>()?;
                    Ok(Some(Value::expr(Expr::In { left: boxed(), list, negated })))
                }
                None => Ok(None),
            }
        }
        "between" => match args.positional.as_slice() {
            [low, high] => Ok(Some(Value::expr(Expr::Between {
                left: boxed(),
                low: Box::new(value(&low.value, kind_of(expr))?),
                high: Box::new(value(&high.value, kind_of(expr))?),
                negated: false,
            }))),
            _ => Ok(None),
        },
        "label" => {
            let name = args.clone().bind(&["name"]).required_name("name", "the label")?;
            Ok(Some(Value::expr(Expr::Label { inner: boxed(), name })))
        }
        "cast" => {
            let kind = super::types::of(&first.ok_or("the type is not given")?)?;
            Ok(Some(Value::expr(Expr::Cast { inner: boxed(), kind })))
        }
        "collate" => {
            let collation = first.as_ref().and_then(Value::as_str).ok_or("the collation is not known")?.to_owned();
            Ok(Some(Value::expr(Expr::Collate { inner: boxed(), collation })))
        }
        "bindparams" => bindparams(expr, args).map(Some),
        "self_group" | "scalar_subquery" | "execution_options" => Ok(Some(Value::expr(own))),
        _ => Ok(None),
    }
}

/// `text("…").bindparams(a=1)`, `.bindparams(bindparam("a", 1))`.
fn bindparams(expr: &Expr, args: &Args) -> Result<Value, Reason> {
    let Expr::Text(clause) = expr else { return Err("`.bindparams()` of what is no text".to_owned()) };
    if let Some(unknown) = &args.open {
        return Err(not_known("a parameter is", &unknown.reason));
    }
    let mut clause = clause.clone();
    for arg in &args.positional {
        match &arg.value {
            Value::Tuple(pair) => match pair.as_slice() {
                [name, bound] => {
                    let name = name.as_str().ok_or("a parameter's name is not known")?.to_owned();
                    clause.binds.push((name, value(bound, None)?));
                }
                _ => return Err("a parameter is not understood".to_owned()),
            },
            _ => return Err("a parameter is not understood".to_owned()),
        }
    }
    for (name, arg, _) in &args.keywords {
        clause.binds.push((name.clone(), value(&arg.value, None)?));
    }
    Ok(Value::expr(Expr::Text(clause)))
}

/// The parameters of `execute(text("… :a"), {"a": 1})`.
pub(super) fn bind_dict(clause: &TextClause, parameters: &Value) -> Result<TextClause, Reason> {
    let mut clause = clause.clone();
    match parameters {
        Value::Dict(dict) => {
            if let Some(unknown) = &*dict.spoiled.borrow() {
                return Err(format!("the parameters {}", unknown.reason));
            }
            for (name, bound) in dict.items.borrow().iter() {
                let name = name.as_str().ok_or("a parameter's name is not known")?.to_owned();
                clause.binds.push((name, value(bound, None)?));
            }
            Ok(clause)
        }
        Value::Unknown(unknown) => Err(not_known("the parameters are", &unknown.reason)),
        other => Err(format!("the parameters are {}", other.kind())),
    }
}

/// SQLAlchemy's functions that make expressions; `None` where the name is not one of them.
pub(super) fn function(name: &str, args: &Args) -> Option<Result<Value, Reason>> {
    let exprs = || -> Result<Vec<Expr>, Reason> { args.positional.iter().map(|arg| clause(&arg.value)).collect() };
    let values =
        || -> Result<Vec<Expr>, Reason> { args.positional.iter().map(|arg| value(&arg.value, None)).collect() };
    let first = args.positional.first().map(|arg| &arg.value);
    let one = || first.ok_or_else(|| "an argument is missing".to_owned());
    Some(match name {
        "text" => one().and_then(clause).map(Value::expr),
        "literal_column" => one().and_then(|it| match (it.as_str(), it) {
            (Some(text), _) => Ok(Value::expr(Expr::Verbatim(text.to_owned()))),
            (None, Value::Unknown(unknown)) => Err(not_known("the SQL is", &unknown.reason)),
            (None, other) => Err(format!("the SQL is {}", other.kind())),
        }),
        "literal" => one().and_then(|it| {
            let kind = args.clone().bind(&["value", "type_"]).value("type_").map(super::types::of).transpose()?;
            value(it, kind.as_ref()).map(Value::expr)
        }),
        "null" => Ok(Value::expr(Expr::Null)),
        "true" => Ok(Value::expr(Expr::True)),
        "false" => Ok(Value::expr(Expr::False)),
        "column" => column(args),
        "cast" | "type_coerce" => cast(name, args),
        "and_" => values().map(|parts| Value::expr(Expr::And(parts))),
        "or_" => values().map(|parts| Value::expr(Expr::Or(parts))),
        "not_" => one().and_then(|it| value(it, None)).map(not),
        "desc" | "asc" => exprs().and_then(|mut parts| match parts.pop() {
            Some(inner) => {
                let inner = match (inner, first.and_then(Value::as_str)) {
                    // `sa.desc("a")` names a column.
                    (Expr::Text(_), Some(name)) => Expr::Column { table: None, name: Name::plain(name), kind: None },
                    (inner, _) => inner,
                };
                Ok(Value::expr(Expr::Ordered { inner: Box::new(inner), suffix: name.to_uppercase() }))
            }
            None => Err("an argument is missing".to_owned()),
        }),
        "case" => case(args),
        "exists" => match first {
            Some(Value::Query(query)) => match (&query.query, &query.unknown) {
                (Query::Select(select), None) => {
                    Ok(Value::expr(Expr::Exists { select: select.clone(), negated: false }))
                }
                _ => Err("`exists()` is not evaluated".to_owned()),
            },
            _ => Err("`exists()` is not evaluated".to_owned()),
        },
        "tuple_" => values().map(|parts| Value::expr(Expr::Tuple(parts))),
        "bindparam" => bindparam(args),
        "quoted_name" => quoted_name(args),
        _ => return None,
    })
}

fn quoted_name(args: &Args) -> Result<Value, Reason> {
    let bound = args.clone().bind(&["value", "quote"]);
    let name = bound.required_name("value", "the name")?;
    Ok(Value::Name(Rc::new(Name { quote: bound.flag("quote")?, ..name })))
}

fn bindparam(args: &Args) -> Result<Value, Reason> {
    let bound = args.clone().bind(&["key", "value", "type_"]);
    let kind = match bound.value("type_") {
        None | Some(Value::None) => None,
        Some(kind) => Some(super::types::of(kind)?),
    };
    let key = bound.required_name("key", "the parameter's name")?.text;
    match bound.value("value") {
        None => Err(format!("no value is given for `:{key}`")),
        Some(it) if bound.is("expanding")? => {
            let list = items(&Arg { value: it.clone(), span: bound.span }, "the members")?;
            let list = list.iter().map(|it| value(&it.value, kind.as_ref())).collect::<Result<_, _>>()?;
            Ok(pair(key, Expr::Tuple(list)))
        }
        Some(it) => Ok(pair(key, value(it, kind.as_ref())?)),
    }
}

/// A named parameter, as `.bindparams()` takes it.
fn pair(key: String, expr: Expr) -> Value {
    Value::Tuple(Rc::new(vec![Value::made(key), Value::expr(expr)]))
}

fn column(args: &Args) -> Result<Value, Reason> {
    let bound = args.clone().bind(&["text|name", "type_"]);
    let name = bound.required_name("text", "the column's name")?;
    let kind = match bound.value("type_") {
        None | Some(Value::None) => None,
        Some(kind) => Some(super::types::of(kind)?),
    };
    if bound.is("is_literal")? {
        return Ok(Value::expr(Expr::Verbatim(name.text)));
    }
    Ok(Value::expr(Expr::Column { table: None, name, kind }))
}

fn cast(name: &str, args: &Args) -> Result<Value, Reason> {
    let bound = args.clone().bind(&["expression", "type_"]);
    let kind = super::types::of(bound.value("type_").ok_or("the type is not given")?)?;
    let inner = value(bound.value("expression").ok_or("the expression is not given")?, Some(&kind))?;
    if name == "type_coerce" {
        return Ok(Value::expr(inner));
    }
    Ok(Value::expr(Expr::Cast { inner: Box::new(inner), kind }))
}

fn case(args: &Args) -> Result<Value, Reason> {
    let mut whens = Vec::new();
    for arg in &args.positional {
        // The 1.x form gives one list of pairs.
        let pairs = match &arg.value {
            Value::List(_) => items(arg, "the cases")?,
            _ => vec![arg.clone()],
        };
        for pair in pairs {
            let pair = items(&pair, "a case")?;
            let [condition, result] = pair.as_slice() else { return Err("a case is not a pair".to_owned()) };
            whens.push((value(&condition.value, None)?, value(&result.value, None)?));
        }
    }
    let keyword = |name: &str| args.keywords.iter().find(|(it, ..)| it == name).map(|(_, arg, _)| &arg.value);
    let otherwise = keyword("else_").map(|it| value(it, None)).transpose()?.map(Box::new);
    let subject = keyword("value").map(|it| value(it, None)).transpose()?.map(Box::new);
    Ok(Value::expr(Expr::Case { value: subject, whens, otherwise }))
}

/// `func.a.b(…)`.
pub(super) fn sql_function(parts: &[&str], args: &Args) -> Result<Value, Reason> {
    if let Some(unknown) = &args.open {
        return Err(not_known("an argument is", &unknown.reason));
    }
    let list = args.positional.iter().map(|arg| value(&arg.value, None)).collect::<Result<_, _>>()?;
    Ok(Value::expr(Expr::Function { name: parts.iter().map(|part| (*part).to_owned()).collect(), args: list }))
}

// ── statements ──

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
            Some(unknown) => Err(format!("a row {}", unknown.reason)),
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
        other => Err(format!("a row is {}", other.kind())),
    }
}

fn in_order(table: &Table, pairs: Vec<(String, Value)>) -> Result<Vec<(Name, Expr)>, Reason> {
    let known = |name: &str| table.columns.iter().position(|column| column.name.text == name);
    if let Some((name, _)) = pairs.iter().find(|(name, _)| known(name).is_none())
        && !table.open
    {
        return Err(format!("the table `{}` has no column `{name}` here", table.name.name.text));
    }
    if table.open && pairs.len() > 1 {
        return Err(format!("the order of the columns of `{}` is what the database says", table.name.name.text));
    }
    let implied =
        |column: &&Column| column.python_default.is_some() && !pairs.iter().any(|(name, _)| *name == column.name.text);
    if let Some(column) = table.columns.iter().find(implied) {
        return Err(format!("`{}` has a default of Python's", column.name.text));
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
        ("insert" | "update" | "delete", None) => return Some(Err(format!("the table of `{name}()` is not known"))),
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

/// The tables that the columns of an expression belong to, in order.
fn tables_in(expr: &Expr, from: &mut Vec<From>) {
    match expr {
        Expr::Column { table: Some(table), .. } => add_from(from, table.clone(), None),
        Expr::Binary { left, right, .. } => {
            tables_in(left, from);
            tables_in(right, from);
        }
        Expr::And(parts) | Expr::Or(parts) | Expr::Tuple(parts) | Expr::Function { args: parts, .. } => {
            parts.iter().for_each(|part| tables_in(part, from));
        }
        Expr::Not(inner)
        | Expr::Negative(inner)
        | Expr::Cast { inner, .. }
        | Expr::Ordered { inner, .. }
        | Expr::Label { inner, .. }
        | Expr::Collate { inner, .. } => tables_in(inner, from),
        Expr::In { left, list, .. } => {
            tables_in(left, from);
            list.iter().for_each(|part| tables_in(part, from));
        }
        Expr::InSelect { left, .. } => tables_in(left, from),
        Expr::Between { left, low, high, .. } => [left, low, high].iter().for_each(|part| tables_in(part, from)),
        Expr::Case { value, whens, otherwise } => {
            value.iter().for_each(|it| tables_in(it, from));
            for (condition, result) in whens {
                tables_in(condition, from);
                tables_in(result, from);
            }
            otherwise.iter().for_each(|it| tables_in(it, from));
        }
        _ => {}
    }
}

/// Methods of statements under construction.
pub(super) fn query_method(query: &QueryValue, name: &str, args: &Args) -> Value {
    let mut next = query.clone();
    match build(&mut next, name, args) {
        Ok(true) => {}
        Ok(false) => next.unknown = Some(format!("`.{name}()` is not evaluated")),
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
            set.iter().for_each(|(_, expr)| tables_in(expr, &mut all));
            conditions.iter().for_each(|expr| tables_in(expr, &mut all));
            all.retain(|it| !is_own(table, it));
            *from = all;
        }
        Query::Delete { table, using, conditions } => {
            let mut all = Vec::new();
            conditions.iter().for_each(|expr| tables_in(expr, &mut all));
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
                    Value::From(from) => select.from = vec![(**from).clone()],
                    _ => return Ok(false),
                }
            }
        }
        "order_by" => select.order_by.extend(exprs()?),
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
