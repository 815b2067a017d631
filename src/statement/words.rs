//! The names in a piece of SQL, with their bytes: enough to point at one, not a lexer.

use std::{borrow::Cow, ops::Range};

/// Every identifier and keyword as the server reads it (quotes off, else in lower case), with the bytes that
/// name it. Literals and comments hold none.
pub(super) fn names(sql: &str) -> impl Iterator<Item = (Cow<'_, str>, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < sql.len() {
            let start = at;
            at = end(sql, at);
            let word = sql.get(start..at)?;
            if let Some(quoted) = word.strip_prefix('"') {
                let inner = quoted.strip_suffix('"').unwrap_or(quoted);
                let name = if inner.contains("\"\"") { Cow::Owned(inner.replace("\"\"", "\"")) } else { inner.into() };
                return Some((name, start..at));
            }
            if word.starts_with(starts_name) {
                return Some((Cow::Owned(word.to_lowercase()), start..at));
            }
        }
        None
    })
}

/// Keywords that are no names without quotes (`SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'`, PostgreSQL 15,
/// and what 16 to 18 have added).
const KEYWORDS: &str = "\
     all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both \
     case cast char character check coalesce collate collation column concurrently constraint create cross \
     current_catalog current_date current_role current_schema current_time current_timestamp current_user dec \
     decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign \
     freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect \
     interval into is isnull join lateral leading least left like limit localtime localtimestamp national natural \
     nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay \
     placing position precision primary real references returning right row select session_user setof similar \
     smallint some substring symmetric table tablesample then time timestamp to trailing treat trim true union \
     unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement \
     xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable \
     json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize \
     json_table json_value merge_action system_user";

/// A name as SQL writes it: in quotes where it has to be.
#[must_use]
pub fn identifier(name: &str) -> String {
    let plain = name.starts_with(|it: char| it == '_' || it.is_ascii_lowercase())
        && name.chars().all(|it| it == '_' || it.is_ascii_lowercase() || it.is_ascii_digit())
        && !KEYWORDS.split_whitespace().any(|it| it == name);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A piece of SQL, as the deparser writes it, names a column or table.
#[must_use]
pub fn mentions(sql: &str, name: &str) -> bool {
    places(sql, name).next().is_some()
}

/// A piece of SQL, as the deparser writes it, with a column or table under another name. Functions and types of the
/// same name stay.
#[must_use]
pub fn renamed(sql: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut done = 0;
    for place in places(sql, from) {
        out.push_str(&sql[done..place.start]);
        out.push_str(&identifier(to));
        done = place.end;
    }
    out.push_str(&sql[done..]);
    out
}

/// Where a piece of SQL names it, and neither a function nor a type.
fn places<'a>(sql: &'a str, name: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    names(sql).filter_map(move |(word, range)| {
        // Keywords come in capitals.
        let written = word == name && (sql[range.clone()].starts_with('"') || &sql[range.clone()] == name);
        let other = sql[range.end..].starts_with('(') || sql[..range.start].ends_with("::");
        (written && !other).then_some(range)
    })
}

/// A piece of SQL, as the deparser writes it, with a type that is cast to under another name.
#[must_use]
pub fn retyped(sql: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut done = 0;
    for (_, place) in names(sql).filter(|(word, range)| word == from && sql[..range.start].ends_with("::")) {
        out.push_str(&sql[done..place.start]);
        out.push_str(&identifier(to));
        done = place.end;
    }
    out.push_str(&sql[done..]);
    out
}

fn starts_name(it: char) -> bool {
    it == '_' || it.is_alphabetic()
}

/// The end of the token (or the one other character) that starts at a byte.
fn end(sql: &str, at: usize) -> usize {
    let rest = &sql[at..];
    let Some(first) = rest.chars().next() else { return sql.len() };
    let second = rest[first.len_utf8()..].chars().next();
    let length = match (first, second) {
        ('\'', _) => closing(rest, '\''),
        ('"', _) => closing(rest, '"'),
        ('-', Some('-')) => rest.find('\n').unwrap_or(rest.len()),
        ('/', Some('*')) => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
        ('$', _) => dollar(rest),
        _ if starts_name(first) => {
            rest.find(|it: char| !(it == '_' || it == '$' || it.is_alphanumeric())).unwrap_or(rest.len())
        }
        _ if first.is_ascii_digit() => rest.find(|it: char| !(it == '_' || it.is_alphanumeric())).unwrap_or(rest.len()),
        _ => first.len_utf8(),
    };
    at + length
}

/// The length of what starts with a quote; a doubled one is part of it.
fn closing(rest: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(found) = rest[at..].find(quote) {
        at += found + 1;
        if !rest[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    rest.len()
}

/// The length of `$tag$ … $tag$`, or of a lone `$`.
fn dollar(rest: &str) -> usize {
    let Some(close) = rest[1..].find('$') else { return 1 };
    let tag = &rest[..close + 2];
    if tag[1..=close].contains(|it: char| !(it == '_' || it.is_alphanumeric())) {
        return 1;
    }
    rest[tag.len()..].find(tag).map_or(rest.len(), |end| end + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::{identifier, mentions, names, renamed, retyped};

    #[test]
    fn columns_go_by_another_name() {
        let sql = "CHECK (length(a) > 0 AND t.a <> b::a AND \"a\" <> 'a' AND A IS NULL)";
        let new = "CHECK (length(\"B c\") > 0 AND t.\"B c\" <> b::a AND \"B c\" <> 'a' AND A IS NULL)";
        assert_eq!(renamed(sql, "a", "B c"), new);
        assert!(!mentions("lower(b)", "lower"));
        assert_eq!(retyped("'e'::e", "e", "f"), "'e'::f");
    }

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        assert_eq!(identifier("user"), "\"user\"");
        assert_eq!(identifier("name"), "name");
        assert_eq!(identifier("a\"B"), "\"a\"\"B\"");
    }

    #[test]
    fn names_and_their_bytes() {
        let sql = "CREATE INDEX \"I\"\"x\" ON s.t (a) WHERE b = 'c d' /* e */ -- f\n AND $q$ g $q$ = h";
        let found: Vec<String> = names(sql).map(|(name, _)| name.into_owned()).collect();
        assert_eq!(found, ["create", "index", "I\"x", "on", "s", "t", "a", "where", "b", "and", "h"]);
        for (name, range) in names(sql) {
            assert!(sql[range.clone()].to_lowercase().contains(&name.to_lowercase()[..1]), "{range:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_lies_on_character_boundaries(sql in "[a-z\"'$/*éx \n-]{0,40}") {
            for (_, range) in names(&sql) {
                assert!(sql.get(range).is_some());
            }
        }
    }

    #[test]
    fn halves_end_at_the_end() {
        for sql in ["'a", "\"", "$a$ b", "/* x", "-- y", "$", "é'", "\"é"] {
            assert!(names(sql).count() <= 1, "{sql}");
        }
    }
}
