//! SQLAlchemy Core: expressions and statements, as they are built up.

use super::{
    args::{Reason, items, not_known},
    interp::Args,
    value::{Arg, Table, Value},
};
use crate::{
    op::{Expr, Literal, Name, Query, TextClause, Type},
    source::Span,
};
use ruff_python_ast::{CmpOp, Operator};
use std::{fmt::Write, rc::Rc};

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
        Value::Query(query) => match &query.query {
            Query::Select(select) if query.unknown.is_none() => Ok(Expr::Subquery(select.clone())),
            _ => Err("a statement is used as a value".into()),
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
            Some(Type::Json { .. }) => match json(value) {
                Some(text) => literal(Literal::Json(text)),
                None => Err(format!("{} is not evaluated as JSON", value.kind()).into()),
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
            _ => Err(format!("{} is used as a value", value.kind()).into()),
        },
        // `UUID(as_uuid=False)` takes the dashes out of a string's literal form, depending on the version.
        other if kind == Some(&Type::Uuid) && other.as_str().is_some() => {
            Err("a string is given for a UUID column".into())
        }
        other => match other.as_text() {
            Some(text) => literal(Literal::Str(text)),
            None => Err(format!("{} is used as a value", other.kind()).into()),
        },
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
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

// ── operators ──

/// The number of parts of an expression; `None` where it is nested more than 200 deep.
pub(super) fn weight(expr: &Expr, depth: usize) -> Option<usize> {
    if depth > 200 {
        return None;
    }
    let of = |parts: &[&Expr]| parts.iter().try_fold(1_usize, |sum, it| Some(sum + weight(it, depth + 1)?));
    let all = |parts: &[Expr]| parts.iter().try_fold(1_usize, |sum, it| Some(sum + weight(it, depth + 1)?));
    match expr {
        Expr::Function { args, .. } | Expr::And(args) | Expr::Or(args) | Expr::Tuple(args) | Expr::Array(args) => {
            all(args)
        }
        Expr::Binary { left, right, .. } | Expr::Custom { left, right, .. } => of(&[left, right]),
        Expr::In { left, list, .. } => Some(weight(left, depth + 1)? + all(list)?),
        Expr::Not(inner)
        | Expr::Negative(inner)
        | Expr::Cast { inner, .. }
        | Expr::Ordered { inner, .. }
        | Expr::Label { inner, .. }
        | Expr::Prefixed { inner, .. }
        | Expr::Extract { inner, .. }
        | Expr::Collate { inner, .. } => of(&[inner]),
        Expr::Between { left, low, high, .. } => of(&[left, low, high]),
        Expr::Case { whens, .. } => {
            whens.iter().try_fold(1_usize, |sum, (a, b)| Some(sum + weight(a, depth + 1)? + weight(b, depth + 1)?))
        }
        _ => Some(1),
    }
}

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
    let Expr::Text(clause) = expr else { return Err("`.bindparams()` of what is no text".into()) };
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
                _ => return Err("a parameter is not understood".into()),
            },
            _ => return Err("a parameter is not understood".into()),
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
                return Err(unknown.reason.reworded(format!("the parameters {}", unknown.reason)));
            }
            for (name, bound) in dict.items.borrow().iter() {
                let name = name.as_str().ok_or("a parameter's name is not known")?.to_owned();
                clause.binds.push((name, value(bound, None)?));
            }
            Ok(clause)
        }
        Value::Unknown(unknown) => Err(not_known("the parameters are", &unknown.reason)),
        other => Err(format!("the parameters are {}", other.kind()).into()),
    }
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
        "exists" => match first {
            Some(Value::Query(query)) => match (&query.query, &query.unknown) {
                (Query::Select(select), None) => {
                    Ok(Value::expr(Expr::Exists { select: select.clone(), negated: false }))
                }
                _ => Err("`exists()` is not evaluated".into()),
            },
            _ => Err("`exists()` is not evaluated".into()),
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
        None => Err(format!("no value is given for `:{key}`").into()),
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
            let [condition, result] = pair.as_slice() else { return Err("a case is not a pair".into()) };
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
