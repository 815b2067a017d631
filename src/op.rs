//! What Alembic is asked to do: neither Python nor SQL. The reader makes it, the renderer reads it.
//!
//! Every part keeps as much of its place in the Python as a finding needs. Nothing here knows of PostgreSQL's
//! rules; whatever is not known at all is an [`Op::Unresolved`], never a guess.

mod core;
mod event;

pub use core::{
    Conflict, Correlation, Distinct, Expr, From, Literal, Query, Returning, Select, Size, Source, TextClause, Words,
    sources_of,
};

pub use event::{Attached, Listeners};

use crate::{
    reason::Reason,
    source::{Span, Text},
};

/// An identifier as the user wrote it, before quoting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name itself.
    pub text: String,
    /// Where it was written.
    pub span: Option<Span>,
    /// `quoted_name(x, True)`, `Column(quote=True)`: forces or forbids quotes.
    pub quote: Option<bool>,
    /// `op.f("…")`: final, no naming convention applies; too long a name is cut instead of refused.
    pub exact: bool,
}

impl Name {
    /// A name that nothing is known of but its text.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), span: None, quote: None, exact: false }
    }
}

/// A table, index or type, perhaps in a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualified {
    /// `schema=`.
    pub schema: Option<Name>,
    /// The name without the schema.
    pub name: Name,
}

/// One thing that a revision asks for, and from where.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is asked.
    pub op: Op,
    /// The call (`op.create_index(…)`), where findings point unless they know the argument.
    pub span: Span,
    /// The code from which Alembic is called when the SQL is sent: the `with` of a batch, else the call.
    pub sent: Span,
    /// Inside `autocommit_block()` or an autocommit connection: outside the transaction.
    pub autocommit: bool,
    /// What SQLAlchemy asks the database before it sends the SQL.
    pub checkfirst: CheckFirst,
    /// All of these must hold for the step to be run; empty: always run. Outermost first.
    pub when: Vec<Guard>,
}

/// `checkfirst=` of `.create(bind)` and `.drop(bind)`: create what is missing, drop what is present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckFirst {
    /// Nothing is asked.
    #[default]
    No,
    /// A table's types are asked for, the table is not: the default of `Table.create(bind)` from SQLAlchemy 2.1 on.
    Types,
    /// All of it is asked for.
    Yes,
}

/// A condition that the reader could not decide from the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The Python of the condition, in one line.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// What is asked, if the schema can answer it.
    pub question: Question,
    /// The step runs when the answer is this.
    pub holds: bool,
}

/// What a revision asks the database before it acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is there such a table?
    Table(Qualified),
    /// Has the table such a column?
    Column(Qualified, String),
    /// Has the table such an index?
    Index(Qualified, String),
    /// Has the table such a foreign key, unique or check constraint?
    Constraint(Qualified, String),
    /// Is there such an index, on whatever table?
    AnyIndex(Qualified),
    /// Is there such an enum or domain?
    Type(Qualified),
    /// Is there such a view?
    View(Qualified),
    /// Is there such a schema?
    Schema(String),
    /// Something that only a run can tell, and why.
    Unknown(Reason),
}

impl Question {
    /// Why only a run can tell, where that is so.
    #[must_use]
    pub fn open(&self) -> Option<&Reason> {
        match self {
            Self::Unknown(reason) => Some(reason),
            _ => None,
        }
    }
}

