//! Identifiers: when SQLAlchemy quotes them, how long they may be.

use md5::{Digest, Md5};

use super::{
    Unrendered, literal, refused,
    words::{Made, placed},
};
use crate::{
    op::{Name, Qualified},
    source::Text,
};

/// What SQLAlchemy's PostgreSQL dialect takes for reserved (`RESERVED_WORDS`), which is not the server's own list.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "between",
    "binary", "both", "case", "cast", "check", "collate", "column", "constraint", "create", "cross",
    "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch",
    "for", "foreign", "freeze", "from", "full", "grant", "group", "having", "ilike", "in", "initially", "inner",
    "intersect", "into", "is", "isnull", "join", "leading", "left", "like", "limit", "localtime", "localtimestamp",
    "natural", "new", "not", "notnull", "null", "of", "off", "offset", "old", "on", "only", "or", "order", "outer",
    "over", "overlaps", "placing", "primary", "references", "returning", "right", "select", "session_user",
    "similar", "some", "symmetric", "table", "then", "to", "trailing", "true", "union", "unique", "user", "using",
    "variadic", "verbose", "when", "where", "window", "with",
];

/// The most characters of a name; PostgreSQL's NAMEDATALEN less one, which SQLAlchemy counts in code points.
const LONGEST: usize = 63;

/// The identifier, in quotes where SQLAlchemy would write them.
pub(super) fn quoted(text: &str) -> String {
    if needs_quotes(text) { in_quotes(text) } else { text.to_owned() }
}

/// A function's name is quoted for its characters only, never for its case or a reserved word.
pub(super) fn function(text: &str) -> String {
    if is_legal(text) { text.to_owned() } else { quoted(text) }
}

fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn needs_quotes(text: &str) -> bool {
    let lower = text.to_lowercase();
    RESERVED.contains(&lower.as_str())
        || text.starts_with(|first: char| first.is_ascii_digit() || first == '$')
        || !is_legal(text)
        || lower != text
}

fn is_legal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$')
}

/// A name with its quotes, where it was written.
pub(super) fn name(name: &Name) -> Text {
    let text = match name.quote {
        Some(true) => in_quotes(&name.text),
        Some(false) => name.text.clone(),
        None => quoted(&name.text),
    };
    placed(text, name.span)
}

/// The schema, unless there is none or it is empty.
pub(super) fn schema(of: &Qualified) -> Option<&Name> {
    of.schema.as_ref().filter(|schema| !schema.text.is_empty())
}

/// `schema.name` as SQLAlchemy writes it: a dot within a schema's name is quoted.
pub(super) fn table(table: &Qualified) -> Text {
    match schema(table) {
        Some(schema) => sql![name(schema), ".", name(&table.name)],
        None => name(&table.name),
    }
}

/// `schema.name` as Alembic's own `ALTER` statements write it: `db.dbo` is split at its dot, unless the name is a
/// `quoted_name` (which those of `op.f()` are too); see `quote_dotted` in `alembic/ddl/base.py`.
pub(super) fn dotted(of: &Qualified) -> Text {
    match schema(of) {
        Some(schema) if schema.quote.is_none() && !schema.exact && schema.text.contains('.') => {
            let parts: Vec<String> = schema.text.split('.').map(quoted).collect();
            sql![placed(parts.join("."), schema.span), ".", name(&of.name)]
        }
        _ => table(of),
    }
}

/// A constraint's or index's name: one that is final (`op.f()`, a naming convention) is cut at 63 characters, any
/// other that is longer is an error.
pub(super) fn limited(given: &Name) -> Made {
    if given.text.chars().count() <= LONGEST {
        return Ok(name(given));
    }
    if !given.exact {
        return refused(format!("identifier `{}` exceeds the maximum length of {LONGEST} characters", given.text));
    }
    Ok(name(&Name { text: cut(&given.text), ..given.clone() }))
}

/// The first 55 characters, `_`, and the last four hexadecimal digits of the whole name's MD5.
fn cut(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    let kept: String = text.chars().take(LONGEST - 8).collect();
    let digits = literal::hexadecimal(&digest);
    format!("{kept}_{}", &digits[digits.len() - 4..])
}

/// Checks a phrase of keywords that is written as it stands, such as `CASCADE` or `INITIALLY DEFERRED`.
pub(super) fn phrase(words: &str) -> Result<&str, Unrendered> {
    if is_phrase(words) { Ok(words) } else { refused(format!("unexpected SQL phrase `{words}`")) }
}

/// As [`phrase`], perhaps with a list of columns behind it: `SET NULL (a, "B")`.
pub(super) fn phrase_with_columns(words: &str) -> Result<&str, Unrendered> {
    let (keywords, columns) = match words.split_once('(') {
        Some((keywords, rest)) => (keywords.trim_end(), rest.strip_suffix(')')),
        None => (words, Some("a")),
    };
    let is_column = |name: &str| {
        let name = name.trim();
        let inner = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match inner {
            Some(inner) => !inner.is_empty() && !inner.replace("\"\"", "").contains('"'),
            None => !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$'),
        }
    };
    if is_phrase(keywords) && columns.is_some_and(|columns| columns.split(',').all(is_column)) {
        Ok(words)
    } else {
        refused(format!("unexpected SQL phrase `{words}`"))
    }
}

fn is_phrase(words: &str) -> bool {
    let ends_well = |edge: Option<char>| edge.is_some_and(|edge| !edge.is_whitespace());
    ends_well(words.chars().next())
        && ends_well(words.chars().next_back())
        && words.chars().all(|c| c.is_alphanumeric() || c == '_' || c.is_whitespace())
}

/// The method of an index, which SQLAlchemy writes in lower case.
pub(super) fn method(using: &str) -> Result<String, Unrendered> {
    if !using.is_empty() && using.chars().all(|c| c.is_alphanumeric() || c == '_') {
        Ok(using.to_lowercase())
    } else {
        refused(format!("unexpected SQL phrase `{using}`"))
    }
}
