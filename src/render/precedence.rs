//! Which expressions SQLAlchemy puts in parentheses (`_PRECEDENCE`, `is_precedent` and `self_group` of its sources).

use std::borrow::Cow;

use crate::op::{Expr, Type};

/// An operator as far as parentheses depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator<'a> {
    key: &'a str,
    precedence: i32,
    /// `(a op b) op c` needs no parentheses.
    associative: bool,
}

impl<'a> Operator<'a> {
    const fn new(key: &'a str, precedence: i32, associative: bool) -> Self {
        Self { key, precedence, associative }
    }
}

/// `a, b` in a function's arguments: binds so weakly that nothing is grouped in it.
pub(super) const COMMA: Operator<'static> = Operator::new(",", -1, false);
pub(super) const AND: Operator<'static> = Operator::new("AND", 3, true);
pub(super) const OR: Operator<'static> = Operator::new("OR", 2, true);
/// A condition that stands alone behind `WHERE` (`_asbool`).
pub(super) const AS_BOOL: Operator<'static> = Operator::new("as bool", -10, false);
/// The left side of `.contains()` and its kin: whatever has an operator is grouped there.
pub(super) const PATTERN: Operator<'static> = Operator::new("pattern", 100, false);
pub(super) const NOT: Operator<'static> = Operator::new("NOT", 5, false);
pub(super) const NEGATIVE: Operator<'static> = Operator::new("-x", 8, false);
pub(super) const IN: Operator<'static> = Operator::new("IN", 5, false);
pub(super) const BETWEEN: Operator<'static> = Operator::new("BETWEEN", 5, false);
pub(super) const COLLATE: Operator<'static> = Operator::new("COLLATE", 4, false);
pub(super) const ORDER: Operator<'static> = Operator::new("DESC", 3, false);
/// `NULLS LAST` without `DESC`: unknown to the table, so that every operator is grouped in it.
pub(super) const NULLS: Operator<'static> = Operator::new("NULLS", 100, false);
const EXISTS: Operator<'static> = Operator::new("EXISTS", 0, false);

/// A two-sided operator of SQLAlchemy's own.
pub(super) fn binary(operator: &str) -> Operator<'_> {
    let (precedence, associative) = match operator {
        "->" | "->>" | "#>" | "#>>" | "#-" => (15, true),
        "*" => (8, true),
        "/" | "//" | "%" => (8, false),
        "+" => (7, true),
        "-" | "#" | "|" | "&" | "<<" | ">>" => (7, false),
        "||" | "@>" | "<@" | "?" | "?&" | "?|" | "@?" | "@@" => (5, true),
        "COLLATE" => (4, false),
        "ESCAPE" => (100, false),
        _ if pattern_method(operator).is_some() => (-100, false),
        _ => (5, false),
    };
    Operator::new(operator, precedence, associative)
}

/// An operator of `.op("…")`.
pub(super) fn custom(operator: &str, precedence: i32) -> Operator<'_> {
    Operator::new(operator, precedence, false)
}

/// The operators whose result stands in parentheses wherever they are an operand (`eager_grouping`).
pub(super) fn is_eager(operator: &str) -> bool {
    matches!(operator, "->" | "->>" | "#>" | "#>>" | "#-" | "@>" | "<@" | "?" | "?&" | "?|" | "@?" | "@@")
}

/// `ANY (…)` and `ALL (…)` bring their own parentheses.
pub(super) fn is_collection(keyword: &str) -> bool {
    matches!(keyword, "ANY" | "ALL")
}

/// `.contains()` and its kin: the operator, and whether a `%` stands before and after the pattern.
pub(super) fn pattern_method(operator: &str) -> Option<(&'static str, bool, bool)> {
    let (negated, rest) = match operator.strip_prefix("NOT ") {
        Some(rest) => (true, rest),
        None => (false, operator),
    };
    let (insensitive, before, after) = match rest {
        "CONTAINS" => (false, true, true),
        "STARTSWITH" => (false, false, true),
        "ENDSWITH" => (false, true, false),
        "ICONTAINS" => (true, true, true),
        "ISTARTSWITH" => (true, false, true),
        "IENDSWITH" => (true, true, false),
        _ => return None,
    };
    let word = match (negated, insensitive) {
        (false, false) => "LIKE",
        (true, false) => "NOT LIKE",
        (false, true) => "ILIKE",
        (true, true) => "NOT ILIKE",
    };
    Some((word, before, after))
}

