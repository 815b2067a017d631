//! The interpreter: statements, branches that cannot be decided, loops, and the limits on all of them.

use super::{
    Settings,
    modules::Module,
    value::{Arg, Asked, Scope, Unknown, Value},
};
use crate::{
    op::{CheckFirst, Guard, Op, Question, Step},
    reason::{Class, Reason},
    source::{SourceId, Sources, Span},
};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use std::{collections::BTreeMap, rc::Rc};

/// Statements and expressions that one function of one revision may take: a loop that does nothing gets through
/// some millions of them in a second.
const FUEL: u64 = 2_000_000;
/// Calls within calls.
pub(super) const CALLS: usize = 60;
/// Expressions within expressions.
pub(super) const NESTING: usize = 400;
/// Bytes of text that one function may make.
const BYTES: usize = 64 << 20;
/// Operations that one function may ask for.
const STEPS: usize = 50_000;

/// Conditions that are not decided, one in another.
const GUARDS: usize = 64;

/// What ends the evaluation of a function early.
pub(super) enum Halt {
    /// An exception of Python's, by class, with its message where that is known.
    Raise { what: String, message: Option<String>, span: Span },
    /// One of the limits is reached.
    Limit { reason: String, span: Span },
}

/// How a statement ends.
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}

/// The result of a statement.
pub(super) type Run = Result<Flow, Halt>;
/// The result of an expression.
pub(super) type Eval = Result<Value, Halt>;

/// Until when a condition that was not decided holds for what follows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Until {
    /// The end of the branch.
    Branch,
    /// The end of the turn of the loop: `if …: continue`.
    Turn,
    /// The end of the loop: `if …: break`.
    Loop,
    /// The end of the function: `if …: return`.
    Function,
}

/// One file being interpreted.
pub(super) struct Interp<'a> {
    pub sources: &'a Sources,
    pub settings: &'a Settings<'a>,
    /// The revision's own file.
    pub main: SourceId,
    /// The file that the code being run stands in.
    pub file: SourceId,
    pub steps: Vec<Step>,
    guards: Vec<(Guard, Until)>,
    /// Inside how many `autocommit_block()`s.
    pub autocommit: usize,
    fuel: u64,
    bytes: usize,
    pub nesting: usize,
    /// Where the calls that are under way were made.
    pub calls: Vec<Span>,
    /// Inside how many `try` bodies that have handlers.
    pub trying: usize,
    /// In such a body something came up of which it is not known whether it raises.
    pub unsure: bool,
    /// An attribute of something imported was replaced: where, and the reason that this gives.
    pub patched: Option<(Span, String)>,
    /// What was assigned to attributes of imported things, by dotted name.
    pub assigned: BTreeMap<String, Value>,
    /// Of the call being made, the part that begins on the line that Python counts it to.
    pub site: Span,
    /// Values that a function returned from under an undecided condition.
    pub pending: Vec<Vec<Value>>,
    /// What the types that are being made give to the `__init__` above theirs.
    pub supers: Vec<Option<Args>>,
    /// The `with` blocks that run where a `@contextmanager` function yields.
    pub managed: Vec<super::blocks::Managed>,
    /// What generators have yielded.
    pub yields: Vec<Vec<Value>>,
    /// Modules of the project that were read, by path.
    pub modules: BTreeMap<String, Option<Rc<Module>>>,
    /// The kinds of constraints that a module names by a listener, and which listener.
    pub renamed: BTreeMap<String, String>,
    /// The paths of the modules that are being read, innermost last.
    pub loading: Vec<String>,
    /// What the user gave, and how often it was asked for.
    pub used: super::Used,
    /// The names of the revision file: `globals()`.
    pub globals: Option<Rc<Scope>>,
    /// The engine that `upgrade(engine_name)` is called for.
    pub engine: Option<String>,
}

