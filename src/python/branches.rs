//! Conditions: what is true, both branches of what is not decided, and the join of what they leave behind.

use super::{
    interp::{Flow, Halt, Interp, Run},
    value::{Asked, Scope, Unknown, Value},
};
use crate::{
    op::{Guard, Question},
    reason::{Class, Reason},
    source::Span,
};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;
use std::{collections::BTreeMap, rc::Rc};

/// Conditions that are not decided, one in another.
const GUARDS: usize = 64;

/// Until when a condition that was not decided holds for what follows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Until {
    /// The end of the branch.
    Branch,
    /// The end of the turn of the loop: `if …: continue`.
    Turn,
    /// The end of the loop: `if …: break`.
    Loop,
    /// The end of the function: `if …: return`.
    Function,
}

impl Interp<'_> {
    pub(super) fn conditional(
        &mut self,
        test: &Expr,
        body: &[Stmt],
        rest: &[ast::ElifElseClause],
        scope: &Rc<Scope>,
    ) -> Run {
        let value = self.eval(test, scope)?;
        let otherwise = |this: &mut Self| match rest.split_first() {
            None => Ok(Flow::Next),
            Some((clause, more)) => match &clause.test {
                // A chain of `elif` is as deep as it is long.
                Some(test) => {
                    stacker::maybe_grow(256 << 10, 4 << 20, || this.conditional(test, &clause.body, more, scope))
                }
                None => this.block(&clause.body, scope),
            },
        };
        match self.truth(&value) {
            Truth::Known(true) => self.block(body, scope),
            Truth::Known(false) => otherwise(self),
            undecided => {
                let guard = self.guard(test, &undecided);
                self.fork(guard, scope, |this| this.block(body, scope), otherwise)
            }
        }
    }

    /// The condition of a branch, as far as the schema may decide it.
    pub(super) fn guard(&self, test: &Expr, truth: &Truth) -> Guard {
        let (question, holds) = match truth {
            Truth::Asked(asked) => (asked.question.clone(), asked.holds),
            other => (Question::Unknown(self.undecided(other, self.span(test.range()))), true),
        };
        Guard { text: self.code(test.range()), span: self.span(test.range()), question, holds }
    }

    /// The class of what is decided by the conditions beyond the first `depth`: that which is the least known.
    pub(super) fn cause(&self, depth: usize) -> Class {
        let classes = self.guards.iter().skip(depth).map(|(guard, _)| cause_of(guard));
        classes.max().unwrap_or(Class::Limit)
    }

    /// Why a condition is not decided.
    pub(super) fn undecided(&self, truth: &Truth, span: Span) -> Reason {
        match truth {
            Truth::Unknown(unknown) => self.because(unknown, span),
            Truth::Other(reason) => reason.clone(),
            Truth::Asked(_) => Reason::data("it is what the database says"),
            Truth::Known(_) => "it is known".into(),
        }
    }

    /// Runs both branches of a condition that is not decided, and joins what they leave behind.
    pub(super) fn fork(
        &mut self,
        guard: Guard,
        scope: &Rc<Scope>,
        yes: impl FnOnce(&mut Self) -> Run,
        no: impl FnOnce(&mut Self) -> Run,
    ) -> Run {
        let mark = self.guards.len();
        if mark >= GUARDS {
            let reason = format!("more than {GUARDS} conditions that are not decided stand one in another");
            return Err(Halt::Limit { reason, span: guard.span });
        }
        let before = scope.vars.borrow().clone();
        let contrary = negated(&guard);
        self.guards.push((guard.clone(), Until::Branch));
        let first = yes(self);
        let mut lasting = self.settle(mark);
        let after_yes = scope.vars.replace(before);
        if let Err(limit @ Halt::Limit { .. }) = first {
            // The other branch may take as long again, and so on up through all conditions: what either would have
            // left behind is not known.
            scope.vars.take();
            return Err(limit);
        }
        self.guards.push((contrary.clone(), Until::Branch));
        let second = no(self);
        lasting.extend(self.settle(mark));
        let after_no = scope.vars.take();
        let (first, second) = (Ending::of(first)?, Ending::of(second)?);
        scope.vars.replace(match (first.goes_on(), second.goes_on()) {
            (true, false) => after_yes,
            (false, true) => after_no,
            _ => join(&after_yes, &after_no, &guard),
        });
        for until in lasting {
            let text = format!("{} (and more)", guard.text);
            let why = guard.question.open().cloned();
            let question = Question::Unknown(why.unwrap_or_else(|| "it is one of several conditions".into()));
            self.guards.push((Guard { text, question, ..guard.clone() }, until));
        }
        self.resume(first, second, guard, contrary)
    }

    /// What follows a fork: a branch that left the function, the loop or the turn guards the rest of it.
    fn resume(&mut self, yes: Ending, no: Ending, guard: Guard, contrary: Guard) -> Run {
        match (yes, no) {
            (Ending::Raise(halt), Ending::Raise(_)) => Err(halt),
            (Ending::Raise(_), Ending::Flow(flow)) | (Ending::Flow(flow), Ending::Raise(_)) => Ok(flow),
            (Ending::Flow(Flow::Next), Ending::Flow(Flow::Next)) => Ok(Flow::Next),
            (Ending::Flow(Flow::Return(a)), Ending::Flow(Flow::Return(b))) => {
                Ok(Flow::Return(if a.same(&b) { a } else { depends(&guard, "the result") }))
            }
            (Ending::Flow(Flow::Next), Ending::Flow(left)) => self.leave(left, guard),
            (Ending::Flow(left), Ending::Flow(Flow::Next)) => self.leave(left, contrary),
            (Ending::Flow(Flow::Break), Ending::Flow(Flow::Break)) => Ok(Flow::Break),
            (Ending::Flow(Flow::Continue), Ending::Flow(Flow::Continue)) => Ok(Flow::Continue),
            (Ending::Flow(_), Ending::Flow(second)) => {
                let class = cause_of(&guard);
                let reason = Reason::of(class, format!("where it goes on depends on `{}`", guard.text));
                self.unresolved(guard.span, reason)?;
                Ok(second)
            }
        }
    }

    fn leave(&mut self, left: Flow, guard: Guard) -> Run {
        let until = match left {
            Flow::Next => return Ok(Flow::Next),
            Flow::Continue => Until::Turn,
            Flow::Break => Until::Loop,
            Flow::Return(value) => {
                if let Some(pending) = self.pending.last_mut() {
                    pending.push(value);
                }
                Until::Function
            }
        };
        self.guards.push((guard, until));
        Ok(Flow::Next)
    }

    /// Drops the guards from `mark` on; tells which of them reach beyond the branch.
    fn settle(&mut self, mark: usize) -> Vec<Until> {
        self.guards
            .drain(mark.min(self.guards.len())..)
            .map(|(_, until)| until)
            .filter(|it| *it > Until::Branch)
            .collect()
    }

    /// Drops the guards from `mark` on that do not outlast a turn or a loop.
    pub(super) fn lapse(&mut self, mark: usize, until: Until) {
        let mut index = 0;
        self.guards.retain(|(_, it)| {
            index += 1;
            index <= mark || *it > until
        });
    }

    /// At the end of a function: every condition of its own is done with.
    pub(super) fn close(&mut self, mark: usize) {
        self.guards.truncate(mark);
    }

    pub(super) fn truth(&self, value: &Value) -> Truth {
        Truth::Known(match &value.plain() {
            Value::None => false,
            Value::Bool(it) => *it,
            Value::Int(it) => *it != 0,
            Value::Float(it) => *it != 0.0,
            Value::Bytes(it) => !it.is_empty(),
            Value::Tuple(it) => !it.is_empty(),
            Value::List(it) | Value::Set(it) => match &*it.spoiled.borrow() {
                Some(unknown) => return Truth::Unknown(Rc::clone(unknown)),
                None => !it.items.borrow().is_empty(),
            },
            Value::Dict(it) => match &*it.spoiled.borrow() {
                Some(unknown) => return Truth::Unknown(Rc::clone(unknown)),
                None => !it.items.borrow().is_empty(),
            },
            Value::View(view) => match view.items() {
                Err(unknown) => return Truth::Unknown(unknown),
                Ok(items) => !items.is_empty(),
            },
            Value::Range { start, stop, step } => {
                if *step > 0 {
                    start < stop
                } else {
                    start > stop
                }
            }
            Value::Unknown(unknown) => return Truth::Unknown(Rc::clone(unknown)),
            Value::Question(asked) => return Truth::Asked(Rc::clone(asked)),
            Value::Inspected(_) | Value::Answer(_) => {
                return Truth::Other(Reason::data("it is what the database says"));
            }
            Value::Expr(_) => return Truth::Other("it is an SQL expression".into()),
            Value::Instance(it) if it.class.lookup("__bool__").or_else(|| it.class.lookup("__len__")).is_some() => {
                let reason = format!("whether an object of `{}` is true is not evaluated", it.class.name);
                return Truth::Other(reason.into());
            }
            // What was imported and never looked into may be anything.
            Value::External(path) => {
                if super::builtins::is_class_or_module(path) {
                    true
                } else {
                    return Truth::Other(super::imports::absent(path));
                }
            }
            other => other.as_str().is_none_or(|text| !text.is_empty()),
        })
    }
}

