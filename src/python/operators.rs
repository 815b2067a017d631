//! Arithmetic, concatenation, subscripts and slices.

use super::{
    expr::{position, too_large},
    interp::{Eval, Halt, Interp},
    value::{Inspected, Scope, Shape, Value},
};
use crate::source::{Span, Text};
use ruff_python_ast::{self as ast, Expr, Operator};
use std::rc::Rc;

impl Interp<'_> {
    pub(super) fn binary(&mut self, operator: Operator, left: &Value, right: &Value, span: Span) -> Eval {
        if let Some(value) = super::core::arithmetic(operator, left, right) {
            return Ok(value);
        }
        let (left, right) = (&left.plain(), &right.plain());
        match (operator, left, right) {
            (Operator::Mod, template, values) if template.as_str().is_some() => {
                if let Value::Unknown(unknown) = values {
                    return Ok(Value::Unknown(Rc::clone(unknown)));
                }
                let template = template.as_text().unwrap_or_default();
                return self.percent(&template, values, span);
            }
            (_, Value::Unknown(unknown), _) | (_, _, Value::Unknown(unknown)) => {
                return Ok(Value::Unknown(Rc::clone(unknown)));
            }
            _ => {}
        }
        if let (Operator::Div, Value::Path(folder)) = (operator, left)
            && let Some(path) = super::files::path_of(right)
        {
            return Ok(Value::Path(Rc::from(super::files::join(folder, &path))));
        }
        if let (Some(a), Some(b)) = (left.as_text(), right.as_text())
            && operator == Operator::Add
        {
            self.spend(a.weight() + b.weight(), span)?;
            let mut text = a;
            text.push(&b);
            return Ok(Value::text(text));
        }
        match (operator, left, right) {
            (Operator::Mult, text, Value::Int(n)) | (Operator::Mult, Value::Int(n), text)
                if text.as_str().is_some() =>
            {
                self.repeat(&text.as_text().unwrap_or_default(), *n, span)
            }
            (Operator::Mult, Value::List(list), Value::Int(n)) => {
                let items = list.items.borrow().clone();
                let times = usize::try_from(*n).unwrap_or(0);
                self.spend(items.len().saturating_mul(times).saturating_mul(16), span)?;
                Ok(self.list(Ok(items.iter().cycle().take(items.len() * times).cloned().collect()), span))
            }
            (Operator::Add, Value::List(_), Value::List(_)) => {
                let (a, b) = (self.collect(left, span)?, self.collect(right, span)?);
                Ok(match (a, b) {
                    (Ok(mut a), Ok(b)) => {
                        a.extend(b);
                        self.spend(a.len() * 16, span)?;
                        self.list(Ok(a), span)
                    }
                    (Err(unknown), _) | (_, Err(unknown)) => Value::Unknown(unknown),
                })
            }
            (Operator::Add, Value::Tuple(a), Value::Tuple(b)) => {
                Ok(Value::Tuple(Rc::new(a.iter().chain(b.iter()).cloned().collect())))
            }
            (Operator::BitOr, Value::Dict(a), Value::Dict(b)) => {
                let mut items = a.items.borrow().clone();
                for (key, value) in b.items.borrow().iter() {
                    super::expr::put(&mut items, key.clone(), value.clone());
                }
                Ok(self.new_dict(items))
            }
            (_, Value::Int(a), Value::Int(b)) => Ok(whole(operator, *a, *b, span)),
            (_, Value::Float(_) | Value::Int(_), Value::Float(_) | Value::Int(_)) => {
                Ok(floating(operator, left, right, span))
            }
            _ => Ok(Value::unknown(
                span,
                format!("`{}` of {} and {} is not evaluated", operator.as_str(), left.kind(), right.kind()),
            )),
        }
    }

    fn repeat(&mut self, text: &Text, times: i128, span: Span) -> Eval {
        let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
        self.spend(text.as_str().len().saturating_mul(times), span)?;
        Ok(Value::text(Text::at(text.as_str().repeat(times), span)))
    }

    // ── subscripts ──

    pub(super) fn subscript(&mut self, it: &ast::ExprSubscript, span: Span, scope: &Rc<Scope>) -> Eval {
        let value = self.eval(&it.value, scope)?;
        if let Expr::Slice(slice) = &*it.slice {
            return self.slice(&value, slice, span, scope);
        }
        let key = self.eval(&it.slice, scope)?;
        self.item(&value, &key, span)
    }

    pub(super) fn item(&mut self, value: &Value, key: &Value, span: Span) -> Eval {
        if let Some(found) = super::core::item(value, key, span) {
            return Ok(found);
        }
        let missing = |what: &str| Halt::Raise { what: what.to_owned(), message: None, span };
        match (value, key) {
            (Value::Unknown(unknown), _) | (_, Value::Unknown(unknown)) => Ok(Value::Unknown(Rc::clone(unknown))),
            (Value::Dict(dict), key) => {
                if let Some(unknown) = &*dict.spoiled.borrow() {
                    return Ok(Value::Unknown(Rc::clone(unknown)));
                }
                // The last of equal keys of a display counts.
                for (candidate, value) in dict.items.borrow().iter().rev() {
                    match candidate.equal(key) {
                        Some(true) => return Ok(value.clone()),
                        Some(false) => {}
                        None => return Ok(Value::unknown(span, "the key is not known")),
                    }
                }
                let made = dict.missing.borrow().clone();
                match made {
                    Some(_) if self.guarded() > dict.depth => Ok(Value::unknown(span, "the dict has another content")),
                    Some(factory) => {
                        let value = self.call(&factory, super::tools::call_of(Vec::new(), span))?;
                        self.changes.containers += 1;
                        super::expr::put(&mut dict.items.borrow_mut(), key.clone(), value.clone());
                        Ok(value)
                    }
                    None => Err(missing("KeyError")),
                }
            }
            (Value::Instance(instance), Value::Int(index)) if instance.tuple().is_some() => {
                let items = instance.tuple().unwrap_or_default();
                position(*index, items.len()).and_then(|at| items.get(at)).cloned().ok_or_else(|| missing("IndexError"))
            }
            (Value::List(list), Value::Int(index)) => {
                if let Some(unknown) = &*list.spoiled.borrow() {
                    return Ok(Value::Unknown(Rc::clone(unknown)));
                }
                let items = list.items.borrow();
                position(*index, items.len()).and_then(|at| items.get(at)).cloned().ok_or_else(|| missing("IndexError"))
            }
            (Value::Tuple(items), Value::Int(index)) => {
                position(*index, items.len()).and_then(|at| items.get(at)).cloned().ok_or_else(|| missing("IndexError"))
            }
            (Value::Class(class), key) if class.is_enum() => {
                let found = key.as_str().and_then(|name| super::expr::member(class, name));
                found.ok_or_else(|| missing("KeyError"))
            }
            // `inspector.get_columns("t")[0]["name"]`, and the `name` of an element of a comprehension.
            (Value::Answer(asked), Value::Int(0)) if asked.shape != Shape::Row => Ok(Value::Question(Rc::clone(asked))),
            (Value::Answer(_) | Value::Question(_), _) => {
                Ok(Value::inert(span, crate::reason::Reason::data("it is the answer of a query")))
            }
            (Value::Inspected(it), key) if it.item && key.as_str() == Some("name") => {
                Ok(Value::Inspected(Rc::new(Inspected { names: true, ..(**it).clone() })))
            }
            (text, Value::Int(index)) if text.as_str().is_some() => {
                let text = text.as_text().unwrap_or_default();
                let places: Vec<(usize, char)> = text.as_str().char_indices().collect();
                let at = position(*index, places.len()).and_then(|at| places.get(at).copied());
                at.map(|(start, c)| Value::text(text.slice(start, start + c.len_utf8())))
                    .ok_or_else(|| missing("IndexError"))
            }
            // `list[int]`, `TypeDecorator[str]`: a class that takes types is the same class.
            (Value::External(path), _)
                if ["builtins.", "typing.", "sqlalchemy."].iter().any(|root| path.starts_with(root)) =>
            {
                Ok(value.clone())
            }
            (Value::External(path), _) => Ok(Value::unknown(span, super::imports::absent(path))),
            _ => Ok(Value::unknown(span, format!("an item of {} is not evaluated", value.kind()))),
        }
    }

    fn slice(&mut self, value: &Value, slice: &ast::ExprSlice, span: Span, scope: &Rc<Scope>) -> Eval {
        let mut bounds = [None; 3];
        for (bound, part) in bounds.iter_mut().zip([&slice.lower, &slice.upper, &slice.step]) {
            if let Some(part) = part {
                match self.eval(part, scope)? {
                    Value::Int(n) => *bound = Some(n),
                    Value::None => {}
                    Value::Unknown(unknown) => return Ok(Value::Unknown(unknown)),
                    other => return Ok(Value::unknown(span, format!("{} bounds a slice", other.kind()))),
                }
            }
        }
        let [lower, upper, step] = bounds;
        let cut = |length: usize| indices(lower, upper, step, length);
        Ok(match value {
            Value::Unknown(unknown) => Value::Unknown(Rc::clone(unknown)),
            Value::List(list) => {
                if let Some(unknown) = &*list.spoiled.borrow() {
                    Value::Unknown(Rc::clone(unknown))
                } else {
                    let items = list.items.borrow();
                    self.list(Ok(cut(items.len()).filter_map(|at| items.get(at).cloned()).collect()), span)
                }
            }
            Value::Tuple(items) => {
                Value::Tuple(Rc::new(cut(items.len()).filter_map(|at| items.get(at).cloned()).collect()))
            }
            text => match text.as_text() {
                Some(text) => {
                    let places: Vec<(usize, char)> = text.as_str().char_indices().collect();
                    let mut part = Text::default();
                    for (start, c) in cut(places.len()).filter_map(|at| places.get(at).copied()) {
                        part.push(&text.slice(start, start + c.len_utf8()));
                    }
                    Value::text(part)
                }
                None => Value::unknown(span, format!("a slice of {} is not evaluated", text.kind())),
            },
        })
    }
}

