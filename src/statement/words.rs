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
    use super::names;

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
