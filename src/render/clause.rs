//! `text()`: `:name` parameters and `\:`.
//!
//! Every text given to `op.execute`, `CheckConstraint`, `postgresql_where` or `server_default=text(…)` goes through
//! this: SQLAlchemy looks for `(?<![:\w\\]):(\w+)(?![:\w])`, inside of string literals too.

use super::{
    Dialect, Unrendered, literal,
    literal::Use,
    words::{Made, join},
};
use crate::{
    op::{Expr, Literal, Name, TextClause},
    reason::{Class, Reason},
    source::Text,
};

/// The text with its parameters filled in. A parameter without a value has no SQL: offline mode prints `NULL` for
/// it, the database is never asked.
pub(super) fn text(clause: &TextClause, dialect: &Dialect) -> Made {
    let source = clause.text.as_str();
    let mut made = Text::default();
    let mut done = 0;
    for (start, end) in parameters(source) {
        made.push(&clause.text.slice(done, start));
        let name = &source[start + 1..end];
        let Some((_, value)) = clause.binds.iter().find(|(bound, _)| bound == name) else {
            let reason = Reason::of(Class::Refused, format!("no value is given for `:{name}`"));
            let unbound = Some(Name { span: clause.text.place(start, end), ..Name::plain(name) });
            return Err(Unrendered { reason, unbound });
        };
        made.push(&super::words::anchored(bound(value, dialect)?, clause.text.place(start, end)));
        done = end;
    }
    made.push(&clause.text.slice(done, source.len()));
    Ok(unescaped(&made))
}

/// A list is an expanding parameter: `IN :x` becomes `IN (1, 2)`.
fn bound(value: &Expr, dialect: &Dialect) -> Made {
    match value {
        Expr::Value { value: Literal::List(items), kind: None } => {
            if items.is_empty() {
                return Ok(Text::made("(SELECT CAST(NULL AS INTEGER) WHERE 1!=1)"));
            }
            let items: Result<Vec<Text>, Unrendered> =
                items.iter().map(|item| literal::value(item, None, Use::Data, dialect)).collect();
            Ok(sql!["(", join(items?, ", "), ")"])
        }
        Expr::Tuple(items) if items.is_empty() => Ok(Text::made("(SELECT CAST(NULL AS INTEGER) WHERE 1!=1)")),
        Expr::Value { value, kind } => literal::assigned(value, kind.as_ref(), Use::Data, dialect),
        other => super::expr::data(other, dialect),
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where the word that starts at `start` ends, and whether what follows lets it be a parameter.
fn word(source: &str, start: usize) -> (usize, bool) {
    let rest = &source[start..];
    let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
    (start + length, !rest[length..].starts_with(':'))
}

/// The ranges of `:name`.
fn parameters(source: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut previous = None;
    for (at, character) in source.char_indices() {
        if character == ':' && previous.is_none_or(|before| before != ':' && before != '\\' && !is_word(before)) {
            let (end, is_free) = word(source, at + 1);
            if end > at + 1 && is_free {
                found.push((at, end));
            }
        }
        previous = Some(character);
    }
    found
}

/// `\:name` becomes `:name`; SQLAlchemy does so after the values are in.
fn unescaped(text: &Text) -> Text {
    let source = text.as_str();
    let mut made = Text::default();
    let mut done = 0;
    for (at, _) in source.match_indices("\\:") {
        if word(source, at + 2).1 {
            made.push(&text.slice(done, at));
            done = at + 1;
        }
    }
    made.push(&text.slice(done, source.len()));
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_as_sqlalchemy_finds_them() {
        for (source, expected) in [
            ("a=:x and b=:y_1", vec![":x", ":y_1"]),
            ("a::text, b:: text, 12:30, HH24:MI", vec![]),
            ("'{\"k\":1}' ' :z' a[:n] a[1:b]", vec![":1", ":z", ":n"]),
            ("x := 5; y:=6; http://x 'a:8080'", vec![]),
            (":x:y :z:: \\:q", vec![]),
            ("é:é :é_1", vec![":é_1"]),
        ] {
            let found: Vec<&str> = parameters(source).into_iter().map(|(start, end)| &source[start..end]).collect();
            assert_eq!(found, expected, "{source}");
        }
    }
}
