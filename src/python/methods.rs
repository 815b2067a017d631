//! The methods of lists, sets, dicts and strings.

use super::{
    expr::position,
    interp::{Args, Eval, Halt, Interp},
    value::{List, Unknown, Value},
};
use crate::source::{Span, Text};
use std::rc::Rc;

impl Interp<'_> {
    pub(super) fn container_method(
        &mut self,
        receiver: &Value,
        name: &str,
        args: &Args,
    ) -> Result<Option<Value>, Halt> {
        let span = args.span;
        let first = args.positional.first().map(|arg| arg.value.clone());
        Ok(Some(match (receiver, name, first) {
            (Value::List(list), "append", Some(item)) => {
                self.change_list(list, span, |items| {
                    items.push(item);
                    Ok(())
                });
                Value::None
            }
            (Value::List(list), "extend", Some(more)) => {
                let more = self.collect(&more, span)?;
                self.change_list(list, span, |items| more.map(|more| items.extend(more)));
                Value::None
            }
            (Value::List(list), "insert" | "remove" | "pop" | "clear" | "sort" | "reverse", first) => {
                let second = args.positional.get(1).map(|arg| arg.value.clone());
                self.rearrange(list, name, first, second, span)
            }
            (Value::List(list), "copy", _) => {
                let items = list.items.borrow().clone();
                self.list(Ok(items), span)
            }
            (Value::Set(set), "add", Some(item)) => {
                self.change_list(set, span, |items| {
                    if !items.iter().any(|it| it.equal(&item) == Some(true)) {
                        items.push(item);
                    }
                    Ok(())
                });
                Value::None
            }
            (Value::Dict(dict), ..) => return self.dict_method(receiver, dict, name, args).map(Some),
            (Value::Bytes(bytes), "decode", _) => match std::str::from_utf8(bytes) {
                Ok(text) if args.positional.iter().all(|arg| arg.value.as_str() == Some("utf-8")) => {
                    Value::text(Text::at(text, span))
                }
                _ => Value::unknown(span, "`.decode()` of bytes is not evaluated"),
            },
            (Value::Set(set), "update" | "discard" | "remove" | "union" | "difference" | "intersection", _) => {
                self.set_method(set, name, args)?
            }
            (Value::Set(_) | Value::List(_) | Value::Tuple(_), _, _) => {
                Value::inert(span, format!("`.{name}()` is not evaluated"))
            }
            (text, _, _) if text.as_str().is_some() => return self.text_method(text, name, args).map(Some),
            _ => return Ok(None),
        }))
    }

    fn set_method(&mut self, set: &Rc<List>, name: &str, args: &Args) -> Eval {
        let span = args.span;
        let mut items = match &*set.spoiled.borrow() {
            Some(unknown) => return Ok(Value::Unknown(Rc::clone(unknown))),
            None => set.items.borrow().clone(),
        };
        let among = |items: &[Value], value: &Value| items.iter().any(|it| it.equal(value) == Some(true));
        if let ("discard" | "remove", [arg]) = (name, args.positional.as_slice()) {
            items.retain(|it| it.equal(&arg.value) != Some(true));
        } else {
            for arg in &args.positional {
                let more = match &arg.value {
                    Value::Set(more) if more.spoiled.borrow().is_none() => more.items.borrow().clone(),
                    other => match self.collect(other, span)? {
                        Ok(more) => more,
                        Err(unknown) => {
                            if name == "update" {
                                *set.spoiled.borrow_mut() = Some(Rc::clone(&unknown));
                            }
                            return Ok(Value::Unknown(unknown));
                        }
                    },
                };
                match name {
                    "difference" => items.retain(|it| !among(&more, it)),
                    "intersection" => items.retain(|it| among(&more, it)),
                    _ => more.into_iter().for_each(|it| {
                        if !among(&items, &it) {
                            items.push(it);
                        }
                    }),
                }
            }
        }
        if matches!(name, "update" | "discard" | "remove") {
            self.change_list(set, span, |own| {
                *own = items;
                Ok(())
            });
            return Ok(Value::None);
        }
        Ok(match self.list(Ok(items), span) {
            Value::List(list) => self.distinct(&list, span),
            other => other,
        })
    }

    fn rearrange(&mut self, list: &List, name: &str, first: Option<Value>, second: Option<Value>, span: Span) -> Value {
        let mut answer = Value::None;
        let slot = &mut answer;
        self.change_list(list, span, |items| {
            match (name, first, second) {
                ("clear", ..) => items.clear(),
                ("reverse", ..) => items.reverse(),
                ("pop", None, _) if !items.is_empty() => *slot = items.pop().unwrap_or(Value::None),
                ("pop", Some(Value::Int(at)), _) if position(at, items.len()).is_some() => {
                    if let Some(at) = position(at, items.len()) {
                        *slot = items.remove(at);
                    }
                }
                ("insert", Some(Value::Int(at)), Some(item)) => {
                    // A place before the first is the first.
                    let length = i128::try_from(items.len()).unwrap_or(i128::MAX);
                    let at = if at < 0 { (at + length).max(0) } else { at };
                    items.insert(usize::try_from(at).unwrap_or(usize::MAX).min(items.len()), item);
                }
                ("sort", None, _) if sort(items) => {}
                _ => {
                    *slot = Value::unknown(span, format!("`.{name}()` is not evaluated"));
                    let reason = format!("it was changed by `.{name}()`").into();
                    return Err(Rc::new(Unknown { reason, span, inert: false }));
                }
            }
            Ok(())
        });
        answer
    }

    fn text_method(&mut self, receiver: &Value, name: &str, args: &Args) -> Eval {
        let span = args.span;
        let text = receiver.as_text().unwrap_or_default();
        match name {
            "format" => {
                if let Some(unknown) = &args.open {
                    return Ok(Value::Unknown(Rc::clone(unknown)));
                }
                return self.format(&text, &args.positional, &args.keywords, span);
            }
            "join" => {
                let items = args.positional.first().map_or(Value::None, |arg| arg.value.clone());
                return self.join(&text, &items, span);
            }
            _ => {}
        }
        let mut words = Vec::new();
        for arg in &args.positional {
            match &arg.value {
                Value::Unknown(unknown) => return Ok(Value::Unknown(Rc::clone(unknown))),
                Value::Int(n) => words.push(n.to_string()),
                Value::None => {}
                other => match other.plain().as_str() {
                    Some(word) => words.push(word.to_owned()),
                    None if name.ends_with("with") => {
                        return Ok(Value::unknown(span, format!("`.{name}()` is not evaluated")));
                    }
                    None => return Ok(Value::inert(span, format!("`.{name}()` is not evaluated"))),
                },
            }
        }
        match args.keywords.as_slice() {
            [] => {}
            [(keyword, arg, _)] if keyword == "maxsplit" && words.len() == 1 => match arg.value {
                Value::Int(most) => words.push(most.to_string()),
                _ => return Ok(Value::unknown(span, format!("`.{name}()` is not evaluated"))),
            },
            _ if name == "encode" => {}
            _ => return Ok(Value::unknown(span, format!("`.{name}()` is not evaluated"))),
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(match trimmed(&text, name, &words) {
            Some(part) => Value::text(part),
            None => self.text_answer(text.as_str(), name, &words, span),
        })
    }

    fn text_answer(&mut self, text: &str, name: &str, words: &[&str], span: Span) -> Value {
        let made = |value: String| Value::text(Text::at(value, span));
        if let ("replace", [from, to]) = (name, words) {
            let more = text.matches(from).count().saturating_mul(to.len());
            if self.spend(text.len().saturating_add(more), span).is_err() {
                return Value::unknown(span, "it makes too much text");
            }
        }
        match (name, words) {
            ("upper", []) => made(text.to_uppercase()),
            ("lower" | "casefold", []) => made(text.to_lowercase()),
            ("replace", [from, to]) => made(text.replace(from, to)),
            ("startswith", [word]) => Value::Bool(text.starts_with(word)),
            ("endswith", [word]) => Value::Bool(text.ends_with(word)),
            ("title", []) if text.is_ascii() => made(title(text)),
            ("swapcase", []) if text.is_ascii() => made(
                text.chars()
                    .map(|c| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
                    .collect(),
            ),
            ("isupper", []) if text.is_ascii() => {
                Value::Bool(text.to_ascii_uppercase() == text && text.to_ascii_lowercase() != text)
            }
            ("islower", []) if text.is_ascii() => {
                Value::Bool(text.to_ascii_lowercase() == text && text.to_ascii_uppercase() != text)
            }
            ("isalpha", []) if text.is_ascii() => {
                Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_alphabetic()))
            }
            ("isalnum", []) if text.is_ascii() => {
                Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric()))
            }
            ("isspace", []) => Value::Bool(!text.is_empty() && text.chars().all(char::is_whitespace)),
            ("find" | "index", [word]) if text.is_ascii() => match text.find(word) {
                Some(at) => Value::Int(i128::try_from(at).unwrap_or(0)),
                None if name == "find" => Value::Int(-1),
                None => Value::unknown(span, "`.index()` is not evaluated"),
            },
            ("ljust" | "rjust" | "center", [width]) => {
                let width: usize = width.parse().unwrap_or(0);
                if width > 1000 {
                    return Value::unknown(span, format!("`.{name}()` is not evaluated"));
                }
                let gap = width.saturating_sub(text.chars().count());
                // CPython puts the odd blank to the left where the width is odd.
                let left = match name {
                    "ljust" => 0,
                    "rjust" => gap,
                    _ => gap / 2 + (gap & width & 1),
                };
                made(format!("{}{text}{}", " ".repeat(left), " ".repeat(gap - left)))
            }
            ("isdigit", []) => Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())),
            ("count", [word]) if !word.is_empty() => {
                Value::Int(i128::try_from(text.matches(word).count()).unwrap_or(0))
            }
            ("zfill", [width]) => {
                let width = width.parse().unwrap_or(0).min(1000);
                made(format!("{text:0>width$}"))
            }
            ("capitalize", []) => {
                let mut chars = text.chars();
                let head: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
                made(head + &chars.as_str().to_lowercase())
            }
            ("split", []) => self.list(Ok(text.split_whitespace().map(|it| made(it.to_owned())).collect()), span),
            ("split", [separator]) if !separator.is_empty() => {
                self.list(Ok(text.split(separator).map(|it| made(it.to_owned())).collect()), span)
            }
            ("split", [separator, most]) if !separator.is_empty() => {
                let most: usize = most.parse().unwrap_or(usize::MAX - 1);
                self.list(
                    Ok(text.splitn(most.saturating_add(1), separator).map(|it| made(it.to_owned())).collect()),
                    span,
                )
            }
            ("rsplit", [separator, most]) if !separator.is_empty() => {
                let most: usize = most.parse().unwrap_or(usize::MAX - 1);
                let mut parts: Vec<Value> =
                    text.rsplitn(most.saturating_add(1), separator).map(|it| made(it.to_owned())).collect();
                parts.reverse();
                self.list(Ok(parts), span)
            }
            ("partition" | "rpartition", [separator]) if !separator.is_empty() => {
                let parts = if name == "partition" { text.split_once(separator) } else { text.rsplit_once(separator) };
                let parts = match (parts, name) {
                    (Some((head, tail)), _) => [head, separator, tail],
                    (None, "partition") => [text, "", ""],
                    (None, _) => ["", "", text],
                };
                Value::Tuple(Rc::new(parts.iter().map(|it| made((*it).to_owned())).collect()))
            }
            ("splitlines", []) if !text.replace("\r\n", "\n").contains(|c| c != '\n' && is_line_end(c)) => {
                self.list(Ok(text.lines().map(|it| made(it.to_owned())).collect()), span)
            }
            ("encode", _) => Value::Bytes(Rc::new(text.as_bytes().to_vec())),
            _ => Value::unknown(span, format!("`.{name}()` is not evaluated")),
        }
    }
}

