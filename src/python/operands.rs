//! Methods of SQL expressions: `column.in_(…)`, `function.over(…)`, `text.bindparams(…)`.

use super::{
    args::{Reason, items, not_known},
    core::{binary, condition, kind_of, operand, value},
    interp::Args,
    value::{Arg, Value},
};
use crate::op::{Expr, Query, Type};
use std::rc::Rc;

/// A method, called; where it is not known, the value is not.
pub(super) fn method(expr: &Expr, name: &str, args: &Args) -> Value {
    let span = args.span;
    if let Some(unknown) = &args.open {
        return Value::unknown(span, not_known("an argument is", &unknown.reason));
    }
    let made = match of_function(expr, name, args) {
        Ok(None) => operator(expr, name, args),
        other => other,
    };
    let made = match made {
        Ok(None) => wrapper(expr, name, args),
        other => other,
    };
    match made {
        Ok(Some(value)) => value,
        Ok(None) => Value::unknown(span, format!("`.{name}()` of an SQL expression is not evaluated")),
        Err(reason) => Value::unknown(span, reason),
    }
}

/// Methods with two operands.
fn operator(own: &Expr, name: &str, args: &Args) -> Result<Option<Value>, Reason> {
    let first = args.positional.first().map(|arg| &arg.value);
    let with = |word: &str| -> Result<Option<Value>, Reason> {
        let other = first.ok_or("an operand is missing")?;
        Ok(Some(binary(own.clone(), word, operand(own, other)?)))
    };
    let kind = kind_of(own);
    let is_text = !matches!(kind, Some(Type::Json { .. } | Type::Array { .. } | Type::Verbatim(_)));
    match name {
        "is_" => with("IS"),
        "is_not" | "isnot" => with("IS NOT"),
        "is_distinct_from" | "isdistinctfrom" => with("IS DISTINCT FROM"),
        "is_not_distinct_from" | "isnot_distinct_from" => with("IS NOT DISTINCT FROM"),
        "concat" => with("||"),
        "like" | "not_like" | "notlike" | "ilike" | "not_ilike" | "notilike" => {
            let word = match name {
                "like" => "LIKE",
                "ilike" => "ILIKE",
                "not_ilike" | "notilike" => "NOT ILIKE",
                _ => "NOT LIKE",
            };
            pattern(own, word, args)
        }
        "contains" | "startswith" | "endswith" | "icontains" | "istartswith" | "iendswith" if is_text => {
            pattern(own, &name.to_uppercase(), args)
        }
        "regexp_match" if args.keywords.is_empty() => with("~"),
        "contains" if matches!(kind, Some(Type::Json { binary: true } | Type::Array { .. })) => with("@>"),
        "contained_by" if matches!(kind, Some(Type::Json { binary: true } | Type::Array { .. })) => with("<@"),
        "any" | "all" if matches!(kind, Some(Type::Array { .. })) && args.positional.len() == 1 => {
            let given = match kind {
                Some(Type::Array { item, .. }) => value(first.ok_or("an operand is missing")?, Some(&item))?,
                _ => return Ok(None),
            };
            let right = Expr::Prefixed { keyword: name.to_uppercase(), inner: Box::new(own.clone()) };
            Ok(Some(binary(given, "=", right)))
        }
        "overlap" if matches!(kind, Some(Type::Array { .. })) => with("&&"),
        "has_key" if matches!(kind, Some(Type::Json { binary: true })) => with("?"),
        "in_" | "not_in" | "notin_" => within(own, name != "in_", args),
        "op" | "bool_op" => {
            let bound = args.clone().bind(&["opstring", "precedence"]);
            let operator = bound.plain_string("opstring")?.ok_or("the operator is not given")?;
            let strength = bound.number("precedence")?.unwrap_or(0);
            Ok(Some(Value::Method(Rc::new((Value::expr(own.clone()), format!("op {strength} {operator}"))))))
        }
        _ => match name.strip_prefix("op ").and_then(|rest| rest.split_once(' ')) {
            Some((strength, operator)) => {
                let right = operand(own, first.ok_or("an operand is missing")?)?;
                Ok(Some(Value::expr(Expr::Custom {
                    operator: operator.to_owned(),
                    precedence: strength.parse().unwrap_or(0),
                    left: Box::new(own.clone()),
                    right: Box::new(right),
                })))
            }
            None => Ok(None),
        },
    }
}

