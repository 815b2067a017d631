//! `try` and `with`.

use super::{
    exceptions::catches,
    interp::{Args, Flow, Halt, Interp, Run},
    value::{Function, Scope, Value},
};
use crate::{
    reason::Reason,
    source::{SourceId, Span},
};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;
use std::rc::Rc;

/// A `with` block over a call of a `@contextmanager` function.
pub(super) struct Managed {
    items: Vec<ast::WithItem>,
    body: Vec<Stmt>,
    target: Option<Box<Expr>>,
    scope: Rc<Scope>,
    file: SourceId,
    /// How many calls are under way in the function itself.
    depth: usize,
    /// How the block ended, once it ran.
    flow: Option<Flow>,
}

impl Interp<'_> {
    /// The function that yields is one that a `with` block waits for.
    pub(super) fn is_managed(&self) -> bool {
        self.managed.last().is_some_and(|it| it.depth == self.calls.len())
    }

    /// Runs the waiting block where the function yields, in the place of its caller.
    pub(super) fn run_managed(&mut self, value: Value) -> Result<(), Halt> {
        let Some(mut block) = self.managed.pop() else { return Ok(()) };
        let home = self.enter(block.file, None);
        let (call, pending, yields) = (self.calls.pop(), self.pending.pop(), self.yields.pop());
        let outcome = match &block.target {
            Some(target) => self.assign(target, value, &block.scope),
            None => Ok(()),
        };
        let outcome = outcome.and_then(|()| self.with(&block.items, &block.body, &block.scope));
        self.calls.extend(call);
        self.pending.extend(pending);
        self.yields.extend(yields);
        self.back(home);
        // An exception comes up at the `yield`, where the function may catch it.
        let outcome = outcome.map(|flow| block.flow = Some(flow));
        if outcome.is_err() {
            block.flow = Some(Flow::Next);
        }
        self.managed.push(block);
        outcome
    }

    fn with_manager(
        &mut self,
        made: &(Rc<Function>, Args),
        item: &ast::WithItem,
        rest: &[ast::WithItem],
        body: &[Stmt],
        scope: &Rc<Scope>,
    ) -> Run {
        let span = self.span(item.context_expr.range());
        self.managed.push(Managed {
            items: rest.to_vec(),
            body: body.to_vec(),
            target: item.optional_vars.clone(),
            scope: Rc::clone(scope),
            file: self.file,
            depth: self.calls.len() + 1,
            flow: None,
        });
        let outcome = self.run_function(&made.0, made.1.clone());
        let block = self.managed.pop();
        outcome?;
        if let Some(flow) = block.and_then(|it| it.flow) {
            return Ok(flow);
        }
        self.unresolved(span, format!("`{}` does not yield, so the block does not run", made.0.name))?;
        Ok(Flow::Next)
    }

    pub(super) fn try_block(&mut self, it: &ast::StmtTry, scope: &Rc<Scope>) -> Run {
        let unsure = std::mem::take(&mut self.unsure);
        self.trying += usize::from(!it.handlers.is_empty());
        let mut outcome = self.block(&it.body, scope);
        self.trying = self.trying.saturating_sub(usize::from(!it.handlers.is_empty()));
        if let Some(class) = std::mem::replace(&mut self.unsure, unsure)
            && let Some(ast::ExceptHandler::ExceptHandler(handler)) = it.handlers.first()
            && !super::walk::is_empty(&handler.body)
            && !matches!(outcome, Err(Halt::Limit { .. }))
        {
            let place = self.span(handler.range());
            self.unresolved(
                Span { end: place.start + 6, ..place },
                Reason::of(class, "whether the exception is raised is not known"),
            )?;
        }
        match outcome {
            Ok(Flow::Next) => outcome = self.block(&it.orelse, scope),
            Err(Halt::Raise { ref what, .. }) => {
                let what = what.clone();
                let mut caught = None;
                for ast::ExceptHandler::ExceptHandler(handler) in &it.handlers {
                    let catches = handler.type_.as_ref().map_or(Some(true), |kind| catches(self, kind, &what, scope));
                    if catches.is_none() {
                        let place = self.span(handler.range());
                        let reason = format!("whether `{what}` is caught here is not known");
                        self.unresolved(Span { end: place.start + 6, ..place }, Reason::limit(reason))?;
                    }
                    if catches != Some(false) {
                        caught = Some(handler);
                        break;
                    }
                }
                if let Some(handler) = caught {
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

    pub(super) fn with(&mut self, items: &[ast::WithItem], body: &[Stmt], scope: &Rc<Scope>) -> Run {
        let Some((item, rest)) = items.split_first() else { return self.block(body, scope) };
        let manager = self.eval(&item.context_expr, scope)?;
        let span = self.span(item.context_expr.range());
        if let Value::Manager(made) = &manager {
            return self.with_manager(&Rc::clone(made), item, rest, body, scope);
        }
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
