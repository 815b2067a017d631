//! Whether SQLAlchemy takes `+` for a concatenation: that follows from the types of both sides.

use crate::op::{Expr, Literal, Type};

/// What matters of an expression's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// Text, an array, HSTORE: `Concatenable`.
    Concatenable,
    /// SQLAlchemy does not know the type: `NullType`.
    Null,
    Other,
}

/// The operator of `left + right`; `None` where it does not follow from what is known.
pub(super) fn plus(left: &Expr, right: &Expr) -> Option<&'static str> {
    use Family::{Concatenable, Null};
    Some(match (family(left, 0)?, family(right, 0)?) {
        (Concatenable, Concatenable | Null) | (Null, Concatenable) => "||",
        _ => "+",
    })
}

fn of_type(kind: &Type) -> Option<Family> {
    Some(match kind {
        Type::Text { .. } | Type::Array { .. } | Type::Enum(_) => Family::Concatenable,
        Type::Verbatim(word) if word == "HSTORE" => Family::Concatenable,
        Type::Verbatim(word) if word == "DOUBLE PRECISION" || word == "REAL" || word == "DOUBLE" => Family::Other,
        Type::Domain { .. } | Type::Verbatim(_) | Type::Refused(_) => return None,
        _ => Family::Other,
    })
}

fn family(expr: &Expr, depth: u32) -> Option<Family> {
    use Family::{Concatenable, Null, Other};
    if depth > 60 {
        return None;
    }
    let inner = |expr: &Expr| family(expr, depth + 1);
    match expr {
        Expr::Column { kind: Some(kind), .. } | Expr::Value { kind: Some(kind), .. } | Expr::Cast { kind, .. } => {
            of_type(kind)
        }
        Expr::Column { kind: None, .. } | Expr::Text(_) | Expr::Verbatim(_) | Expr::Null => Some(Null),
        Expr::Value { kind: None, value } => match value {
            Literal::Str(_) => Some(Concatenable),
            Literal::Null => Some(Null),
            Literal::List(_) | Literal::Json(_) => None,
            _ => Some(Other),
        },
        Expr::Array(_) => Some(Concatenable),
        Expr::Function { name, args } => function(name, args, depth),
        Expr::Binary { operator, left, right } => match operator.as_str() {
            "||" => match (inner(left)?, inner(right)?) {
                (Null, right) => Some(right),
                (left, _) => Some(left),
            },
            "+" | "*" => match (inner(left)?, inner(right)?) {
                (Null, right) => Some(right),
                (left, _) => Some(left),
            },
            "-" | "%" | "/" | "//" => inner(left),
            "->>" | "#>>" => Some(Concatenable),
            "->" | "#>" | "=" | "!=" | "<" | "<=" | ">" | ">=" => Some(Other),
            _ => None,
        },
        Expr::Custom { left, .. } => inner(left),
        Expr::Parameter { value: Some(value), .. } => inner(value),
        Expr::Subquery(select) => select.columns.first().and_then(inner),
        Expr::Negative(expr) | Expr::Label { inner: expr, .. } | Expr::Collate { inner: expr, .. } => inner(expr),
        Expr::Case { whens, otherwise, .. } => {
            for (_, then) in whens.iter().rev() {
                match inner(then)? {
                    Null => {}
                    known => return Some(known),
                }
            }
            otherwise.as_ref().map_or(Some(Null), |it| inner(it))
        }
        Expr::True
        | Expr::False
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Not(_)
        | Expr::In { .. }
        | Expr::InSelect { .. }
        | Expr::Between { .. }
        | Expr::Exists { .. }
        | Expr::Extract { .. } => Some(Other),
        _ => None,
    }
}

/// The functions whose types SQLAlchemy knows; any other is a `NullType`.
fn function(name: &[String], args: &[Expr], depth: u32) -> Option<Family> {
    let [name] = name else { return Some(Family::Null) };
    match name.to_lowercase().as_str() {
        "coalesce" | "max" | "min" | "sum" => {
            for arg in args {
                match family(arg, depth + 1)? {
                    Family::Null => {}
                    known => return Some(known),
                }
            }
            Some(Family::Null)
        }
        "concat" | "aggregate_strings" | "user" | "current_user" | "session_user" | "array_agg" => {
            Some(Family::Concatenable)
        }
        "now" | "current_timestamp" | "current_date" | "current_time" | "localtime" | "localtimestamp" | "sysdate"
        | "count" | "char_length" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" => Some(Family::Other),
        "pow" | "mode" | "percentile_cont" | "percentile_disc" | "random" => None,
        _ => Some(Family::Null),
    }
}

/// The functions for which SQLAlchemy has classes of their own, derived from that of any other function.
const CLASSES: &[&str] = &[
    "aggregate_strings",
    "array_agg",
    "char_length",
    "coalesce",
    "concat",
    "count",
    "cube",
    "cume_dist",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "dense_rank",
    "grouping_sets",
    "localtime",
    "localtimestamp",
    "max",
    "min",
    "mode",
    "next_value",
    "now",
    "percent_rank",
    "percentile_cont",
    "percentile_disc",
    "pow",
    "random",
    "rank",
    "rollup",
    "session_user",
    "sum",
    "sysdate",
    "user",
];

/// Whether the class of one expression is derived from that of the other.
pub(super) fn is_derived(one: &Expr, other: &Expr) -> bool {
    let of_its_own = |expr: &Expr| match expr {
        Expr::Function { name, .. } => {
            Some(matches!(name.as_slice(), [only] if CLASSES.contains(&only.to_lowercase().as_str())))
        }
        _ => None,
    };
    of_its_own(one) == Some(true) && of_its_own(other) == Some(false)
}
