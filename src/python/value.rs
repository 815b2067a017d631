//! What a Python expression comes to: known, partly known, or unknown with the reason why.

use super::{interp::Args, trees::Tree};
use crate::{
    op::{Column, Constraint, Default, Expr, Identity, Index, Name, Qualified, Query, Source, Step, Type},
    reason::Reason,
    source::{Span, Text},
};
use ruff_python_ast as ast;
use ruff_text_size::TextRange;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

/// A value of the interpreted Python.
#[derive(Clone)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(Rc<Text>),
    Bytes(Rc<Vec<u8>>),
    /// `op.f("…")`, `quoted_name("…", True)`: a string that knows how it is to be used.
    Name(Rc<Name>),
    /// `uuid.UUID`, dates and the like, as far as they are known: what they are in SQL.
    Literal(Rc<crate::op::Literal>),
    List(Rc<List>),
    Tuple(Rc<Vec<Value>>),
    Set(Rc<List>),
    /// What can be gone through once.
    Iterator(Rc<super::iterators::Iter>),
    /// `.keys()`, `.values()`, `.items()`.
    View(Rc<super::iterators::View>),
    Dict(Rc<Dict>),
    Range {
        start: i128,
        stop: i128,
        step: i128,
    },
    Function(Rc<Function>),
    Class(Rc<Class>),
    Instance(Rc<Instance>),
    /// `super()`: the class that it looks above, and the object.
    Super(Rc<(Rc<Class>, Value)>),
    /// A call of a `@contextmanager` function, for `with`.
    Manager(Rc<(Rc<Function>, Args)>),
    /// `functools.partial(…)`: what is called, and what it is given beforehand.
    Partial(Rc<(Value, Args)>),
    /// A method of a value, not yet called.
    Method(Rc<(Value, String)>),
    /// A `pathlib.Path`; the root of the checkout stands for `/`.
    Path(Rc<str>),
    /// A file that was opened.
    File(Rc<File>),
    /// Something imported, by its dotted name.
    External(Rc<str>),
    Type(Rc<Type>),
    Item(Rc<Item>),
    Expr(Rc<Expr>),
    Query(Rc<QueryValue>),
    /// `CreateSchema("…")` and the like: DDL that is executed as a whole.
    Ddl(Rc<crate::op::Op>),
    Table(Rc<Table>),
    /// `table.c`.
    Columns(Rc<Table>),
    Batch(Rc<Batch>),
    Connection(Rc<Connection>),
    /// `op.get_context()`.
    Context,
    /// `bind.dialect`.
    Dialect,
    Inspector,
    Inspected(Rc<Inspected>),
    Question(Rc<Asked>),
    /// The result of a query that asks for it.
    Answer(Rc<Asked>),
    Unknown(Rc<Unknown>),
}

/// Why a value is not known.
#[derive(Clone, Debug)]
pub(super) struct Unknown {
    pub reason: Reason,
    /// Where it ceased to be known.
    pub span: Span,
    /// Using it cannot send SQL: a row that was read, a logger, a number from the clock.
    pub inert: bool,
}

/// A list or set. `depth` is the number of undecided conditions under which it was made: changed under more of
/// them, its content is no longer known.
pub(super) struct List {
    pub items: RefCell<Vec<Value>>,
    pub spoiled: RefCell<Option<Rc<Unknown>>>,
    pub depth: usize,
}

impl List {
    fn cause(&self) -> crate::reason::Class {
        self.spoiled.borrow().as_ref().map_or(crate::reason::Class::Limit, |it| it.reason.class)
    }
}

/// A dict, in order of insertion.
pub(super) struct Dict {
    pub items: RefCell<Vec<(Value, Value)>>,
    pub spoiled: RefCell<Option<Rc<Unknown>>>,
    pub depth: usize,
    /// What a `defaultdict` calls for a key that it has not.
    pub missing: RefCell<Option<Value>>,
}

/// A `def` or `lambda` of the file.
#[derive(Clone)]
pub(super) struct Function {
    pub name: String,
    pub defaults: Vec<(String, Value)>,
    pub body: Code,
    pub scope: Rc<Scope>,
    /// The object of a bound method.
    pub receiver: Option<Value>,
    /// It is a generator: a call gives the list of what it yields.
    pub generator: bool,
    /// `@contextmanager`: a call gives something for `with`, whose block runs where it yields.
    pub manager: bool,
    /// A decorator is on it whose effect is not known.
    pub decorated: Option<String>,
    pub flavour: Flavour,
}