/// The indices that Python's slice selects.
fn indices(lower: Option<i128>, upper: Option<i128>, step: Option<i128>, length: usize) -> impl Iterator<Item = usize> {
    let length = i128::try_from(length).unwrap_or(0);
    let step = step.filter(|step| *step != 0).unwrap_or(1);
    let clamp = |n: i128, low: i128, high: i128| if n < 0 { (n + length).max(low) } else { n.min(high) };
    let (start, stop) = if step > 0 {
        (lower.map_or(0, |n| clamp(n, 0, length)), upper.map_or(length, |n| clamp(n, 0, length)))
    } else {
        (lower.map_or(length - 1, |n| clamp(n, -1, length - 1)), upper.map_or(-1, |n| clamp(n, -1, length - 1)))
    };
    let mut at = start;
    std::iter::from_fn(move || {
        if (step > 0 && at >= stop) || (step < 0 && at <= stop) {
            return None;
        }
        let index = usize::try_from(at).ok();
        at += step;
        index
    })
}

fn whole(operator: Operator, a: i128, b: i128, span: Span) -> Value {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Sub => a.checked_sub(b),
        Operator::Mult => a.checked_mul(b),
        Operator::FloorDiv if b != 0 => Some(a.div_euclid(b) - i128::from(b < 0 && a.rem_euclid(b) != 0)),
        Operator::Mod if b > 0 => Some(a.rem_euclid(b)),
        Operator::Pow if b >= 0 => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        Operator::BitAnd => Some(a & b),
        Operator::BitOr => Some(a | b),
        Operator::BitXor => Some(a ^ b),
        Operator::LShift => u32::try_from(b).ok().filter(|b| *b < 100).and_then(|b| a.checked_mul(1 << b)),
        Operator::RShift => u32::try_from(b).ok().and_then(|b| a.checked_shr(b)),
        Operator::Div if b != 0 => return floating(operator, &Value::Int(a), &Value::Int(b), span),
        _ => return Value::unknown(span, format!("`{a} {} {b}` is not evaluated", operator.as_str())),
    };
    result.map_or_else(|| too_large(span), Value::Int)
}

#[expect(clippy::cast_precision_loss, reason = "Python converts so too")]
fn floating(operator: Operator, left: &Value, right: &Value, span: Span) -> Value {
    let number = |value: &Value| match value {
        Value::Int(n) => *n as f64,
        Value::Float(n) => *n,
        _ => f64::NAN,
    };
    let (a, b) = (number(left), number(right));
    Value::Float(match operator {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult => a * b,
        Operator::Div if b != 0.0 => a / b,
        _ => return Value::unknown(span, format!("`{}` of floats is not evaluated", operator.as_str())),
    })
}