/// Where `str.splitlines` ends a line.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `str.title`, of ASCII.
fn title(text: &str) -> String {
    let mut inside = false;
    let turn = |c: char| {
        let turned = if inside { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
        inside = c.is_ascii_alphabetic();
        turned
    };
    text.chars().map(turn).collect()
}

/// The methods that cut a string: the places of what is left are kept.
fn trimmed(text: &Text, name: &str, words: &[&str]) -> Option<Text> {
    let whole = text.as_str();
    let set: Option<Vec<char>> = words.first().map(|word| word.chars().collect());
    let cut = |c: char| set.as_ref().map_or(c.is_whitespace(), |set| set.contains(&c));
    let part = match (name, words) {
        ("strip", _) => whole.trim_matches(cut),
        ("lstrip", _) => whole.trim_start_matches(cut),
        ("rstrip", _) => whole.trim_end_matches(cut),
        ("removeprefix", [word]) => whole.strip_prefix(word).unwrap_or(whole),
        ("removesuffix", [word]) => whole.strip_suffix(word).unwrap_or(whole),
        _ => return None,
    };
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    Some(text.slice(start, start + part.len()))
}

/// Sorts strings or numbers; false where the order is not known.
pub(super) fn sort(items: &mut [Value]) -> bool {
    let strings = items.iter().all(|item| item.as_str().is_some());
    let numbers = items.iter().all(|item| matches!(item, Value::Int(_)));
    if strings {
        items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    } else if numbers {
        items.sort_by_key(|item| if let Value::Int(n) = item { *n } else { 0 });
    }
    strings || numbers || items.len() < 2
}
