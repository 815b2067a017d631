//! What a statement defines beside tables, and what of a definition is kept as SQL.
//!
//! Pieces of SQL are in the form in which PostgreSQL's grammar writes them back (`pg_query`'s deparser): one line,
//! keywords in capitals, nothing quoted that need not be.

use super::{Name, Type, Volatility};

/// What has a name beside tables, indexes and constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the word says it")]
pub enum Sort {
    Schema,
    Extension,
    /// In a `DROP TYPE`, `ALTER TYPE` and `COMMENT ON TYPE`: any type.
    Enum,
    Domain,
    /// `CREATE TYPE … AS (…)` and `AS RANGE`.
    Composite,
    Sequence,
    /// A function or procedure; its name has the types of its arguments: `f(integer, text)`.
    Function,
    /// Materialized ones too.
    View,
    /// Its name has its table's: `name ON table`.
    Trigger,
    /// As a trigger.
    Policy,
    /// As a trigger.
    Rule,
    Statistics,
    /// An aggregate, operator, cast, publication, …: its name begins with its kind.
    Other,
}

impl Sort {
    /// The word for it in SQL.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Extension => "extension",
            Self::Enum | Self::Composite => "type",
            Self::Domain => "domain",
            Self::Sequence => "sequence",
            Self::Function => "function",
            Self::View => "view",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Statistics => "statistics object",
            Self::Other => "object",
        }
    }
}

/// What a statement does to anything but a table, its columns, constraints and indexes.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the statement")]
pub enum Definition {
    Make(Box<Make>),
    Drop { sort: Sort, names: Vec<Name>, if_exists: bool, cascade: bool },
    Change { sort: Sort, name: Name, change: Change },
    Comment { on: Commented, text: Option<String> },
}

/// A `CREATE`.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the statement's own words")]
pub struct Make {
    /// What it is.
    pub sort: Sort,
    /// Its name, as [`Sort`] says.
    pub name: Name,
    /// The table or view that it hangs on.
    pub on: Option<Name>,
    /// The whole statement; of a view, domain and sequence what follows the name.
    pub sql: String,
    /// `OR REPLACE`.
    pub replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// A materialized view.
    pub materialized: bool,
    /// It is gone with the session.
    pub temporary: bool,
    /// A function's volatility (`VOLATILE` where none is written).
    pub volatility: Option<Volatility>,
    /// The function that a trigger calls, without arguments.
    pub calls: Option<Name>,
    /// An enum's values.
    pub labels: Vec<String>,
    /// The tables and views that a view's query names.
    pub reads: Vec<Name>,
    /// What a domain is over.
    pub base: Option<Type>,
    /// The column that a sequence belongs to.
    pub owned_by: Option<(Name, String)>,
}

impl Make {
    /// Something of a name, of which nothing else is said.
    #[must_use]
    pub fn new(sort: Sort, name: Name, sql: String) -> Self {
        Self {
            sort,
            name,
            on: None,
            sql,
            replace: false,
            if_not_exists: false,
            materialized: false,
            temporary: false,
            volatility: None,
            calls: None,
            labels: Vec::new(),
            reads: Vec::new(),
            base: None,
            owned_by: None,
        }
    }
}

/// What a `COMMENT` speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the names")]
pub enum Commented {
    /// A table or view.
    Relation(Name),
    Column {
        table: Name,
        column: String,
    },
    Constraint {
        table: Name,
        constraint: String,
    },
    Index(Name),
    Object(Sort, Name),
    /// Something that the schema does not hold.
    Elsewhere,
}

/// A change of something of which the schema keeps the text; what it does is kept as SQL.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the statement")]
pub enum Change {
    /// `RENAME TO`.
    Rename { to: String },
    /// `SET SCHEMA`.
    Move { schema: String },
    /// `ALTER SEQUENCE … OWNED BY`; `None` for `NONE`.
    Own { by: Option<(Name, String)> },
    /// `ADD VALUE`, with the value that it stands before (`false`) or after (`true`).
    AddValue { value: String, if_not_exists: bool, beside: Option<(bool, String)> },
    /// `RENAME VALUE`.
    RenameValue { value: String, to: String },
    /// Anything else: the whole statement.
    Other { sql: String },
}

/// `ENABLE ROW LEVEL SECURITY` and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are SQL's own words")]
pub enum RowSecurity {
    Enable,
    Disable,
    Force,
    NoForce,
}