/// The operator of an expression that has one, after [`normal`].
fn of(expr: &Expr) -> Option<Operator<'_>> {
    Some(match expr {
        Expr::Binary { operator, .. } => binary(operator),
        Expr::Custom { operator, precedence, .. } => custom(operator, *precedence),
        Expr::And(_) => AND,
        Expr::Or(_) => OR,
        Expr::In { .. } | Expr::InSelect { .. } => IN,
        Expr::Between { .. } => BETWEEN,
        Expr::Collate { .. } => COLLATE,
        Expr::Negative(_) => NEGATIVE,
        Expr::Exists { negated: false, .. } => EXISTS,
        Expr::Exists { negated: true, .. } => NOT,
        Expr::Not(inner) if !is_boolean(inner) => NOT,
        Expr::Prefixed { keyword, .. } if is_collection(keyword) => return None,
        Expr::Prefixed { .. } => Operator::new("DISTINCT", 5, false),
        Expr::Label { inner, .. } => return of(inner),
        _ => return None,
    })
}

/// Is the expression put in parentheses as an operand of `against`? `None`: where anything with an operator is.
pub(super) fn needs_parentheses(expr: &Expr, against: Option<Operator<'_>>) -> bool {
    let Some(own) = of(expr) else {
        return matches!(expr, Expr::Text(_)) && against == Some(IN);
    };
    let Some(against) = against else { return true };
    if own.key == against.key && own.associative {
        return false;
    }
    let is_unary = matches!(expr, Expr::Negative(_) | Expr::Exists { .. } | Expr::Not(_) | Expr::Prefixed { .. });
    own.precedence <= against.precedence || (against == NOT && !is_unary)
}

/// A column or cast of type BOOLEAN: its `NOT` is no operator to SQLAlchemy.
pub(super) fn is_boolean(expr: &Expr) -> bool {
    matches!(expr, Expr::Column { kind: Some(Type::Boolean), .. } | Expr::Cast { kind: Type::Boolean, .. })
}

/// The expression as SQLAlchemy builds it: `NOT` taken into the operator that has an opposite, `AND` and `OR`
/// without the constants that do not matter.
pub(super) fn normal(expr: &Expr) -> Cow<'_, Expr> {
    normal_within(expr, 8)
}

/// `left` bounds how far a tower of `NOT` or of lonely `AND` is looked through.
fn normal_within(expr: &Expr, left: u32) -> Cow<'_, Expr> {
    let better = match expr {
        _ if left == 0 => None,
        Expr::Not(inner) => negated(inner, left - 1),
        Expr::And(items) => without_constants(items, &Expr::True, &Expr::False),
        Expr::Or(items) => without_constants(items, &Expr::False, &Expr::True),
        _ => None,
    };
    match better {
        Some(better) => Cow::Owned(normal_within(&better, left - 1).into_owned()),
        None => Cow::Borrowed(expr),
    }
}

/// `None` where nothing changes.
fn without_constants(items: &[Expr], neutral: &Expr, decisive: &Expr) -> Option<Expr> {
    if items.contains(decisive) {
        return Some(decisive.clone());
    }
    let kept: Vec<&Expr> = items.iter().filter(|item| *item != neutral).collect();
    match kept.as_slice() {
        [] if items.is_empty() => None,
        [] => Some(neutral.clone()),
        [only] => Some((*only).clone()),
        _ if kept.len() == items.len() => None,
        _ => {
            let kept = kept.into_iter().cloned().collect();
            Some(if *neutral == Expr::True { Expr::And(kept) } else { Expr::Or(kept) })
        }
    }
}

/// What `not_(…)` makes of an expression that has an opposite.
fn negated(expr: &Expr, left: u32) -> Option<Expr> {
    let mut opposite = normal_within(expr, left).into_owned();
    match &mut opposite {
        Expr::Binary { operator, .. } => *operator = opposite_of(operator)?,
        Expr::In { negated, .. } | Expr::InSelect { negated, .. } | Expr::Between { negated, .. } => {
            *negated = !*negated;
        }
        Expr::Exists { negated: negated @ false, .. } => *negated = true,
        Expr::True => opposite = Expr::False,
        Expr::False => opposite = Expr::True,
        Expr::Not(inner) if is_boolean(inner) => opposite = inner.as_ref().clone(),
        _ => return None,
    }
    Some(opposite)
}

fn opposite_of(operator: &str) -> Option<String> {
    const PAIRS: &[(&str, &str)] = &[
        ("=", "!="),
        ("<", ">="),
        (">", "<="),
        ("IS", "IS NOT"),
        ("LIKE", "NOT LIKE"),
        ("ILIKE", "NOT ILIKE"),
        ("IS DISTINCT FROM", "IS NOT DISTINCT FROM"),
        ("~", "!~"),
        ("~*", "!~*"),
    ];
    for (one, other) in PAIRS {
        if operator == *one {
            return Some((*other).to_owned());
        }
        if operator == *other {
            return Some((*one).to_owned());
        }
    }
    pattern_method(operator)?;
    Some(match operator.strip_prefix("NOT ") {
        Some(rest) => rest.to_owned(),
        None => format!("NOT {operator}"),
    })
}
