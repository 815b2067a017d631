//! What PostgreSQL is asked to do: one parsed statement, without protobuf.
//!
//! Only what the schema and the rules need is kept; everything else is [`Kind::Other`], which is counted but
//! never taken for harmless knowledge.

use crate::{
    op::{Guard, Name as Parameter},
    reason::Reason,
    source::{Span, Text},
};
use std::{cmp::Ordering, fmt};

mod definition;
mod expr;
mod query;
mod types;
mod upkeep;
mod words;

pub use definition::{Change, Commented, Definition, Make, RowSecurity, Sort, formatted};
pub use expr::Expr;
pub use query::{Body, Facts, Nothing, Query, Relation, Source};
pub use types::{Family, Type};
pub use upkeep::{
    Act, Annex, AnnexSort, Domain, DomainChange, Function, Generation, Mode, PartitionOf, Upkeep, Volatility,
};
pub use words::{identifier, mentions, renamed, retyped};

/// A table, index, type or sequence, as the server sees it (unquoted names already in lower case).
#[derive(Clone, Debug)]
pub struct Name {
    /// The schema, where it is written.
    pub schema: Option<String>,
    /// The name without the schema.
    pub name: String,
}

impl Name {
    /// A name without a schema.
    #[must_use]
    pub fn bare(name: impl Into<String>) -> Self {
        Self { schema: None, name: name.into() }
    }

    /// A name in a schema.
    #[must_use]
    pub fn within(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), name: name.into() }
    }

    /// The schema that the name is looked for in: `public` where none is written. (The default `search_path`
    /// is `"$user", public`: a history that relies on another one is not modelled.)
    #[must_use]
    pub fn home(&self) -> &str {
        self.schema.as_deref().unwrap_or("public")
    }

    /// As SQL writes it, with the schema where one is written.
    #[must_use]
    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", identifier(schema), identifier(&self.name)),
            None => identifier(&self.name),
        }
    }

    /// The same object under another name.
    #[must_use]
    pub fn renamed(&self, name: impl Into<String>) -> Self {
        Self { schema: self.schema.clone(), name: name.into() }
    }
}

/// `public.t` and `t` are the same table.
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.home() == other.home() && self.name == other.name
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name).then_with(|| self.home().cmp(other.home()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// One statement, and all that is known of how it is sent.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing of how it is sent")]
pub struct Statement {
    /// What it asks for.
    pub kind: Kind,
    /// What it does to anything but tables and indexes.
    pub definition: Option<Box<Definition>>,
    /// What of it older servers do not know.
    pub newer: Option<Newer>,
    /// Its text, without the semicolon; each part knows where it was written.
    pub sql: Text,
    /// The best place in the Python: the statement's own text where it was written there, else the call.
    pub span: Span,
    /// The operation's call.
    pub called: Span,
    /// The code that calls Alembic when the statement is sent.
    pub sent: Span,
    /// The step in the revision's body that it comes from.
    pub step: usize,
    /// It is sent in one string with the statement before it.
    pub joined: bool,
    /// It stands in the body of a `DO` block before it, which sends it.
    pub within: bool,
    /// Outside the transaction by `autocommit_block()`.
    pub autocommit: bool,
    /// It is sent only where what it creates is missing, or what it drops is present.
    pub checkfirst: bool,
    /// All of these must hold for it to be run.
    pub guards: Vec<Guard>,
    /// Comments in the SQL that speak to the tool about this statement: where they stand, and their text.
    pub remarks: Vec<(Span, String)>,
}

/// A part of the grammar that came with a server after 14.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newer {
    /// The first major version that knows it.
    pub since: u32,
    /// The part, in SQL's words or about them.
    pub what: &'static str,
}

impl Newer {
    /// A column that is computed when it is read.
    pub const VIRTUAL: &'static str = "a virtual generated column";
}

/// `upgrade()` or `downgrade()` as SQL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Way {
    /// In the order in which they are sent.
    pub statements: Vec<Statement>,
    /// What has not become SQL.
    pub unresolved: Vec<Unresolved>,
    /// What PostgreSQL's grammar refuses.
    pub rejected: Vec<Rejected>,
}