/// `LIKE` and its kin, perhaps with an `ESCAPE`.
fn pattern(own: &Expr, word: &str, args: &Args) -> Result<Option<Value>, Reason> {
    let bound = args.clone().bind(&["other"]);
    if bound.is("autoescape")? {
        return Ok(None);
    }
    let right = operand(own, bound.value("other").ok_or("an operand is missing")?)?;
    let right = match bound.value("escape") {
        None | Some(Value::None) => right,
        Some(escape) => {
            let escape = value(escape, None)?;
            Expr::Binary { operator: "ESCAPE".to_owned(), left: Box::new(right), right: Box::new(escape) }
        }
    };
    Ok(Some(binary(own.clone(), word, right)))
}

fn within(own: &Expr, negated: bool, args: &Args) -> Result<Option<Value>, Reason> {
    let left = Box::new(own.clone());
    let kind = kind_of(own);
    let list = match args.positional.first().map(|arg| &arg.value) {
        None => return Ok(None),
        Some(Value::Query(query)) => {
            return match (&query.query, &query.unknown) {
                (_, Some(reason)) => Err(reason.clone()),
                (Query::Select(select), None) => {
                    Ok(Some(Value::expr(Expr::InSelect { left, select: select.clone(), negated })))
                }
                _ => Err("a statement is used as a SELECT".into()),
            };
        }
        Some(Value::Table(_)) => return Err("a table is given to `.in_()`".into()),
        Some(Value::Expr(expr)) => match &**expr {
            Expr::Subquery(select) => {
                return Ok(Some(Value::expr(Expr::InSelect { left, select: select.clone(), negated })));
            }
            Expr::Parameter { value: Some(value), .. } => match &**value {
                Expr::Tuple(list) => list.clone(),
                other => vec![other.clone()],
            },
            Expr::Parameter { name, .. } => return Err(format!("no value is given for `:{name}`").into()),
            other => vec![other.clone()],
        },
        Some(list) => {
            let list = items(&Arg { value: list.clone(), span: args.span }, "the members")?;
            let member = |it: &Arg| match (own, &it.value) {
                (Expr::Tuple(_), Value::Tuple(parts)) => {
                    Ok(Expr::Tuple(parts.iter().map(|part| value(part, None)).collect::<Result<_, Reason>>()?))
                }
                (_, given) => value(given, kind.as_ref()),
            };
            list.iter().map(member).collect::<Result<_, _>>()?
        }
    };
    Ok(Some(Value::expr(Expr::In { left, list, negated })))
}

/// Methods that put something around the expression.
fn wrapper(own: &Expr, name: &str, args: &Args) -> Result<Option<Value>, Reason> {
    let first = args.positional.first().map(|arg| arg.value.clone());
    let inner = Box::new(own.clone());
    let suffix = match name {
        "desc" => "DESC",
        "asc" => "ASC",
        "nulls_last" | "nullslast" => "NULLS LAST",
        "nulls_first" | "nullsfirst" => "NULLS FIRST",
        _ => "",
    };
    if !suffix.is_empty() {
        return Ok(Some(Value::expr(Expr::Ordered { inner, suffix: suffix.to_owned() })));
    }
    Ok(Some(Value::expr(match name {
        "between" => {
            let [low, high] = args.positional.as_slice() else { return Ok(None) };
            let kind = kind_of(own);
            let low = Box::new(value(&low.value, kind.as_ref())?);
            let high = Box::new(value(&high.value, kind.as_ref())?);
            Expr::Between { left: inner, low, high, negated: false }
        }
        "label" => Expr::Label { inner, name: args.clone().bind(&["name"]).required_name("name", "the label")? },
        "cast" => Expr::Cast { inner, kind: super::types::of(&first.ok_or("the type is not given")?)? },
        "collate" => {
            let collation = first.as_ref().and_then(Value::as_str).ok_or("the collation is not known")?.to_owned();
            Expr::Collate { inner, collation }
        }
        "distinct" => Expr::Prefixed { keyword: "DISTINCT".to_owned(), inner },
        "any_" => Expr::Prefixed { keyword: "ANY".to_owned(), inner },
        "all_" => Expr::Prefixed { keyword: "ALL".to_owned(), inner },
        "as_string" => return Ok(super::core::as_text(own)),
        "bindparams" => return bindparams(own, args).map(Some),
        "self_group" | "scalar_subquery" | "execution_options" => own.clone(),
        _ => return super::select::within(own, name, args),
    })))
}

