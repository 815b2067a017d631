//! Python's own functions, the methods of its containers and strings, and what is known of its library.

use super::{
    expr::{position, question},
    interp::{Args, Eval, Halt, Interp, Truth},
    value::{Arg, Asked, Inspected, Unknown, Value},
};
use crate::{
    op::Literal,
    source::{Span, Text},
};
use std::rc::Rc;

/// A name that Python defines everywhere.
pub(super) fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        "abs"
            | "all"
            | "any"
            | "bool"
            | "bytes"
            | "callable"
            | "chr"
            | "dict"
            | "enumerate"
            | "filter"
            | "float"
            | "format"
            | "frozenset"
            | "getattr"
            | "hasattr"
            | "hash"
            | "id"
            | "int"
            | "isinstance"
            | "issubclass"
            | "iter"
            | "len"
            | "list"
            | "map"
            | "max"
            | "min"
            | "next"
            | "object"
            | "open"
            | "ord"
            | "print"
            | "range"
            | "repr"
            | "reversed"
            | "round"
            | "set"
            | "setattr"
            | "sorted"
            | "str"
            | "sum"
            | "super"
            | "tuple"
            | "type"
            | "zip"
            | "property"
            | "staticmethod"
            | "classmethod"
            | "vars"
            | "globals"
            | "locals"
            | "divmod"
            | "pow"
    ) || name.ends_with("Error")
        || matches!(
            name,
            "Exception" | "BaseException" | "StopIteration" | "NotImplemented" | "Warning" | "KeyboardInterrupt"
        )
        || name.ends_with("Warning")
}

/// A class or module counts as true.
pub(super) fn is_class_or_module(path: &str) -> bool {
    path.starts_with("builtins.") || path.starts_with("typing.") || super::imports::is_foreign(path)
}

