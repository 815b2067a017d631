//! Expressions.

use super::{
    branches::Truth,
    interp::{Eval, Flow, Halt, Interp, NESTING},
    value::{Asked, Class, Dict, Inspected, List, Scope, Shape, Subject, Unknown, Value},
};
use crate::{
    op::{Guard, Question},
    reason::Reason,
    source::Span,
};
use ruff_python_ast::{self as ast, BoolOp, CmpOp, Expr, UnaryOp};
use ruff_text_size::Ranged;
use std::{cell::RefCell, rc::Rc};

/// The items of something, one by one; or why they are not known.
pub(super) type Items = Result<Box<dyn Iterator<Item = Eval>>, Rc<Unknown>>;

impl Interp<'_> {
    pub(super) fn eval(&mut self, expr: &Expr, scope: &Rc<Scope>) -> Eval {
        let span = self.span(expr.range());
        self.burn(span)?;
        if self.nesting >= NESTING {
            return Ok(Value::unknown(span, Reason::limit(format!("it is nested more than {NESTING} deep"))));
        }
        self.nesting += 1;
        // Python nests deeper than a thread's stack may be.
        let value = stacker::maybe_grow(256 << 10, 4 << 20, || self.expression(expr, span, scope));
        self.nesting -= 1;
        if let Ok(value) = &value {
            self.weigh(value, expr, span)?;
        }
        value
    }

    /// Queries are copied too, and written out in full each time that they are named.
    fn weigh_query(&mut self, size: crate::op::Size, span: Span) -> Result<(), Halt> {
        if size.nesting > 30 || size.weight > 5000 {
            return Err(Halt::Limit { reason: "a query is nested too deeply".to_owned(), span });
        }
        self.spend(usize::try_from(size.weight).unwrap_or(usize::MAX).saturating_mul(64), span)
    }

    /// Accounts for SQL expressions, which are copied as they grow, and for what may raise inside a `try`.
    fn weigh(&mut self, value: &Value, made_by: &Expr, span: Span) -> Result<(), Halt> {
        match value {
            Value::Unknown(unknown) if self.trying > 0 && !unknown.inert => {
                self.unsure = self.unsure.max(Some(unknown.reason.class));
            }
            Value::Expr(expr) if matches!(made_by, Expr::Call(_) | Expr::BinOp(_) | Expr::BoolOp(_)) => {
                match super::core::weight(expr, 0) {
                    Some(parts) => self.spend(parts.saturating_mul(64), span)?,
                    None => {
                        return Err(Halt::Limit { reason: "an SQL expression is nested too deeply".to_owned(), span });
                    }
                }
            }
            Value::Query(query) if matches!(made_by, Expr::Call(_)) => self.weigh_query(query.query.size(), span)?,
            Value::Table(table) if matches!(made_by, Expr::Call(_)) => self.weigh_query(table.source.size(), span)?,
            Value::Type(kind) => {
                let mut kind = &**kind;
                for depth in 0.. {
                    let crate::op::Type::Array { item, .. } = kind else { break };
                    if depth > 16 {
                        return Err(Halt::Limit { reason: "an array type is nested too deeply".to_owned(), span });
                    }
                    kind = item;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn expression(&mut self, expr: &Expr, span: Span, scope: &Rc<Scope>) -> Eval {
        if let Some(value) = self.assumed_spelling(expr, span) {
            return Ok(value);
        }
        let value = self.evaluated(expr, span, scope)?;
        Ok(self.spelled(expr, span, value))
    }

    fn evaluated(&mut self, expr: &Expr, span: Span, scope: &Rc<Scope>) -> Eval {
        Ok(match expr {
            Expr::NoneLiteral(_) => Value::None,
            Expr::BooleanLiteral(it) => Value::Bool(it.value),
            Expr::NumberLiteral(it) => number(&it.value, span),
            Expr::StringLiteral(it) => Value::text(self.string(&it.value)),
            Expr::BytesLiteral(it) => Value::Bytes(Rc::new(it.value.bytes().collect())),
            Expr::FString(it) => self.f_string(it, scope)?,
            Expr::Name(it) => {
                let value = self.name(it.id.as_str(), span, scope);
                self.looked_up(value)
            }
            Expr::Attribute(it) => {
                let value = self.eval(&it.value, scope)?;
                let value = self.attribute(&value, it.attr.id.as_str(), span)?;
                self.looked_up(value)
            }
            Expr::Subscript(it) => self.subscript(it, span, scope)?,
            Expr::Call(it) => self.call_expression(it, span, scope)?,
            Expr::List(it) => {
                let items = self.spread(&it.elts, scope)?;
                self.list(items, span)
            }
            Expr::Set(it) => {
                let items = self.spread(&it.elts, scope)?;
                self.set(items, span)
            }
            Expr::Tuple(it) => match self.spread(&it.elts, scope)? {
                Ok(items) => Value::Tuple(Rc::new(items)),
                Err(unknown) => Value::Unknown(unknown),
            },
            Expr::Dict(it) => self.dict(it, scope)?,
            Expr::BoolOp(it) => self.bool_op(it, scope)?,
            Expr::UnaryOp(it) => self.unary(it, span, scope)?,
            Expr::BinOp(it) => {
                let left = self.eval(&it.left, scope)?;
                let right = self.eval(&it.right, scope)?;
                self.binary(it.op, &left, &right, span)?
            }
            Expr::Compare(it) => self.compare(it, span, scope)?,
            Expr::If(it) => self.conditional_expression(it, scope)?,
            Expr::Named(it) => {
                let value = self.eval(&it.value, scope)?;
                self.assign(&it.target, value.clone(), scope)?;
                value
            }
            Expr::ListComp(it) => self.comprehension(&it.elt, &it.generators, span, scope)?,
            Expr::Generator(it) => {
                let steps = self.steps.len();
                let value = self.comprehension(&it.elt, &it.generators, span, scope)?;
                if self.steps.len() > steps {
                    self.unresolved(span, "a generator expression sends SQL as it is gone through")?;
                }
                self.once(value, true)
            }
            Expr::SetComp(it) => match self.comprehension(&it.elt, &it.generators, span, scope)? {
                Value::List(list) => self.distinct(&list, span),
                other => other,
            },
            Expr::DictComp(it) => self.dict_comprehension(it, span, scope)?,
            Expr::Lambda(it) => self.lambda(it, scope)?,
            Expr::Await(it) => self.eval(&it.value, scope)?,
            Expr::Starred(it) => self.eval(&it.value, scope)?,
            Expr::Yield(it) => {
                let value = it.value.as_ref().map_or(Ok(Value::None), |value| self.eval(value, scope))?;
                if self.is_managed() {
                    self.run_managed(value)?;
                    return Ok(Value::None);
                }
                if let Some(yields) = self.yields.last_mut() {
                    yields.push(value);
                }
                Value::None
            }
            Expr::EllipsisLiteral(_) => Value::inert(span, "it is `...`"),
            Expr::YieldFrom(it) => {
                let value = self.eval(&it.value, scope)?;
                match (self.collect(&value, span)?, self.yields.last_mut()) {
                    (Ok(items), Some(yields)) => yields.extend(items),
                    _ => self.unresolved(span, "what is yielded is not known")?,
                }
                Value::None
            }
            Expr::Slice(_) | Expr::TString(_) | Expr::IpyEscapeCommand(_) => {
                Value::unknown(span, format!("`{}` is not evaluated", self.code(expr.range())))
            }
        })
    }

    fn name(&mut self, name: &str, span: Span, scope: &Rc<Scope>) -> Value {
        if let Some(value) = scope.get(name) {
            return value;
        }
        match name {
            "__file__" => Value::made(format!("/{}", self.sources.get(self.file).path)),
            "__name__" => Value::made("revision"),
            _ if super::builtins::is_builtin(name) => Value::external(format!("builtins.{name}")),
            _ => Value::unknown(span, format!("`{name}` is not defined in the file")),
        }
    }

    // ── collections ──

    /// The values of a display, `*x` spread out; or the first `*x` that is not known.
    fn spread(&mut self, elements: &[Expr], scope: &Rc<Scope>) -> Result<Result<Vec<Value>, Rc<Unknown>>, Halt> {
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            if let Expr::Starred(starred) = element {
                let value = self.eval(&starred.value, scope)?;
                match self.iterate(&value, self.span(starred.range()))? {
                    Ok(more) => {
                        for item in more {
                            self.burn(self.span(starred.range()))?;
                            items.push(item?);
                        }
                    }
                    Err(unknown) => return Ok(Err(unknown)),
                }
            } else {
                items.push(self.eval(element, scope)?);
            }
        }
        Ok(Ok(items))
    }

    pub(super) fn list(&self, items: Result<Vec<Value>, Rc<Unknown>>, _span: Span) -> Value {
        match items {
            Ok(items) => Value::List(self.heap.keep(Rc::new(List {
                items: RefCell::new(items),
                spoiled: RefCell::new(None),
                depth: self.guarded(),
            }))),
            Err(unknown) => Value::Unknown(unknown),
        }
    }

    fn set(&self, items: Result<Vec<Value>, Rc<Unknown>>, span: Span) -> Value {
        match self.list(items, span) {
            Value::List(list) => self.distinct(&list, span),
            other => other,
        }
    }

    /// A set of a list's items. Its order is Python's own secret; iteration over more than one is not known.
    pub(super) fn distinct(&self, list: &List, span: Span) -> Value {
        if let Some(unknown) = &*list.spoiled.borrow() {
            return Value::Unknown(Rc::clone(unknown));
        }
        let mut items: Vec<Value> = Vec::new();
        for item in list.items.borrow().iter() {
            match items.iter().map(|seen| seen.equal(item)).find(|same| *same != Some(false)) {
                None => items.push(item.clone()),
                Some(Some(_)) => {}
                Some(None) => return Value::unknown(span, "the members of the set are not known"),
            }
        }
        let depth = self.guarded();
        let set = List { items: RefCell::new(items), spoiled: RefCell::new(None), depth };
        Value::Set(self.heap.keep(Rc::new(set)))
    }

    pub(super) fn new_dict(&self, items: Vec<(Value, Value)>) -> Value {
        let depth = self.guarded();
        let dict = Dict { items: RefCell::new(items), spoiled: RefCell::new(None), depth, missing: RefCell::default() };
        Value::Dict(self.heap.keep(Rc::new(dict)))
    }

    fn dict(&mut self, it: &ast::ExprDict, scope: &Rc<Scope>) -> Eval {
        let mut items = Vec::new();
        for item in &it.items {
            let value = self.eval(&item.value, scope)?;
            let Some(key) = &item.key else {
                match &value {
                    Value::Dict(more) if more.spoiled.borrow().is_none() => {
                        for (key, value) in more.items.borrow().iter() {
                            put(&mut items, key.clone(), value.clone());
                        }
                    }
                    other => {
                        let reason = Reason::of(other.cause(), "a `**` of the dict is not known");
                        return Ok(Value::unknown(self.span(item.value.range()), reason));
                    }
                }
                continue;
            };
            let key = self.eval(key, scope)?;
            if let Value::Unknown(unknown) = key {
                return Ok(Value::Unknown(unknown));
            }
            // Distinct keys of a literal are the rule; a look-up takes the last.
            items.push((key, value));
        }
        Ok(self.new_dict(items))
    }

    /// What `for x in value` goes through.
    pub(super) fn iterate(&mut self, value: &Value, span: Span) -> Result<Items, Halt> {
        let known = |items: Vec<Value>| -> Items { Ok(Box::new(items.into_iter().map(Ok))) };
        let not = |reason: String| -> Items {
            let reason = reason.into();
            Err(Rc::new(Unknown { reason, span, inert: false }))
        };
        Ok(match &value.plain() {
            Value::List(list) => match &*list.spoiled.borrow() {
                Some(unknown) => Err(Rc::clone(unknown)),
                None => known(list.items.borrow().clone()),
            },
            Value::Set(set) if set.items.borrow().len() > 1 => {
                not("it is a set, whose order is not defined".to_owned())
            }
            Value::Set(set) => known(set.items.borrow().clone()),
            Value::Tuple(items) => known((**items).clone()),
            Value::Iterator(it) => match self.drain(it, span) {
                Ok(items) => known(items),
                Err(unknown) => Err(unknown),
            },
            Value::View(view) => match view.items() {
                Ok(items) => known(items),
                Err(unknown) => Err(unknown),
            },
            Value::Dict(dict) => match &*dict.spoiled.borrow() {
                Some(unknown) => Err(Rc::clone(unknown)),
                None => known(dict.items.borrow().iter().map(|(key, _)| key.clone()).collect()),
            },
            Value::Range { start, stop, step } => Ok(Box::new(range(*start, *stop, *step).map(|n| Ok(Value::Int(n))))),
            Value::Class(class) if class.is_enum() => known(class.members.borrow().clone()),
            Value::Instance(instance) => match instance.tuple() {
                Some(items) => known(items),
                None => not("it is an object".to_owned()),
            },
            Value::Unknown(unknown) => Err(Rc::clone(unknown)),
            Value::File(file) if !file.read.replace(true) => known(super::files::lines(&file.text)),
            Value::Inspected(_) | Value::Answer(_) | Value::Question(_) => {
                Err(Rc::new(Unknown { reason: Reason::data("it is what the database says"), span, inert: false }))
            }
            other => match other.as_str() {
                Some(text) => known(text.chars().map(|c| Value::made(c.to_string())).collect()),
                None => not(format!("it is {}", other.kind())),
            },
        })
    }

    fn comprehension(&mut self, element: &Expr, clauses: &[ast::Comprehension], span: Span, scope: &Rc<Scope>) -> Eval {
        let inner = self.heap.keep(Scope::new(Some(Rc::clone(scope))));
        let Some(clause) = clauses.first() else { return Ok(Value::unknown(span, "it goes through nothing")) };
        // The outermost iterable is evaluated once, outside of the comprehension's own scope.
        let first = self.eval(&clause.iter, scope)?;
        let source = first.clone();
        if let (Value::Inspected(inspected), 1) = (&first, clauses.len()) {
            return self.inspected_comprehension(element, clause, inspected, span, &inner);
        }
        let mut items = Vec::new();
        let outcome = self.clauses(clauses, Some(first), &inner, &mut |this, scope| {
            let value = this.eval(element, scope)?;
            items.push(value);
            Ok(())
        })?;
        self.hand_over(&source, span);
        Ok(self.list(outcome.map(|()| items), span))
    }

    /// `[c["name"] for c in inspector.get_columns("t")]` is again what the inspector says; so is
    /// `any(c["name"] == "a" for c in …)`.
    fn inspected_comprehension(
        &mut self,
        element: &Expr,
        clause: &ast::Comprehension,
        inspected: &Inspected,
        span: Span,
        scope: &Rc<Scope>,
    ) -> Eval {
        let item = Value::Inspected(Rc::new(Inspected { item: true, ..inspected.clone() }));
        self.assign(&clause.target, item, scope)?;
        if let [condition] = clause.ifs.as_slice() {
            return Ok(match self.eval(condition, scope)? {
                // `[c for c in … if c["name"] == "a"]` is empty or not by the answer to the question.
                Value::Question(asked) => Value::Question(asked),
                _ => Value::unknown(span, Reason::data("it is what the database says")),
            });
        }
        Ok(match self.eval(element, scope)? {
            Value::Inspected(it) if it.item => Value::Inspected(Rc::new(Inspected { item: false, ..(*it).clone() })),
            Value::Question(asked) if clause.ifs.is_empty() => Value::Question(asked),
            _ => Value::unknown(span, Reason::data("it is what the database says")),
        })
    }

    #[expect(clippy::type_complexity, reason = "a callback for each turn of the innermost clause")]
    fn clauses(
        &mut self,
        clauses: &[ast::Comprehension],
        first: Option<Value>,
        scope: &Rc<Scope>,
        turn: &mut dyn FnMut(&mut Self, &Rc<Scope>) -> Result<(), Halt>,
    ) -> Result<Result<(), Rc<Unknown>>, Halt> {
        let Some((clause, rest)) = clauses.split_first() else { return turn(self, scope).map(Ok) };
        let span = self.span(clause.iter.range());
        let iterable = match first {
            Some(value) => value,
            None => self.eval(&clause.iter, scope)?,
        };
        let items = match self.iterate(&iterable, span)? {
            Ok(items) => items,
            Err(unknown) => return Ok(Err(unknown)),
        };
        'items: for item in items {
            self.burn(span)?;
            self.assign(&clause.target, item?, scope)?;
            for condition in &clause.ifs {
                let value = self.eval(condition, scope)?;
                match self.truth(&value) {
                    Truth::Known(true) => {}
                    Truth::Known(false) => continue 'items,
                    Truth::Unknown(unknown) => return Ok(Err(unknown)),
                    Truth::Asked(_) | Truth::Other(_) => {
                        let class = self.undecided(&self.truth(&value), span).class;
                        let reason = Reason::of(class, format!("it depends on `{}`", self.code(condition.range())));
                        return Ok(Err(Rc::new(Unknown { reason, span, inert: false })));
                    }
                }
            }
            if let Err(unknown) = self.clauses(rest, None, scope, turn)? {
                return Ok(Err(unknown));
            }
        }
        Ok(Ok(()))
    }

    fn dict_comprehension(&mut self, it: &ast::ExprDictComp, span: Span, scope: &Rc<Scope>) -> Eval {
        let inner = self.heap.keep(Scope::new(Some(Rc::clone(scope))));
        let Some(key) = &it.key else { return Ok(Value::unknown(span, "`**` in a comprehension is not evaluated")) };
        let mut items = Vec::new();
        let outcome = self.clauses(&it.generators, None, &inner, &mut |this, scope| {
            let key = this.eval(key, scope)?;
            let value = this.eval(&it.value, scope)?;
            put(&mut items, key, value);
            Ok(())
        })?;
        Ok(match outcome {
            Ok(()) => self.new_dict(items),
            Err(unknown) => Value::Unknown(unknown),
        })
    }

    // ── operators ──

    fn bool_op(&mut self, it: &ast::ExprBoolOp, scope: &Rc<Scope>) -> Eval {
        let mut last = Value::None;
        let mut asked: Option<Value> = None;
        for operand in &it.values {
            let value = self.eval(operand, scope)?;
            match self.truth(&value) {
                Truth::Known(truth) => {
                    let decisive = (it.op == BoolOp::Or) == truth;
                    if decisive && asked.is_none() {
                        return Ok(value);
                    }
                    if decisive {
                        // `unknown or "x"` is true, but nobody knows which of the two it is.
                        let span = self.span(it.range());
                        let class = asked.as_ref().map(|it| self.undecided(&self.truth(it), span).class);
                        let text = format!("it is one of the values of `{}`", self.code(it.range()));
                        return Ok(Value::unknown(
                            span,
                            Reason::of(class.unwrap_or(crate::reason::Class::Limit), text),
                        ));
                    }
                    last = value;
                }
                _ if asked.is_none() => asked = Some(value),
                other => {
                    let span = self.span(it.range());
                    let class = self.undecided(&other, span).class;
                    let reason = Reason::of(class, format!("it depends on `{}`", self.code(it.range())));
                    asked = Some(Value::unknown(span, reason));
                }
            }
        }
        Ok(asked.unwrap_or(last))
    }

    fn unary(&mut self, it: &ast::ExprUnaryOp, span: Span, scope: &Rc<Scope>) -> Eval {
        let value = self.eval(&it.operand, scope)?;
        if it.op == UnaryOp::Not {
            return Ok(match self.truth(&value) {
                Truth::Known(truth) => Value::Bool(!truth),
                Truth::Asked(asked) => {
                    Value::Question(Rc::new(Asked { holds: !asked.holds, shape: Shape::Bool, ..(*asked).clone() }))
                }
                Truth::Unknown(unknown) => Value::Unknown(unknown),
                Truth::Other(reason) => Value::unknown(span, reason),
            });
        }
        Ok(match (it.op, &value) {
            (_, Value::Unknown(_)) => value,
            (UnaryOp::USub, Value::Int(n)) => n.checked_neg().map_or_else(|| too_large(span), Value::Int),
            (UnaryOp::USub, Value::Float(n)) => Value::Float(-n),
            (UnaryOp::UAdd, Value::Int(_) | Value::Float(_)) => value,
            (UnaryOp::Invert, Value::Int(n)) => Value::Int(!n),
            (UnaryOp::Invert, Value::Expr(expr)) => super::core::not((**expr).clone()),
            (UnaryOp::USub, Value::Expr(expr)) => Value::expr(crate::op::Expr::Negative(Box::new((**expr).clone()))),
            _ => Value::unknown(span, format!("`{}` of {} is not evaluated", it.op.as_str(), value.kind())),
        })
    }

    fn compare(&mut self, it: &ast::ExprCompare, span: Span, scope: &Rc<Scope>) -> Eval {
        let mut left = self.eval(&it.left, scope)?;
        let mut answer = Value::Bool(true);
        for (operator, right) in it.ops.iter().zip(it.comparators.iter()) {
            let right = self.eval(right, scope)?;
            answer = self.comparison(*operator, &left, &right, span);
            match self.truth(&answer) {
                Truth::Known(true) => {}
                _ => break,
            }
            left = right;
        }
        Ok(answer)
    }

    fn comparison(&mut self, operator: CmpOp, left: &Value, right: &Value, span: Span) -> Value {
        if let Some(value) = super::core::comparison(operator, left, right, span) {
            return value;
        }
        if let Some(value) = asked(operator, left, right) {
            return value;
        }
        let unknown = || match (left, right) {
            (Value::Unknown(it), _) | (_, Value::Unknown(it)) => Value::Unknown(Rc::clone(it)),
            (Value::External(path), _) | (_, Value::External(path)) => {
                Value::unknown(span, super::imports::absent(path))
            }
            _ => Value::unknown(span, format!("{} is compared with {}", left.kind(), right.kind())),
        };
        let truth = match operator {
            CmpOp::Eq => left.equal(right),
            CmpOp::NotEq => left.equal(right).map(|same| !same),
            CmpOp::Is => identical(left, right),
            CmpOp::IsNot => identical(left, right).map(|same| !same),
            CmpOp::In => contains(right, left),
            CmpOp::NotIn => contains(right, left).map(|it| !it),
            CmpOp::Lt => order(left, right).map(std::cmp::Ordering::is_lt),
            CmpOp::LtE => order(left, right).map(std::cmp::Ordering::is_le),
            CmpOp::Gt => order(left, right).map(std::cmp::Ordering::is_gt),
            CmpOp::GtE => order(left, right).map(std::cmp::Ordering::is_ge),
        };
        truth.map_or_else(unknown, Value::Bool)
    }

    fn conditional_expression(&mut self, it: &ast::ExprIf, scope: &Rc<Scope>) -> Eval {
        let test = self.eval(&it.test, scope)?;
        match self.truth(&test) {
            Truth::Known(true) => self.eval(&it.body, scope),
            Truth::Known(false) => self.eval(&it.orelse, scope),
            undecided => {
                let guard: Guard = self.guard(&it.test, &undecided);
                let outcome = self.fork(
                    guard,
                    scope,
                    |this| this.eval(&it.body, scope).map(Flow::Return),
                    |this| this.eval(&it.orelse, scope).map(Flow::Return),
                )?;
                Ok(match outcome {
                    Flow::Return(value) => value,
                    _ => Value::None,
                })
            }
        }
    }
}

/// Puts a key into the items of a dict.
pub(super) fn put(items: &mut Vec<(Value, Value)>, key: Value, value: Value) {
    match items.iter_mut().find(|(existing, _)| existing.equal(&key) == Some(true)) {
        Some(slot) => slot.1 = value,
        None => items.push((key, value)),
    }
}

/// The place of an index that may count from the end.
pub(super) fn position(index: i128, length: usize) -> Option<usize> {
    let length = i128::try_from(length).ok()?;
    let at = if index < 0 { index + length } else { index };
    if (0..length).contains(&at) { usize::try_from(at).ok() } else { None }
}

fn number(number: &ast::Number, span: Span) -> Value {
    match number {
        ast::Number::Int(it) => match it.to_string().parse() {
            Ok(value) => Value::Int(value),
            Err(_) => too_large(span),
        },
        ast::Number::Float(it) => Value::Float(*it),
        ast::Number::Complex { .. } => Value::inert(span, "it is a complex number"),
    }
}

pub(super) fn too_large(span: Span) -> Value {
    Value::unknown(span, "the number is too large")
}

fn range(start: i128, stop: i128, step: i128) -> impl Iterator<Item = i128> {
    let mut next = start;
    std::iter::from_fn(move || {
        let more = if step > 0 { next < stop } else { next > stop };
        if !more || step == 0 {
            return None;
        }
        let value = next;
        next = next.checked_add(step)?;
        Some(value)
    })
}

fn identical(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::None, Value::None) => Some(true),
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::None, _) | (_, Value::None) => Some(false),
        (a, b) => Some(a.same(b)),
    }
}

