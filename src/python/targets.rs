//! Assignment: names, unpacking, attributes, items; and changing containers in place.

use super::{
    expr::{position, put},
    interp::{Halt, Interp},
    value::{Item, List, Scope, Unknown, Value},
};
use crate::{reason::Reason, source::Span};
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;
use std::rc::Rc;

impl Interp<'_> {
    pub(super) fn assign(&mut self, target: &Expr, value: Value, scope: &Rc<Scope>) -> Result<(), Halt> {
        match target {
            Expr::Name(name) => scope.set(name.id.as_str(), value),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                self.unpack(elts, &value, self.span(target.range()), scope)?;
            }
            Expr::Attribute(it) => {
                let object = self.eval(&it.value, scope)?;
                self.set_attribute(it, &object, value, scope);
            }
            Expr::Subscript(it) => {
                let object = self.eval(&it.value, scope)?;
                let key = self.eval(&it.slice, scope)?;
                self.store(&object, &key, value, self.span(it.range()));
            }
            Expr::Starred(it) => self.assign(&it.value, value, scope)?,
            _ => {}
        }
        Ok(())
    }

    /// `x.a = value`: an object of the file keeps it; anything else is not what it was any more.
    fn set_attribute(&mut self, it: &ast::ExprAttribute, object: &Value, value: Value, scope: &Rc<Scope>) {
        let name = it.attr.id.as_str();
        let span = self.span(it.range());
        self.changes.containers += 1;
        match object {
            Value::Instance(instance) => {
                let value = if self.guarded() > instance.depth {
                    let class = self.cause(instance.depth);
                    Value::unknown(span, Reason::of(class, "it was changed under a condition that is not decided"))
                } else {
                    value
                };
                instance.fields.borrow_mut().insert(name.to_owned(), value);
            }
            Value::Class(class) => class.scope.set(name, value),
            Value::Item(item) if name == "naming_convention" && matches!(&**item, Item::MetaData(_)) => {
                if let Item::MetaData(convention) = &**item {
                    convention.replace(value);
                }
            }
            // The metadata of a package's own class concerns names alone, which `env.py` is asked for.
            Value::External(path) if name == "metadata" || path.ends_with(".metadata") => {
                self.assigned.insert(format!("{path}.{name}"), value);
            }
            // Python's own library, replaced or not, sends no SQL.
            Value::External(path) if super::imports::is_standard(path.split('.').next().unwrap_or_default()) => {}
            Value::External(path) => {
                let reason = format!("`{path}.{name}` is replaced");
                self.patched.get_or_insert((span, reason));
            }
            _ => {
                self.untracked = true;
                if let Expr::Name(variable) = &*it.value {
                    let reason = format!("`{}.{name}` is set", variable.id);
                    scope.set(variable.id.as_str(), Value::unknown(span, reason));
                }
            }
        }
    }

    fn unpack(&mut self, targets: &[Expr], value: &Value, span: Span, scope: &Rc<Scope>) -> Result<(), Halt> {
        let mut items = Vec::new();
        match self.iterate(value, span)? {
            Ok(iterator) => {
                for item in iterator {
                    self.burn(span)?;
                    items.push(item?);
                }
            }
            Err(unknown) => {
                for target in targets {
                    self.assign(target, Value::Unknown(Rc::clone(&unknown)), scope)?;
                }
                return Ok(());
            }
        }
        let star = targets.iter().position(|target| matches!(target, Expr::Starred(_)));
        let fits = match star {
            Some(_) => items.len() + 1 >= targets.len(),
            None => items.len() == targets.len(),
        };
        if !fits {
            return Err(Halt::Raise { what: "ValueError".to_owned(), message: None, span });
        }
        let after = star.map_or(0, |star| targets.len() - star - 1);
        for (index, target) in targets.iter().enumerate() {
            let value = match star {
                Some(star) if index == star => {
                    let middle = items.get(star..items.len() - after).unwrap_or_default().to_vec();
                    self.list(Ok(middle), span)
                }
                Some(star) if index > star => {
                    items.get(items.len() + index - targets.len()).cloned().unwrap_or(Value::None)
                }
                _ => items.get(index).cloned().unwrap_or(Value::None),
            };
            self.assign(target, value, scope)?;
        }
        Ok(())
    }

    pub(super) fn augmented(&mut self, it: &ast::StmtAugAssign, scope: &Rc<Scope>) -> Result<(), Halt> {
        let span = self.span(it.range());
        let left = self.eval(&it.target, scope)?;
        self.changes.names += 1;
        let right = self.eval(&it.value, scope)?;
        if let (ast::Operator::Add, Value::List(list)) = (it.op, &left) {
            let more = self.collect(&right, span)?;
            self.change_list(list, span, |items| match more {
                Ok(more) => {
                    items.extend(more);
                    Ok(())
                }
                Err(unknown) => Err(unknown),
            });
            return Ok(());
        }
        let value = self.binary(it.op, &left, &right, span)?;
        self.assign(&it.target, value, scope)
    }

    /// All items, or why they are not known.
    pub(super) fn collect(&mut self, value: &Value, span: Span) -> Result<Result<Vec<Value>, Rc<Unknown>>, Halt> {
        match self.iterate(value, span)? {
            Err(unknown) => Ok(Err(unknown)),
            Ok(items) => {
                let mut all = Vec::new();
                for item in items {
                    self.burn(span)?;
                    all.push(item?);
                }
                Ok(Ok(all))
            }
        }
    }

    /// Changes a list in place; under more undecided conditions than it was made, its content is lost.
    pub(super) fn change_list(
        &mut self,
        list: &List,
        span: Span,
        change: impl FnOnce(&mut Vec<Value>) -> Result<(), Rc<Unknown>>,
    ) {
        self.changes.containers += 1;
        if self.guarded() > list.depth {
            let reason = Reason::of(self.cause(list.depth), "it was changed under a condition that is not decided");
            *list.spoiled.borrow_mut() = Some(Rc::new(Unknown { reason, span, inert: false }));
            return;
        }
        let outcome = change(&mut list.items.borrow_mut());
        if let Err(unknown) = outcome {
            *list.spoiled.borrow_mut() = Some(unknown);
        }
    }

    fn store(&mut self, object: &Value, key: &Value, value: Value, span: Span) {
        self.changes.containers += 1;
        match (object, key) {
            (Value::Dict(dict), key) => {
                let unknown = if let Value::Unknown(unknown) = key { Some(Rc::clone(unknown)) } else { None };
                if self.guarded() > dict.depth || unknown.is_some() {
                    let reason =
                        Reason::of(self.cause(dict.depth), "it was changed under a condition that is not decided");
                    let why = unknown.unwrap_or_else(|| Rc::new(Unknown { reason, span, inert: false }));
                    *dict.spoiled.borrow_mut() = Some(why);
                } else {
                    put(&mut dict.items.borrow_mut(), key.clone(), value);
                }
            }
            (Value::List(list), Value::Int(index)) => {
                let index = *index;
                self.change_list(list, span, |items| {
                    if let Some(slot) = position(index, items.len()).and_then(|at| items.get_mut(at)) {
                        *slot = value;
                    }
                    Ok(())
                });
            }
            (Value::List(list), _) => {
                let reason = "an item is replaced at a place that is not known".into();
                *list.spoiled.borrow_mut() = Some(Rc::new(Unknown { reason, span, inert: false }));
            }
            _ => {}
        }
    }
}
