//! The interpreter: its state, its statements, and the limits on all of them.

use super::{
    Settings,
    branches::{Truth, Until},
    heap::Heap,
    modules::Module,
    trees::Tree,
    value::{Arg, Scope, Unknown, Value},
};
use crate::{
    environment::Listener,
    op::{CheckFirst, Guard, Op, Step},
    reason::Reason,
    source::{SourceId, Sources, Span},
};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

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

/// Where the code stands that is being run: its file and its tree.
pub(super) type Home = (SourceId, Option<Arc<Tree>>);

/// One file being interpreted.
pub(super) struct Interp<'a> {
    pub sources: &'a Sources,
    pub settings: &'a Settings<'a>,
    /// The revision's own file.
    pub main: SourceId,
    /// The file that the code being run stands in.
    pub file: SourceId,
    /// The tree that this code is of, where one is kept.
    pub tree: Option<Arc<Tree>>,
    pub steps: Vec<Step>,
    /// What has to be let go of at the end.
    pub heap: Heap,
    /// The conditions in force that are not decided, and until when.
    pub guards: Vec<(Guard, Until)>,
    /// Inside how many `autocommit_block()`s.
    pub autocommit: usize,
    fuel: u64,
    bytes: usize,
    pub nesting: usize,
    /// Where the calls that are under way were made.
    pub calls: Vec<Span>,
    /// Inside how many `try` bodies that have handlers.
    pub trying: usize,
    /// In such a body something came up of which it is not known whether it raises: the class of that.
    pub unsure: Option<crate::reason::Class>,
    /// An attribute of something imported was replaced: where, and the reason that this gives.
    pub patched: Option<(Span, String)>,
    /// How often something was changed that an iterator may depend on.
    pub changes: super::iterators::Changes,
    /// An attribute of something that is not known was set, which nothing keeps.
    pub untracked: bool,
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
    /// The listeners to SQLAlchemy's events that modules bring along.
    pub listeners: BTreeSet<Listener>,
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
            tree: None,
            steps: Vec::new(),
            heap: Heap::default(),
            guards: Vec::new(),
            autocommit: 0,
            fuel: FUEL,
            bytes: BYTES,
            nesting: 0,
            calls: Vec::new(),
            trying: 0,
            unsure: None,
            patched: None,
            changes: super::iterators::Changes::default(),
            untracked: false,
            assigned: BTreeMap::new(),
            site: Span { source: file, start: 0, end: 0 },
            pending: Vec::new(),
            supers: Vec::new(),
            managed: Vec::new(),
            yields: Vec::new(),
            modules: BTreeMap::new(),
            listeners: BTreeSet::new(),
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

    /// Goes to code that stands elsewhere; [`Interp::back`] is given what this answers.
    pub(super) fn enter(&mut self, file: SourceId, tree: Option<Arc<Tree>>) -> Home {
        (std::mem::replace(&mut self.file, file), std::mem::replace(&mut self.tree, tree))
    }

    pub(super) fn back(&mut self, home: Home) {
        (self.file, self.tree) = home;
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
                self.rebind(&it.targets, &value, scope);
                for target in &it.targets {
                    self.assign(target, value.clone(), scope)?;
                }
            }
            Stmt::AnnAssign(it) => {
                if let Some(value) = &it.value {
                    let value = self.eval(value, scope)?;
                    self.rebind(std::slice::from_ref(&*it.target), &value, scope);
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
                    } else if let Expr::Subscript(ast::ExprSubscript { value, slice, .. }) = target {
                        let container = self.eval(value, scope)?;
                        let key =
                            if matches!(&**slice, Expr::Slice(_)) { None } else { Some(self.eval(slice, scope)?) };
                        self.take_out(&container, key.as_ref(), span)?;
                    }
                }
            }
            Stmt::Assert(it) => {
                let value = self.eval(&it.test, scope)?;
                if let Truth::Known(false) = self.truth(&value) {
                    return Err(Halt::Raise { what: "AssertionError".to_owned(), message: None, span });
                }
            }
            Stmt::Match(it) => return self.match_case(it, scope),
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

    /// `del container[key]`; where it is not known what is taken away, what is left is not known either.
    fn take_out(&mut self, container: &Value, key: Option<&Value>, span: Span) -> Result<(), Halt> {
        if let (Value::Dict(dict), Some(key)) = (container, key)
            && matches!(self.taken(dict, key), super::dicts::Entry::Found(_))
        {
            return Ok(());
        }
        if let (Value::List(list), Some(key @ Value::Int(_))) = (container, key)
            && self.guarded() <= list.depth
        {
            self.container_method(container, "pop", &super::tools::call_of(vec![key.clone()], span))?;
            return Ok(());
        }
        self.spoil(container, span);
        Ok(())
    }

    /// Something of a container is taken away: what is left of it is not known.
    fn spoil(&mut self, container: &Value, span: Span) {
        self.changes.containers += 1;
        let why = Some(Rc::new(Unknown { reason: "it had something deleted".into(), span, inert: false }));
        match container {
            Value::List(list) => *list.spoiled.borrow_mut() = why,
            Value::Dict(dict) => *dict.spoiled.borrow_mut() = why,
            _ => {}
        }
    }
}

/// The step is the reason, inside of the span, of something that is not understood.
fn is_part(step: &Step, reason: &Reason, whole: Span) -> bool {
    let inside = step.span.source == whole.source && whole.start <= step.span.start && step.span.end <= whole.end;
    inside && matches!(&step.op, Op::Unresolved { reason: part } if reason.text.ends_with(&part.text))
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