impl<'a> Interp<'a> {
    pub(super) fn new(sources: &'a Sources, settings: &'a Settings<'a>, file: SourceId) -> Self {
        Self {
            sources,
            settings,
            main: file,
            file,
            steps: Vec::new(),
            guards: Vec::new(),
            autocommit: 0,
            fuel: FUEL,
            bytes: BYTES,
            nesting: 0,
            calls: Vec::new(),
            trying: 0,
            unsure: false,
            patched: None,
            assigned: BTreeMap::new(),
            site: Span { source: file, start: 0, end: 0 },
            pending: Vec::new(),
            supers: Vec::new(),
            managed: Vec::new(),
            yields: Vec::new(),
            modules: BTreeMap::new(),
            renamed: BTreeMap::new(),
            loading: Vec::new(),
            used: super::Used::default(),
            globals: None,
            engine: None,
        }
    }

    /// Makes ready for the next function: its steps and its limits are its own.
    pub(super) fn refresh(&mut self) {
        self.steps.clear();
        self.guards.clear();
        self.pending.clear();
        self.yields.clear();
        self.supers.clear();
        self.managed.clear();
        self.calls.clear();
        self.autocommit = 0;
        self.nesting = 0;
        self.fuel = FUEL;
        self.bytes = BYTES;
    }

    pub(super) fn span(&self, range: TextRange) -> Span {
        Span { source: self.file, start: range.start().to_u32(), end: range.end().to_u32() }
    }

    /// The Python of a range in one line, shortened.
    pub(super) fn code(&self, range: TextRange) -> String {
        let words: Vec<String> = self.sources.snippet(self.span(range)).split_whitespace().map(str::to_owned).collect();
        shorten(&words.join(" "), 100)
    }

    pub(super) fn burn(&mut self, span: Span) -> Result<(), Halt> {
        match self.fuel.checked_sub(1) {
            Some(left) => {
                self.fuel = left;
                Ok(())
            }
            None => Err(Halt::Limit { reason: format!("it takes more than {FUEL} steps to evaluate"), span }),
        }
    }

    /// Accounts for text that is about to be made.
    pub(super) fn spend(&mut self, bytes: usize, span: Span) -> Result<(), Halt> {
        match self.bytes.checked_sub(bytes) {
            Some(left) => {
                self.bytes = left;
                Ok(())
            }
            None => Err(Halt::Limit { reason: format!("it makes more than {} MB of text", BYTES >> 20), span }),
        }
    }

    /// The number of undecided conditions in force.
    pub(super) fn guarded(&self) -> usize {
        self.guards.len()
    }

    pub(super) fn emit(&mut self, op: Op, span: Span) -> Result<(), Halt> {
        let step = self.step(op, span);
        self.emit_step(step)
    }

    /// As [`Interp::emit`], for what asks the database first.
    pub(super) fn emit_first(&mut self, op: Op, checkfirst: CheckFirst, span: Span) -> Result<(), Halt> {
        let step = Step { checkfirst, ..self.step(op, span) };
        self.emit_step(step)
    }

    pub(super) fn step(&self, op: Op, span: Span) -> Step {
        Step {
            op,
            span,
            sent: self.own(span),
            autocommit: self.autocommit > 0,
            checkfirst: CheckFirst::No,
            when: self.guards.iter().map(|(guard, _)| guard.clone()).collect(),
        }
    }

    pub(super) fn emit_step(&mut self, step: Step) -> Result<(), Halt> {
        if self.steps.len() >= STEPS {
            return Err(Halt::Limit { reason: format!("it asks for more than {STEPS} operations"), span: step.span });
        }
        if let Op::Unresolved { reason } = &step.op
            && let Some(part) = self.steps.last_mut()
            && is_part(part, reason, step.span)
        {
            // `op.execute(unknown())`: the call and what is made of it are one fault, told of the whole.
            *part = step;
            return Ok(());
        }
        self.steps.push(step);
        Ok(())
    }

    /// Says that something is not understood, once for a place and reason.
    pub(super) fn unresolved(&mut self, span: Span, reason: impl Into<Reason>) -> Result<(), Halt> {
        let op = Op::Unresolved { reason: reason.into() };
        if self.steps.iter().any(|step| step.span == span && step.op == op) {
            return Ok(());
        }
        self.emit(op, span)
    }

