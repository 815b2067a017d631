//! Python values as SQL literals.

use super::{
    Dialect, Unrendered, differs, refused,
    words::{Made, join},
};
use crate::{
    op::{Literal, Type},
    source::Text,
};

/// A text in single quotes; SQLAlchemy before 2.1 doubles backslashes too.
pub(super) fn quoted(text: &str, dialect: &Dialect) -> String {
    quoted_text(&Text::made(text), dialect).as_str().to_owned()
}

/// As [`quoted`], with the places of the text.
pub(super) fn quoted_text(text: &Text, dialect: &Dialect) -> Text {
    let mut made = Text::made("'");
    let mut done = 0;
    for (at, character) in text.as_str().char_indices() {
        if character == '\'' || (character == '\\' && dialect.is_before_2_1()) {
            made.push(&text.slice(done, at + 1));
            done = at;
        }
    }
    made.push(&text.slice(done, text.as_str().len()));
    made.push_made("'");
    made
}

/// Where a value stands: DDL takes its values into the text online too, data statements send them as parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Ddl,
    Data,
}

/// A value as it compares or is passed: its form follows from what it is.
pub(super) fn value(value: &Literal, kind: Option<&Type>, of: Use, dialect: &Dialect) -> Made {
    let is_uuid = matches!(value, Literal::Uuid(_)) || matches!(kind, Some(Type::Uuid { .. }));
    if is_uuid && !matches!(value, Literal::Null) && dialect.sqlalchemy < (2, 0) {
        return differs("a UUID");
    }
    Ok(match value {
        Literal::Null => Text::made("NULL"),
        Literal::Bool(yes) => Text::made(if *yes { "true" } else { "false" }),
        Literal::Int(number) | Literal::Float(number) | Literal::Decimal(number) => Text::made(number.as_str()),
        Literal::Str(text) => {
            if of == Use::Ddl && matches!(kind, Some(Type::Json { .. })) {
                return no_renderer(text.as_str(), "JSON");
            }
            quoted_text(text, dialect)
        }
        Literal::Bytes(bytes) => return bytes_literal(bytes, of, dialect),
        Literal::Date(text) | Literal::DateTime(text) | Literal::Time(text) | Literal::Uuid(text) => {
            Text::made(quoted(text, dialect))
        }
        Literal::Interval(seconds) => Text::made(format!("make_interval(secs=>{seconds})")),
        Literal::List(items) => return array(items, kind, of, dialect),
        Literal::Json(text) => {
            if of == Use::Ddl {
                return no_renderer(text, "JSON");
            }
            Text::made(quoted(text, dialect))
        }
    })
}

fn no_renderer<T>(value: &str, kind: &str) -> Result<T, Unrendered> {
    refused(format!("no literal value renderer is available for `{value}` with datatype {kind}"))
}

/// SQLAlchemy decodes bytes as UTF-8 and cannot write others; a parameter can.
fn bytes_literal(bytes: &[u8], of: Use, dialect: &Dialect) -> Made {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Text::made(quoted(text, dialect))),
        Err(_) if of == Use::Ddl => refused("bytes that are not UTF-8 have no literal form"),
        Err(_) => Ok(Text::made(format!("'\\x{}'", hexadecimal(bytes)))),
    }
}

/// Two digits for each byte.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn array(items: &[Literal], kind: Option<&Type>, of: Use, dialect: &Dialect) -> Made {
    let item = match kind {
        Some(Type::Array { item, .. }) => Some(item.as_ref()),
        None if of == Use::Ddl => return no_renderer("[…]", "NULL"),
        _ => None,
    };
    let written: Result<Vec<Text>, Unrendered> = items
        .iter()
        .map(|each| match each {
            Literal::List(inner) => array(inner, kind, of, dialect),
            _ => value(each, item, of, dialect),
        })
        .collect();
    Ok(sql!["ARRAY[", join(written?, ", "), "]"])
}

/// A value that is given to a column or cast: the type decides its form where it can.
pub(super) fn assigned(given: &Literal, kind: Option<&Type>, of: Use, dialect: &Dialect) -> Made {
    match (kind, given) {
        (Some(Type::Boolean), Literal::Int(number)) => Ok(Text::made(if number == "0" { "false" } else { "true" })),
        (Some(Type::Integer { .. }), Literal::Bool(yes)) => Ok(Text::made(if *yes { "1" } else { "0" })),
        (Some(Type::Integer { .. }), Literal::Float(number)) if is_plain_decimal(number) => {
            Ok(Text::made(number.split('.').next().unwrap_or(number)))
        }
        (Some(Type::Integer { .. }), Literal::Str(text)) if text.as_str().trim().parse::<i128>().is_ok() => {
            let number = text.as_str().trim().parse::<i128>().unwrap_or_default();
            Ok(super::words::anchored(Text::made(number.to_string()), text.span()))
        }
        (Some(Type::Numeric { .. } | Type::Float { .. }), Literal::Str(text)) => Ok(text.clone()),
        _ => value(given, kind, of, dialect),
    }
}

fn is_plain_decimal(number: &str) -> bool {
    let digits = number.trim_start_matches('-');
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
