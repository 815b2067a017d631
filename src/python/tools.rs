//! `functools`, `itertools`, `operator` and `collections`: what takes functions or goes through what it is given.

use super::{
    interp::{Args, Eval, Halt, Interp},
    value::{Arg, Class, Field, Given, Record, Scope, Value},
};
use crate::source::Span;
use std::{cell::RefCell, rc::Rc};

/// Above so many rows a product is not made.
const ROWS: usize = 10_000;

impl Interp<'_> {
    /// A call into Python's library that takes functions, or whose answer is a container.
    pub(super) fn tool(&mut self, path: &str, args: &Args) -> Result<Option<Value>, Halt> {
        let span = args.span;
        if let Some(unknown) = &args.open {
            let ours = ["functools.partial", "itertools.", "collections."].iter().any(|it| path.starts_with(it));
            return Ok(ours.then(|| Value::Unknown(Rc::clone(unknown))));
        }
        let first = args.positional.first().map(|arg| arg.value.clone());
        Ok(match (path, first) {
            ("functools.partial", Some(callee)) => {
                let kept = Args { positional: args.positional.get(1..).unwrap_or_default().to_vec(), ..args.clone() };
                Some(Value::Partial(Rc::new((callee, kept))))
            }
            ("functools.reduce", Some(function)) => Some(self.reduce(&function, args)?),
            ("operator.itemgetter" | "operator.attrgetter", Some(_)) if args.keywords.is_empty() => {
                let getter = Value::external(format!("{path}.get"));
                Some(Value::Partial(Rc::new((getter, args.clone()))))
            }
            ("operator.itemgetter.get" | "operator.attrgetter.get", Some(_)) => Some(self.got(path, args)?),
            ("collections.namedtuple", Some(name)) => self.named_tuple(&name, args)?,
            ("collections.OrderedDict", _) => Some(self.make_dict(&args.positional, &args.keywords, span)?),
            ("collections.defaultdict", factory) => {
                let made = self.make_dict(args.positional.get(1..).unwrap_or_default(), &args.keywords, span)?;
                if let (Value::Dict(dict), Some(factory)) = (&made, factory.filter(|it| !matches!(it, Value::None))) {
                    dict.missing.replace(Some(factory));
                }
                Some(made)
            }
            _ => match path.strip_prefix("itertools.") {
                Some(name) => self.iterated(name, args)?,
                None => None,
            },
        })
    }

    fn reduce(&mut self, function: &Value, args: &Args) -> Eval {
        let span = args.span;
        let (items, initial) = (args.positional.get(1), args.positional.get(2));
        let Some(items) = items else { return Ok(Value::unknown(span, "`reduce()` is given nothing")) };
        let mut items = match self.collect(&items.value, span)? {
            Ok(items) => items.into_iter(),
            Err(unknown) => return Ok(Value::Unknown(unknown)),
        };
        let Some(mut sum) = initial.map(|arg| arg.value.clone()).or_else(|| items.next()) else {
            return Err(Halt::Raise { what: "TypeError".to_owned(), message: None, span });
        };
        for item in items {
            sum = self.call(function, call_of(vec![sum, item], span))?;
        }
        Ok(sum)
    }

    /// What `itemgetter(…)` or `attrgetter(…)` gives of an object, which comes last.
    fn got(&mut self, path: &str, args: &Args) -> Eval {
        let span = args.span;
        let Some((object, keys)) = args.positional.split_last() else { return Ok(Value::None) };
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(match (path, key.value.as_str()) {
                ("operator.itemgetter.get", _) => self.item(&object.value, &key.value, span)?,
                (_, Some(names)) => {
                    let mut value = object.value.clone();
                    for name in names.split('.') {
                        value = self.attribute(&value, name, span)?;
                    }
                    value
                }
                _ => Value::unknown(span, "the attribute's name is not known"),
            });
        }
        Ok(if found.len() == 1 { found.remove(0) } else { Value::Tuple(Rc::new(found)) })
    }

    fn iterated(&mut self, name: &str, args: &Args) -> Result<Option<Value>, Halt> {
        let span = args.span;
        if !matches!(
            name,
            "chain"
                | "chain.from_iterable"
                | "product"
                | "zip_longest"
                | "islice"
                | "repeat"
                | "combinations"
                | "groupby"
        ) {
            return Ok(None);
        }
        if let ("repeat", [value, count]) = (name, args.positional.as_slice()) {
            let Value::Int(count) = count.value else { return Ok(None) };
            let count = usize::try_from(count).unwrap_or(0);
            return Ok((count <= ROWS).then(|| self.iterator(vec![value.value.clone(); count], false)));
        }
        let single = matches!(name, "chain.from_iterable" | "islice" | "combinations" | "groupby");
        let mut columns = Vec::new();
        for arg in args.positional.iter().take(if single { 1 } else { usize::MAX }) {
            match self.collect(&arg.value, span)? {
                Ok(items) => columns.push(items),
                Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
            }
        }
        let numbers: Option<Vec<usize>> = args.positional.iter().skip(1).map(|arg| index(&arg.value)).collect();
        let rows = match (name, numbers.as_deref()) {
            ("chain", _) if args.keywords.is_empty() => columns.concat(),
            ("chain.from_iterable", _) => {
                let mut all = Vec::new();
                for item in columns.concat() {
                    match self.collect(&item, span)? {
                        Ok(items) => all.extend(items),
                        Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
                    }
                }
                all
            }
            ("product", _) => match product(&columns, repeats(args)) {
                Some(rows) => rows,
                None => return Ok(None),
            },
            ("zip_longest", _) => longest(&columns, args),
            ("islice", Some([stop])) => columns.concat().into_iter().take(*stop).collect(),
            ("islice", Some([start, stop])) => columns.concat().into_iter().take(*stop).skip(*start).collect(),
            ("combinations", Some([2])) => pairs(&columns.concat()),
            ("groupby", _) => match self.grouped(columns.concat(), args)? {
                Some(rows) => rows,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        if rows.len() > ROWS {
            return Ok(None);
        }
        for arg in &args.positional {
            self.hand_over(&arg.value, span);
        }
        Ok(Some(self.iterator(rows, false)))
    }

    /// `groupby(…)`: runs of equal keys, each with its items.
    fn grouped(&mut self, items: Vec<Value>, args: &Args) -> Result<Option<Vec<Value>>, Halt> {
        let span = args.span;
        let key = args.positional.get(1).or_else(|| args.keywords.first().map(|(_, arg, _)| arg));
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        for item in items {
            let value = match key {
                Some(key) => self.call(&key.value, call_of(vec![item.clone()], span))?,
                None => item.clone(),
            };
            match groups.last_mut().map(|(last, items)| (last.equal(&value), items)) {
                Some((Some(true), items)) => items.push(item),
                Some((None, _)) => return Ok(None),
                _ => groups.push((value, vec![item])),
            }
        }
        let rows = groups.into_iter().map(|(key, items)| {
            let items = self.iterator(items, false);
            Value::Tuple(Rc::new(vec![key, items]))
        });
        Ok(Some(rows.collect()))
    }

    /// `namedtuple("Row", "a b")`.
    fn named_tuple(&mut self, name: &Value, args: &Args) -> Result<Option<Value>, Halt> {
        let (Some(name), Some(given), true) = (name.as_str(), args.positional.get(1), args.keywords.is_empty()) else {
            return Ok(None);
        };
        let names: Vec<String> = if let Some(text) = given.value.as_str() {
            text.replace(',', " ").split_whitespace().map(str::to_owned).collect()
        } else {
            let Ok(items) = self.collect(&given.value, args.span)? else { return Ok(None) };
            let names: Option<Vec<String>> = items.iter().map(|it| it.as_str().map(str::to_owned)).collect();
            let Some(names) = names else { return Ok(None) };
            names
        };
        let fields = names.into_iter().map(|name| Field { name, given: Given::Nothing, init: true }).collect();
        let class = Class {
            name: name.to_owned(),
            bases: Vec::new(),
            scope: Scope::of_class(Scope::new(None)),
            members: RefCell::default(),
            record: RefCell::new(Some(Rc::new(Record { fields, tuple: true }))),
        };
        Ok(Some(Value::Class(self.heap.keep(Rc::new(class)))))
    }
}

/// A call with these arguments alone.
pub(super) fn call_of(values: Vec<Value>, span: Span) -> Args {
    let positional = values.into_iter().map(|value| Arg { value, span }).collect();
    Args { positional, keywords: Vec::new(), open: None, span }
}

/// What a partial call comes to when it is called with the rest.
pub(super) fn completed(kept: &Args, args: Args) -> Args {
    let mut positional = kept.positional.clone();
    positional.extend(args.positional);
    let mut keywords = kept.keywords.clone();
    keywords.retain(|(name, ..)| !args.keywords.iter().any(|(other, ..)| other == name));
    keywords.extend(args.keywords);
    Args { positional, keywords, open: args.open.or_else(|| kept.open.clone()), span: args.span }
}

fn index(value: &Value) -> Option<usize> {
    if let Value::Int(n) = value { usize::try_from(*n).ok() } else { None }
}

fn repeats(args: &Args) -> Option<usize> {
    match args.keywords.as_slice() {
        [] => Some(1),
        [(name, arg, _)] if name == "repeat" => index(&arg.value),
        _ => None,
    }
}

fn product(columns: &[Vec<Value>], repeat: Option<usize>) -> Option<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for _ in 0..repeat? {
        for column in columns {
            if rows.len().saturating_mul(column.len()) > ROWS {
                return None;
            }
            rows = rows
                .iter()
                .flat_map(|row| column.iter().map(|value| row.iter().cloned().chain([value.clone()]).collect()))
                .collect();
        }
    }
    Some(rows.into_iter().map(|row| Value::Tuple(Rc::new(row))).collect())
}

fn longest(columns: &[Vec<Value>], args: &Args) -> Vec<Value> {
    let fill = args
        .keywords
        .iter()
        .find(|(name, ..)| name == "fillvalue")
        .map_or(Value::None, |(_, arg, _)| arg.value.clone());
    let length = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row = |at: usize| columns.iter().map(|column| column.get(at).unwrap_or(&fill).clone()).collect();
    (0..length).map(|at| Value::Tuple(Rc::new(row(at)))).collect()
}

fn pairs(items: &[Value]) -> Vec<Value> {
    let with = |at: usize, first: &Value| -> Vec<Value> {
        items.iter().skip(at + 1).map(|second| Value::Tuple(Rc::new(vec![first.clone(), second.clone()]))).collect()
    };
    items.iter().enumerate().flat_map(|(at, first)| with(at, first)).collect()
}