    /// Why something is not known, with the line where that began if it is another one.
    pub(super) fn because(&self, unknown: &Unknown, span: Span) -> Reason {
        let (there, here) = (self.sources.place(unknown.span), self.sources.place(span));
        if unknown.span.source != span.source || (here.line..=here.end_line).contains(&there.line) {
            return unknown.reason.clone();
        }
        Reason { line: unknown.reason.line.or(Some(there.line)), ..unknown.reason.clone() }
    }

    /// The place in the revision's own file from which the code at `span` was reached.
    pub(super) fn own(&self, span: Span) -> Span {
        if span.source == self.main {
            let is_site = self.site.source == span.source && self.site.end == span.end && self.site.start > span.start;
            return if is_site { self.site } else { span };
        }
        self.calls.iter().rev().find(|call| call.source == self.main).copied().unwrap_or(span)
    }

    // ── statements ──

    pub(super) fn block(&mut self, body: &[Stmt], scope: &Rc<Scope>) -> Run {
        for statement in body {
            match self.statement(statement, scope)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Stmt, scope: &Rc<Scope>) -> Run {
        let span = self.span(statement.range());
        self.burn(span)?;
        match statement {
            Stmt::Expr(it) => {
                self.eval(&it.value, scope)?;
            }
            Stmt::Assign(it) => {
                let value = self.eval(&it.value, scope)?;
                for target in &it.targets {
                    self.assign(target, value.clone(), scope)?;
                }
            }
            Stmt::AnnAssign(it) => {
                if let Some(value) = &it.value {
                    let value = self.eval(value, scope)?;
                    self.assign(&it.target, value, scope)?;
                }
            }
            Stmt::AugAssign(it) => self.augmented(it, scope)?,
            Stmt::Return(it) => {
                let value = it.value.as_ref().map_or(Ok(Value::None), |value| self.eval(value, scope))?;
                return Ok(Flow::Return(value));
            }
            Stmt::If(it) => return self.conditional(&it.test, &it.body, &it.elif_else_clauses, scope),
            Stmt::For(it) => return self.for_loop(it, scope),
            Stmt::While(it) => return self.while_loop(it, scope),
            Stmt::With(it) => return self.with(&it.items, &it.body, scope),
            Stmt::Try(it) => return self.try_block(it, scope),
            Stmt::Raise(it) => return Err(self.raise(it, scope)?),
            Stmt::FunctionDef(it) => self.define(it, scope)?,
            Stmt::ClassDef(it) => self.class(it, scope)?,
            Stmt::Import(it) => self.import(it, scope)?,
            Stmt::ImportFrom(it) => self.import_from(it, scope)?,
            Stmt::Global(it) => scope.outer.borrow_mut().extend(it.names.iter().map(|name| name.id.to_string())),
            Stmt::Nonlocal(it) => scope.outer.borrow_mut().extend(it.names.iter().map(|name| name.id.to_string())),
            Stmt::Break(_) => return Ok(Flow::Break),
            Stmt::Continue(_) => return Ok(Flow::Continue),
            Stmt::Delete(it) => {
                for target in &it.targets {
                    if let Expr::Name(name) = target {
                        scope.vars.borrow_mut().remove(name.id.as_str());
                    } else if let Expr::Subscript(ast::ExprSubscript { value, .. }) = target {
                        let container = self.eval(value, scope)?;
                        self.spoil(&container, span);
                    }
                }
            }
            Stmt::Assert(it) => {
                let value = self.eval(&it.test, scope)?;
                if let Truth::Known(false) = self.truth(&value) {
                    return Err(Halt::Raise { what: "AssertionError".to_owned(), message: None, span });
                }
            }
            Stmt::Match(it) => self.unresolved(self.span(it.subject.range()), "`match` is not evaluated")?,
            Stmt::Pass(_) | Stmt::TypeAlias(_) | Stmt::IpyEscapeCommand(_) => {}
        }
        Ok(Flow::Next)
    }

    fn raise(&mut self, it: &ast::StmtRaise, scope: &Rc<Scope>) -> Result<Halt, Halt> {
        let span = self.span(it.range());
        let Some(exception) = &it.exc else {
            return Ok(Halt::Raise { what: "the exception at hand".to_owned(), message: None, span });
        };
        let (class, arguments) = match &**exception {
            Expr::Call(call) => (&*call.func, Some(&call.arguments)),
            other => (other, None),
        };
        let mut message = None;
        if let Some(first) = arguments.and_then(|arguments| arguments.args.first()) {
            message = match self.eval(first, scope)? {
                Value::Unknown(_) => Some(self.code(first.range())),
                value => value.as_str().map(str::to_owned).or_else(|| Some(self.code(first.range()))),
            };
        }
        Ok(Halt::Raise { what: self.code(class.range()), message, span })
    }

    /// Something of a container is taken away: what is left of it is not known.
    fn spoil(&mut self, container: &Value, span: Span) {
        let why = Some(Rc::new(Unknown { reason: "it had something deleted".into(), span, inert: false }));
        match container {
            Value::List(list) => *list.spoiled.borrow_mut() = why,
            Value::Dict(dict) => *dict.spoiled.borrow_mut() = why,
            _ => {}
        }
    }

    // ── conditions ──

    fn conditional(&mut self, test: &Expr, body: &[Stmt], rest: &[ast::ElifElseClause], scope: &Rc<Scope>) -> Run {
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
                let class = guard.question.open().map_or(Class::Data, |it| it.class);
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
    fn lapse(&mut self, mark: usize, until: Until) {
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

    // ── loops ──

    fn for_loop(&mut self, it: &ast::StmtFor, scope: &Rc<Scope>) -> Run {
        let iterable = self.eval(&it.iter, scope)?;
        let span = self.span(it.iter.range());
        let mark = self.guards.len();
        let mut broken = false;
        match self.iterate(&iterable, span)? {
            Ok(items) => {
                let length = length_of(&iterable);
                for item in items {
                    self.burn(span)?;
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
                            broken = true;
                            break;
                        }
                        Flow::Return(value) => {
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

    fn while_loop(&mut self, it: &ast::StmtWhile, scope: &Rc<Scope>) -> Run {
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
                        self.unresolved(span, "how often the loop runs is not known")?;
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

    // ── truth ──

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

/// The step is the reason, inside of the span, of something that is not understood.
fn is_part(step: &Step, reason: &Reason, whole: Span) -> bool {
    let inside = step.span.source == whole.source && whole.start <= step.span.start && step.span.end <= whole.end;
    inside && matches!(&step.op, Op::Unresolved { reason: part } if reason.text.ends_with(&part.text))
}

/// How many items a list has now.
fn length_of(value: &Value) -> Option<usize> {
    match value {
        Value::List(list) | Value::Set(list) => Some(list.items.borrow().len()),
        Value::Dict(dict) => Some(dict.items.borrow().len()),
        _ => None,
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

fn depends(guard: &Guard, what: &str) -> Value {
    let class = guard.question.open().map_or(Class::Data, |it| it.class);
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

/// The reason of what a loop goes through, said of one turn.
fn one_of(code: &str, reason: &Reason) -> Reason {
    reason.reworded(match reason.text.strip_prefix("it ") {
        Some(rest) => format!("it is one of `{code}`, which {rest}"),
        None => format!("it is one of `{code}`: {reason}"),
    })
}

/// At most `most` characters of a line.
pub(super) fn shorten(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let cut: String = line.chars().take(most - 1).collect();
    format!("{cut}…")
}

/// What a call was given.
#[derive(Clone)]
pub(super) struct Args {
    pub positional: Vec<Arg>,
    /// Name, value, and where the whole `name=value` stands.
    pub keywords: Vec<(String, Arg, Span)>,
    /// A `*x` or `**x` that is not known.
    pub open: Option<Rc<Unknown>>,
    /// The whole call.
    pub span: Span,
}
