//! Types as the server names them, and which change into which without being asked.

use std::fmt;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// The schema, where it is written and is not `pg_catalog`.
    pub schema: Option<String>,
    /// The catalog's name for built-in types (`int4`, `varchar`, `bpchar`, `timestamptz`), else as written.
    pub name: String,
    /// `20` of `varchar(20)`.
    pub modifiers: Vec<String>,
    /// How many `[]`.
    pub dimensions: usize,
}

/// What matters of a type when a column changes to or from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `text`, `varchar`, `char(n)`, `name`: anything may be assigned to them, by its text.
    Text,
    /// Another built-in type.
    Known,
    /// An extension's or the user's own.
    Foreign,
}

/// Built-in types and those that `ALTER COLUMN … TYPE` turns them into without `USING`, but for those of text.
/// Each pair was tried on PostgreSQL 15.
const ASSIGNABLE: &[(&str, &[&str])] = &[
    ("int2", &["int4", "int8", "numeric", "float4", "float8", "oid"]),
    ("int4", &["int2", "int8", "numeric", "float4", "float8", "oid", "money"]),
    ("int8", &["int2", "int4", "numeric", "float4", "float8", "oid", "money"]),
    ("numeric", &["int2", "int4", "int8", "float4", "float8", "money"]),
    ("float4", &["int2", "int4", "int8", "numeric", "float8"]),
    ("float8", &["int2", "int4", "int8", "numeric", "float4"]),
    ("money", &["numeric"]),
    ("oid", &["int4", "int8"]),
    ("date", &["timestamp", "timestamptz"]),
    ("timestamp", &["date", "time", "timestamptz"]),
    ("timestamptz", &["date", "time", "timetz", "timestamp"]),
    ("time", &["interval", "timetz"]),
    ("timetz", &["time"]),
    ("interval", &["time"]),
    ("json", &["jsonb"]),
    ("jsonb", &["json"]),
    ("bit", &["varbit"]),
    ("varbit", &["bit"]),
    ("cidr", &["inet"]),
    ("inet", &["cidr"]),
    ("macaddr", &["macaddr8"]),
    ("macaddr8", &["macaddr"]),
    ("bool", &[]),
    ("bytea", &[]),
    ("uuid", &[]),
    ("xml", &[]),
    ("tsvector", &[]),
    ("tsquery", &[]),
    ("point", &[]),
    ("int4range", &[]),
    ("int8range", &[]),
    ("numrange", &[]),
    ("tsrange", &[]),
    ("tstzrange", &[]),
    ("daterange", &[]),
];

const TEXT: &[&str] = &["text", "varchar", "bpchar", "name"];

impl Type {
    /// A type by its catalog name, without modifiers.
    #[must_use]
    pub fn plain(name: impl Into<String>) -> Self {
        Self { schema: None, name: name.into(), modifiers: Vec::new(), dimensions: 0 }
    }

    /// What kind of type it is.
    #[must_use]
    pub fn family(&self) -> Family {
        if self.schema.is_some() {
            Family::Foreign
        } else if TEXT.contains(&self.name.as_str()) {
            Family::Text
        } else if ASSIGNABLE.iter().any(|(name, _)| *name == self.name) {
            Family::Known
        } else {
            Family::Foreign
        }
    }

    /// `Some(false)` where `ALTER COLUMN … TYPE` without `USING` is refused whatever the rows hold, `Some(true)`
    /// where it is not; `None` where that cannot be said, as with an extension's type.
    ///
    /// "cannot be cast automatically to type": PostgreSQL takes implicit and assignment casts, and the text form
    /// of anything where the new type is one of text.
    #[must_use]
    pub fn becomes(&self, new: &Self) -> Option<bool> {
        if self.dimensions.min(1) != new.dimensions.min(1) {
            // An array has a text form too.
            let to_text = new.dimensions == 0 && new.family() == Family::Text;
            return match (self.family(), new.family()) {
                _ if to_text => Some(true),
                (Family::Foreign, _) | (_, Family::Foreign) => None,
                _ => Some(false),
            };
        }
        if self.schema == new.schema && self.name == new.name {
            return Some(true);
        }
        match (self.family(), new.family()) {
            // Array casts follow their elements'.
            (_, Family::Text) => Some(true),
            (Family::Text, Family::Known) => Some(false),
            (Family::Known, Family::Known) => {
                let to = ASSIGNABLE.iter().find(|(name, _)| *name == self.name).map_or(&[][..], |(_, to)| to);
                Some(to.contains(&new.name.as_str()))
            }
            (Family::Foreign, _) | (_, Family::Foreign) => None,
        }
    }
}

/// As SQL writes it: `character varying(20)[]`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, tail) = match self.name.as_str() {
            _ if self.schema.is_some() => (self.name.as_str(), ""),
            "int2" => ("smallint", ""),
            "int4" => ("integer", ""),
            "int8" => ("bigint", ""),
            "float4" => ("real", ""),
            "float8" => ("double precision", ""),
            "bool" => ("boolean", ""),
            "varchar" => ("varchar", ""),
            "bpchar" => ("char", ""),
            "varbit" => ("bit varying", ""),
            "timestamptz" => ("timestamp", " with time zone"),
            "timetz" => ("time", " with time zone"),
            name => (name, ""),
        };
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(word)?;
        if !self.modifiers.is_empty() {
            write!(f, "({})", self.modifiers.join(", "))?;
        }
        write!(f, "{tail}{}", "[]".repeat(self.dimensions))
    }
}

#[cfg(test)]
mod tests {
    use super::Type;

    #[test]
    fn what_changes_by_itself() {
        let becomes = |old: &str, new: &str| Type::plain(old).becomes(&Type::plain(new));
        assert_eq!(becomes("varchar", "int4"), Some(false));
        assert_eq!(becomes("int4", "varchar"), Some(true));
        assert_eq!(becomes("int4", "int8"), Some(true));
        assert_eq!(becomes("int4", "bool"), Some(false));
        assert_eq!(becomes("bool", "int4"), Some(false));
        assert_eq!(becomes("text", "jsonb"), Some(false));
        assert_eq!(becomes("json", "jsonb"), Some(true));
        assert_eq!(becomes("text", "citext"), None);
        assert_eq!(becomes("text", "text"), Some(true));
    }

    #[test]
    fn as_written_in_sql() {
        let kind = Type { modifiers: vec!["6".into()], dimensions: 1, ..Type::plain("timestamptz") };
        assert_eq!(kind.to_string(), "timestamp(6) with time zone[]");
    }
}
