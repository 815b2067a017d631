//! What `ALTER COLUMN … TYPE` does to the rows.
//!
//! `ATColumnChangeRequiresRewrite` in `commands/tablecmds.c`: nothing, where the new value is the old one's very bytes.

use crate::{
    schema::Schema,
    statement::{Demand, Expr, Type},
};

/// What becomes of the rows when a column changes its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// They stay as they are.
    Free,
    /// They stay where the session's time zone is UTC, and are written anew where it is not.
    TimeZone,
    /// They are written anew.
    Rewrite,
    /// The history does not say what the old or the new type is.
    Unknown,
}

impl Cast {
    fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Rewrite, _) | (_, Self::Rewrite) => Self::Rewrite,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::TimeZone, _) | (_, Self::TimeZone) => Self::TimeZone,
            (Self::Free, Self::Free) => Self::Free,
        }
    }
}

/// Types whose values are the same bytes (`pg_cast.castmethod` = `b`), besides those of text.
const BINARY: &[(&str, &[&str])] = &[
    ("cidr", &["inet"]),
    ("bit", &["varbit"]),
    ("varbit", &["bit"]),
    ("xml", &["text", "varchar", "bpchar"]),
    ("int4", &["oid"]),
    ("oid", &["int4"]),
];

/// Types that are an `oid` by another name.
const OIDS: &[&str] = &[
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
];

/// The type is an `oid` by another name.
pub(super) fn is_oid(name: &str) -> bool {
    OIDS.contains(&name)
}

/// What becomes of the rows when a column of one type gets another, by the assignment cast or by `USING`.
#[must_use]
pub fn cast(column: &str, old: &Type, new: &Type, using: Option<&Expr>, schema: &Schema) -> Cast {
    let Some(using) = using else { return step(old, new, schema) };
    let Some((chain, last)) = chain(column, old, using) else { return Cast::Rewrite };
    let steps = chain.into_iter().fold((Cast::Free, old), |(sum, old), new| (sum.then(step(old, new, schema)), new));
    steps.0.then(step(last, new, schema))
}

/// The types that a chain of casts of the column goes through, and the last of them.
fn chain<'a>(column: &str, old: &'a Type, using: &'a Expr) -> Option<(Vec<&'a Type>, &'a Type)> {
    match using {
        Expr::Cast { inner, kind } => {
            let (mut types, _) = chain(column, old, inner)?;
            types.push(kind);
            Some((types, kind))
        }
        it if it.is_column(column) => Some((Vec::new(), old)),
        _ => None,
    }
}

/// One cast.
fn step(old: &Type, new: &Type, schema: &Schema) -> Cast {
    if let Some(domain) = schema.domain(new).filter(|_| new.dimensions == 0) {
        let same = old.name == new.name && old.schema == new.schema && old.dimensions == 0;
        if same {
            return Cast::Free;
        }
        if is_constrained(new, schema) {
            return Cast::Rewrite;
        }
        return step(old, &domain.base, schema);
    }
    if let Some(domain) = schema.domain(old).filter(|_| old.dimensions == 0) {
        // A value of the domain is taken for one of the base without its modifiers.
        return step(&Type { modifiers: Vec::new(), ..domain.base.clone() }, new, schema);
    }
    if old == new {
        return Cast::Free;
    }
    if old.dimensions.min(1) != new.dimensions.min(1) {
        return Cast::Rewrite;
    }
    if old.schema.is_some() || new.schema.is_some() {
        return if schema.is_enum(old) || schema.is_enum(new) { Cast::Rewrite } else { Cast::Unknown };
    }
    if old.dimensions > 0 {
        // The elements of an array are cast one by one, whatever the cast is.
        let same = old.name == new.name && (old.modifiers == new.modifiers || unlimited(new));
        return if same { Cast::Free } else { Cast::Rewrite };
    }
    if old.name == new.name {
        return modifiers(old, new);
    }
    let known = |it: &Type| it.family() != crate::statement::Family::Foreign || schema.is_enum(it);
    match (old.name.as_str(), new.name.as_str()) {
        ("text" | "varchar", "text" | "varchar" | "bpchar") => text(old, new),
        ("timestamp", "timestamptz") | ("timestamptz", "timestamp") => {
            // The modifier of the old type is lost on the way.
            Cast::TimeZone.then(precision(&Type::plain(new.name.as_str()), new))
        }
        (from, to) if (from == "oid" || from == "int4") && OIDS.contains(&to) => Cast::Free,
        (from, to) if (to == "oid" || to == "int4") && OIDS.contains(&from) => Cast::Free,
        (from, to) if BINARY.iter().any(|(name, into)| *name == from && into.contains(&to)) => {
            if unlimited(new) {
                Cast::Free
            } else {
                Cast::Rewrite
            }
        }
        _ if known(old) && known(new) => Cast::Rewrite,
        _ => Cast::Unknown,
    }
}

