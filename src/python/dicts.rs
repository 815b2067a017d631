//! The methods of dicts.

use super::{
    interp::{Args, Eval, Halt, Interp},
    iterators::{Side, View},
    value::{Dict, Unknown, Value},
};
use crate::source::Span;
use std::rc::Rc;

/// What a dict has for a key.
pub(super) enum Entry {
    Found(Value),
    Absent,
    /// The key or the dict is not known.
    NotKnown,
}

impl Dict {
    /// The last of equal keys counts.
    pub(super) fn entry(&self, key: &Value) -> Entry {
        if self.spoiled.borrow().is_some() {
            return Entry::NotKnown;
        }
        let mut entry = Entry::Absent;
        for (candidate, value) in self.items.borrow().iter() {
            match candidate.equal(key) {
                Some(true) => entry = Entry::Found(value.clone()),
                Some(false) => {}
                None => return Entry::NotKnown,
            }
        }
        entry
    }

    /// What is in it after a call of the method is not known.
    fn lost(&self, name: &str, span: Span) -> Value {
        let reason = format!("it was changed by `.{name}()`").into();
        *self.spoiled.borrow_mut() = Some(Rc::new(Unknown { reason, span, inert: false }));
        Value::unknown(span, format!("`.{name}()` is not evaluated"))
    }
}

impl Interp<'_> {
    pub(super) fn dict_method(&mut self, receiver: &Value, dict: &Rc<Dict>, name: &str, args: &Args) -> Eval {
        let span = args.span;
        let other = || args.positional.get(1).map(|arg| arg.value.clone());
        match (name, args.positional.first().map(|arg| &arg.value)) {
            ("items" | "keys" | "values" | "copy", _) => Ok(self.shown_dict(dict, name)),
            ("get", Some(key)) => {
                // `get` of a `defaultdict` makes nothing.
                let missing = dict.missing.take();
                let found = self.item(receiver, key, span);
                dict.missing.replace(missing);
                match found {
                    Err(Halt::Raise { .. }) => Ok(other().unwrap_or(Value::None)),
                    found => found,
                }
            }
            ("pop" | "setdefault" | "update" | "clear" | "popitem", first) => {
                self.changes.containers += 1;
                let open = args.open.is_some() || self.guarded() > dict.depth || dict.spoiled.borrow().is_some();
                match (name, first) {
                    _ if open => Ok(dict.lost(name, span)),
                    ("pop", Some(key)) => match (self.taken(dict, key), other()) {
                        (Entry::Found(value), _) | (Entry::Absent, Some(value)) => Ok(value),
                        (Entry::Absent, None) => Err(Halt::Raise { what: "KeyError".to_owned(), message: None, span }),
                        (Entry::NotKnown, _) => Ok(dict.lost(name, span)),
                    },
                    ("setdefault", Some(key)) => match dict.entry(key) {
                        Entry::Found(value) => Ok(value),
                        Entry::Absent => {
                            let value = other().unwrap_or(Value::None);
                            super::expr::put(&mut dict.items.borrow_mut(), key.clone(), value.clone());
                            Ok(value)
                        }
                        Entry::NotKnown => Ok(dict.lost(name, span)),
                    },
                    ("clear", None) => {
                        dict.items.borrow_mut().clear();
                        Ok(Value::None)
                    }
                    ("update", _) => Ok(update(dict, args).unwrap_or_else(|| dict.lost(name, span))),
                    _ => Ok(dict.lost(name, span)),
                }
            }
            _ => Ok(Value::inert(span, format!("`.{name}()` of {} is not evaluated", receiver.kind()))),
        }
    }

    fn shown_dict(&mut self, dict: &Rc<Dict>, name: &str) -> Value {
        if let Some(unknown) = &*dict.spoiled.borrow() {
            return Value::Unknown(Rc::clone(unknown));
        }
        let side = match name {
            "copy" => return self.new_dict(dict.items.borrow().clone()),
            "keys" => Side::Keys,
            "values" => Side::Values,
            _ => Side::Items,
        };
        Value::View(Rc::new(View { dict: Rc::clone(dict), side }))
    }

    /// Takes a key out of a dict that may be changed here.
    pub(super) fn taken(&mut self, dict: &Dict, key: &Value) -> Entry {
        self.changes.containers += 1;
        if self.guarded() > dict.depth {
            return Entry::NotKnown;
        }
        let entry = dict.entry(key);
        if let Entry::Found(_) = entry {
            dict.items.borrow_mut().retain(|(candidate, _)| candidate.equal(key) != Some(true));
        }
        entry
    }
}

/// `update(more, name=value)`; `None` where what is added is not known.
fn update(dict: &Dict, args: &Args) -> Option<Value> {
    let mut more = Vec::new();
    match args.positional.as_slice() {
        [] => {}
        [arg] => match &arg.value {
            Value::Dict(added) if added.spoiled.borrow().is_none() => more.clone_from(&added.items.borrow()),
            _ => return None,
        },
        _ => return None,
    }
    more.extend(args.keywords.iter().map(|(name, arg, _)| (Value::made(name.clone()), arg.value.clone())));
    for (key, value) in more {
        super::expr::put(&mut dict.items.borrow_mut(), key, value);
    }
    Some(Value::None)
}
