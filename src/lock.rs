//! What a statement locks, for how long, and who waits: statement × schema × server version.
//!
//! Every row of this model is executed on real servers by `tests/witness/locks.py`; what that cannot see is not claimed.

use crate::{
    schema::Schema,
    statement::{Kind, Name},
};

mod alter;
mod cast;
mod column;
mod constraint;
mod drop;
mod index;
mod ledger;
mod object;
mod partition;
mod retype;
mod rows;
mod upkeep;
mod volatility;

pub use crate::statement::Mode;
pub use cast::{Cast, cast};
pub use volatility::{Changes, changes};

/// What is done to a relation's rows while the lock is held; a later one is the heavier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Nothing: only the catalog changes.
    Brief,
    /// The rows that the statement's own condition reaches are written.
    Rows,
    /// Every row is read.
    Scan,
    /// Every row is read and an index built.
    Build,
    /// Every row is written anew, with all indexes.
    Rewrite,
}

impl Work {
    /// The word that the formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Brief => "brief",
            Self::Rows => "rows",
            Self::Scan => "scan",
            Self::Build => "index build",
            Self::Rewrite => "rewrite",
        }
    }

    /// It ends a sentence: "blocks reads and writes on `orders` while every row is checked".
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Brief => "for a moment",
            Self::Rows => "while rows are written",
            Self::Scan => "while every row is checked",
            Self::Build => "while an index is built",
            Self::Rewrite => "while every row is rewritten",
        }
    }
}

/// Who has to wait for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waiter {
    /// `SELECT`.
    Reads,
    /// `INSERT`, `UPDATE`, `DELETE`.
    Writes,
    /// Other changes of the schema, and `VACUUM`.
    Ddl,
}

impl Waiter {
    /// The word that the formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Ddl => "ddl",
        }
    }
}

/// Who waits while somebody holds a lock of this mode: the manual's table of conflicts, chapter Explicit Locking.
#[must_use]
pub fn waiters(mode: Mode) -> &'static [Waiter] {
    match mode {
        Mode::AccessExclusive => &[Waiter::Reads, Waiter::Writes, Waiter::Ddl],
        Mode::Exclusive | Mode::ShareRowExclusive | Mode::Share => &[Waiter::Writes, Waiter::Ddl],
        Mode::ShareUpdateExclusive | Mode::RowExclusive | Mode::RowShare | Mode::AccessShare => &[Waiter::Ddl],
    }
}

/// What sort of relation is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the word says it")]
pub enum Relation {
    Table,
    Index,
    View,
    MaterializedView,
}

impl Relation {
    /// The word that the formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Index => "index",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
        }
    }
}

/// What a relation is to the statement that locks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It is what the statement names.
    Target,
    /// A partition or child of that.
    Partition,
    /// A table that it is a partition or child of.
    Parent,
    /// The default partition beside it.
    DefaultPartition,
    /// A foreign key refers to it.
    Referenced,
    /// A foreign key of it refers to the target.
    Referring,
    /// It has a column of the domain.
    DomainUser,
    /// The index's table.
    IndexTable,
    /// It reads from the target.
    Dependent,
}

impl Part {
    /// The word that the formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Partition => "partition",
            Self::Parent => "parent",
            Self::DefaultPartition => "default partition",
            Self::Referenced => "referenced",
            Self::Referring => "referring",
            Self::DomainUser => "user of the domain",
            Self::IndexTable => "table of the index",
            Self::Dependent => "dependent",
        }
    }
}

/// One lock on one relation that was there before the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The relation.
    pub relation: Name,
    /// What it is.
    pub sort: Relation,
    /// What it is to the statement.
    pub part: Part,
    /// The strongest lock that is taken on it.
    pub mode: Mode,
    /// What is done to its own rows. The lock is held longer than that: at least as long as the heaviest work of the
    /// statement ([`Effect::work`]), and to the end of the transaction.
    pub work: Work,
    /// It gets a new, empty file, as by `TRUNCATE`.
    pub emptied: bool,
    /// Why the work may be less than that, in words that follow "because"; `None`: it is certain.
    pub doubt: Option<String>,
}

/// What a statement locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// One for each relation, by its part and name.
    pub locks: Vec<Lock>,
    /// What else may be locked, in words that follow "because"; empty: nothing else is.
    pub gaps: Vec<String>,
}