/// How a function that stands in a class is called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Plain,
    Static,
    Class,
    Property,
}

/// What a call runs.
#[derive(Clone)]
pub(super) enum Code {
    /// A function where it stands in its tree.
    At(Arc<Tree>, TextRange),
    /// One of which no tree is kept.
    Def(Rc<ast::StmtFunctionDef>),
    Lambda(Rc<ast::ExprLambda>),
}

impl Code {
    /// The `def`, where it is one.
    pub(super) fn def(&self) -> Option<&ast::StmtFunctionDef> {
        match self {
            Self::At(tree, range) => tree.function(*range),
            Self::Def(def) => Some(def),
            Self::Lambda(_) => None,
        }
    }

    /// The parameters; `None` for `lambda: …`.
    pub(super) fn parameters(&self) -> Option<&ast::Parameters> {
        match self {
            Self::Lambda(lambda) => lambda.parameters.as_deref(),
            _ => self.def().map(|def| &*def.parameters),
        }
    }
}

/// A `class` of the file.
pub(super) struct Class {
    pub name: String,
    pub bases: Vec<Value>,
    pub scope: Rc<Scope>,
    /// `Enum` members in order.
    pub members: RefCell<Vec<Value>>,
    /// The fields that Python makes an `__init__` of.
    pub record: RefCell<Option<Rc<Record>>>,
}

/// The fields of a `@dataclass` or a named tuple, in order.
pub(super) struct Record {
    pub fields: Vec<Field>,
    /// Its objects are tuples as well.
    pub tuple: bool,
}

/// One field of such a class.
#[derive(Clone)]
pub(super) struct Field {
    pub name: String,
    pub given: Given,
    /// The `__init__` takes it.
    pub init: bool,
}

/// What a field is where a call does not say it.
#[derive(Clone)]
pub(super) enum Given {
    Nothing,
    Value(Value),
    /// What is called for it.
    Made(Value),
}

impl Class {
    /// The class is an `enum.Enum` of some kind.
    pub(super) fn is_enum(&self) -> bool {
        self.bases.iter().any(|base| match base {
            Value::External(path) => path.rsplit('.').next().is_some_and(|last| {
                matches!(last, "Enum" | "IntEnum" | "StrEnum" | "Flag" | "IntFlag") || last.ends_with("StrEnum")
            }),
            Value::Class(class) => class.is_enum(),
            _ => false,
        })
    }

    /// An attribute of the class or the nearest base that has it.
    pub(super) fn lookup(&self, name: &str) -> Option<Value> {
        let own = self.scope.vars.borrow().get(name).cloned();
        own.or_else(|| {
            self.bases.iter().find_map(|base| match base {
                Value::Class(class) => class.lookup(name),
                _ => None,
            })
        })
    }

    /// Of which class the reason is, where the class has something that is not known: a base of it is elsewhere, or
    /// is one of SQLAlchemy's or Python's own.
    pub(super) fn cause(&self) -> crate::reason::Class {
        let elsewhere = |base: &Value| base.cause() == crate::reason::Class::Elsewhere;
        if self.bases.iter().any(elsewhere) { crate::reason::Class::Elsewhere } else { crate::reason::Class::Limit }
    }

    /// Something that is not in the file may give it attributes.
    pub(super) fn has_foreign_base(&self) -> bool {
        self.bases.iter().any(|base| match base {
            Value::Class(class) => class.has_foreign_base(),
            Value::External(path) => !matches!(&**path, "object" | "builtins.object"),
            _ => true,
        })
    }
}

/// An object of a class of the file; a member of an enum has `name` and `value`.
pub(super) struct Instance {
    pub class: Rc<Class>,
    pub fields: RefCell<BTreeMap<String, Value>>,
    /// The number of undecided conditions under which it was made: what is set under more of them is not known.
    pub depth: usize,
}

/// What is given to `create_table` or a `Column`.
pub(super) enum Item {
    Column(Column),
    Constraint(Constraint),
    Index(Index),
    Identity(Identity),
    Computed(crate::op::Computed),
    Sequence(crate::op::Qualified, Identity),
    Default(Default),
    /// An object of a package that adds operations.
    Made(super::entities::Made),
    /// `sa.MetaData(…)`, with its naming convention as it was given.
    MetaData(RefCell<Value>),
    /// `ColumnDefault` and the like: nothing that renders.
    Nothing,
}

