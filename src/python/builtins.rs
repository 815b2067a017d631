//! Python's own functions.

use super::{
    branches::Truth,
    interp::{Args, Eval, Halt, Interp},
    methods::sort,
    value::{Arg, Value},
};
use crate::source::{Span, Text};
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
        if let ("globals", None, Some(scope), true) = (name, &first, &self.globals, self.file == self.main) {
            let names =
                scope.vars.borrow().iter().map(|(name, value)| (Value::made(name.clone()), value.clone())).collect();
            return Ok(self.new_dict(names));
        }
        Ok(match (name, first) {
            ("len", Some(value)) => self.length(&value, span)?,
            ("range", Some(_)) => ranged(&args.positional, span),
            ("str", None) => Value::made(""),
            ("str", Some(value)) => {
                match self.printed(&value, "__str__", span)?.or(super::strings::shown(&value, span)) {
                    Some(text) => Value::text(text),
                    None => Value::unknown(span, format!("`str()` of {} is not evaluated", value.kind())),
                }
            }
            ("round", Some(Value::Int(n))) if second.is_none() => Value::Int(n),
            ("ord", Some(value)) => match value.as_str().map(|text| text.chars().collect::<Vec<_>>()).as_deref() {
                Some([c]) => Value::Int(i128::from(u32::from(*c))),
                _ => Value::unknown(span, "it is not one character"),
            },
            ("repr", Some(value)) => match super::strings::repr(&value) {
                Some(text) => Value::text(Text::at(text, span)),
                None => Value::unknown(span, format!("`repr()` of {} is not evaluated", value.kind())),
            },
            ("int", None) => Value::Int(0),
            ("int", Some(value)) => integer(&value, span),
            ("bool", Some(value)) => match self.truth(&value) {
                Truth::Known(truth) => Value::Bool(truth),
                Truth::Asked(asked) => Value::Question(asked),
                other => Value::unknown(span, self.undecided(&other, span)),
            },
            ("list" | "tuple" | "set" | "frozenset", None) => match name {
                "tuple" => Value::Tuple(Rc::new(Vec::new())),
                "list" => self.list(Ok(Vec::new()), span),
                _ => self.empty_set(span),
            },
            ("list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed", Some(value)) => {
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
            ("iter", Some(value @ (Value::Iterator(_) | Value::File(_)))) => value,
            ("iter", Some(value)) if second.is_none() => match self.collect(&value, span)? {
                Ok(items) => self.iterator(items, false),
                Err(unknown) => Value::Unknown(unknown),
            },
            ("next", Some(Value::Iterator(it))) => match self.first_of(&it, span) {
                Ok(first) => match first.or(second) {
                    Some(item) => item,
                    None => return Err(Halt::Raise { what: "StopIteration".to_owned(), message: None, span }),
                },
                Err(unknown) => Value::Unknown(unknown),
            },
            ("next", Some(value)) => match self.collect(&value, span)? {
                Ok(items) => match items.into_iter().next().or(second) {
                    Some(item) => item,
                    None => return Err(Halt::Raise { what: "StopIteration".to_owned(), message: None, span }),
                },
                Err(unknown) => Value::Unknown(unknown),
            },
            ("open", Some(_)) => self.open(&args),
            ("print", _) => Value::None,
            ("globals", None) => self.globals(span),
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

    /// A copy of the names of the module that the code stands in.
    fn globals(&mut self, span: Span) -> Value {
        let Some(module) = self.module_of(self.file) else {
            return Value::unknown(span, "`globals()` is not evaluated");
        };
        self.whole(&module);
        let names = module.scope.vars.borrow().clone();
        self.new_dict(names.into_iter().map(|(name, value)| (Value::made(name), value)).collect())
    }

    fn empty_set(&self, span: Span) -> Value {
        match self.list(Ok(Vec::new()), span) {
            Value::List(list) => self.distinct(&list, span),
            other => other,
        }
    }

    fn length(&mut self, value: &Value, span: Span) -> Eval {
        if let Value::Iterator(_) = value {
            return Err(Halt::Raise { what: "TypeError".to_owned(), message: None, span });
        }
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
                self.iterator(items, false)
            }
            "sorted" => {
                let backwards =
                    keywords.iter().any(|(name, arg, _)| name == "reverse" && matches!(arg.value, Value::Bool(true)));
                let key = keywords.iter().find(|(name, ..)| name == "key").map(|(_, arg, _)| arg.value.clone());
                if !self.sort_by(&mut items, key.as_ref(), span)? {
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

    /// Sorts, by a key where one is given; false where the order is not known.
    fn sort_by(&mut self, items: &mut Vec<Value>, key: Option<&Value>, span: Span) -> Result<bool, Halt> {
        let Some(key) = key.filter(|key| !matches!(key, Value::None)) else { return Ok(sort(items)) };
        let mut keyed = Vec::with_capacity(items.len());
        for item in items.drain(..) {
            let arg = Arg { value: item.clone(), span };
            let value = self.call(key, Args { positional: vec![arg], keywords: Vec::new(), open: None, span })?;
            keyed.push((value, item));
        }
        let mut keys: Vec<Value> = keyed.iter().map(|(key, _)| key.clone()).collect();
        let known = sort(&mut keys);
        // The sorted keys say where each item goes; equal keys keep their order, as Python's sort does.
        for key in keys {
            if let Some(at) = keyed.iter().position(|(it, _)| it.equal(&key) == Some(true)) {
                items.push(keyed.remove(at).1);
            }
        }
        Ok(known && keyed.is_empty())
    }

    pub(super) fn make_dict(&mut self, positional: &[Arg], keywords: &[(String, Arg, Span)], span: Span) -> Eval {
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
                self.hand_over(value, span);
                self.iterator(pairs, false)
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
        for arg in positional {
            self.hand_over(&arg.value, span);
        }
        Ok(self.iterator(rows.collect(), false))
    }

    fn mapped(&mut self, name: &str, function: &Value, items: Option<Value>, span: Span) -> Eval {
        let source = items.unwrap_or(Value::None);
        let items = match self.collect(&source, span)? {
            Ok(items) => items,
            Err(unknown) => return Ok(Value::Unknown(unknown)),
        };
        self.hand_over(&source, span);
        let mut kept = Vec::new();
        let steps = self.steps.len();
        for item in items {
            let arg = Arg { value: item.clone(), span };
            let args = Args { positional: vec![arg], keywords: Vec::new(), open: None, span };
            let value = match function {
                // `filter(None, …)` keeps what counts as true.
                Value::None => item.clone(),
                function => self.call(function, args)?,
            };
            if self.steps.len() > steps {
                self.unresolved(span, format!("`{name}()` sends SQL as it is gone through"))?;
            }
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
        Ok(self.iterator(kept, true))
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
    if let Value::Dialect = value
        && let [name] = names.as_slice()
        && name.ends_with("Dialect")
    {
        // Ours is PostgreSQL's, whatever driver speaks for it.
        return Value::Bool(name.contains("postgresql") || name.ends_with("PGDialect"));
    }
    let own = match value {
        Value::Str(_) | Value::Name(_) => "builtins.str",
        Value::Int(_) => "builtins.int",
        Value::Bool(_) => "builtins.bool",
        Value::Float(_) => "builtins.float",
        Value::List(_) => "builtins.list",
        Value::Tuple(_) => "builtins.tuple",
        Value::Dict(_) => "builtins.dict",
        Value::None => "builtins.NoneType",
        Value::Unknown(unknown) => {
            let why = unknown.reason.reworded("of what type something is that is not known");
            return Value::Unknown(Rc::new(super::value::Unknown { reason: why, ..(**unknown).clone() }));
        }
        _ => return Value::unknown(span, "`isinstance()` is not evaluated"),
    };
    if names.is_empty() || names.iter().any(|name| !name.starts_with("builtins.")) {
        return Value::unknown(span, "`isinstance()` is not evaluated");
    }
    Value::Bool(names.iter().any(|name| name == own || (own == "builtins.bool" && name == "builtins.int")))
}