/// Does the domain, or one that it is over, demand anything?
#[must_use]
pub(super) fn is_constrained(kind: &Type, schema: &Schema) -> bool {
    let mut kind = kind;
    for _ in 0..64 {
        let Some(domain) = schema.domain(kind).filter(|_| kind.dimensions == 0) else { return false };
        if domain.constraints.iter().any(|it| matches!(it.rule, Demand::Check(_) | Demand::NotNull { .. })) {
            return true;
        }
        kind = &domain.base;
    }
    false
}

fn text(old: &Type, new: &Type) -> Cast {
    match (length(old), length(new)) {
        (_, None) => Cast::Free,
        (Some(old), Some(new)) if new >= old => {
            // `char(n)` pads, whatever came before.
            Cast::Free
        }
        _ => Cast::Rewrite,
    }
    .then(if new.name == "bpchar" && length(new).is_some() { Cast::Rewrite } else { Cast::Free })
}

fn length(kind: &Type) -> Option<u64> {
    kind.modifiers.first().and_then(|it| it.parse().ok())
}

fn unlimited(kind: &Type) -> bool {
    kind.modifiers.is_empty()
}

/// The same type with other modifiers: the support function of the cast says whether anything happens
/// (`varchar_support`, `numeric_support`, `varbit_support`, `TemporalSimplify` in the server's source).
fn modifiers(old: &Type, new: &Type) -> Cast {
    match new.name.as_str() {
        "varchar" => text(old, new),
        "varbit" => match (length(old), length(new)) {
            (_, None) => Cast::Free,
            (Some(old), Some(new)) if new >= old => Cast::Free,
            _ => Cast::Rewrite,
        },
        "numeric" => numeric(old, new),
        "time" | "timetz" | "timestamp" | "timestamptz" | "interval" => precision(old, new),
        "bpchar" if unlimited(new) => Cast::Free,
        _ => Cast::Rewrite,
    }
}

fn numeric(old: &Type, new: &Type) -> Cast {
    let parts = |it: &Type| -> Option<(i64, i64)> {
        let precision = it.modifiers.first()?.parse().ok()?;
        Some((precision, it.modifiers.get(1).and_then(|it| it.parse().ok()).unwrap_or(0)))
    };
    match (parts(old), parts(new)) {
        (_, None) => Cast::Free,
        (Some((old, scale)), Some((new, other))) if scale == other && new >= old => Cast::Free,
        _ => Cast::Rewrite,
    }
}

/// Six digits of a second are all that there are.
fn precision(old: &Type, new: &Type) -> Cast {
    // An interval's first modifier says which fields it has.
    let (limited, digits) = if old.name == "interval" { (fields(old), 1) } else { (None, 0) };
    if new.name == "interval" && fields(new).is_some() {
        return if old == new { Cast::Free } else { Cast::Unknown };
    }
    if limited.is_some_and(|it| it & SECOND == 0) {
        return Cast::Free;
    }
    let of = |it: &Type| -> Option<u64> { it.modifiers.get(digits).and_then(|it| it.parse().ok()) };
    match (of(old), of(new)) {
        (_, None) => Cast::Free,
        (_, Some(new)) if new >= 6 => Cast::Free,
        (Some(old), Some(new)) if new >= old => Cast::Free,
        _ => Cast::Rewrite,
    }
}

/// `INTERVAL_MASK(SECOND)` in `utils/timestamp.h`.
const SECOND: u64 = 1 << 12;

/// The fields that an interval is limited to; 32767 are all.
fn fields(kind: &Type) -> Option<u64> {
    kind.modifiers.first().and_then(|it| it.parse().ok()).filter(|it| *it != 32767)
}