/// Something that may do anything: neither its SQL nor its effect is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// Where it stands.
    pub span: Span,
    /// The code that calls Alembic.
    pub sent: Span,
    /// The step in the revision's body.
    pub step: usize,
    /// Why, in words that follow "because".
    pub reason: Reason,
    /// The `:name` that nobody gives a value, without the colon, where that is why.
    pub unbound: Option<Parameter>,
    /// It stands in the body of a `DO` block, whose SQL is known: a server runs it all the same.
    pub within: bool,
}

/// SQL that the server would refuse to parse.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Where it stands.
    pub span: Span,
    /// The code that calls Alembic.
    pub sent: Span,
    /// The step in the revision's body.
    pub step: usize,
    /// The server's words.
    pub message: String,
    /// The whole text.
    pub sql: Text,
    /// Outside the transaction by `autocommit_block()`.
    pub autocommit: bool,
    /// All of these must hold for it to be run.
    pub guards: Vec<Guard>,
    /// As in [`Statement::remarks`].
    pub remarks: Vec<(Span, String)>,
}

/// What a statement asks for.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the statement")]
pub enum Kind {
    CreateTable(Box<CreateTable>),
    /// `CREATE TABLE … AS`, `SELECT … INTO`.
    CreateTableAs {
        table: Name,
        if_not_exists: bool,
        /// It is gone with the session.
        temporary: bool,
    },
    AlterTable {
        table: Name,
        if_exists: bool,
        /// `ONLY`: without its children and partitions.
        only: bool,
        actions: Vec<Action>,
    },
    DropTable {
        tables: Vec<Name>,
        if_exists: bool,
        cascade: bool,
    },
    RenameTable {
        table: Name,
        to: String,
    },
    RenameColumn {
        table: Name,
        column: String,
        to: String,
    },
    RenameConstraint {
        table: Name,
        constraint: String,
        to: String,
    },
    RenameIndex {
        index: Name,
        to: String,
    },
    /// `ALTER TYPE … RENAME TO`.
    RenameType {
        name: Name,
        to: String,
    },
    /// `ALTER TABLE … SET SCHEMA`.
    MoveTable {
        table: Name,
        schema: String,
    },
    CreateIndex(Box<CreateIndex>),
    DropIndex {
        indexes: Vec<Name>,
        concurrently: bool,
        if_exists: bool,
        cascade: bool,
    },
    CreateSchema {
        schema: String,
    },
    DropSchema {
        schemas: Vec<String>,
        cascade: bool,
    },
    CreateEnum {
        name: Name,
        labels: Vec<String>,
    },
    AddEnumValue {
        name: Name,
        value: String,
    },
    /// `ALTER TYPE … RENAME VALUE`.
    RenameEnumValue {
        name: Name,
        from: String,
        to: String,
    },
    CreateDomain(Box<Domain>),
    AlterDomain {
        name: Name,
        change: Box<DomainChange>,
    },
    CreateFunction(Function),
    DropType {
        names: Vec<Name>,
        cascade: bool,
    },
    CreateSequence {
        name: Name,
    },
    DropSequence {
        names: Vec<Name>,
    },
    CreateView {
        view: Name,
        reads: Vec<Name>,
        /// `MATERIALIZED`.
        materialized: bool,
        /// `OR REPLACE`.
        replace: bool,
    },
    /// `ALTER VIEW`, `ALTER MATERIALIZED VIEW`, but for renaming a column.
    AlterView {
        view: Name,
    },
    DropView {
        views: Vec<Name>,
        materialized: bool,
        cascade: bool,
    },
    /// `ALTER INDEX … ATTACH PARTITION`.
    AttachIndex {
        index: Name,
        partition: Name,
    },
    Upkeep(Upkeep),
    /// A trigger, policy, rule, comment and their like.
    Annex(Annex),
    /// Rows are written into the table: `INSERT`, `COPY … FROM`, `MERGE`.
    Insert(Box<Insert>),
    Update(Box<Update>),
    Delete {
        table: Name,
        /// `USING` other tables: a row without a partner there stays.
        using: bool,
        condition: Option<Expr>,
    },
    Truncate {
        tables: Vec<Name>,
        /// Those of them that are named with `ONLY`, without their children.
        only: Vec<Name>,
        cascade: bool,
    },
    /// `SET`, `RESET`.
    Set(Box<Setting>),
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `ROLLBACK`: the transaction ends here.
    End,
    /// A query that writes nothing by its own words; a function in it may do anything.
    Select,
    /// `DO`. What is read of its body follows as statements of their own; what is not is unresolved.
    Do,
    /// Anything else, by its command tag as far as it is known.
    Other {
        tag: &'static str,
    },
}