/// Whether a value counts as true.
pub(super) enum Truth {
    Known(bool),
    /// The schema may tell.
    Asked(Rc<Asked>),
    Unknown(Rc<Unknown>),
    /// Not known for this reason.
    Other(Reason),
}

/// How a branch ended, limits apart.
enum Ending {
    Flow(Flow),
    Raise(Halt),
}

impl Ending {
    fn of(run: Run) -> Result<Self, Halt> {
        match run {
            Ok(flow) => Ok(Self::Flow(flow)),
            Err(halt @ Halt::Raise { .. }) => Ok(Self::Raise(halt)),
            Err(limit) => Err(limit),
        }
    }

    fn goes_on(&self) -> bool {
        matches!(self, Self::Flow(Flow::Next))
    }
}

/// The same condition, the other way round.
fn negated(guard: &Guard) -> Guard {
    let text = match guard.text.strip_prefix("not ") {
        Some(positive) => positive.to_owned(),
        None => format!("not ({})", guard.text),
    };
    Guard { text, span: guard.span, question: guard.question.clone(), holds: !guard.holds }
}

/// What the schema may answer is data to a run.
fn cause_of(guard: &Guard) -> Class {
    guard.question.open().map_or(Class::Data, |it| it.class)
}

pub(super) fn depends(guard: &Guard, what: &str) -> Value {
    let class = cause_of(guard);
    Value::unknown(guard.span, Reason::of(class, format!("{what} depends on `{}`", guard.text)))
}

/// The names after two branches: what they agree on is known.
fn join(yes: &BTreeMap<String, Value>, no: &BTreeMap<String, Value>, guard: &Guard) -> BTreeMap<String, Value> {
    let mut joined = BTreeMap::new();
    for (name, value) in yes {
        let value = match no.get(name) {
            Some(other) if other.same(value) => value.clone(),
            _ => depends(guard, &format!("`{name}`")),
        };
        joined.insert(name.clone(), value);
    }
    for name in no.keys().filter(|name| !yes.contains_key(*name)) {
        joined.insert(name.clone(), depends(guard, &format!("`{name}`")));
    }
    joined
}