impl Effect {
    /// The heaviest work of the statement: all its locks are held at least as long.
    #[must_use]
    pub fn work(&self) -> Work {
        self.locks.iter().map(|it| it.work).max().unwrap_or(Work::Brief)
    }

    /// The lock on a relation.
    #[must_use]
    pub fn on(&self, relation: &Name) -> Option<&Lock> {
        self.locks.iter().find(|it| it.relation == *relation)
    }

    /// `blocks reads and writes on `orders` while every row is checked`; `None` where neither reads nor writes of
    /// the relation wait.
    #[must_use]
    pub fn sentence(&self, relation: &Name) -> Option<String> {
        let lock = self.on(relation)?;
        let who = match waiters(lock.mode) {
            [Waiter::Reads, ..] => "reads and writes",
            [Waiter::Writes, ..] => "writes",
            _ => return None,
        };
        let work = self.work();
        let elsewhere =
            self.locks.iter().filter(|it| it.work == work && it.relation != lock.relation).min_by_key(|it| it.part);
        let of = match elsewhere {
            Some(other) if lock.work < work => format!(" of `{}`", other.relation),
            _ => String::new(),
        };
        let clause = match (work, of.as_str()) {
            (Work::Brief, _) => "for a moment".to_owned(),
            (Work::Build, "") => work.clause().to_owned(),
            (Work::Build, of) => format!("while an index{of} is built"),
            (Work::Rows, of) => format!("while rows{of} are written"),
            (Work::Scan, of) => format!("while every row{of} is checked"),
            (Work::Rewrite, of) => format!("while every row{of} is rewritten"),
        };
        Some(format!("blocks {who} on `{relation}` {clause}"))
    }
}

/// The server that the statement is run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its major version.
    pub version: u32,
}

/// What a statement locks on a server, given the schema just before it. What the statement makes is not among it:
/// nobody else sees that yet.
///
/// A statement that the server refuses has an effect all the same; what is refused is other rules' matter.
#[must_use]
pub fn effect(kind: &Kind, schema: &Schema, server: Server) -> Effect {
    let mut ledger = ledger::Ledger::new(schema, server);
    match kind {
        Kind::AlterTable { table, actions, only, .. } => ledger.alter_table(table, actions, *only),
        Kind::RenameTable { table, .. } | Kind::MoveTable { table, .. } => ledger.whole(table),
        Kind::RenameColumn { table, .. } => ledger.family(table, Mode::AccessExclusive),
        Kind::RenameConstraint { table, constraint, .. } => ledger.rename_constraint(table, constraint),
        Kind::RenameIndex { index, .. } => ledger.index(index, Mode::ShareUpdateExclusive),
        Kind::CreateIndex(create) => ledger.create_index(create),
        Kind::DropIndex { indexes, concurrently, .. } => ledger.drop_indexes(indexes, *concurrently),
        Kind::AttachIndex { index, partition } => ledger.attach_index(index, partition),
        Kind::CreateTable(create) => ledger.create_table(create),
        Kind::DropTable { tables, cascade, .. } => ledger.drop_tables(tables, *cascade),
        Kind::DropSchema { schemas, .. } => ledger.drop_schemas(schemas),
        Kind::Truncate { tables, only, cascade } => ledger.truncate(tables, only, *cascade),
        Kind::CreateView { view, replace: true, .. } => ledger.replace_view(view),
        Kind::AlterView { view } => ledger.view(view, Mode::AccessExclusive),
        Kind::DropView { views, .. } => views.iter().for_each(|it| ledger.view(it, Mode::AccessExclusive)),
        Kind::AlterDomain { name, change } => ledger.alter_domain(name, change),
        Kind::Insert(insert) => ledger.write(&insert.table),
        Kind::Update(update) => ledger.write(&update.table),
        Kind::Delete { table, .. } => ledger.write(table),
        Kind::Upkeep(upkeep) => ledger.upkeep(upkeep),
        Kind::Annex(annex) => ledger.annex(annex),
        Kind::Do => ledger.gap("what is not read of the body of a `DO` block may lock anything"),
        Kind::Other { tag: "CALL" } => ledger.gap("a procedure may lock anything"),
        Kind::DropType { cascade: true, .. } => ledger.gap("`CASCADE` takes the columns of the type along"),
        _ => {}
    }
    ledger.close()
}
