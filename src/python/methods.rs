//! The methods of lists, sets, dicts and strings.

use super::{
    expr::position,
    interp::{Args, Eval, Halt, Interp},
    iterators::{Side, View},
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
            (Value::Dict(dict), "items" | "keys" | "values" | "copy", _) => {
                let shows = |side| Value::View(Rc::new(View { dict: Rc::clone(dict), side }));
                match (name, &*dict.spoiled.borrow()) {
                    (_, Some(unknown)) => Value::Unknown(Rc::clone(unknown)),
                    ("copy", None) => self.new_dict(dict.items.borrow().clone()),
                    ("keys", None) => shows(Side::Keys),
                    ("values", None) => shows(Side::Values),
                    _ => shows(Side::Items),
                }
            }
            (Value::Dict(_), "get", Some(key)) => match self.item(receiver, &key, span) {
                Err(Halt::Raise { .. }) => args.positional.get(1).map_or(Value::None, |arg| arg.value.clone()),
                other => other?,
            },
            (Value::Dict(dict), "update", Some(Value::Dict(more))) if self.guarded() <= dict.depth => {
                self.changes.containers += 1;
                for (key, value) in more.items.borrow().iter() {
                    super::expr::put(&mut dict.items.borrow_mut(), key.clone(), value.clone());
                }
                Value::None
            }
            (Value::Dict(dict), "setdefault" | "pop" | "update" | "clear" | "popitem", _) => {
                self.changes.containers += 1;
                let reason = format!("it was changed by `.{name}()`").into();
                *dict.spoiled.borrow_mut() = Some(Rc::new(Unknown { reason, span, inert: false }));
                Value::unknown(span, format!("`.{name}()` is not evaluated"))
            }
            (Value::Set(_) | Value::List(_) | Value::Tuple(_), _, _) => {
                Value::inert(span, format!("`.{name}()` is not evaluated"))
            }
            (text, _, _) if text.as_str().is_some() => return self.text_method(text, name, args).map(Some),
            _ => return Ok(None),
        }))
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
            ("splitlines", []) => self.list(Ok(text.lines().map(|it| made(it.to_owned())).collect()), span),
            ("encode", _) => Value::Bytes(Rc::new(text.as_bytes().to_vec())),
            _ => Value::unknown(span, format!("`.{name}()` is not evaluated")),
        }
    }
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