/// `sa.table(…)`, `sa.Table(…)`, an alias of one.
pub(super) struct Table {
    pub name: Qualified,
    /// What a query reads from, where it reads from this.
    pub source: Source,
    pub columns: Vec<Column>,
    /// `sa.Table` knows constraints and indexes as well; `sa.table` does not.
    pub create: Option<crate::op::CreateTable>,
    /// Reflected: it may have columns that are not listed.
    pub open: bool,
}

/// A Core statement under construction, and the table that its columns are looked up in.
#[derive(Clone)]
pub(super) struct QueryValue {
    pub query: Query,
    pub table: Option<Rc<Table>>,
    /// A clause that is not modelled, with its name.
    pub unknown: Option<Reason>,
}

/// `with op.batch_alter_table(…) as batch_op`.
pub(super) struct Batch {
    pub table: Qualified,
    pub queued: RefCell<Vec<Step>>,
    /// `recreate="always"`: the table is copied, which cannot be told from the text.
    pub refused: Option<Reason>,
}

/// `op.get_bind()`, a session on it, or a connection of its own.
pub(super) struct Connection {
    pub autocommit: Cell<bool>,
    pub session: bool,
}

/// A file that was opened to be read.
pub(super) struct File {
    pub text: Text,
    pub read: Cell<bool>,
}

/// What `inspector.get_…` gives.
#[derive(Clone, PartialEq)]
pub(super) struct Inspected {
    pub subject: Subject,
    /// The list is one of names; else of dicts with `name` and more.
    pub names: bool,
    /// One element of the list, not the list.
    pub item: bool,
}

/// What an inspector was asked about.
#[derive(Clone, PartialEq)]
pub(super) enum Subject {
    Tables(Option<String>),
    Columns(Qualified),
    Indexes(Qualified),
    Constraints(Qualified),
    Views(Option<String>),
    Schemas,
    Types,
}

/// A question to the schema whose answer is `true` or `false`.
#[derive(Clone)]
pub(super) struct Asked {
    pub question: crate::op::Question,
    /// The value is true when the answer is this.
    pub holds: bool,
    /// How the answer is put.
    pub shape: Shape,
}

/// How the database puts an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// True or false.
    Bool,
    /// A row or its first value, else `None`.
    Row,
    /// How many there are: none or one.
    Count,
}

/// Names and what they stand for.
pub(super) struct Scope {
    pub vars: RefCell<BTreeMap<String, Value>>,
    pub parent: Option<Rc<Scope>>,
    /// Names that `global` or `nonlocal` hands to an outer scope.
    pub outer: RefCell<BTreeSet<String>>,
    /// A class body: functions in it do not see its names.
    pub class: bool,
    /// The file, on the outermost scope of each.
    pub file: Option<crate::source::SourceId>,
}

impl Scope {
    pub(super) fn new(parent: Option<Rc<Self>>) -> Rc<Self> {
        Rc::new(Self { vars: RefCell::default(), parent, outer: RefCell::default(), class: false, file: None })
    }

    /// The outermost scope of a file.
    pub(super) fn of_file(file: crate::source::SourceId) -> Rc<Self> {
        Rc::new(Self {
            vars: RefCell::default(),
            parent: None,
            outer: RefCell::default(),
            class: false,
            file: Some(file),
        })
    }

    /// The file that the scope belongs to.
    pub(super) fn file(&self) -> Option<crate::source::SourceId> {
        self.file.or_else(|| self.parent.as_deref().and_then(Self::file))
    }

