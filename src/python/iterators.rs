//! What is gone through once (`zip(…)`, a generator) and what shows a dict as it is now (`.items()`).
//!
//! Python makes their items when they are asked for, we when the iterator is made. That comes to the same as long as
//! nothing changes in between, which the interpreter counts; else the items are not known.

use super::{
    interp::{Halt, Interp},
    value::{Dict, Scope, Unknown, Value},
};
use crate::{reason::Reason, source::Span};
use ruff_python_ast::{self as ast, Expr};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// An iterator: its items are there once.
pub(super) struct Iter {
    rest: RefCell<Vec<Value>>,
    /// It was gone through to its end.
    done: Cell<bool>,
    spoiled: RefCell<Option<Rc<Unknown>>>,
    /// What the interpreter had counted when it was made.
    made: Cell<Changes>,
    /// Its items depend on names as well, not on containers alone.
    names: bool,
    /// The number of undecided conditions under which it was made.
    depth: usize,
}

/// What has changed since the start.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Lists, sets, dicts and objects.
    pub containers: u64,
    /// Names that had a value.
    pub names: u64,
}

/// Which side of a dict a view shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Keys,
    Values,
    Items,
}

/// `.keys()`, `.values()`, `.items()` of a dict.
pub(super) struct View {
    pub dict: Rc<Dict>,
    pub side: Side,
}

impl View {
    /// What it shows now.
    pub(super) fn items(&self) -> Result<Vec<Value>, Rc<Unknown>> {
        if let Some(unknown) = &*self.dict.spoiled.borrow() {
            return Err(Rc::clone(unknown));
        }
        let pairs = self.dict.items.borrow();
        let shown = pairs.iter().map(|(key, value)| match self.side {
            Side::Keys => key.clone(),
            Side::Values => value.clone(),
            Side::Items => Value::Tuple(Rc::new(vec![key.clone(), value.clone()])),
        });
        Ok(shown.collect())
    }
}

impl Interp<'_> {
    /// An iterator of what is known; `names`: what it gives depends on names that may get other values.
    pub(super) fn iterator(&self, items: Vec<Value>, names: bool) -> Value {
        Value::Iterator(Rc::new(Iter {
            rest: RefCell::new(items),
            done: Cell::new(false),
            spoiled: RefCell::default(),
            made: Cell::new(self.changes),
            names,
            depth: self.guarded(),
        }))
    }

    /// A list that was made on the way to an iterator becomes one.
    pub(super) fn once(&self, value: Value, names: bool) -> Value {
        match value {
            Value::List(list) if list.spoiled.borrow().is_none() => self.iterator(list.items.take(), names),
            other => other,
        }
    }

    /// All that is left of an iterator, which has nothing left then.
    pub(super) fn drain(&self, it: &Iter, span: Span) -> Result<Vec<Value>, Rc<Unknown>> {
        if let Some(unknown) = &*it.spoiled.borrow() {
            return Err(Rc::clone(unknown));
        }
        if it.done.get() {
            return Ok(Vec::new());
        }
        let made = it.made.get();
        if made.containers != self.changes.containers || (it.names && made.names != self.changes.names) {
            let reason = Reason::limit("it is gone through when what it is made of may have changed");
            let unknown = Rc::new(Unknown { reason, span, inert: false });
            *it.spoiled.borrow_mut() = Some(Rc::clone(&unknown));
            return Err(unknown);
        }
        let items = it.rest.take();
        it.done.set(true);
        if self.guarded() > it.depth {
            self.spoil_iterator(it, span);
        }
        Ok(items)
    }

    /// `next(it)`: the first of what is left.
    pub(super) fn first_of(&self, it: &Iter, span: Span) -> Result<Option<Value>, Rc<Unknown>> {
        let mut items = self.drain(it, span)?.into_iter();
        let first = items.next();
        if first.is_some() {
            self.put_back(it, items.collect());
        }
        Ok(first)
    }

    /// What a loop that ended early has left.
    pub(super) fn put_back(&self, it: &Iter, items: Vec<Value>) {
        it.rest.replace(items);
        it.done.set(false);
        it.made.set(self.changes);
    }

    /// Something else goes through it, now or later.
    pub(super) fn hand_over(&self, value: &Value, span: Span) {
        if let Value::Iterator(it) = value {
            self.spoil_iterator(it, span);
        }
    }

    fn spoil_iterator(&self, it: &Iter, span: Span) {
        let class = self.cause(it.depth);
        let class = if self.guarded() > it.depth { class } else { crate::reason::Class::Limit };
        let reason = Reason::of(class, "how much is left of an iterator is not known");
        *it.spoiled.borrow_mut() = Some(Rc::new(Unknown { reason, span, inert: false }));
    }

    /// Assigning to names that had a value changes what generators see.
    pub(super) fn rebind(&mut self, targets: &[Expr], value: &Value, scope: &Rc<Scope>) {
        if targets.iter().any(|target| has_value(target, scope)) {
            self.changes.names += 1;
        }
        if let Value::Iterator(it) = value {
            it.made.set(self.changes);
        }
    }

    /// All items of what is gone through but for the last, which the caller has not taken.
    pub(super) fn leave_iterator(
        &self,
        iterable: &Value,
        items: &mut dyn Iterator<Item = Result<Value, Halt>>,
    ) -> Result<(), Halt> {
        if let Value::Iterator(it) = iterable {
            let rest: Result<Vec<Value>, Halt> = items.collect();
            self.put_back(it, rest?);
        }
        Ok(())
    }
}

/// The target is a name that stands for something, or has such a name in it.
fn has_value(target: &Expr, scope: &Rc<Scope>) -> bool {
    match target {
        Expr::Name(name) => scope.get(name.id.as_str()).is_some(),
        Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
            elts.iter().any(|it| has_value(it, scope))
        }
        Expr::Starred(it) => has_value(&it.value, scope),
        _ => true,
    }
}
