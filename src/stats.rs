//! What a real database is, as data: what `limbeck stats` writes and `limbeck check --stats` takes.

use crate::statement::Name;
use serde::{Deserialize, Serialize};

/// The version of the file's form; another one is refused.
pub const FORM: u32 = 1;

/// A database, at the time when it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// The version of this form: [`FORM`].
    pub limbeck_stats: u32,
    /// The server.
    pub server: Server,
    /// Tables and materialized views, by schema and name.
    pub tables: Vec<Table>,
    /// Alembic's version tables, by schema and name.
    pub stamps: Vec<Stamp>,
    /// Indexes that a broken build has left: they cost and serve nothing.
    pub invalid_indexes: Vec<OnTable>,
    /// CHECK constraints and foreign keys that have not been validated.
    pub unvalidated_constraints: Vec<OnTable>,
    /// Enum types.
    pub enums: Vec<Enum>,
    /// Extensions.
    pub extensions: Vec<Extension>,
}

/// The server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// As it calls itself: `16.4`.
    pub version: String,
    /// Its major version.
    pub major: u32,
}

/// A table or materialized view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The planner's estimate; `None`: the table has never been analyzed.
    pub rows: Option<u64>,
    /// Bytes of its rows, with those that are kept apart (TOAST); of a partitioned table the sum over its partitions.
    pub bytes: u64,
    /// Bytes of its indexes, likewise.
    pub index_bytes: u64,
    /// It is partitioned: its rows are those of its partitions.
    pub partitioned: bool,
}

/// A version table of Alembic's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// The revisions in it, by name.
    pub revisions: Vec<String>,
}

/// Something on a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnTable {
    /// The schema of both.
    pub schema: String,
    /// The table.
    pub table: String,
    /// Its own name.
    pub name: String,
}

/// An enum type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enum {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its labels, in their order.
    pub labels: Vec<String>,
}

/// An extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Which version of it.
    pub version: String,
}

impl Stats {
    /// The table of a name.
    #[must_use]
    pub fn table(&self, name: &Name) -> Option<&Table> {
        self.tables.iter().find(|it| is(name, &it.schema, &it.name))
    }

    /// The index of a name that is invalid.
    #[must_use]
    pub fn invalid_index(&self, name: &Name) -> Option<&OnTable> {
        self.invalid_indexes.iter().find(|it| is(name, &it.schema, &it.name))
    }

    /// The constraints of a table that have not been validated.
    pub fn unvalidated(&self, table: &Name) -> impl Iterator<Item = &OnTable> {
        self.unvalidated_constraints.iter().filter(move |it| is(table, &it.schema, &it.table))
    }
}

fn is(name: &Name, schema: &str, plain: &str) -> bool {
    *name == Name::within(schema, plain)
}