/// What Alembic is asked to do.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the keyword arguments of Alembic's operations")]
pub enum Op {
    /// `op.create_table`, `Table.create(bind)`.
    CreateTable(Box<CreateTable>),
    /// `op.drop_table`.
    DropTable { table: Qualified, if_exists: bool },
    /// `op.rename_table`.
    RenameTable { table: Qualified, to: Name },
    /// `op.add_column`.
    AddColumn {
        table: Qualified,
        column: Box<Column>,
        if_not_exists: bool,
        inline_references: bool,
        inline_primary_key: bool,
    },
    /// `op.drop_column`.
    DropColumn { table: Qualified, column: Name, if_exists: bool },
    /// `op.alter_column`.
    AlterColumn(Box<AlterColumn>),
    /// `op.create_index`.
    CreateIndex(Box<Index>),
    /// `op.drop_index`; the schema of `index` is `schema=`.
    DropIndex { index: Qualified, table: Option<Name>, concurrently: bool, if_exists: bool },
    /// `op.create_foreign_key`, `create_unique_constraint`, `create_check_constraint`, `create_primary_key`,
    /// `create_exclude_constraint`.
    AddConstraint { table: Qualified, constraint: Box<Constraint> },
    /// `op.drop_constraint`; no name is an error of Alembic's.
    DropConstraint { table: Qualified, name: Option<Name>, kind: Option<String>, if_exists: bool },
    /// `op.create_table_comment`, `op.drop_table_comment` (`None`).
    CommentTable { table: Qualified, comment: Option<String> },
    /// `Enum.create(bind)`.
    CreateEnum(Box<EnumType>),
    /// `Enum.drop(bind)`.
    DropEnum(Box<EnumType>),
    /// `CreateSequence(Sequence(…))`; of the identity's fields, those that a sequence has.
    CreateSequence { sequence: Qualified, options: Box<Identity>, if_not_exists: bool },
    /// `DropSequence(Sequence(…))`.
    DropSequence { sequence: Qualified, if_exists: bool },
    /// `CreateSchema("…")`.
    CreateSchema { schema: Name, if_not_exists: bool },
    /// `DropSchema("…")`.
    DropSchema { schema: Name, cascade: bool, if_exists: bool },
    /// `op.execute("…")`, `op.execute(text("…"))`, `connection.execute(text("…"))`.
    Execute(TextClause),
    /// `exec_driver_sql("…")`: no `:name` is looked for.
    Driver(Text),
    /// A Core expression given to `op.execute` or `connection.execute`, and `op.bulk_insert` (one per row).
    Query(Box<Query>),
    /// The body of the function ends here with an exception.
    Raise { what: String },
    /// Something that the reader cannot evaluate.
    Unresolved { reason: Reason },
}

/// `op.create_table(…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Its name.
    pub table: Qualified,
    /// In order.
    pub columns: Vec<Column>,
    /// Those given beside the columns, in the order of the arguments.
    pub constraints: Vec<Constraint>,
    /// `sa.Index(…)` given beside the columns.
    pub indexes: Vec<Index>,
    /// `comment=`.
    pub comment: Option<String>,
    /// `prefixes=["UNLOGGED"]`.
    pub prefixes: Vec<String>,
    /// `if_not_exists=`.
    pub if_not_exists: bool,
    /// It is of a `MetaData` of the revision's own, whose names are not those of the project's convention.
    pub own_metadata: bool,
    /// `postgresql_*=`, names without `postgresql_`, in the order of the arguments.
    pub options: Vec<(String, OptionValue)>,
}

/// The value of a dialect keyword.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// `True`, `False`.
    Bool(bool),
    /// Text or a number's text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// A dict of texts.
    Map(Vec<(String, String)>),
    /// `text("…")` or another expression.
    Expr(Expr),
}

/// `sa.Column(…)`.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are SQLAlchemy's own flags")]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// The whole `sa.Column(…)`.
    pub span: Span,
    /// `None` where no type was given: SQLAlchemy's `NullType`.
    pub kind: Option<Type>,
    /// Where the type stands.
    pub kind_span: Option<Span>,
    /// `nullable=`, where given.
    pub nullable: Option<bool>,
    /// Where `nullable=…` stands.
    pub nullable_span: Option<Span>,
    /// `primary_key=True`.
    pub primary_key: bool,
    /// `autoincrement=`; `None` is `"auto"`.
    pub autoincrement: Option<bool>,
    /// `server_default=`.
    pub server_default: Option<Default>,
    /// Where `server_default=…` stands.
    pub server_default_span: Option<Span>,
    /// `default=` (Python side: never in the SQL) was given, at this place.
    pub python_default: Option<Span>,
    /// `index=True`.
    pub index: bool,
    /// `unique=True`.
    pub unique: bool,
    /// `comment=`.
    pub comment: Option<String>,
    /// `system=True`.
    pub system: bool,
    /// `ForeignKey(…)` and `CheckConstraint(…)` given to the column, in order.
    pub constraints: Vec<Constraint>,
    /// `Identity(…)`.
    pub identity: Option<Box<Identity>>,
    /// `Computed(…)`.
    pub computed: Option<Box<Computed>>,
    /// `Sequence(…)` was given.
    pub sequence: bool,
    /// `onupdate=` (Python side) was given.
    pub on_update: bool,
}