    pub(super) fn of_class(parent: Rc<Self>) -> Rc<Self> {
        Rc::new(Self {
            vars: RefCell::default(),
            parent: Some(parent),
            outer: RefCell::default(),
            class: true,
            file: None,
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.vars.borrow().get(name) {
            return Some(value.clone());
        }
        let mut scope = self.parent.as_deref();
        while let Some(here) = scope {
            if !here.class
                && let Some(value) = here.vars.borrow().get(name)
            {
                return Some(value.clone());
            }
            scope = here.parent.as_deref();
        }
        None
    }

    pub(super) fn set(&self, name: &str, value: Value) {
        if self.outer.borrow().contains(name) {
            let mut scope = self.parent.as_deref();
            while let Some(here) = scope {
                if here.parent.is_none() || here.vars.borrow().contains_key(name) {
                    here.vars.borrow_mut().insert(name.to_owned(), value);
                    return;
                }
                scope = here.parent.as_deref();
            }
        }
        self.vars.borrow_mut().insert(name.to_owned(), value);
    }
}

/// A value and where its expression stands.
#[derive(Clone)]
pub(super) struct Arg {
    pub value: Value,
    pub span: Span,
}

impl Value {
    pub(super) fn text(text: Text) -> Self {
        Self::Str(Rc::new(text))
    }

    pub(super) fn made(text: impl Into<String>) -> Self {
        Self::Str(Rc::new(Text::made(text)))
    }

    pub(super) fn external(path: impl Into<String>) -> Self {
        Self::External(Rc::from(path.into()))
    }

    pub(super) fn expr(expr: Expr) -> Self {
        Self::Expr(Rc::new(expr))
    }

    pub(super) fn unknown(span: Span, reason: impl Into<Reason>) -> Self {
        Self::Unknown(Rc::new(Unknown { reason: reason.into(), span, inert: false }))
    }

    /// Unknown, but nothing that is done with it can send SQL.
    pub(super) fn inert(span: Span, reason: impl Into<Reason>) -> Self {
        Self::Unknown(Rc::new(Unknown { reason: reason.into(), span, inert: true }))
    }

    /// Of which class the reason is, where something cannot be made of the value.
    pub(super) fn cause(&self) -> crate::reason::Class {
        match self {
            Self::Unknown(unknown) => unknown.reason.class,
            Self::External(path) if super::imports::is_foreign(path) => crate::reason::Class::Limit,
            Self::External(path) => super::imports::absent(path).class,
            Self::Class(class) => class.cause(),
            Self::Instance(instance) => instance.class.cause(),
            Self::Inspected(_) | Self::Question(_) | Self::Answer(_) => crate::reason::Class::Data,
            Self::List(list) | Self::Set(list) => list.cause(),
            Self::Dict(dict) => {
                dict.spoiled.borrow().as_ref().map_or(crate::reason::Class::Limit, |it| it.reason.class)
            }
            _ => crate::reason::Class::Limit,
        }
    }

    /// The string, where it is one.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text.as_str()),
            Self::Name(name) => Some(&name.text),
            _ => None,
        }
    }

    /// The string with its places, where it is one.
    pub(super) fn as_text(&self) -> Option<Text> {
        match self {
            Self::Str(text) => Some((**text).clone()),
            Self::Name(name) => Some(match name.span {
                Some(span) => Text::at(name.text.clone(), span),
                None => Text::made(name.text.clone()),
            }),
            _ => None,
        }
    }

    /// A str-mixin enum member counts as its string.
    pub(super) fn plain(&self) -> Self {
        if let Self::Instance(instance) = self
            && instance.class.bases.iter().any(|base| {
                matches!(base, Self::External(path) if matches!(&**path, "builtins.str" | "builtins.int" | "enum.StrEnum" | "enum.IntEnum"))
            })
            && let Some(value) = instance.fields.borrow().get("value")
        {
            return value.clone();
        }
        self.clone()
    }

