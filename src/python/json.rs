//! `json.dumps`.

use super::{interp::Args, value::Value};
use std::fmt::Write as _;

/// How it is to be written; the default is Python's.
struct Style {
    indent: Option<String>,
    between: String,
    colon: String,
    sorted: bool,
    ascii: bool,
}

/// `json.dumps(…)`; `None` where it is not known what Python makes of it.
pub(super) fn dumps(args: &Args) -> Option<String> {
    let [value] = args.positional.as_slice() else { return None };
    let mut style = Style { indent: None, between: ", ".into(), colon: ": ".into(), sorted: false, ascii: true };
    let mut separators = None;
    for (name, arg, _) in &args.keywords {
        match (name.as_str(), &arg.value) {
            ("indent", Value::Int(n)) => {
                style.indent = Some(" ".repeat(usize::try_from(*n).ok().filter(|n| *n < 100)?));
            }
            ("indent", Value::Str(text)) => style.indent = Some(text.as_str().to_owned()),
            ("sort_keys", Value::Bool(it)) => style.sorted = *it,
            ("ensure_ascii", Value::Bool(it)) => style.ascii = *it,
            ("separators", Value::Tuple(pair)) => match pair.as_slice() {
                [between, colon] => separators = Some((between.as_str()?.to_owned(), colon.as_str()?.to_owned())),
                _ => return None,
            },
            // It is asked for what JSON does not know alone, which is not written here.
            ("default", _) | ("indent" | "separators", Value::None) => {}
            _ => return None,
        }
    }
    if style.indent.is_some() {
        style.between = ",".into();
    }
    if let Some((between, colon)) = separators {
        (style.between, style.colon) = (between, colon);
    }
    style.value(&value.value, 0)
}

/// As PostgreSQL's types of JSON are written by SQLAlchemy: `json.dumps` with its default separators.
pub(super) fn plain(value: &Value) -> Option<String> {
    Style { indent: None, between: ", ".into(), colon: ": ".into(), sorted: false, ascii: true }.value(value, 0)
}

impl Style {
    fn value(&self, value: &Value, depth: usize) -> Option<String> {
        if depth > 50 {
            return None;
        }
        Some(match &value.plain() {
            Value::None => "null".to_owned(),
            Value::Bool(it) => it.to_string(),
            Value::Int(it) => it.to_string(),
            Value::Float(it) => super::strings::float(*it),
            Value::List(list) if list.spoiled.borrow().is_none() => self.list(&list.items.borrow(), depth)?,
            Value::Tuple(items) => self.list(items, depth)?,
            Value::Dict(dict) if dict.spoiled.borrow().is_none() => self.dict(&dict.items.borrow(), depth)?,
            other => self.text(other.as_str()?),
        })
    }

    fn list(&self, items: &[Value], depth: usize) -> Option<String> {
        let parts: Option<Vec<String>> = items.iter().map(|item| self.value(item, depth + 1)).collect();
        Some(self.within(['[', ']'], &parts?, depth))
    }

    fn dict(&self, items: &[(Value, Value)], depth: usize) -> Option<String> {
        let mut pairs = Vec::with_capacity(items.len());
        for (key, value) in items {
            let key = match key.plain() {
                Value::Int(n) => n.to_string(),
                Value::Bool(it) => it.to_string(),
                Value::None => "null".to_owned(),
                key => key.as_str()?.to_owned(),
            };
            pairs.push((key, self.value(value, depth + 1)?));
        }
        if self.sorted {
            pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        let parts: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{}{}{value}", self.text(key), self.colon)).collect();
        Some(self.within(['{', '}'], &parts, depth))
    }

    fn within(&self, [open, close]: [char; 2], parts: &[String], depth: usize) -> String {
        match &self.indent {
            Some(indent) if !parts.is_empty() => {
                let line = |depth: usize| format!("\n{}", indent.repeat(depth));
                let between = format!("{}{}", self.between, line(depth + 1));
                format!("{open}{}{}{}{close}", line(depth + 1), parts.join(&between), line(depth))
            }
            _ => format!("{open}{}{close}", parts.join(&self.between)),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut out = String::from("\"");
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                c if !c.is_ascii_control() && (c.is_ascii() || !self.ascii) => out.push(c),
                // Python leaves DEL as it is.
                '\u{7f}' => out.push('\u{7f}'),
                c => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        let _ = write!(out, "\\u{unit:04x}");
                    }
                }
            }
        }
        out.push('"');
        out
    }
}