impl Interp<'_> {
    pub(super) fn call_builtin(&mut self, name: &str, args: Args) -> Eval {
        let span = args.span;
        if let Some(unknown) = args.open {
            return Ok(Value::Unknown(unknown));
        }
        let first = args.positional.first().map(|arg| arg.value.clone());
        let second = args.positional.get(1).map(|arg| arg.value.clone());
        if let (Some(Value::Unknown(unknown)), false) = (&first, matches!(name, "isinstance" | "print" | "hasattr")) {
            return Ok(Value::Unknown(Rc::clone(unknown)));
        }
        if let Some(Value::Inspected(_) | Value::Question(_)) = &first
            && matches!(name, "set" | "list" | "tuple" | "frozenset" | "sorted" | "any" | "bool")
        {
            return Ok(first.unwrap_or(Value::None));
        }
        if let (Some(Value::Question(asked)), "next") = (&first, name) {
            return Ok(Value::Question(Rc::clone(asked)));
        }
        Ok(match (name, first) {
            ("len", Some(value)) => self.length(&value, span)?,
            ("range", Some(_)) => ranged(&args.positional, span),
            ("str", None) => Value::made(""),
            ("str", Some(value)) => match super::strings::shown(&value, span) {
                Some(text) => Value::text(text),
                None => Value::unknown(span, format!("`str()` of {} is not evaluated", value.kind())),
            },
            ("repr", Some(value)) => match super::strings::repr(&value) {
                Some(text) => Value::text(Text::at(text, span)),
                None => Value::unknown(span, format!("`repr()` of {} is not evaluated", value.kind())),
            },
            ("int", Some(value)) => integer(&value, span),
            ("bool", Some(value)) => match self.truth(&value) {
                Truth::Known(truth) => Value::Bool(truth),
                _ => Value::unknown(span, "its truth is not known"),
            },
            ("list" | "tuple" | "set" | "frozenset", None) => match name {
                "tuple" => Value::Tuple(Rc::new(Vec::new())),
                "list" => self.list(Ok(Vec::new()), span),
                _ => self.empty_set(span),
            },
            ("list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter", Some(value)) => {
                self.converted(name, &value, &args.keywords, span)?
            }
            ("dict", _) => self.make_dict(&args.positional, &args.keywords, span)?,
            ("enumerate", Some(value)) => self.enumerate(&value, second.as_ref(), &args.keywords, span)?,
            ("zip", Some(_)) => self.zip(&args.positional, span)?,
            ("map" | "filter", Some(function)) => self.mapped(name, &function, second, span)?,
            ("any" | "all", Some(value)) => self.any_all(name == "any", &value, span)?,
            ("sum" | "min" | "max", Some(_)) => self.fold(name, &args.positional, span)?,
            ("getattr", Some(value)) => match second.as_ref().and_then(Value::as_str) {
                Some(attribute) => self.attribute(&value, attribute, span)?,
                None => Value::unknown(span, "the attribute's name is not known"),
            },
            ("isinstance", Some(value)) => is_instance(&value, second.as_ref(), span),
            ("next", Some(value)) => match self.collect(&value, span)? {
                Ok(items) => match items.into_iter().next().or(second) {
                    Some(item) => item,
                    None => return Err(Halt::Raise { what: "StopIteration".to_owned(), message: None, span }),
                },
                Err(unknown) => Value::Unknown(unknown),
            },
            ("print" | "setattr", _) => Value::None,
            ("chr", Some(Value::Int(n))) => {
                let c = u32::try_from(n).ok().and_then(char::from_u32);
                c.map_or_else(|| Value::unknown(span, "no such character"), |c| Value::made(c.to_string()))
            }
            ("abs", Some(Value::Int(n))) => Value::Int(n.abs()),
            (exception, _) if exception.ends_with("Error") || exception.ends_with("Exception") => {
                Value::inert(span, "it is an exception")
            }
            _ => Value::unknown(span, format!("`{name}()` is not evaluated")),
        })
    }

    fn empty_set(&self, span: Span) -> Value {
        match self.list(Ok(Vec::new()), span) {
            Value::List(list) => self.distinct(&list, span),
            other => other,
        }
    }

    fn length(&mut self, value: &Value, span: Span) -> Eval {
        if let Value::Set(set) = value {
            return Ok(Value::Int(i128::try_from(set.items.borrow().len()).unwrap_or(0)));
        }
        Ok(match self.collect(value, span)? {
            Ok(items) => Value::Int(i128::try_from(items.len()).unwrap_or(0)),
            Err(unknown) => Value::Unknown(unknown),
        })
    }

    fn converted(&mut self, name: &str, value: &Value, keywords: &[(String, Arg, Span)], span: Span) -> Eval {
        // A set is sorted or copied as a whole; only its order is not defined.
        let items = match value {
            Value::Set(set) if matches!(name, "sorted" | "set" | "frozenset") => Ok(set.items.borrow().clone()),
            other => self.collect(other, span)?,
        };
        let mut items = match items {
            Ok(items) => items,
            Err(unknown) => return Ok(Value::Unknown(unknown)),
        };
        Ok(match name {
            "tuple" => Value::Tuple(Rc::new(items)),
            "set" | "frozenset" => match self.list(Ok(items), span) {
                Value::List(list) => self.distinct(&list, span),
                other => other,
            },
            "reversed" => {
                items.reverse();
                self.list(Ok(items), span)
            }
            "sorted" => {
                let backwards =
                    keywords.iter().any(|(name, arg, _)| name == "reverse" && matches!(arg.value, Value::Bool(true)));
                if keywords.iter().any(|(name, ..)| name == "key") || !sort(&mut items) {
                    return Ok(Value::unknown(span, "the order is not evaluated"));
                }
                if backwards {
                    items.reverse();
                }
                self.list(Ok(items), span)
            }
            _ => self.list(Ok(items), span),
        })
    }

    fn make_dict(&mut self, positional: &[Arg], keywords: &[(String, Arg, Span)], span: Span) -> Eval {
        let mut items = Vec::new();
        if let Some(first) = positional.first() {
            if let Value::Dict(dict) = &first.value {
                if let Some(unknown) = &*dict.spoiled.borrow() {
                    return Ok(Value::Unknown(Rc::clone(unknown)));
                }
                items.clone_from(&dict.items.borrow());
            } else {
                let pairs = match self.collect(&first.value, span)? {
                    Ok(pairs) => pairs,
                    Err(unknown) => return Ok(Value::Unknown(unknown)),
                };
                for pair in pairs {
                    match self.collect(&pair, span)?.ok().as_deref() {
                        Some([key, value]) => super::expr::put(&mut items, key.clone(), value.clone()),
                        _ => return Ok(Value::unknown(span, "a pair of the dict is not known")),
                    }
                }
            }
        }
        for (name, arg, _) in keywords {
            super::expr::put(&mut items, Value::made(name.clone()), arg.value.clone());
        }
        Ok(self.new_dict(items))
    }

    fn enumerate(
        &mut self,
        value: &Value,
        start: Option<&Value>,
        keywords: &[(String, Arg, Span)],
        span: Span,
    ) -> Eval {
        let start = start.or_else(|| keywords.iter().find(|(name, ..)| name == "start").map(|(_, arg, _)| &arg.value));
        let mut index = match start {
            None => 0,
            Some(Value::Int(n)) => *n,
            Some(_) => return Ok(Value::unknown(span, "where `enumerate` starts is not known")),
        };
        Ok(match self.collect(value, span)? {
            Err(unknown) => Value::Unknown(unknown),
            Ok(items) => {
                let mut pairs = Vec::with_capacity(items.len());
                for item in items {
                    pairs.push(Value::Tuple(Rc::new(vec![Value::Int(index), item])));
                    index += 1;
                }
                self.list(Ok(pairs), span)
            }
        })
    }

    fn zip(&mut self, positional: &[Arg], span: Span) -> Eval {
        let mut columns = Vec::new();
        for arg in positional {
            match self.collect(&arg.value, span)? {
                Ok(items) => columns.push(items),
                Err(unknown) => return Ok(Value::Unknown(unknown)),
            }
        }
        let length = columns.iter().map(Vec::len).min().unwrap_or(0);
        let rows = (0..length)
            .map(|row| Value::Tuple(Rc::new(columns.iter().filter_map(|column| column.get(row).cloned()).collect())));
        Ok(self.list(Ok(rows.collect()), span))
    }

    fn mapped(&mut self, name: &str, function: &Value, items: Option<Value>, span: Span) -> Eval {
        let items = match self.collect(&items.unwrap_or(Value::None), span)? {
            Ok(items) => items,
            Err(unknown) => return Ok(Value::Unknown(unknown)),
        };
        let mut kept = Vec::new();
        for item in items {
            let arg = Arg { value: item.clone(), span };
            let args = Args { positional: vec![arg], keywords: Vec::new(), open: None, span };
            let value = self.call(function, args)?;
            if name == "map" {
                kept.push(value);
            } else {
                match self.truth(&value) {
                    Truth::Known(true) => kept.push(item),
                    Truth::Known(false) => {}
                    _ => return Ok(Value::unknown(span, "what the filter keeps is not known")),
                }
            }
        }
        Ok(self.list(Ok(kept), span))
    }

    fn any_all(&mut self, any: bool, value: &Value, span: Span) -> Eval {
        let items = match self.collect(value, span)? {
            Ok(items) => items,
            Err(unknown) => return Ok(Value::Unknown(unknown)),
        };
        let mut unsure = None;
        for item in items {
            match self.truth(&item) {
                Truth::Known(truth) if truth == any => return Ok(Value::Bool(any)),
                Truth::Known(_) => {}
                Truth::Asked(asked) if unsure.is_none() => unsure = Some(Value::Question(asked)),
                _ => unsure = Some(Value::unknown(span, "its truth is not known")),
            }
        }
        Ok(unsure.unwrap_or(Value::Bool(!any)))
    }

    fn fold(&mut self, name: &str, positional: &[Arg], span: Span) -> Eval {
        let items = match positional {
            [one] => self.collect(&one.value, span)?,
            many => Ok(many.iter().map(|arg| arg.value.clone()).collect()),
        };
        let mut numbers = Vec::new();
        for item in items.unwrap_or_default() {
            match item {
                Value::Int(n) => numbers.push(n),
                _ => return Ok(Value::unknown(span, format!("`{name}()` is not evaluated"))),
            }
        }
        let result = match name {
            "sum" => numbers.iter().try_fold(0_i128, |sum, n| sum.checked_add(*n)),
            "min" => numbers.iter().min().copied(),
            _ => numbers.iter().max().copied(),
        };
        Ok(result.map_or_else(|| Value::unknown(span, format!("`{name}()` is not evaluated")), Value::Int))
    }

    // ── methods ──

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
            (Value::Dict(dict), "items" | "keys" | "values" | "copy", _) => match &*dict.spoiled.borrow() {
                Some(unknown) => Value::Unknown(Rc::clone(unknown)),
                None => {
                    let items = dict.items.borrow().clone();
                    match name {
                        "copy" => self.new_dict(items),
                        "keys" => self.list(Ok(items.into_iter().map(|(key, _)| key).collect()), span),
                        "values" => self.list(Ok(items.into_iter().map(|(_, value)| value).collect()), span),
                        _ => self.list(
                            Ok(items.into_iter().map(|(k, v)| Value::Tuple(Rc::new(vec![k, v]))).collect()),
                            span,
                        ),
                    }
                }
            },
            (Value::Dict(_), "get", Some(key)) => match self.item(receiver, &key, span) {
                Err(Halt::Raise { .. }) => args.positional.get(1).map_or(Value::None, |arg| arg.value.clone()),
                other => other?,
            },
            (Value::Dict(dict), "update", Some(Value::Dict(more))) if self.guarded() <= dict.depth => {
                for (key, value) in more.items.borrow().iter() {
                    super::expr::put(&mut dict.items.borrow_mut(), key.clone(), value.clone());
                }
                Value::None
            }
            (Value::Dict(dict), "setdefault" | "pop" | "update" | "clear" | "popitem", _) => {
                let reason = format!("it was changed by `.{name}()`");
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

    fn rearrange(
        &mut self,
        list: &super::value::List,
        name: &str,
        first: Option<Value>,
        second: Option<Value>,
        span: Span,
    ) -> Value {
        let mut answer = Value::None;
        let slot = &mut answer;
        self.change_list(list, span, |items| {
            match (name, first, second) {
                ("clear", ..) => items.clear(),
                ("reverse", ..) => items.reverse(),
                ("pop", None, _) => *slot = items.pop().unwrap_or(Value::None),
                ("pop", Some(Value::Int(at)), _) => {
                    if let Some(at) = position(at, items.len()) {
                        *slot = items.remove(at);
                    }
                }
                ("insert", Some(Value::Int(at)), Some(item)) => {
                    let at = usize::try_from(at.max(0)).unwrap_or(0).min(items.len());
                    items.insert(at, item);
                }
                ("sort", None, _) if sort(items) => {}
                _ => {
                    let reason = format!("it was changed by `.{name}()`");
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

    /// Methods of an inspector and of what it gives.
    pub(super) fn inspector_method(&mut self, receiver: &Value, name: &str, args: &Args) -> Eval {
        use super::value::Subject;
        let span = args.span;
        let text = |at: usize, name: &str| {
            let arg = args.positional.get(at).map(|arg| &arg.value);
            arg.or_else(|| args.keywords.iter().find(|(it, ..)| it == name).map(|(_, arg, _)| &arg.value))
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let unknown = || Value::inert(span, "it is what the database says");
        if let Value::Inspected(it) = receiver {
            return Ok(match (name, it.item, text(0, "key")) {
                ("get", true, Some(key)) if key == "name" => {
                    Value::Inspected(Rc::new(Inspected { names: true, ..(**it).clone() }))
                }
                ("keys" | "copy", false, _) => receiver.clone(),
                _ => unknown(),
            });
        }
        let table = |schema_at: usize| {
            let name = text(0, "table_name")?;
            let schema = text(schema_at, "schema").map(crate::op::Name::plain);
            Some(crate::op::Qualified { schema, name: crate::op::Name::plain(name) })
        };
        let about =
            |subject: Subject, names: bool| Value::Inspected(Rc::new(Inspected { subject, names, item: false }));
        Ok(match name {
            "get_table_names" => about(Subject::Tables(text(0, "schema")), true),
            "has_table" => match table(1) {
                Some(table) => {
                    let schema = table.schema.map(|it| it.text);
                    let question = question(&Subject::Tables(schema), &table.name.text);
                    Value::Question(Rc::new(Asked { question, holds: true }))
                }
                None => unknown(),
            },
            "get_columns" => table(1).map_or_else(unknown, |table| about(Subject::Columns(table), false)),
            "get_indexes" => table(1).map_or_else(unknown, |table| about(Subject::Indexes(table), false)),
            "get_foreign_keys" | "get_unique_constraints" | "get_check_constraints" => {
                table(1).map_or_else(unknown, |table| about(Subject::Constraints(table), false))
            }
            _ => unknown(),
        })
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

/// `textwrap.dedent`, the places kept.
pub(super) fn dedent(text: &Text) -> Text {
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

/// Sorts strings or numbers; false where the order is not known.
fn sort(items: &mut [Value]) -> bool {
    let strings = items.iter().all(|item| item.as_str().is_some());
    let numbers = items.iter().all(|item| matches!(item, Value::Int(_)));
    if strings {
        items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    } else if numbers {
        items.sort_by_key(|item| if let Value::Int(n) = item { *n } else { 0 });
    }
    strings || numbers || items.len() < 2
}

fn ranged(positional: &[Arg], span: Span) -> Value {
    let mut bounds = Vec::new();
    for arg in positional {
        match &arg.value {
            Value::Int(n) => bounds.push(*n),
            Value::Unknown(unknown) => return Value::Unknown(Rc::clone(unknown)),
            other => return Value::unknown(span, format!("{} bounds a range", other.kind())),
        }
    }
    match *bounds.as_slice() {
        [stop] => Value::Range { start: 0, stop, step: 1 },
        [start, stop] => Value::Range { start, stop, step: 1 },
        [start, stop, step] if step != 0 => Value::Range { start, stop, step },
        _ => Value::unknown(span, "the range is not known"),
    }
}

fn integer(value: &Value, span: Span) -> Value {
    match value {
        Value::Int(n) => Value::Int(*n),
        Value::Bool(b) => Value::Int(i128::from(*b)),
        other => match other.as_str().and_then(|text| text.trim().parse().ok()) {
            Some(n) => Value::Int(n),
            None => Value::unknown(span, "`int()` is not evaluated"),
        },
    }
}

fn is_instance(value: &Value, class: Option<&Value>, span: Span) -> Value {
    let names: Vec<String> = match class {
        Some(Value::External(path)) => vec![path.to_string()],
        Some(Value::Tuple(classes)) => classes
            .iter()
            .filter_map(|class| match class {
                Value::External(path) => Some(path.to_string()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let own = match value {
        Value::Str(_) | Value::Name(_) => "builtins.str",
        Value::Int(_) => "builtins.int",
        Value::Bool(_) => "builtins.bool",
        Value::Float(_) => "builtins.float",
        Value::List(_) => "builtins.list",
        Value::Tuple(_) => "builtins.tuple",
        Value::Dict(_) => "builtins.dict",
        Value::None => "builtins.NoneType",
        _ => return Value::unknown(span, "`isinstance()` is not evaluated"),
    };
    if names.is_empty() || names.iter().any(|name| !name.starts_with("builtins.")) {
        return Value::unknown(span, "`isinstance()` is not evaluated");
    }
    Value::Bool(names.iter().any(|name| name == own || (own == "builtins.bool" && name == "builtins.int")))
}

/// Calls into Python's library whose results are plain: texts, dates, ids.
pub(super) fn library(path: &str, args: &Args, span: Span) -> Option<Value> {
    let text = |at: usize| args.positional.get(at).and_then(|arg| arg.value.as_text());
    let number = |at: usize| match args.positional.get(at).map(|arg| &arg.value) {
        Some(Value::Int(n)) => Some(*n),
        _ => None,
    };
    let literal = |literal: Literal| Some(Value::Literal(Rc::new(literal)));
    match path {
        "textwrap.dedent" | "inspect.cleandoc" if path == "textwrap.dedent" => Some(Value::text(dedent(&text(0)?))),
        "uuid.UUID" => {
            let id = text(0).or_else(|| named(args, "hex"))?;
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
        "enum.auto" => Some(Value::external("enum.auto()")),
        "json.dumps" if args.keywords.is_empty() => {
            let value = args.positional.first()?;
            Some(Value::text(Text::at(super::core::json(&value.value)?, span)))
        }
        _ => None,
    }
}

fn named(args: &Args, name: &str) -> Option<Text> {
    args.keywords.iter().find(|(it, ..)| it == name).and_then(|(_, arg, _)| arg.value.as_text())
}