fn contains(container: &Value, item: &Value) -> Option<bool> {
    let among = |items: &[Value]| {
        let mut unsure = false;
        for candidate in items {
            match candidate.equal(item) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => unsure = true,
            }
        }
        if unsure { None } else { Some(false) }
    };
    match container {
        Value::List(list) | Value::Set(list) if list.spoiled.borrow().is_none() => among(&list.items.borrow()),
        Value::Tuple(items) => among(items),
        Value::View(view) => among(&view.items().ok()?),
        Value::Dict(dict) if dict.spoiled.borrow().is_none() => {
            let keys: Vec<Value> = dict.items.borrow().iter().map(|(key, _)| key.clone()).collect();
            among(&keys)
        }
        Value::Class(class) if class.is_enum() => among(&class.members.borrow()),
        other => Some(other.as_str()?.contains(item.as_str()?)),
    }
}

fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Tuple(a), Value::Tuple(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                let ordering = order(a, b)?;
                if ordering.is_ne() {
                    return Some(ordering);
                }
            }
            Some(a.len().cmp(&b.len()))
        }
        (a, b) => Some(a.as_str()?.cmp(b.as_str()?)),
    }
}

/// A comparison whose answer the schema may know.
fn asked(operator: CmpOp, left: &Value, right: &Value) -> Option<Value> {
    if let Value::Question(asked) = left {
        return answered(operator, asked, right);
    }
    let (inspected, name) = match (operator, left, right) {
        (CmpOp::In | CmpOp::NotIn, name, Value::Inspected(it)) if !it.item && it.names => (it, name.as_str()?),
        (CmpOp::Eq | CmpOp::NotEq, Value::Inspected(it), name) if it.item && it.names => (it, name.as_str()?),
        (CmpOp::Eq | CmpOp::NotEq, name, Value::Inspected(it)) if it.item && it.names => (it, name.as_str()?),
        _ => return None,
    };
    let holds = matches!(operator, CmpOp::In | CmpOp::Eq);
    if inspected.item && !holds {
        return None;
    }
    Some(Value::Question(Rc::new(Asked { question: question(&inspected.subject, name), holds, shape: Shape::Bool })))
}

