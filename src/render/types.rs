//! Types: their SQL, and the `CREATE TYPE` that Alembic sends for some before a `CREATE TABLE`.

use super::{
    Dialect, Memo, Unrendered, differs, expr, literal, names, refused,
    words::{Made, join},
};
use crate::{
    op::{Domain, EnumType, Name, Qualified, Type},
    source::Text,
};

/// Names of PostgreSQL's own types: SQLAlchemy 2.1 refuses an enum of such a name without a schema.
#[rustfmt::skip]
const BUILT_IN: &[&str] = &[
    "bigint", "bit", "bit varying", "boolean", "bytea", "character", "character varying", "cidr", "citext", "date",
    "datemultirange", "daterange", "double precision", "float", "hstore", "inet", "int4multirange", "int4range",
    "int8multirange", "int8range", "integer", "interval", "json", "jsonb", "macaddr", "macaddr8", "money", "name",
    "numeric", "nummultirange", "numrange", "oid", "real", "regclass", "regconfig", "smallint", "text", "time",
    "time with time zone", "time without time zone", "timestamp", "timestamp with time zone",
    "timestamp without time zone", "tsmultirange", "tsquery", "tsrange", "tstzmultirange", "tstzrange", "tsvector",
    "uuid",
];

/// The type as it stands in a column's definition. `table` is the one that an `inherit_schema=True` asks.
pub(super) fn sql_type(kind: &Type, table: Option<&Qualified>, dialect: &Dialect) -> Result<String, Unrendered> {
    let zone = |timezone: &bool| if *timezone { "WITH TIME ZONE" } else { "WITHOUT TIME ZONE" };
    Ok(match kind {
        Type::Text { word, length, collation } => {
            let collation = collation.as_ref().filter(|collation| !collation.is_empty());
            let collate = collation.map(|collation| format!(" COLLATE {}", names::quoted(collation)));
            format!("{word}{}{}", in_parentheses(length.filter(|&length| length > 0)), collate.unwrap_or_default())
        }
        Type::Integer { bytes: 2 } => "SMALLINT".to_owned(),
        Type::Integer { bytes: 8 } => "BIGINT".to_owned(),
        Type::Integer { .. } => "INTEGER".to_owned(),
        Type::Boolean => "BOOLEAN".to_owned(),
        Type::Numeric { word, precision, scale } => match (precision, scale) {
            (None, _) => word.clone(),
            (Some(precision), None) => format!("{word}({precision})"),
            (Some(precision), Some(scale)) => format!("{word}({precision}, {scale})"),
        },
        Type::Float { precision } => format!("FLOAT{}", in_parentheses(precision.filter(|&digits| digits > 0))),
        Type::Timestamp { timezone, precision } => {
            format!("TIMESTAMP{} {}", in_parentheses(*precision), zone(timezone))
        }
        Type::Time { timezone, precision } => format!("TIME{} {}", in_parentheses(*precision), zone(timezone)),
        Type::Interval { fields, precision } => {
            let fields = fields.as_ref().map(|fields| format!(" {fields}")).unwrap_or_default();
            let precision = precision.map(|precision| format!(" ({precision})")).unwrap_or_default();
            format!("INTERVAL{fields}{precision}")
        }
        Type::Date => "DATE".to_owned(),
        Type::Json { binary } => if *binary { "JSONB" } else { "JSON" }.to_owned(),
        Type::Uuid { .. } => "UUID".to_owned(),
        Type::Bytes => "BYTEA".to_owned(),
        Type::Bit { length, varying: true } => format!("BIT VARYING{}", in_parentheses(*length)),
        Type::Bit { length, varying: false } => format!("BIT({})", length.unwrap_or(1)),
        Type::Array { item, dimensions } => array(&sql_type(item, table, dialect)?, *dimensions),
        Type::Enum(given) if given.native => enum_name(given, table, dialect)?.as_str().to_owned(),
        // Before 1.4 `create_constraint` was true unless it was given.
        Type::Enum(given) if dialect.sqlalchemy < (1, 4) && !given.create_constraint => {
            return differs("an enum that is no type of the server");
        }
        Type::Enum(given) => format!("VARCHAR{}", in_parentheses(label_length(given))),
        Type::Domain { name, schema, .. } => domain_name(name, schema.as_ref()).as_str().to_owned(),
        Type::Verbatim(text) => text.clone(),
        Type::Refused(why) => return refused(why),
    })
}

fn in_parentheses(number: Option<u32>) -> String {
    number.map(|number| format!("({number})")).unwrap_or_default()
}