/// `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the statement")]
#[expect(clippy::struct_excessive_bools, reason = "they are the statement's own words")]
pub struct CreateTable {
    pub table: Name,
    pub columns: Vec<Column>,
    pub constraints: Vec<Constraint>,
    pub if_not_exists: bool,
    /// All columns are named here: no `LIKE`, `INHERITS`, `PARTITION OF` or `OF type`.
    pub whole: bool,
    /// `PARTITION BY …`.
    pub partitioned: bool,
    /// `PARTITION OF …`.
    pub partition_of: Option<PartitionOf>,
    /// `INHERITS (…)`.
    pub inherits: Vec<Name>,
    pub unlogged: bool,
    /// It is gone with the session.
    pub temporary: bool,
    /// `RANGE (a)` of `PARTITION BY RANGE (a)`.
    pub partition_by: Option<String>,
    /// `LIKE` others, with the bits of what is included (`TableLikeOption` of PostgreSQL's parser).
    pub likes: Vec<(Name, u32)>,
}

/// A column as `CREATE TABLE` and `ADD COLUMN` define it.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the definition")]
pub struct Column {
    pub name: String,
    pub kind: Type,
    /// `NOT NULL`, `PRIMARY KEY`, an identity or a `serial`.
    pub not_null: bool,
    pub default: Option<Expr>,
    /// `GENERATED … AS IDENTITY`, `serial`, or `GENERATED ALWAYS AS (…)`: every row gets a value.
    pub generated: bool,
    /// And how.
    pub generation: Option<Generation>,
    /// Constraints written with the column.
    pub constraints: Vec<Constraint>,
    /// The default as SQL.
    pub default_sql: Option<String>,
    /// `GENERATED … AS …` as SQL.
    pub generation_sql: Option<String>,
    /// `COLLATE`.
    pub collation: Option<Name>,
}

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Its name, where it has been given one.
    pub name: Option<String>,
    /// Existing rows are checked (no `NOT VALID`).
    pub valid: bool,
    /// Rows are checked at all (no `NOT ENFORCED`).
    pub enforced: bool,
    /// `NO INHERIT`: of this table alone, not of its children.
    pub no_inherit: bool,
    /// What it demands.
    pub rule: Demand,
    /// As SQL: the whole of a `CHECK` or `EXCLUDE`; of a key what follows its columns, such as
    /// `ON DELETE CASCADE DEFERRABLE`.
    pub sql: String,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the constraint")]
pub enum Demand {
    PrimaryKey {
        columns: Vec<String>,
        /// `USING INDEX`.
        using: Option<String>,
    },
    Unique {
        columns: Vec<String>,
        using: Option<String>,
    },
    Check(Expr),
    ForeignKey {
        columns: Vec<String>,
        table: Name,
        referred: Vec<String>,
    },
    NotNull {
        column: String,
    },
    Exclude,
}