/// `server_default=`.
#[derive(Clone, Debug, PartialEq)]
pub enum Default {
    /// A plain string: rendered as a literal.
    Literal(String),
    /// `text()`, `func.…`, `true()` and the like: rendered as SQL.
    Expr(Box<Expr>),
    /// `FetchedValue()`: renders nothing.
    Fetched,
}

/// `Identity(…)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are SQLAlchemy's keyword arguments")]
pub struct Identity {
    pub always: bool,
    pub start: Option<i64>,
    pub increment: Option<i64>,
    pub minvalue: Option<i64>,
    pub maxvalue: Option<i64>,
    pub nominvalue: bool,
    pub nomaxvalue: bool,
    pub cycle: Option<bool>,
    pub cache: Option<i64>,
}

/// `Computed("…", persisted=…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    /// The expression.
    pub expr: Expr,
    /// `persisted=`.
    pub persisted: Option<bool>,
}

/// A constraint of a table or a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// `name=`.
    pub name: Option<Name>,
    /// The whole call.
    pub span: Span,
    /// What it demands.
    pub kind: ConstraintKind,
    /// `deferrable=`.
    pub deferrable: Option<bool>,
    /// `initially=`.
    pub initially: Option<String>,
    /// `postgresql_*=`, names without `postgresql_`.
    pub options: Vec<(String, OptionValue)>,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are SQLAlchemy's keyword arguments")]
pub enum ConstraintKind {
    /// `PrimaryKeyConstraint("a", "b")`.
    PrimaryKey { columns: Vec<Name> },
    /// `UniqueConstraint("a", "b")`.
    Unique { columns: Vec<Name> },
    /// `CheckConstraint("a > 0")`.
    Check { condition: Expr },
    /// `ForeignKeyConstraint(["a"], ["t.id"])`; for a column's own `ForeignKey` `columns` is that column.
    ForeignKey {
        columns: Vec<Name>,
        table: Qualified,
        referred: Vec<Name>,
        on_delete: Option<String>,
        on_update: Option<String>,
        matching: Option<String>,
        use_alter: bool,
    },
    /// `ExcludeConstraint((column, "&&"), …)`.
    Exclude { elements: Vec<(Expr, String)>, using: String, condition: Option<Expr>, ops: Vec<(String, String)> },
}

/// `op.create_index(…)`, `sa.Index(…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The name; `None` asks the naming convention.
    pub name: Option<Name>,
    /// Its table.
    pub table: Qualified,
    /// Columns or expressions, in order.
    pub columns: Vec<IndexColumn>,
    /// `unique=True`.
    pub unique: bool,
    /// `if_not_exists=True`.
    pub if_not_exists: bool,
    /// `postgresql_*=`, names without `postgresql_`, `concurrently` among them.
    pub options: Vec<(String, OptionValue)>,
    /// The whole call.
    pub span: Span,
}

/// An element of an index.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexColumn {
    /// A plain string: a column's name.
    Name(Name),
    /// `text()`, `func.lower(…)`, `column("a").desc()`.
    Expr(Expr),
}

