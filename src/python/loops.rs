//! Loops: each turn where they are known, one turn for all where they are not.

use super::{
    branches::{Truth, Until, depends},
    interp::{Flow, Halt, Interp, Run},
    value::{Scope, Unknown, Value},
};
use crate::{
    op::{Guard, Question},
    reason::Reason,
    source::Span,
};
use ruff_python_ast::{self as ast, Stmt};
use ruff_text_size::Ranged;
use std::rc::Rc;

impl Interp<'_> {
    pub(super) fn for_loop(&mut self, it: &ast::StmtFor, scope: &Rc<Scope>) -> Run {
        let iterable = self.eval(&it.iter, scope)?;
        let span = self.span(it.iter.range());
        let mark = self.guards.len();
        let mut broken = false;
        match self.iterate(&iterable, span)? {
            Ok(mut items) => {
                let length = length_of(&iterable);
                while let Some(item) = items.next() {
                    self.burn(span)?;
                    self.changes.names += 1;
                    self.assign(&it.target, item?, scope)?;
                    let flow = self.block(&it.body, scope)?;
                    self.lapse(mark, Until::Turn);
                    if length_of(&iterable) != length {
                        self.unresolved(span, "the list changes while the loop goes through it")?;
                        break;
                    }
                    match flow {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => {
                            self.leave_iterator(&iterable, &mut items)?;
                            broken = true;
                            break;
                        }
                        Flow::Return(value) => {
                            self.leave_iterator(&iterable, &mut items)?;
                            self.lapse(mark, Until::Loop);
                            return Ok(Flow::Return(value));
                        }
                    }
                }
            }
            Err(unknown) => {
                let text = format!("for {} in {}", self.code(it.target.range()), self.code(it.iter.range()));
                let item = Value::Unknown(Rc::new(Unknown {
                    reason: one_of(&self.code(it.iter.range()), &unknown.reason),
                    ..(*unknown).clone()
                }));
                self.assign(&it.target, item, scope)?;
                let why = self.because(&unknown, span);
                self.perhaps(text, why, span, &it.body, scope)?;
            }
        }
        self.lapse(mark, Until::Loop);
        if broken { Ok(Flow::Next) } else { self.block(&it.orelse, scope) }
    }

    pub(super) fn while_loop(&mut self, it: &ast::StmtWhile, scope: &Rc<Scope>) -> Run {
        let span = self.span(it.test.range());
        let mark = self.guards.len();
        loop {
            self.burn(span)?;
            let value = self.eval(&it.test, scope)?;
            match self.truth(&value) {
                Truth::Known(false) => break,
                Truth::Known(true) => {
                    let flow = self.block(&it.body, scope)?;
                    let undecided = self.guards.len() > mark;
                    let class = self.cause(mark);
                    self.lapse(mark, Until::Turn);
                    match flow {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => {
                            self.lapse(mark, Until::Loop);
                            return Ok(Flow::Next);
                        }
                        Flow::Return(value) => return Ok(Flow::Return(value)),
                    }
                    if undecided {
                        // `while True:` that a query's answer ends: how often it runs is not known.
                        self.unresolved(span, Reason::of(class, "how often the loop runs is not known"))?;
                        break;
                    }
                }
                undecided => {
                    let text = format!("while {}", self.code(it.test.range()));
                    let reason = self.undecided(&undecided, span);
                    self.perhaps(text, reason, span, &it.body, scope)?;
                    break;
                }
            }
        }
        self.lapse(mark, Until::Loop);
        self.block(&it.orelse, scope)
    }

    /// Runs a body once that may run never or often.
    fn perhaps(
        &mut self,
        text: String,
        reason: Reason,
        span: Span,
        body: &[Stmt],
        scope: &Rc<Scope>,
    ) -> Result<(), Halt> {
        let guard = Guard { text, span, question: Question::Unknown(reason), holds: true };
        // What the body assigns is not known before it either: its second turn sees the first one's values.
        for name in super::walk::assigned(body) {
            let value = depends(&guard, &format!("`{name}`"));
            scope.set(&name, value);
        }
        self.fork(guard, scope, |this| this.block(body, scope), |_| Ok(Flow::Next))?;
        Ok(())
    }
}

/// How many items a list has now.
fn length_of(value: &Value) -> Option<usize> {
    match value {
        Value::List(list) | Value::Set(list) => Some(list.items.borrow().len()),
        Value::Dict(dict) => Some(dict.items.borrow().len()),
        Value::View(view) => Some(view.dict.items.borrow().len()),
        _ => None,
    }
}

/// The reason of what a loop goes through, said of one turn.
fn one_of(code: &str, reason: &Reason) -> Reason {
    reason.reworded(match reason.text.strip_prefix("it ") {
        Some(rest) => format!("it is one of `{code}`, which {rest}"),
        None => format!("it is one of `{code}`: {reason}"),
    })
}