/// One part of an `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the action")]
pub enum Action {
    AddColumn {
        column: Box<Column>,
        if_not_exists: bool,
    },
    DropColumn {
        column: String,
        if_exists: bool,
        cascade: bool,
    },
    SetNotNull {
        column: String,
    },
    DropNotNull {
        column: String,
    },
    SetDefault {
        column: String,
        default: Box<Expr>,
        /// It as SQL.
        sql: String,
    },
    DropDefault {
        column: String,
    },
    SetType {
        column: String,
        kind: Type,
        using: Option<Box<Expr>>,
        collation: Option<Name>,
    },
    AddConstraint(Box<Constraint>),
    DropConstraint {
        constraint: String,
        if_exists: bool,
        cascade: bool,
    },
    ValidateConstraint {
        constraint: String,
    },
    AttachPartition {
        partition: Name,
        default: bool,
        /// `FOR VALUES …`, `DEFAULT`.
        bound: String,
    },
    DetachPartition {
        partition: Name,
        concurrently: bool,
    },
    AlterConstraint {
        constraint: String,
    },
    SetExpression {
        column: String,
    },
    DropExpression {
        column: String,
    },
    AddIdentity {
        column: String,
        /// `GENERATED … AS IDENTITY`.
        sql: String,
    },
    AlterIdentity {
        column: String,
        /// `SET GENERATED …`; `None`: the word is not changed.
        always: Option<bool>,
    },
    DropIdentity {
        column: String,
    },
    SetStorage {
        column: String,
    },
    SetCompression {
        column: String,
    },
    SetStatistics {
        column: String,
    },
    SetColumnOptions {
        column: String,
    },
    /// `SET (…)`, `RESET (…)`: the parameters' names.
    SetOptions(Vec<String>),
    SetLogged,
    SetUnlogged,
    SetTablespace {
        tablespace: String,
    },
    SetAccessMethod {
        method: Option<String>,
    },
    /// `CLUSTER ON`, `SET WITHOUT CLUSTER`.
    ClusterOn,
    /// `ENABLE TRIGGER`, `DISABLE TRIGGER`.
    SwitchTrigger,
    /// `ENABLE RULE`, `DISABLE RULE`.
    SwitchRule,
    Inherit {
        parent: Name,
    },
    NoInherit {
        parent: Name,
    },
    ReplicaIdentity,
    /// `ENABLE`, `DISABLE`, `FORCE`, `NO FORCE ROW LEVEL SECURITY`.
    RowSecurity(RowSecurity),
    Owner,
    Other,
}

/// `CREATE INDEX`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the statement")]
#[expect(clippy::struct_excessive_bools, reason = "they are the statement's own words")]
pub struct CreateIndex {
    /// `None`: the server makes one up.
    pub index: Option<String>,
    pub table: Name,
    /// The method: `btree` where none is written.
    pub method: String,
    /// A plain column's name, or `None` for an expression.
    pub columns: Vec<Option<String>>,
    pub unique: bool,
    pub concurrently: bool,
    pub if_not_exists: bool,
    /// `ON ONLY parent`.
    pub only: bool,
    /// `WHERE`.
    pub partial: bool,
    /// The columns that its expressions and its `WHERE` name.
    pub mentions: Vec<String>,
    /// It says no more than the columns' names: no order, collation, operator class, `INCLUDE`, `WHERE` or option.
    pub plain: bool,
    /// As SQL, all that follows the table: `USING gin (a, lower(b)) WHERE c`.
    pub sql: String,
}

/// Rows that are written.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// Into this table.
    pub table: Name,
    /// The columns that are named; empty: all, or not known.
    pub columns: Vec<String>,
    /// The rows of `VALUES`; `None` for a query or `COPY`. An inner `None` is `DEFAULT`.
    pub rows: Option<Vec<Vec<Expr>>>,
}