/// The brackets stand before a `COLLATE`.
fn array(item: &str, dimensions: u32) -> String {
    let brackets = "[]".repeat(usize::try_from(dimensions.clamp(1, 16)).unwrap_or(1));
    match item.find(" COLLATE") {
        Some(at) => format!("{}{brackets}{}", &item[..at], &item[at..]),
        None => format!("{item}{brackets}"),
    }
}

/// A non-native enum is as long as its longest label, or `length=`.
fn label_length(given: &EnumType) -> Option<u32> {
    let longest = given.labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    given.length.or_else(|| u32::try_from(longest).ok()).filter(|&length| length > 0)
}

fn domain_name(name: &Name, schema: Option<&Name>) -> Text {
    names::table(&Qualified { schema: schema.cloned(), name: name.clone() })
}

/// The name of an enum's type, with its own schema or the table's.
pub(super) fn enum_name(given: &EnumType, table: Option<&Qualified>, dialect: &Dialect) -> Made {
    let Some(name) = given.name.as_ref().filter(|name| !name.text.is_empty()) else {
        return refused("PostgreSQL ENUM type requires a name");
    };
    let schema = enum_schema(given, table).cloned();
    if schema.is_none() && !dialect.is_before_2_1() && BUILT_IN.contains(&name.text.as_str()) {
        return refused(format!(
            "the ENUM's name `{}` is that of a built-in type and requires an explicit schema",
            name.text
        ));
    }
    Ok(names::table(&Qualified { schema, name: name.clone() }))
}

fn enum_schema<'a>(given: &'a EnumType, table: Option<&'a Qualified>) -> Option<&'a Name> {
    match table {
        Some(table) if given.inherit_schema => names::schema(table),
        _ => given.schema.as_ref(),
    }
}

/// `CREATE TYPE … AS ENUM (…)`.
pub(super) fn create_enum(given: &EnumType, table: Option<&Qualified>, dialect: &Dialect) -> Made {
    let labels = given.labels.iter().map(|label| Text::made(literal::quoted(label, dialect)));
    Ok(sql!["CREATE TYPE ", enum_name(given, table, dialect)?, " AS ENUM (", join(labels, ", "), ")"])
}

/// The types that are created before a table which uses them, as far as this run has not done so yet.
pub(super) fn before_table(
    kind: &Type,
    table: &Qualified,
    dialect: &Dialect,
    memo: &mut Memo,
) -> Result<Option<Text>, Unrendered> {
    match kind {
        Type::Array { item, .. } => before_table(item, table, dialect, memo),
        Type::Enum(given) if given.native && is_created(given, dialect) => {
            let statement = create_enum(given, Some(table), dialect)?;
            let schema = enum_schema(given, Some(table)).map(|schema| schema.text.clone());
            let name = given.name.as_ref().map(|name| name.text.clone()).unwrap_or_default();
            Ok(memo.created.insert((schema, name)).then_some(statement))
        }
        Type::Domain { name, schema, definition: Some(definition) } => {
            // Domains have a memo of their own: the marker keeps them apart from enums of the same name.
            let key = (schema.as_ref().map(|schema| schema.text.clone()), format!("domain {}", name.text));
            let made = sql!["CREATE DOMAIN ", domain_name(name, schema.as_ref()), " AS ", domain(definition, dialect)?];
            Ok(memo.created.insert(key).then_some(made))
        }
        _ => Ok(None),
    }
}

/// What follows `CREATE DOMAIN … AS` (`visit_create_domain_type` of SQLAlchemy's PostgreSQL dialect).
fn domain(given: &Domain, dialect: &Dialect) -> Made {
    let mut parts = vec![Text::made(sql_type(&given.kind, None, dialect)?)];
    if let Some(collation) = &given.collation {
        parts.push(sql!["COLLATE ", names::quoted(collation).as_str()]);
    }
    if let Some(default) = &given.default {
        parts.push(sql!["DEFAULT ", expr::ddl(default, dialect)?]);
    }
    if let Some(name) = &given.constraint {
        parts.push(sql!["CONSTRAINT ", names::limited(name)?]);
    }
    if given.not_null {
        parts.push(Text::made("NOT NULL"));
    }
    if let Some(check) = &given.check {
        parts.push(sql!["CHECK (", expr::ddl(check, dialect)?, ")"]);
    }
    Ok(join(parts, " "))
}

/// `create_type=False` is heard by `sa.Enum` from 2.1 on; a `metadata=` silenced it before.
fn is_created(given: &EnumType, dialect: &Dialect) -> bool {
    if dialect.is_before_2_1() {
        (given.create_type || !given.is_postgresql) && !given.has_metadata
    } else {
        given.create_type
    }
}