/// Methods of functions.
fn of_function(own: &Expr, name: &str, args: &Args) -> Result<Option<Value>, Reason> {
    let inner = Box::new(own.clone());
    let exprs = |arg: Option<&Arg>| -> Result<Vec<Expr>, Reason> {
        match arg {
            None | Some(Arg { value: Value::None, .. }) => Ok(Vec::new()),
            Some(arg) => items(arg, "what is ordered by")?.iter().map(|it| value(&it.value, None)).collect(),
        }
    };
    match name {
        "over" => {
            let bound = args.clone().bind(&["partition_by", "order_by"]).closed()?;
            let frame = ["range_", "rows", "groups", "exclude"].iter().any(|it| bound.value(it).is_some());
            if frame {
                return Err("the frame of `.over()` is not evaluated".into());
            }
            let (partition_by, order_by) = (exprs(bound.arg("partition_by"))?, exprs(bound.arg("order_by"))?);
            Ok(Some(Value::expr(Expr::Over { inner, partition_by, order_by })))
        }
        "filter" if matches!(own, Expr::Function { .. } | Expr::Within { .. }) => {
            let mut conditions =
                args.positional.iter().map(|arg| condition(&arg.value)).collect::<Result<Vec<_>, _>>()?;
            let condition = match conditions.len() {
                0 => return Err("a condition is missing".into()),
                1 => conditions.remove(0),
                _ => Expr::And(conditions),
            };
            Ok(Some(Value::expr(Expr::Filter { inner, condition: Box::new(condition) })))
        }
        "within_group" => {
            let order_by = args.positional.iter().map(|arg| value(&arg.value, None)).collect::<Result<_, _>>()?;
            Ok(Some(Value::expr(Expr::Within { inner, order_by, group: true })))
        }
        "table_valued" | "column_valued" | "alias" if matches!(own, Expr::Function { .. }) => {
            super::tables::of_function(own, name, args).map(Some)
        }
        "select" if matches!(own, Expr::Function { .. }) => {
            let select = crate::op::Select { columns: vec![own.clone()], ..Default::default() };
            Ok(Some(super::select::statement(select)))
        }
        _ => Ok(None),
    }
}

/// `text("…").bindparams(a=1)`, `.bindparams(bindparam("a", 1))`.
fn bindparams(expr: &Expr, args: &Args) -> Result<Value, Reason> {
    let Expr::Text(clause) = expr else { return Err("`.bindparams()` of what is no text".into()) };
    let mut clause = clause.clone();
    for arg in &args.positional {
        match &arg.value {
            Value::Expr(given) => match &**given {
                Expr::Parameter { name, value: Some(value), .. } => {
                    clause.binds.push((name.clone(), (**value).clone()));
                }
                given @ Expr::Parameter { name, .. } => clause.binds.push((name.clone(), given.clone())),
                _ => return Err("a parameter is not understood".into()),
            },
            Value::Unknown(unknown) => return Err(not_known("a parameter is", &unknown.reason)),
            _ => return Err("a parameter is not understood".into()),
        }
    }
    for (name, arg, _) in &args.keywords {
        let made = value(&arg.value, None)?;
        match clause.binds.iter_mut().find(|(known, _)| known == name) {
            Some(slot) => slot.1 = made,
            None => clause.binds.push((name.clone(), made)),
        }
    }
    Ok(Value::expr(Expr::Text(clause)))
}
