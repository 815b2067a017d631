//! Files beside a revision: paths, and the texts of those that lie in the checkout. Nothing else is read.

use super::{
    interp::{Args, Eval, Interp},
    value::{File, Value},
};
use crate::{
    reason::Reason,
    source::{Span, Text},
};
use std::{cell::Cell, rc::Rc};

impl Interp<'_> {
    /// `open(path)`, for reading.
    pub(super) fn open(&mut self, args: &Args) -> Value {
        let span = args.span;
        let mode = args.positional.get(1).or_else(|| args.keywords.iter().find(|it| it.0 == "mode").map(|it| &it.1));
        match mode.map(|arg| arg.value.as_str().map(str::to_owned)) {
            None => {}
            Some(Some(mode)) if matches!(mode.as_str(), "r" | "rt" | "tr") => {}
            _ => return Value::inert(span, "a file is opened to be written, or as bytes"),
        }
        match args.positional.first().and_then(|arg| path_of(&arg.value)) {
            Some(path) => match self.text_of_file(&path, span) {
                Ok(text) => Value::File(Rc::new(File { text, read: Cell::new(false) })),
                Err(unknown) => unknown,
            },
            None => Value::inert(span, "which file is opened is not known"),
        }
    }

    /// The text of a file of the checkout, or why it is not known.
    fn text_of_file(&mut self, path: &str, span: Span) -> Result<Text, Value> {
        let Some(inside) = inside(path) else {
            return Err(Value::unknown(span, Reason::elsewhere(format!("`{path}` does not lead into the checkout"))));
        };
        let Some(id) = self.settings.modules.file(&inside) else {
            return Err(Value::unknown(span, Reason::elsewhere(format!("`{inside}` is not in the checkout"))));
        };
        let source = self.sources.get(id);
        let end = u32::try_from(source.text.len()).unwrap_or(0);
        if self.spend(source.text.len(), span).is_err() {
            return Err(Value::unknown(span, "it makes too much text"));
        }
        if source.text.contains('\r') {
            // Python turns line ends into `\n` as it reads; the places are then no longer those of the file.
            let text = source.text.replace("\r\n", "\n").replace('\r', "\n");
            return Ok(Text::at(text, Span { source: id, start: 0, end }));
        }
        Ok(Text::verbatim(source.text.as_str(), Span { source: id, start: 0, end }))
    }

    /// Attributes of a path that are plain.
    pub(super) fn path_attribute(path: &str, name: &str) -> Option<Value> {
        let last = path.rsplit('/').next().unwrap_or(path);
        let stem = last.rfind('.').filter(|at| *at > 0);
        Some(match name {
            "parent" => Value::Path(Rc::from(parent(path))),
            "parents" => {
                let mut all = Vec::new();
                let mut at = path.to_owned();
                while at.len() > 1 {
                    at = parent(&at);
                    all.push(Value::Path(Rc::from(at.clone())));
                }
                Value::Tuple(Rc::new(all))
            }
            "name" => Value::made(last),
            "stem" => Value::made(stem.map_or(last, |at| &last[..at])),
            "suffix" => Value::made(stem.map_or("", |at| &last[at..])),
            _ => return None,
        })
    }

    /// Methods of a path.
    pub(super) fn path_method(&mut self, path: &str, name: &str, args: &Args) -> Eval {
        let span = args.span;
        let word = args.positional.first().and_then(|arg| path_of(&arg.value));
        Ok(match (name, word) {
            ("resolve" | "absolute", _) => Value::Path(Rc::from(path)),
            ("as_posix" | "__str__", _) => Value::made(path),
            ("joinpath", Some(_)) => {
                let mut whole = path.to_owned();
                for arg in &args.positional {
                    let Some(part) = path_of(&arg.value) else {
                        return Ok(Value::unknown(span, "a part of the path is not known"));
                    };
                    whole = join(&whole, &part);
                }
                Value::Path(Rc::from(whole))
            }
            ("with_name", Some(word)) => Value::Path(Rc::from(join(&parent(path), &word))),
            ("read_text", _) => match self.text_of_file(path, span) {
                Ok(text) => Value::text(text),
                Err(unknown) => unknown,
            },
            ("open", _) => {
                let mut positional = args.positional.clone();
                positional.insert(0, super::value::Arg { value: Value::Path(Rc::from(path)), span });
                let args = Args { positional, ..args.clone() };
                self.open(&args)
            }
            ("exists" | "is_file", _) => match inside(path).and_then(|path| self.settings.modules.file(&path)) {
                Some(_) => Value::Bool(true),
                None => Value::inert(span, "whether the file is there is not known"),
            },
            _ => Value::inert(span, format!("`.{name}()` of a path is not evaluated")),
        })
    }

    /// Methods of an open file.
    pub(super) fn file_method(&mut self, file: &File, name: &str, args: &Args) -> Value {
        let span = args.span;
        match name {
            "read" | "readlines" if args.positional.is_empty() => {
                // What was read is behind it.
                let text = if file.read.replace(true) { Text::default() } else { file.text.clone() };
                if name == "read" { Value::text(text) } else { self.list(Ok(lines(&text)), span) }
            }
            "close" => Value::None,
            _ => Value::unknown(span, format!("`.{name}()` of a file is not evaluated")),
        }
    }
}

/// The lines of a text with their ends, as a file gives them.
pub(super) fn lines(text: &Text) -> Vec<Value> {
    let mut at = 0;
    let pieces = text.as_str().split_inclusive('\n').map(|line| {
        let start = at;
        at += line.len();
        Value::text(text.slice(start, at))
    });
    pieces.collect()
}

/// A path that is given as a string or a `Path`.
pub(super) fn path_of(value: &Value) -> Option<String> {
    match value {
        Value::Path(path) => Some(path.to_string()),
        other => other.as_str().map(str::to_owned),
    }
}

/// Python's `a / b` of paths.
pub(super) fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
}

fn parent(path: &str) -> String {
    match path.rfind('/') {
        Some(0) | None => "/".to_owned(),
        Some(at) => path[..at].to_owned(),
    }
}

/// A path from the root of the checkout, which stands for `/`; `None` for a relative one and for one above the root.
fn inside(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.strip_prefix('/')?.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
