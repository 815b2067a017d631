//! SQLAlchemy Core: expressions and statements, as they are built up.

use super::{
    args::{Reason, items, not_known},
    interp::Args,
    value::{Arg, Table, Value},
};
use crate::{
    op::{Expr, Literal, Name, Query, TextClause, Type},
    source::{Span, Text},
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
        Value::Literal(it) => match (&**it, kind) {
            (Literal::Uuid(_), Some(Type::Text { .. })) => Err("a UUID is given for a column of text".into()),
            (other, _) => literal(other.clone()),
        },
        Value::Expr(expr) => Ok((**expr).clone()),
        Value::Query(query) => match (&query.query, &query.unknown) {
            (_, Some(reason)) => Err(reason.clone()),
            (Query::Select(select), None) => Ok(Expr::Subquery(select.clone())),
            _ => Err("a statement is used as a value".into()),
        },
        Value::Item(item) => match &**item {
            super::value::Item::Column(column) => {
                Ok(Expr::Column { table: None, name: column.name.clone(), kind: column.kind.clone() })
            }
            _ => Err("a schema item is used as a value".into()),
        },
        Value::Unknown(unknown) => Err(not_known("a value is", &unknown.reason)),
        Value::Instance(instance) if instance.class.is_enum() => {
            // `Enum(Class)` stores a member's name.
            let name = instance.fields.borrow().get("name").and_then(Value::as_text);
            match (kind, name) {
                (Some(Type::Enum(_)), Some(name)) => literal(Literal::Str(name)),
                _ => Err("an enum member is used as a value".into()),
            }
        }
        Value::List(_) | Value::Tuple(_) | Value::Dict(_) => match kind {
            Some(Type::Json { .. }) => match super::json::plain(value) {
                Some(text) => literal(Literal::Json(text)),
                None => Err(Reason::of(value.cause(), format!("{} is not evaluated as JSON", value.kind()))),
            },
            Some(Type::Array { .. }) => {
                let arg = Arg { value: value.clone(), span: nowhere() };
                let mut list = Vec::new();
                for item in items(&arg, "the items")? {
                    match self::value(&item.value, None)? {
                        Expr::Value { value, .. } => list.push(value),
                        _ => return Err("an item of the array is an expression".into()),
                    }
                }
                literal(Literal::List(list))
            }
            _ => Err(Reason::of(value.cause(), format!("{} is used as a value", value.kind()))),
        },
        // The literal form of `UUID(as_uuid=False)` has no dashes.
        other if kind == Some(&Type::Uuid { as_uuid: false }) && other.as_str().is_some_and(|it| it.contains('-')) => {
            let given = other.as_text().unwrap_or_default();
            let bare = given.as_str().replace('-', "");
            literal(Literal::Str(
                given.span().map_or_else(|| Text::made(bare.clone()), |span| Text::at(bare.clone(), span)),
            ))
        }
        other => match other.as_text() {
            Some(text) => literal(Literal::Str(text)),
            None => Err(Reason::of(other.cause(), format!("{} is used as a value", other.kind()))),
        },
    }
}

/// What stands in a `WHERE`: a string is no condition to SQLAlchemy.
pub(super) fn condition(given: &Value) -> Result<Expr, Reason> {
    match given {
        Value::Bool(yes) => Ok(if *yes { Expr::True } else { Expr::False }),
        Value::None => Ok(Expr::Null),
        _ if given.plain().as_str().is_some() => Err("a string is given as a condition".into()),
        _ => value(given, None),
    }
}