/// A type's name as `format_type` of the catalog writes it: `character varying(20)[]`.
#[must_use]
pub fn formatted(kind: &Type) -> String {
    let modifiers = || match kind.modifiers.as_slice() {
        [] => String::new(),
        some => format!("({})", some.join(",")),
    };
    let plain = |word: &str| format!("{word}{}", modifiers());
    let word = match kind.name.as_str() {
        _ if kind.schema.is_some() => plain(&super::words::identifier(&kind.name)),
        "int2" => plain("smallint"),
        "int4" | "int" => plain("integer"),
        "int8" => plain("bigint"),
        "float4" => plain("real"),
        "float8" => plain("double precision"),
        "bool" => plain("boolean"),
        "varchar" => plain("character varying"),
        // `char` alone is `char(1)`; the one-byte type is written `"char"`.
        "bpchar" if kind.modifiers.is_empty() => "character(1)".to_owned(),
        "bpchar" => plain("character"),
        "char" => "\"char\"".to_owned(),
        "bit" if kind.modifiers.is_empty() => "bit(1)".to_owned(),
        "varbit" => plain("bit varying"),
        "numeric" if kind.modifiers.len() == 1 => format!("numeric({},0)", kind.modifiers[0]),
        "numeric" => plain("numeric"),
        "bit" => plain("bit"),
        "timestamptz" => format!("timestamp{} with time zone", modifiers()),
        "timestamp" => format!("timestamp{} without time zone", modifiers()),
        "timetz" => format!("time{} with time zone", modifiers()),
        "time" => format!("time{} without time zone", modifiers()),
        "interval" => interval(&kind.modifiers),
        // A keyword of newer servers, and the name of a type since long.
        name if kind.family() != super::Family::Foreign => plain(name),
        name => plain(&super::words::identifier(name)),
    };
    // What is in the schema that is looked in by default is named without it.
    let schema = kind
        .schema
        .as_ref()
        .filter(|it| *it != "public")
        .map_or_else(String::new, |it| format!("{}.", super::words::identifier(it)));
    // The catalog keeps no number of dimensions.
    format!("{schema}{word}{}", if kind.dimensions > 0 { "[]" } else { "" })
}

/// The grammar gives an interval's fields as a mask (`intervaltypmodin` of the server), then the precision.
fn interval(modifiers: &[String]) -> String {
    const FIELDS: &[(&str, &str)] = &[
        ("4", " year"),
        ("2", " month"),
        ("8", " day"),
        ("1024", " hour"),
        ("2048", " minute"),
        ("4096", " second"),
        ("6", " year to month"),
        ("1032", " day to hour"),
        ("3080", " day to minute"),
        ("7176", " day to second"),
        ("3072", " hour to minute"),
        ("7168", " hour to second"),
        ("6144", " minute to second"),
    ];
    let fields = modifiers.first().and_then(|mask| FIELDS.iter().find(|(it, _)| it == mask)).map_or("", |(_, it)| it);
    let precision = modifiers.get(1).map_or_else(String::new, |it| format!("({it})"));
    format!("interval{fields}{precision}")
}

#[cfg(test)]
mod tests {
    use super::{Type, formatted};

    /// Each was asked of PostgreSQL 15 (`SELECT format_type(atttypid, atttypmod)`).
    #[test]
    fn types_as_the_catalog_writes_them() {
        let of = |name: &str, modifiers: &[&str]| {
            formatted(&Type { modifiers: modifiers.iter().map(|&it| it.into()).collect(), ..Type::plain(name) })
        };
        assert_eq!(of("varchar", &["20"]), "character varying(20)");
        assert_eq!(of("bpchar", &[]), "character(1)");
        assert_eq!(of("numeric", &["10"]), "numeric(10,0)");
        assert_eq!(of("numeric", &["10", "2"]), "numeric(10,2)");
        assert_eq!(of("timestamptz", &["3"]), "timestamp(3) with time zone");
        assert_eq!(of("interval", &["3072"]), "interval hour to minute");
        assert_eq!(of("Mood", &[]), "\"Mood\"");
        assert_eq!(of("json", &[]), "json");
        assert_eq!(formatted(&Type { dimensions: 2, ..Type::plain("int4") }), "integer[]");
    }
}