    /// What Python calls the type, for reasons.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an int",
            Self::Float(_) => "a float",
            Self::Str(_) | Self::Name(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::Literal(_) => "a value",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Set(_) => "a set",
            Self::Iterator(_) => "an iterator",
            Self::View(_) => "a view of a dict",
            Self::Dict(_) => "a dict",
            Self::Range { .. } => "a range",
            Self::Function(_) | Self::Method(_) | Self::Partial(_) => "a function",
            Self::Class(_) => "a class",
            Self::Instance(_) | Self::Super(_) => "an object",
            Self::Path(_) => "a path",
            Self::File(_) => "a file",
            Self::Manager(_) => "a context manager",
            Self::External(_) => "an imported name",
            Self::Type(_) => "a type",
            Self::Item(_) => "a schema item",
            Self::Expr(_) => "an SQL expression",
            Self::Query(_) | Self::Ddl(_) => "an SQL statement",
            Self::Table(_) => "a table",
            Self::Columns(_) => "a column collection",
            Self::Batch(_) => "a batch",
            Self::Connection(_) => "a connection",
            Self::Context => "the migration context",
            Self::Dialect => "the dialect",
            Self::Inspector | Self::Inspected(_) => "what an inspector says",
            Self::Question(_) | Self::Answer(_) => "what the database says",
            Self::Unknown(_) => "not known",
        }
    }

    /// The same Python value, as far as that can be told: used to join two branches.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) | (Self::Context, Self::Context) | (Self::Dialect, Self::Dialect) => true,
            (Self::Inspector, Self::Inspector) => true,
            (Self::Inspected(a), Self::Inspected(b)) => a == b,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::External(a), Self::External(b)) => a == b,
            (Self::List(a), Self::List(b)) | (Self::Set(a), Self::Set(b)) => Rc::ptr_eq(a, b),
            (Self::Tuple(a), Self::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b)),
            (Self::Dict(a), Self::Dict(b)) => Rc::ptr_eq(a, b),
            (Self::Function(a), Self::Function(b)) => Rc::ptr_eq(a, b),
            (Self::Class(a), Self::Class(b)) => Rc::ptr_eq(a, b),
            (Self::Instance(a), Self::Instance(b)) => Rc::ptr_eq(a, b),
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::Item(a), Self::Item(b)) => Rc::ptr_eq(a, b),
            (Self::Expr(a), Self::Expr(b)) => a == b,
            (Self::Query(a), Self::Query(b)) => Rc::ptr_eq(a, b),
            (Self::Table(a), Self::Table(b)) => Rc::ptr_eq(a, b),
            (Self::Batch(a), Self::Batch(b)) => Rc::ptr_eq(a, b),
            (Self::Connection(a), Self::Connection(b)) => Rc::ptr_eq(a, b),
            (Self::Unknown(a), Self::Unknown(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Python's `==`, where both are plain values; `None` where it cannot be told.
    pub(super) fn equal(&self, other: &Self) -> Option<bool> {
        self.equal_within(other, &mut 10_000, 50)
    }

    /// As [`Value::equal`], for values that may be large or go round in a circle.
    fn equal_within(&self, other: &Self, budget: &mut u32, depth: u32) -> Option<bool> {
        *budget = budget.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let (left, right) = (self.plain(), other.plain());
        Some(match (&left, &right) {
            (Self::Unknown(_), _) | (_, Self::Unknown(_)) => return None,
            (Self::Instance(a), _) | (_, Self::Instance(a)) if a.class.lookup("__eq__").is_some() => return None,
            (Self::Instance(a), Self::Instance(b)) if Rc::ptr_eq(&a.class, &b.class) && a.values().is_some() => {
                return all_equal(&a.values()?, &b.values()?, budget, depth);
            }
            (Self::Instance(a), Self::Instance(b)) => Rc::ptr_eq(a, b),
            (Self::None, Self::None) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Bool(a), Self::Int(b)) | (Self::Int(b), Self::Bool(a)) => i128::from(*a) == *b,
            (Self::Int(a), Self::Int(b)) => a == b,
            #[expect(clippy::float_cmp, reason = "it is Python's own comparison that is asked for")]
            (Self::Float(a), Self::Float(b)) => a == b,
            #[expect(
                clippy::cast_precision_loss,
                clippy::float_cmp,
                reason = "Python compares so too, for small numbers"
            )]
            (Self::Float(a), Self::Int(b)) | (Self::Int(b), Self::Float(a)) => *a == *b as f64,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Class(a), Self::Class(b)) => Rc::ptr_eq(a, b),
            (Self::External(a), Self::External(b)) if a == b => true,
            (Self::Tuple(a), Self::Tuple(b)) => return all_equal(a, b, budget, depth),
            (Self::List(a), Self::List(b)) => {
                if a.spoiled.borrow().is_some() || b.spoiled.borrow().is_some() {
                    return None;
                }
                return all_equal(&a.items.borrow(), &b.items.borrow(), budget, depth);
            }
            (a, b) => match (a.as_str(), b.as_str()) {
                (Some(a), Some(b)) => a == b,
                _ if a.is_plain() && b.is_plain() => false,
                _ => return None,
            },
        })
    }

    fn is_plain(&self) -> bool {
        matches!(
            self,
            Self::None
                | Self::Bool(_)
                | Self::Int(_)
                | Self::Float(_)
                | Self::Str(_)
                | Self::Name(_)
                | Self::Bytes(_)
                | Self::Tuple(_)
                | Self::List(_)
                | Self::Dict(_)
                | Self::Instance(_)
                | Self::Class(_)
        )
    }
}

fn all_equal(a: &[Value], b: &[Value], budget: &mut u32, depth: u32) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    for (a, b) in a.iter().zip(b) {
        if !a.equal_within(b, budget, depth)? {
            return Some(false);
        }
    }
    Some(true)
}