pub(super) fn nowhere() -> Span {
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

// ── operators ──

/// The number of parts of an expression; `None` where it is nested more than 200 deep.
pub(super) fn weight(expr: &Expr, depth: usize) -> Option<usize> {
    if depth > 200 {
        return None;
    }
    expr.children().into_iter().try_fold(1_usize, |sum, it| Some(sum + weight(it, depth + 1)?))
}

/// The type of an expression, as far as it is known.
pub(super) fn kind_of(expr: &Expr) -> Option<Type> {
    let text = || Some(Type::Text { word: "VARCHAR".to_owned(), length: None, collation: None });
    match expr {
        Expr::Column { kind, .. } | Expr::Value { kind: kind @ Some(_), .. } => kind.clone(),
        Expr::Value { value: Literal::Str(_), .. } => text(),
        Expr::Value { value: Literal::Int(_), .. } => Some(Type::Integer { bytes: 4 }),
        Expr::Cast { kind, .. } => Some(kind.clone()),
        Expr::Label { inner, .. }
        | Expr::Negative(inner)
        | Expr::Collate { inner, .. }
        | Expr::Filter { inner, .. } => kind_of(inner),
        Expr::Parameter { value: Some(value), .. } => kind_of(value),
        Expr::Binary { operator, left, right } => match operator.as_str() {
            "->>" | "#>>" => text(),
            "->" | "#>" | "+" | "-" | "*" | "%" => kind_of(left),
            "||" => kind_of(left).or_else(|| kind_of(right)),
            "/" | "//" => None,
            _ => Some(Type::Boolean),
        },
        Expr::And(_) | Expr::Or(_) | Expr::Not(_) | Expr::In { .. } | Expr::InSelect { .. } | Expr::Exists { .. } => {
            Some(Type::Boolean)
        }
        Expr::Element { inner, .. } => match kind_of(inner) {
            Some(Type::Array { item, dimensions }) if dimensions <= 1 => Some(*item),
            other => other,
        },
        Expr::Subquery(select) => select.columns.first().and_then(kind_of),
        Expr::Case { whens, .. } => whens.first().and_then(|(_, result)| kind_of(result)),
        Expr::Function { name, args } if name.len() == 1 => match name.first()?.to_lowercase().as_str() {
            "coalesce" | "max" | "min" | "sum" => args.iter().find_map(kind_of),
            "count" | "char_length" => Some(Type::Integer { bytes: 4 }),
            "concat" => text(),
            "now" | "current_timestamp" => Some(Type::Timestamp { timezone: false, precision: None }),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn binary(left: Expr, operator: &str, right: Expr) -> Value {
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
        // Python asks the right side first where its class is derived from the left's.
        (Value::Expr(first), Value::Expr(own)) if super::concat::is_derived(own, first) => {
            (own, left, mirrored(operator)?)
        }
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
        (Value::Expr(null), "=") if **null == Expr::Null => "IS",
        (Value::Expr(null), "!=") if **null == Expr::Null => "IS NOT",
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
pub(super) fn operand(own: &Expr, other: &Value) -> Result<Expr, Reason> {
    match other {
        Value::None => Ok(Expr::Null),
        Value::Bool(true) => Ok(Expr::True),
        Value::Bool(false) => Ok(Expr::False),
        other => value(other, kind_of(own).as_ref()),
    }
}

/// `+`, `||`, `&` and `|` where one side is an SQL expression.
pub(super) fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Option<Value> {
    let ((Value::Expr(own), _) | (_, Value::Expr(own))) = (left, right) else { return None };
    let build = |side: &Value| match side {
        Value::Expr(expr) => Some((**expr).clone()),
        other => operand(own, other).ok(),
    };
    let (left, right) = (build(left)?, build(right)?);
    let word = match operator {
        Operator::BitAnd => return Some(Value::expr(both(left, right, true))),
        Operator::BitOr => return Some(Value::expr(both(left, right, false))),
        Operator::Add => super::concat::plus(&left, &right)?,
        Operator::Sub => "-",
        Operator::Mult => "*",
        Operator::Mod => "%",
        Operator::Div => "/",
        Operator::FloorDiv => "//",
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

/// `table.c["x"]`, `column["key"]`, `column[1]`.
pub(super) fn item(value: &Value, key: &Value, span: Span) -> Option<Value> {
    let own = match (value, key.as_str()) {
        (Value::Columns(table), Some(name)) => return Some(column_of(table, name, span)),
        (Value::Expr(own), _) => own,
        _ => return None,
    };
    let unknown = || Some(Value::unknown(span, "an item of an SQL expression is not evaluated"));
    let inner = Box::new((**own).clone());
    match (kind_of(own), key) {
        (Some(Type::Json { .. }), Value::Tuple(parts)) => {
            let part = |part: &Value| match part {
                Value::Int(number) => Some(number.to_string()),
                other => other.as_str().map(str::to_owned).filter(|text| is_plain_key(text)),
            };
            let Some(parts) = parts.iter().map(part).collect::<Option<Vec<String>>>() else { return unknown() };
            let path = crate::source::Text::made(format!("{{{}}}", parts.join(", ")));
            Some(binary(*inner, "#>", Expr::Value { value: Literal::Str(path), kind: None }))
        }
        (Some(Type::Json { .. }), Value::Str(_) | Value::Name(_) | Value::Int(_)) => match self::value(key, None) {
            Ok(key) => Some(binary(*inner, "->", key)),
            Err(_) => unknown(),
        },
        (Some(Type::Array { .. }), Value::Int(_)) => match self::value(key, None) {
            Ok(index) => Some(Value::expr(Expr::Element { inner, index: Box::new(index) })),
            Err(_) => unknown(),
        },
        _ => unknown(),
    }
}

/// A key that a path of PostgreSQL's needs no quotes around.
fn is_plain_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// `column["key"].astext`.
pub(super) fn as_text(expr: &Expr) -> Option<Value> {
    let Expr::Binary { operator, left, right } = expr else { return None };
    let operator = match operator.as_str() {
        "->" => "->>",
        "#>" => "#>>",
        _ => return None,
    };
    Some(binary((**left).clone(), operator, (**right).clone()))
}

/// A column of a table as an expression.
pub(super) fn column_of(table: &Table, name: &str, span: Span) -> Value {
    if matches!(*table.source, crate::op::From::Join { .. }) {
        return Value::unknown(span, "a column of a join is not evaluated");
    }
    let source = || Some(table.source.clone());
    match table.columns.iter().find(|column| column.name.text == name) {
        Some(column) => {
            Value::expr(Expr::Column { table: source(), name: column.name.clone(), kind: column.kind.clone() })
        }
        None if table.open => Value::expr(Expr::Column { table: source(), name: Name::plain(name), kind: None }),
        None => Value::unknown(span, format!("the table `{}` has no column `{name}` here", table.name.name.text)),
    }
}

/// The parameters of `execute(text("… :a"), {"a": 1})`.
pub(super) fn bind_dict(clause: &TextClause, parameters: &Value) -> Result<TextClause, Reason> {
    let mut clause = clause.clone();
    match parameters {
        Value::Dict(dict) => {
            if let Some(unknown) = &*dict.spoiled.borrow() {
                return Err(unknown.reason.reworded(format!("the parameters {}", unknown.reason)));
            }
            for (name, bound) in dict.items.borrow().iter() {
                let name = name.as_str().ok_or("a parameter's name is not known")?.to_owned();
                let at = clause.binds.iter().position(|(known, _)| *known == name);
                let told = at.and_then(|at| clause.binds.get(at)).map(|(_, told)| told);
                let given = match told {
                    Some(Expr::Parameter { expanding: true, kind, .. }) => expanded(bound, kind.as_ref())?,
                    Some(Expr::Parameter { kind, .. }) => value(bound, kind.as_ref())?,
                    _ => value(bound, None)?,
                };
                match at.and_then(|at| clause.binds.get_mut(at)) {
                    Some(slot) => slot.1 = given,
                    None => clause.binds.push((name, given)),
                }
            }
            Ok(clause)
        }
        Value::Unknown(unknown) => Err(not_known("the parameters are", &unknown.reason)),
        other => Err(format!("the parameters are {}", other.kind()).into()),
    }
}

/// The members that an expanding parameter is given.
fn expanded(given: &Value, kind: Option<&Type>) -> Result<Expr, Reason> {
    let list = items(&Arg { value: given.clone(), span: nowhere() }, "the members")?;
    Ok(Expr::Tuple(list.iter().map(|it| value(&it.value, kind)).collect::<Result<_, _>>()?))
}

/// SQLAlchemy's functions that make expressions; `None` where the name is not one of them.
pub(super) fn function(name: &str, args: &Args) -> Option<Result<Value, Reason>> {
    let exprs = || -> Result<Vec<Expr>, Reason> { args.positional.iter().map(|arg| clause(&arg.value)).collect() };
    let values =
        || -> Result<Vec<Expr>, Reason> { args.positional.iter().map(|arg| value(&arg.value, None)).collect() };
    let first = args.positional.first().map(|arg| &arg.value);
    let one = || first.ok_or_else(|| Reason::from("an argument is missing"));
    Some(match name {
        "text" => one().and_then(clause).map(Value::expr),
        "literal_column" => one().and_then(|it| match (it.as_str(), it) {
            (Some(text), _) => Ok(Value::expr(Expr::Verbatim(text.to_owned()))),
            (None, Value::Unknown(unknown)) => Err(not_known("the SQL is", &unknown.reason)),
            (None, other) => Err(format!("the SQL is {}", other.kind()).into()),
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
        "and_" | "or_" => values().and_then(|parts| {
            let constant = |it: &Expr| {
                matches!(it, Expr::True | Expr::False | Expr::Value { value: Literal::Bool(_) | Literal::Null, .. })
            };
            if parts.is_empty() || parts.iter().any(constant) {
                return Err(format!("`{name}()` of nothing or of constants is not evaluated").into());
            }
            Ok(Value::expr(if name == "and_" { Expr::And(parts) } else { Expr::Or(parts) }))
        }),
        "not_" => one().and_then(|it| value(it, None)).map(not),
        "desc" | "asc" => exprs().and_then(|mut parts| match parts.pop() {
            // `sa.desc("a")` is not quoted.
            Some(inner) => Ok(Value::expr(Expr::Ordered { inner: Box::new(inner), suffix: name.to_uppercase() })),
            None => Err("an argument is missing".into()),
        }),
        "case" => case(args),
        "exists" => super::select::exists(args),
        "join" | "outerjoin" => super::tables::join(name == "outerjoin", args),
        "values" => super::tables::values(args),
        "array" => one().and_then(|it| array(it, args)),
        "distinct" | "any_" | "all_" | "collate" | "between" | "over" | "within_group" | "funcfilter"
        | "nulls_last" | "nullslast" | "nulls_first" | "nullsfirst" | "lateral" | "alias" => applied(name, args),
        "aggregate_order_by" => values().and_then(|parts| match parts.split_first() {
            Some((inner, order)) if !order.is_empty() => {
                Ok(Value::expr(Expr::Within { inner: Box::new(inner.clone()), order_by: order.to_vec(), group: false }))
            }
            _ => Err("what `aggregate_order_by()` orders by is not given".into()),
        }),
        "extract" => match args.positional.as_slice() {
            [field, inner] => match field.value.as_str() {
                Some(field) => value(&inner.value, None)
                    .map(|inner| Value::expr(Expr::Extract { field: field.to_owned(), inner: Box::new(inner) })),
                None => Err("the field of `extract()` is not known".into()),
            },
            _ => Err("`extract()` takes a field and an expression".into()),
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
    let expanding = bound.is("expanding")?;
    let given = match bound.value("value") {
        None => None,
        Some(it) if expanding => Some(Box::new(expanded(it, kind.as_ref())?)),
        Some(it) => Some(Box::new(value(it, kind.as_ref())?)),
    };
    Ok(Value::expr(Expr::Parameter { name: key, value: given, kind, expanding }))
}

/// `distinct(a)` is what `a.distinct()` is.
fn applied(name: &str, args: &Args) -> Result<Value, Reason> {
    let mut rest = args.clone();
    if rest.positional.is_empty() {
        return Err("an argument is missing".into());
    }
    let own = rest.positional.remove(0);
    match (&own.value, name) {
        (Value::Query(query), "lateral" | "alias") => Ok(super::query::query_method(query, name, &rest)),
        (Value::Table(table), "alias") => super::tables::alias(table, &rest),
        (_, "funcfilter") => Ok(super::operands::method(&value(&own.value, None)?, "filter", &rest)),
        _ => Ok(super::operands::method(&value(&own.value, None)?, name, &rest)),
    }
}

/// `postgresql.array([…])`.
fn array(given: &Value, args: &Args) -> Result<Value, Reason> {
    let kind = args.clone().bind(&["clauses", "type_"]).value("type_").map(super::types::of).transpose()?;
    let list = items(&Arg { value: given.clone(), span: args.span }, "the elements")?;
    let list: Vec<Expr> = list.iter().map(|it| value(&it.value, None)).collect::<Result<_, _>>()?;
    if list.is_empty() || kind.is_some() {
        return Err("`array()` of nothing or with a type is not evaluated".into());
    }
    Ok(Value::expr(Expr::Array(list)))
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
    let keyword = |name: &str| args.keywords.iter().find(|(it, ..)| it == name).map(|(_, arg, _)| arg);
    let subject = keyword("value").map(|it| value(&it.value, None)).transpose()?.map(Box::new);
    let mut given = args.positional.clone();
    let mut otherwise = keyword("else_").cloned();
    // The 1.x form gives one list of pairs, and perhaps `value` and `else_` behind it.
    if let Some(Arg { value: Value::List(_), .. }) = given.first()
        && given.len() > 1
    {
        otherwise = otherwise.or_else(|| given.get(2).cloned());
        if !matches!(given.get(1), Some(Arg { value: Value::None, .. })) {
            return Err("`value` of `case()` in its old place is not evaluated".into());
        }
        given.truncate(1);
    }
    given.extend(keyword("whens").cloned());
    let kind = subject.as_deref().and_then(kind_of);
    let mut whens = Vec::new();
    for arg in &given {
        for (condition, result) in cases(arg)? {
            let condition = match &subject {
                Some(_) => value(&condition, kind.as_ref())?,
                None => self::condition(&condition)?,
            };
            whens.push((condition, value(&result, None)?));
        }
    }
    let otherwise = match otherwise {
        None | Some(Arg { value: Value::None, .. }) => None,
        Some(it) => Some(Box::new(value(&it.value, None)?)),
    };
    Ok(Value::expr(Expr::Case { value: subject, whens, otherwise }))
}

/// A pair, a list of pairs, or a dict.
fn cases(arg: &Arg) -> Result<Vec<(Value, Value)>, Reason> {
    if let Value::Dict(dict) = &arg.value {
        return match &*dict.spoiled.borrow() {
            Some(unknown) => Err(not_known("the cases are", &unknown.reason)),
            None => Ok(dict.items.borrow().clone()),
        };
    }
    let pairs = match &arg.value {
        Value::List(_) => items(arg, "the cases")?,
        _ => vec![arg.clone()],
    };
    let mut made = Vec::new();
    for pair in pairs {
        match items(&pair, "a case")?.as_slice() {
            [condition, result] => made.push((condition.value.clone(), result.value.clone())),
            _ => return Err("a case is not a pair".into()),
        }
    }
    Ok(made)
}

/// `func.a.b(…)`.
pub(super) fn sql_function(parts: &[&str], args: &Args) -> Result<Value, Reason> {
    if let Some(unknown) = &args.open {
        return Err(not_known("an argument is", &unknown.reason));
    }
    let list = args.positional.iter().map(|arg| value(&arg.value, None)).collect::<Result<_, _>>()?;
    Ok(Value::expr(Expr::Function { name: parts.iter().map(|part| (*part).to_owned()).collect(), args: list }))
}