/// `op.alter_column(…)`: each `Some` is a change that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterColumn {
    /// Its table.
    pub table: Qualified,
    /// The column.
    pub column: Name,
    /// `nullable=`.
    pub nullable: Option<bool>,
    /// Where `nullable=…` stands.
    pub nullable_span: Option<Span>,
    /// `type_=`.
    pub kind: Option<Type>,
    /// Where `type_=…` stands.
    pub kind_span: Option<Span>,
    /// `postgresql_using=`.
    pub using: Option<String>,
    /// `server_default=`: `Some(None)` drops it.
    pub server_default: Option<Option<AlterDefault>>,
    /// Where `server_default=…` stands.
    pub server_default_span: Option<Span>,
    /// `comment=`: `Some(None)` drops it.
    pub comment: Option<Option<String>>,
    /// `new_column_name=`.
    pub rename: Option<Name>,
    /// `existing_type=`.
    pub existing_kind: Option<Type>,
    /// `existing_server_default=` is an `Identity`.
    pub existing_identity: Option<Identity>,
    /// Keyword arguments that Alembic takes and never looks at, and where they stand.
    pub ignored: Vec<(String, Span)>,
}

/// `server_default=` of `alter_column`.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterDefault {
    /// An ordinary default.
    Value(Default),
    /// `Identity(…)`.
    Identity(Identity),
    /// `Computed(…)`: an error of Alembic's.
    Computed,
}

/// `sa.Enum`, `postgresql.ENUM`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are SQLAlchemy's own flags")]
pub struct EnumType {
    /// `name=`, or the lower-cased name of the Python class.
    pub name: Option<Name>,
    /// `schema=`.
    pub schema: Option<Name>,
    /// `inherit_schema=True`.
    pub inherit_schema: bool,
    /// In order.
    pub labels: Vec<String>,
    /// `native_enum=` (default true).
    pub native: bool,
    /// `create_constraint=` (default false).
    pub create_constraint: bool,
    /// `create_type=` (default true).
    pub create_type: bool,
    /// `length=`.
    pub length: Option<u32>,
    /// `metadata=` was given.
    pub has_metadata: bool,
    /// It is `postgresql.ENUM`, which honours `create_type` in every version.
    pub is_postgresql: bool,
}

/// A SQLAlchemy type.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are SQLAlchemy's keyword arguments")]
pub enum Type {
    /// A word with an optional length and collation: `VARCHAR(20)`, `TEXT`, `CHAR(3)`, `NVARCHAR(4)`.
    Text {
        word: String,
        length: Option<u32>,
        collation: Option<String>,
    },
    /// `SmallInteger` (2), `Integer` (4), `BigInteger` (8).
    Integer {
        bytes: u8,
    },
    Boolean,
    /// `Numeric`, `DECIMAL`: the word, precision, scale.
    Numeric {
        word: String,
        precision: Option<u32>,
        scale: Option<i32>,
    },
    /// `FLOAT(53)`.
    Float {
        precision: Option<u32>,
    },
    Timestamp {
        timezone: bool,
        precision: Option<u32>,
    },
    Time {
        timezone: bool,
        precision: Option<u32>,
    },
    Interval {
        fields: Option<String>,
        precision: Option<u32>,
    },
    Date,
    Json {
        binary: bool,
    },
    /// `as_uuid=` (default true): whether Python's side of it is a `uuid.UUID`.
    Uuid {
        as_uuid: bool,
    },
    Bytes,
    Bit {
        length: Option<u32>,
        varying: bool,
    },
    Array {
        item: Box<Type>,
        dimensions: u32,
    },
    Enum(Box<EnumType>),
    /// `postgresql.DOMAIN`: its name; a `CREATE DOMAIN` is sent like an enum's type.
    Domain {
        name: Name,
        schema: Option<Name>,
        /// `None` where `create_type=False` says that it is there already.
        definition: Option<Box<Domain>>,
    },
    /// Anything whose SQL is a fixed text: `INET`, `TSVECTOR`, `VECTOR(3)`, a user's own.
    Verbatim(String),
    /// SQLAlchemy refuses to compile it for PostgreSQL; the reason.
    Refused(String),
}

/// What a domain is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// The type that it narrows.
    pub kind: Type,
    /// `collation=`.
    pub collation: Option<String>,
    /// `default=`.
    pub default: Option<Expr>,
    /// `constraint_name=`.
    pub constraint: Option<Name>,
    /// `not_null=True`.
    pub not_null: bool,
    /// `check=`.
    pub check: Option<Expr>,
}
