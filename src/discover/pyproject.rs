//! `[tool.alembic]` of a `pyproject.toml` (Alembic 1.16 and later), with places.

use crate::fault::Fault;
use std::{collections::BTreeMap, ops::Range};
use toml::de::{DeTable, DeValue};

/// The settings of the table, by key.
#[derive(Debug)]
pub(super) struct Pyproject(BTreeMap<String, (Item, Range<usize>)>);

/// A value as far as Alembic's settings need them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Text(String),
    Texts(Vec<String>),
    Integer(i64),
    Boolean(bool),
    Other,
}

impl Pyproject {
    /// The table; `None` where there is none.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, Fault> {
        // Most files have no such table, and need no parser to say so.
        if !text.contains("alembic") {
            return Ok(None);
        }
        let document = DeTable::parse(text)
            .map_err(|error| Fault::new(error.span().unwrap_or(0..0), error.message().to_owned()))?;
        let tool = document.get_ref().get("tool").and_then(|it| it.get_ref().as_table());
        let Some(table) = tool.and_then(|tool| tool.get("alembic")) else { return Ok(None) };
        let Some(settings) = table.get_ref().as_table() else {
            return Err(Fault::new(table.span(), "`tool.alembic` is not a table"));
        };
        let items =
            settings.iter().map(|(key, value)| (key.get_ref().to_string(), (item(value.get_ref()), value.span())));
        Ok(Some(Self(items.collect())))
    }

    /// A text, with `%(here)s` replaced.
    pub(super) fn text(&self, key: &str, here: &str) -> Result<Option<(String, Range<usize>)>, Fault> {
        match self.0.get(key) {
            None => Ok(None),
            Some((Item::Text(text), range)) => Ok(Some((format(text, here, range)?, range.clone()))),
            Some((_, range)) => Err(Fault::new(range.clone(), format!("`{key}` is not a string"))),
        }
    }

    /// A list of texts, with `%(here)s` replaced.
    pub(super) fn texts(&self, key: &str, here: &str) -> Result<Option<Vec<String>>, Fault> {
        match self.0.get(key) {
            None => Ok(None),
            Some((Item::Texts(texts), range)) => {
                texts.iter().map(|text| format(text, here, range)).collect::<Result<_, _>>().map(Some)
            }
            Some((_, range)) => Err(Fault::new(range.clone(), format!("`{key}` is not a list of strings"))),
        }
    }

    /// A boolean: false where it is not set.
    pub(super) fn boolean(&self, key: &str) -> Result<bool, Fault> {
        match self.0.get(key) {
            None => Ok(false),
            Some((Item::Boolean(value), _)) => Ok(*value),
            Some((_, range)) => Err(Fault::new(range.clone(), format!("`{key}` is neither `true` nor `false`"))),
        }
    }

    /// A number, or a text that holds one: Alembic calls `int()`.
    pub(super) fn number(&self, key: &str) -> Result<Option<usize>, Fault> {
        let Some((item, range)) = self.0.get(key) else { return Ok(None) };
        let number = match item {
            Item::Integer(number) => usize::try_from(*number).ok(),
            Item::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| Fault::new(range.clone(), format!("`{key}` is not a number")))
    }
}

fn item(value: &DeValue<'_>) -> Item {
    match value {
        DeValue::String(text) => Item::Text(text.to_string()),
        DeValue::Boolean(value) => Item::Boolean(*value),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Item::Other, Item::Integer)
        }
        DeValue::Array(values) => {
            let texts = values.iter().map(|it| it.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
            texts.map_or(Item::Other, Item::Texts)
        }
        _ => Item::Other,
    }
}

/// `value % {"here": …}`, as `Config._get_toml_config_value` does it.
fn format(raw: &str, here: &str, range: &Range<usize>) -> Result<String, Fault> {
    let mut out = String::new();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(tail) = after.strip_prefix('%') {
            out.push('%');
            rest = tail;
        } else if let Some(tail) = after.strip_prefix("(here)s") {
            out.push_str(here);
            rest = tail;
        } else {
            let help = "a plain percent sign is written `%%`";
            return Err(Fault::new(range.clone(), "`%` is followed by neither `%` nor `(here)s`").with_help(help));
        }
    }
    out.push_str(rest);
    Ok(out)
}
