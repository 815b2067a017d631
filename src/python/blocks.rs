//! `try` and `with`.

use super::{
    interp::{Flow, Halt, Interp, Run},
    value::{Scope, Value},
};
use crate::source::Span;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;
use std::rc::Rc;

impl Interp<'_> {
    pub(super) fn try_block(&mut self, it: &ast::StmtTry, scope: &Rc<Scope>) -> Run {
        let unsure = std::mem::take(&mut self.unsure);
        self.trying += usize::from(!it.handlers.is_empty());
        let mut outcome = self.block(&it.body, scope);
        self.trying = self.trying.saturating_sub(usize::from(!it.handlers.is_empty()));
        if std::mem::replace(&mut self.unsure, unsure)
            && let Some(ast::ExceptHandler::ExceptHandler(handler)) = it.handlers.first()
            && !super::walk::is_empty(&handler.body)
            && !matches!(outcome, Err(Halt::Limit { .. }))
        {
            let place = self.span(handler.range());
            self.unresolved(Span { end: place.start + 6, ..place }, "whether the exception is raised is not known")?;
        }
        match outcome {
            Ok(Flow::Next) => outcome = self.block(&it.orelse, scope),
            Err(Halt::Raise { ref what, .. }) => {
                let what = what.clone();
                let handler = it.handlers.iter().find(|ast::ExceptHandler::ExceptHandler(handler)| {
                    handler.type_.as_ref().is_none_or(|kind| self.catches(kind, &what))
                });
                if let Some(ast::ExceptHandler::ExceptHandler(handler)) = handler {
                    if let Some(name) = &handler.name {
                        let span = self.span(name.range());
                        scope.set(name.id.as_str(), Value::inert(span, "it is an exception"));
                    }
                    outcome = self.block(&handler.body, scope);
                }
            }
            _ => {}
        }
        match self.block(&it.finalbody, scope)? {
            Flow::Next => outcome,
            other => Ok(other),
        }
    }

    fn catches(&self, kind: &Expr, what: &str) -> bool {
        let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
        match kind {
            Expr::Tuple(tuple) => tuple.elts.iter().any(|kind| self.catches(kind, what)),
            other => {
                let name = last(&self.code(other.range()));
                name == "Exception"
                    || name == "BaseException"
                    || name == last(what)
                    || (name == "LookupError" && matches!(what, "KeyError" | "IndexError"))
            }
        }
    }

    pub(super) fn with(&mut self, items: &[ast::WithItem], body: &[Stmt], scope: &Rc<Scope>) -> Run {
        let Some((item, rest)) = items.split_first() else { return self.block(body, scope) };
        let manager = self.eval(&item.context_expr, scope)?;
        let span = self.span(item.context_expr.range());
        if let Some(target) = &item.optional_vars {
            self.assign(target, manager.clone(), scope)?;
        }
        match &manager {
            Value::External(path) if &**path == super::connection::AUTOCOMMIT => {
                if self.autocommit > 0 {
                    self.unresolved(span, "an `autocommit_block()` within another ends both".to_owned())?;
                }
                self.autocommit += 1;
                let outcome = self.with(rest, body, scope);
                self.autocommit = self.autocommit.saturating_sub(1);
                outcome
            }
            Value::Batch(batch) => {
                let batch = Rc::clone(batch);
                let outcome = self.with(rest, body, scope)?;
                self.flush(&batch, span)?;
                Ok(outcome)
            }
            Value::Unknown(unknown) if !unknown.inert => {
                self.unresolved(span, self.because(unknown, span))?;
                self.with(rest, body, scope)
            }
            _ => self.with(rest, body, scope),
        }
    }
}
