//! Statements about what stands: locks, rebuilding, triggers, policies, domains, functions.

use super::{Body, Constraint, Expr, Name, Type};

/// A lock on a table, in the order of the manual's table: a later one conflicts with more.
///
/// "Table-Level Locks" in the manual, chapter Explicit Locking; `storage/lockdefs.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are the server's own names")]
pub enum Mode {
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// As SQL and the manual write it: `ACCESS EXCLUSIVE`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

/// Rebuilding, cleaning and locking.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the statement")]
pub enum Upkeep {
    ReindexIndex {
        index: Name,
        concurrently: bool,
    },
    ReindexTable {
        table: Name,
        concurrently: bool,
    },
    /// `REINDEX SCHEMA`, `DATABASE`, `SYSTEM`.
    ReindexAll {
        concurrently: bool,
    },
    /// Without a table: every one that was clustered before.
    Cluster {
        table: Option<Name>,
    },
    /// Without tables: every one.
    Vacuum {
        tables: Vec<Name>,
        full: bool,
    },
    Analyze {
        tables: Vec<Name>,
    },
    Refresh {
        view: Name,
        concurrently: bool,
        /// `WITH NO DATA`.
        empty: bool,
    },
    Lock {
        tables: Vec<Name>,
        mode: Mode,
        /// Tables that are named with `ONLY`, without their children.
        only: Vec<Name>,
    },
}

/// What is done to something that hangs on a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the word says it")]
pub enum Act {
    Create,
    Alter,
    Rename,
    Drop,
}

/// Something that hangs on a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Annex {
    /// What it is.
    pub sort: AnnexSort,
    /// Its own name, where it has one.
    pub name: String,
    /// The table, view, index or sequence.
    pub table: Name,
    /// What is done to it.
    pub act: Act,
}

/// What hangs on a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnexSort {
    /// A trigger of rows; those of a partitioned table are on its partitions too.
    RowTrigger,
    /// A trigger; where it is dropped or renamed, of which sort it is is not said.
    Trigger,
    /// A policy of row security.
    Policy,
    /// A rewrite rule.
    Rule,
    /// Extended statistics.
    Statistics,
    /// A comment on the table, view or index, or on one of its columns.
    Comment,
    /// Its place in a publication.
    Publication,
}

/// One part of `ALTER DOMAIN`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the parts of the statement")]
pub enum DomainChange {
    AddConstraint(Constraint),
    DropConstraint { constraint: String },
    ValidateConstraint { constraint: String },
    SetNotNull,
    DropNotNull,
    Default(Option<Expr>),
}

/// `CREATE DOMAIN`.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Its name.
    pub name: Name,
    /// What it is over.
    pub base: Type,
    /// Its constraints, `NOT NULL` among them.
    pub constraints: Vec<Constraint>,
    /// Its default.
    pub default: Option<Expr>,
}

/// How much a function's answer may change, in the server's own grades (`pg_proc.provolatile`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are the server's own words")]
pub enum Volatility {
    Immutable,
    Stable,
    Volatile,
}

/// `CREATE FUNCTION`.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name; there may be others of the same name with other parameters.
    pub name: Name,
    /// As it is declared; `VOLATILE` where nothing is said.
    pub volatility: Volatility,
    /// `LANGUAGE sql`: its body may be put in its place.
    pub inlined: bool,
    /// `OR REPLACE`.
    pub replace: bool,
    /// `CREATE PROCEDURE`.
    pub procedure: bool,
    /// The types of what it takes in, which tell functions of one name apart.
    pub signature: Vec<String>,
    /// The one expression that it answers, in the language SQL.
    pub body: Option<Box<Body>>,
}

/// How the values of a generated column come about.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "they are SQL's own words")]
pub enum Generation {
    /// `serial` and its like.
    Serial,
    Identity,
    Stored(Expr),
    Virtual(Expr),
}

/// Where a table is a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionOf {
    /// Of this table.
    pub parent: Name,
    /// `DEFAULT`.
    pub default: bool,
    /// `FOR VALUES …`, `DEFAULT`.
    pub bound: String,
}