/// A comparison of what the database says with a constant: `is not None`, `> 0`, `== True`.
fn answered(operator: CmpOp, asked: &Asked, constant: &Value) -> Option<Value> {
    let same = match (asked.shape, operator, constant) {
        (Shape::Row, CmpOp::Is | CmpOp::Eq, Value::None) => false,
        (Shape::Row, CmpOp::IsNot | CmpOp::NotEq, Value::None) => true,
        (Shape::Bool, CmpOp::Is | CmpOp::Eq, Value::Bool(it)) => *it,
        (Shape::Bool, CmpOp::IsNot | CmpOp::NotEq, Value::Bool(it)) => !*it,
        (Shape::Count, CmpOp::Gt | CmpOp::NotEq, Value::Int(0)) => true,
        (Shape::Count, CmpOp::GtE | CmpOp::Eq, Value::Int(1)) => true,
        (Shape::Count, CmpOp::Eq | CmpOp::LtE, Value::Int(0)) | (Shape::Count, CmpOp::Lt, Value::Int(1)) => false,
        _ => return None,
    };
    Some(Value::Question(Rc::new(Asked { holds: asked.holds == same, shape: Shape::Bool, ..asked.clone() })))
}

/// The question whether there is something of that name.
pub(super) fn question(subject: &Subject, name: &str) -> Question {
    match subject {
        Subject::Tables(schema) => Question::Table(crate::op::Qualified {
            schema: schema.clone().map(crate::op::Name::plain),
            name: crate::op::Name::plain(name),
        }),
        Subject::Columns(table) => Question::Column(table.clone(), name.to_owned()),
        Subject::Views(schema) => Question::View(crate::op::Qualified {
            schema: schema.clone().map(crate::op::Name::plain),
            name: crate::op::Name::plain(name),
        }),
        Subject::Schemas => Question::Schema(name.to_owned()),
        Subject::Types => Question::Type(crate::op::Qualified { schema: None, name: crate::op::Name::plain(name) }),
        Subject::Indexes(table) => Question::Index(table.clone(), name.to_owned()),
        Subject::Constraints(table) => Question::Constraint(table.clone(), name.to_owned()),
    }
}

/// An enum member by its Python name.
pub(super) fn member(class: &Class, name: &str) -> Option<Value> {
    class
        .members
        .borrow()
        .iter()
        .find(|member| match member {
            Value::Instance(instance) => {
                instance.fields.borrow().get("name").and_then(|it| it.as_str().map(|it| it == name)).unwrap_or(false)
            }
            _ => false,
        })
        .cloned()
}
