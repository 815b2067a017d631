//! Calls into Python's own library whose results are plain: texts, dates, ids.

use super::{interp::Args, value::Value};
use crate::{
    op::Literal,
    source::{Span, Text},
};
use std::rc::Rc;

/// Calls into Python's library whose results are plain: texts, dates, ids.
pub(super) fn library(path: &str, args: &Args, span: Span) -> Option<Value> {
    let text = |at: usize| args.positional.get(at).and_then(|arg| arg.value.as_text());
    let number = |at: usize| match args.positional.get(at).map(|arg| &arg.value) {
        Some(Value::Int(n)) => Some(*n),
        _ => None,
    };
    let literal = |literal: Literal| Some(Value::Literal(Rc::new(literal)));
    match path {
        "textwrap.dedent" => Some(Value::text(dedent(&text(0)?))),
        "uuid.UUID" => {
            let whole = args.keywords.iter().find(|(it, ..)| it == "int").map(|(_, arg, _)| &arg.value);
            let id = match whole {
                Some(Value::Int(n)) => Text::made(format!("{n:032x}")),
                _ => text(0).or_else(|| named(args, "hex"))?,
            };
            let hex: String =
                id.as_str().chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_lowercase()).collect();
            if hex.len() != 32 {
                return None;
            }
            let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
            literal(Literal::Uuid(format!(
                "{}-{}-{}-{}-{}",
                part(0, 8),
                part(8, 12),
                part(12, 16),
                part(16, 20),
                part(20, 32)
            )))
        }
        "decimal.Decimal" => literal(Literal::Decimal(match (text(0), number(0)) {
            (Some(text), _) => text.as_str().to_owned(),
            (None, Some(n)) => n.to_string(),
            _ => return None,
        })),
        "datetime.date" | "datetime.datetime" if args.keywords.is_empty() => {
            let parts: Option<Vec<i128>> = (0..args.positional.len()).map(number).collect();
            let parts = parts?;
            let part = |at: usize| parts.get(at).copied().unwrap_or(0);
            if parts.len() < 3 || parts.len() > 6 {
                return None;
            }
            let day = format!("{:04}-{:02}-{:02}", part(0), part(1), part(2));
            if path == "datetime.date" {
                return literal(Literal::Date(day));
            }
            literal(Literal::DateTime(format!("{day} {:02}:{:02}:{:02}", part(3), part(4), part(5))))
        }
        "os.path.dirname" => {
            let path = text(0)?;
            let end = path.as_str().rfind('/')?;
            Some(Value::text(path.slice(0, end)))
        }
        "os.path.abspath" | "os.path.realpath" => Some(Value::text(text(0)?)),
        "os.path.basename" => {
            let path = text(0)?;
            let start = path.as_str().rfind('/').map_or(0, |at| at + 1);
            Some(Value::text(path.slice(start, path.as_str().len())))
        }
        "os.path.join" => {
            let parts: Option<Vec<Text>> = (0..args.positional.len()).map(text).collect();
            let joined: Vec<String> =
                parts?.iter().map(|part| part.as_str().trim_end_matches('/').to_owned()).collect();
            Some(Value::text(Text::at(joined.join("/"), span)))
        }
        "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "pathlib.PurePosixPath" => {
            let mut path = super::files::path_of(&args.positional.first()?.value)?;
            for arg in args.positional.iter().skip(1) {
                path = super::files::join(&path, &super::files::path_of(&arg.value)?);
            }
            Some(Value::Path(Rc::from(path)))
        }
        "importlib.import_module" if args.positional.len() == 1 && !text(0)?.as_str().starts_with('.') => {
            Some(Value::external(text(0)?.as_str()))
        }
        "enum.auto" => Some(Value::external("enum.auto()")),
        "json.dumps" => Some(Value::text(Text::at(super::json::dumps(args)?, span))),
        "textwrap.indent" if args.keywords.is_empty() && args.positional.len() == 2 => {
            Some(Value::text(indented(&text(0)?, &text(1)?)))
        }
        _ => None,
    }
}

fn named(args: &Args, name: &str) -> Option<Text> {
    args.keywords.iter().find(|(it, ..)| it == name).and_then(|(_, arg, _)| arg.value.as_text())
}

/// `textwrap.indent`: a prefix before each line that is not blank.
fn indented(text: &Text, prefix: &Text) -> Text {
    let whole = text.as_str();
    let mut result = Text::default();
    let mut at = 0;
    for line in whole.split_inclusive('\n') {
        if !line.trim().is_empty() {
            result.push(prefix);
        }
        result.push(&text.slice(at, at + line.len()));
        at += line.len();
    }
    result
}

/// `textwrap.dedent`, the places kept.
fn dedent(text: &Text) -> Text {
    let whole = text.as_str();
    let mut margin: Option<String> = None;
    for line in whole.split('\n').filter(|line| !line.trim_matches([' ', '\t']).is_empty()) {
        let blanks: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
        margin = Some(match margin {
            None => blanks,
            Some(margin) => margin.chars().zip(blanks.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect(),
        });
    }
    let margin = margin.unwrap_or_default();
    let mut result = Text::default();
    let mut at = 0;
    for (index, line) in whole.split('\n').enumerate() {
        if index > 0 {
            result.push(&text.slice(at - 1, at));
        }
        let blank = line.trim_matches([' ', '\t']).is_empty();
        let skip = if blank { line.len() } else { margin.len() };
        result.push(&text.slice(at + skip.min(line.len()), at + line.len()));
        at += line.len() + 1;
    }
    result
}