/// `UPDATE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The table.
    pub table: Name,
    /// The name that the table goes by in the statement.
    pub alias: Option<String>,
    /// What is assigned.
    pub set: Vec<(String, Expr)>,
    /// `FROM` other tables: a row without a partner there is not reached.
    pub from: Vec<Source>,
    /// `WHERE`, and the `ON` of what is joined in `FROM`.
    pub condition: Option<Expr>,
}

/// A setting of the session, or of the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name, in lower case; `all` of `RESET ALL`.
    pub name: String,
    /// The value as text; `None`: `DEFAULT`, or `RESET`.
    pub value: Option<String>,
    /// `SET LOCAL`: until the transaction ends.
    pub local: bool,
}

impl Setting {
    /// A time as PostgreSQL reads it, in milliseconds.
    #[must_use]
    pub fn milliseconds(&self) -> Option<u64> {
        milliseconds(self.value.as_deref()?)
    }
}

/// The time that a text begins with, in milliseconds: a number is that already, `2s`, `5min` and their like are not
/// (`guc.c`, `time_unit_conversion_table`).
#[must_use]
pub fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let unit: String = text.get(digits..)?.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    let factor = match unit.as_str() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

impl Statement {
    /// Where a name stands in the SQL: the first word that is it, else the whole statement.
    #[must_use]
    pub fn place(&self, name: &str) -> Span {
        self.place_after(&[], name)
    }

    /// Where a name stands after certain others, which come in this order; else the whole statement.
    #[must_use]
    pub fn place_after(&self, before: &[&str], name: &str) -> Span {
        let mut words = words::names(self.sql.as_str());
        for word in before {
            if !words.any(|(text, _)| text == *word) {
                return self.place(name);
            }
        }
        let range = words.find(|(text, _)| text == name).map(|(_, range)| range);
        range.and_then(|range| self.sql.place(range.start, range.end)).unwrap_or(self.span)
    }

    /// The tables that the statement is about (not those that it only reads).
    #[must_use]
    pub fn tables(&self) -> Vec<&Name> {
        match &self.kind {
            Kind::CreateTable(create) => vec![&create.table],
            Kind::CreateTableAs { table, .. }
            | Kind::AlterTable { table, .. }
            | Kind::RenameTable { table, .. }
            | Kind::RenameColumn { table, .. }
            | Kind::RenameConstraint { table, .. }
            | Kind::MoveTable { table, .. }
            | Kind::Delete { table, .. } => vec![table],
            Kind::DropTable { tables, .. } | Kind::Truncate { tables, .. } => tables.iter().collect(),
            Kind::CreateIndex(create) => vec![&create.table],
            Kind::Insert(insert) => vec![&insert.table],
            Kind::Update(update) => vec![&update.table],
            _ => Vec::new(),
        }
    }

    /// The tables that its foreign keys refer to.
    #[must_use]
    pub fn referred(&self) -> Vec<&Name> {
        let mut constraints: Vec<&Constraint> = Vec::new();
        match &self.kind {
            Kind::CreateTable(create) => {
                constraints.extend(create.columns.iter().flat_map(|column| &column.constraints));
                constraints.extend(&create.constraints);
            }
            Kind::AlterTable { actions, .. } => {
                for action in actions {
                    match action {
                        Action::AddColumn { column, .. } => constraints.extend(&column.constraints),
                        Action::AddConstraint(constraint) => constraints.push(constraint),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        let tables = constraints.into_iter().filter_map(|constraint| match &constraint.rule {
            Demand::ForeignKey { table, .. } => Some(table),
            _ => None,
        });
        tables.collect()
    }

    /// It changes neither rows nor schema by its own words: a query, a setting, a transaction's bounds.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        match &self.kind {
            Kind::Begin | Kind::End | Kind::Select | Kind::Do | Kind::Set(_) | Kind::Upkeep(Upkeep::Lock { .. }) => {
                true
            }
            Kind::Annex(annex) => annex.sort == AnnexSort::Comment,
            Kind::Other { tag } => matches!(*tag, "SET" | "COMMENT"),
            _ => false,
        }
    }
}
