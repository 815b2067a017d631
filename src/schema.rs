//! The schema as the history has left it.
//!
//! Everything is held in persistent maps, so that a copy costs nothing and two copies share what they have in
//! common: a fork of the history keeps one for each branch. Each entry knows when it was last changed, and an
//! entry that is gone stays as such; a merge takes the later of the two.

use crate::{
    finding::Direction,
    source::Span,
    statement::{Name, Type},
};
use std::{collections::BTreeSet, mem, sync::Arc};

mod apply;
mod compare;
mod join;
mod kin;
mod made_up;
mod map;
mod names;
mod needs;
mod object;
mod reach;
mod rows;
mod table;

use map::Map;

pub use crate::statement::Sort;
pub use compare::{Difference, How, Piece};
pub use kin::{Domain, Parent};
pub(crate) use names::Answer;
pub use names::{Names, Naming};
pub use needs::{Need, primary_key};
pub use object::Object;
pub use reach::Shortfall;
pub use table::{Column, Constraint, Proof, Table};

/// An answer about a database of which only the history is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// It is so, and this is it.
    Yes(T),
    /// It is not so.
    No,
    /// The history does not say: it may have begun on a database that it did not make, or do what is not understood.
    Unknown,
}

impl<T> Known<T> {
    /// What is known to be there.
    pub fn yes(self) -> Option<T> {
        match self {
            Self::Yes(it) => Some(it),
            Self::No | Self::Unknown => None,
        }
    }
}

/// One revision run one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// There are not as many files as this counts; a long history holds many of these.
    place: u32,
    /// Which way.
    pub direction: Direction,
}

impl Run {
    /// The place of no revision: what was there before the history began, or what a dump says.
    pub const BEFORE: usize = u32::MAX as usize;

    /// A revision by its place in [`History::revisions`](crate::history::History::revisions).
    #[must_use]
    pub fn new(revision: usize, direction: Direction) -> Self {
        Self { place: u32::try_from(revision).unwrap_or(u32::MAX), direction }
    }

    /// The place of the revision.
    #[must_use]
    pub fn revision(self) -> usize {
        self.place as usize
    }
}

/// When something is done: later moments have greater stamps, on whatever branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Counts up over the whole replay.
    pub stamp: u32,
    /// Who does it.
    pub run: Run,
}

/// Where something was made, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The place in the Python.
    pub span: Span,
    /// The revision.
    pub run: Run,
}

/// An index.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the catalog's")]
pub struct Index {
    /// Its name; it lives in its table's schema.
    pub name: Name,
    /// Its table.
    pub table: Name,
    /// Its columns, where they are plain.
    pub columns: Vec<Option<String>>,
    /// `UNIQUE`.
    pub unique: bool,
    /// `WHERE`.
    pub partial: bool,
    /// The columns that its expressions and its `WHERE` name.
    pub mentions: Vec<String>,
    /// The method: `btree`, `gin`, …
    pub method: String,
    /// It can be used: not one `ON ONLY` a partitioned table, which waits for those of its partitions.
    pub valid: bool,
    /// It is there because the table that this one is a partition of has such an index.
    pub inherited: bool,
    /// As SQL, all that follows the table.
    pub sql: String,
    /// Its comment.
    pub comment: Option<String>,
    /// Where it was made.
    pub made: Made,
    /// Where it was last changed; where it was made, if never.
    pub changed: Made,
}

/// What a statement has done something to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the maps")]
pub enum Touched {
    Table(Name),
    Index(Name),
    Object(Sort, Name),
}

/// An entry, or the memory of one (`None`), and when it came to be so.
#[derive(Debug)]
struct Slot<T> {
    stamp: u32,
    value: Option<Arc<T>>,
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self { stamp: self.stamp, value: self.value.clone() }
    }
}

/// What is known of the database at one point of the history.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    tables: Map<Name, Slot<Table>>,
    indexes: Map<Name, Slot<Index>>,
    objects: Map<(Sort, Name), Slot<Object>>,
    /// Tables that have, or once had, a foreign key to a table.
    referrers: Map<Name, Arc<BTreeSet<Name>>>,
    /// What tables, types and functions are to each other.
    kin: kin::Kin,
    /// Views that read, or once read, a relation; tables that have, or once had, a column of a type (under
    /// [`Sort::Enum`], whatever the type).
    dependents: Map<(Sort, Name), Arc<BTreeSet<Name>>>,
    /// What was touched since it was last asked.
    touched: Vec<Touched>,
    /// When something was last done that is not understood.
    blurred: u32,
    /// When all tables and indexes were known, those that are not there too.
    closed: Option<u32>,
}

impl Schema {
    /// A table that the history has made, or at least worked on. `No` only where the history has dropped it.
    #[must_use]
    pub fn table(&self, name: &Name) -> Known<&Table> {
        match self.tables.get(name) {
            Some(Slot { value: Some(table), .. }) => Known::Yes(table),
            Some(Slot { value: None, stamp }) if *stamp >= self.blurred => Known::No,
            Some(_) => Known::Unknown,
            None => self.unheard(name),
        }
    }

    /// Every table and index that is there is known now.
    pub fn close(&mut self, stamp: u32) {
        self.closed = Some(stamp);
    }

    /// A table or index of which nothing was ever heard is not there; the server's own are no part of any dump.
    fn unheard<T>(&self, name: &Name) -> Known<T> {
        let own = name.name.starts_with("pg_") || matches!(name.home(), "pg_catalog" | "information_schema");
        let closed = self.closed.is_some_and(|at| at >= self.blurred);
        if closed && !own { Known::No } else { Known::Unknown }
    }

    /// A column of a table.
    #[must_use]
    pub fn column(&self, table: &Name, column: &str) -> Known<&Column> {
        match self.table(table) {
            Known::Yes(table) => table.column(column, self.blurred),
            Known::No => Known::No,
            Known::Unknown => Known::Unknown,
        }
    }

    /// A constraint of a table.
    #[must_use]
    pub fn constraint(&self, table: &Name, constraint: &str) -> Known<&Constraint> {
        match self.table(table) {
            Known::Yes(table) => table.constraint(constraint, self.blurred),
            Known::No => Known::No,
            Known::Unknown => Known::Unknown,
        }
    }

    /// An index by its own name.
    #[must_use]
    pub fn index(&self, name: &Name) -> Known<&Index> {
        match self.indexes.get(name) {
            Some(Slot { value: Some(index), .. }) => Known::Yes(index),
            Some(Slot { value: None, stamp }) if *stamp >= self.blurred => Known::No,
            Some(_) => Known::Unknown,
            None => self.unheard(name),
        }
    }

    /// Has the table such an index? `No` also where all that ever happened to the table is known.
    #[must_use]
    pub fn index_on(&self, table: &Name, index: &str) -> Known<&Index> {
        let name = Name { schema: table.schema.clone(), name: index.to_owned() };
        match self.index(&name) {
            Known::Yes(found) if found.table == *table => Known::Yes(found),
            Known::Yes(_) | Known::No => Known::No,
            Known::Unknown => match self.table(table) {
                Known::Yes(table) if table.is_whole(self.blurred) => Known::No,
                Known::Yes(_) | Known::Unknown => Known::Unknown,
                Known::No => Known::No,
            },
        }
    }

    /// A view, type, sequence or schema.
    #[must_use]
    pub fn object(&self, sort: Sort, name: &Name) -> Known<&Object> {
        match self.objects.get(&(sort, name.clone())) {
            Some(Slot { value: Some(object), .. }) => Known::Yes(object),
            Some(Slot { value: None, stamp }) if *stamp >= self.blurred => Known::No,
            Some(_) | None => Known::Unknown,
        }
    }

    /// All that ever happened to the table is known.
    #[must_use]
    pub fn is_whole(&self, table: &Table) -> bool {
        table.is_whole(self.blurred)
    }

    /// Every index that is there, by name.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.indexes.values().filter_map(|slot| slot.value.as_deref())
    }

    /// Everything else that is there, by sort and name.
    pub fn objects(&self) -> impl Iterator<Item = (Sort, &Name, &Object)> {
        self.objects.iter().filter_map(|((sort, name), slot)| Some((*sort, name, slot.value.as_deref()?)))
    }

    /// The indexes of a table, by name.
    #[must_use]
    pub fn indexes_of(&self, table: &Table) -> Vec<&Index> {
        let found = table.indexes.iter().filter_map(|name| self.index(&table.name.renamed(name)).yes());
        found.filter(|index| index.table == table.name).collect()
    }

    /// What hangs on a table, by sort and name.
    #[must_use]
    pub fn attached_to(&self, table: &Table) -> Vec<(Sort, &Name, &Object)> {
        let found = table.attached.iter().filter_map(|key| {
            let (key, slot) = self.objects.get_key_value(key)?;
            Some((key.0, &key.1, slot.value.as_deref()?))
        });
        found.collect()
    }

    /// What has been touched since the last time, each once.
    pub fn take_touched(&mut self) -> BTreeSet<Touched> {
        mem::take(&mut self.touched).into_iter().collect()
    }

    /// Views that may read a relation, or tables that may have a column of a type.
    fn dependents(&self, of: &Name, sort: Sort) -> Vec<Name> {
        self.dependents.get(&(sort, of.clone())).into_iter().flat_map(|names| names.iter().cloned()).collect()
    }

    fn depend(&mut self, of: &Name, sort: Sort, who: &Name) {
        let key = (sort, of.clone());
        match self.dependents.get_mut(&key) {
            Some(names) => {
                Arc::make_mut(names).insert(who.clone());
            }
            None => {
                self.dependents.insert_mut(key, Arc::new([who.clone()].into()));
            }
        }
    }

    /// Every table that is there, by name.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values().filter_map(|slot| slot.value.as_deref())
    }

    /// The foreign keys of other tables that refer to this one.
    #[must_use]
    pub fn references_to(&self, table: &Name) -> Vec<(&Table, &Constraint)> {
        let mut found = Vec::new();
        for name in self.referrers.get(table).into_iter().flat_map(|names| names.iter()) {
            if name == table {
                continue;
            }
            let Known::Yes(other) = self.table(name) else { continue };
            found.extend(other.constraints().filter(|it| it.refers_to(table)).map(|it| (other, it)));
        }
        found
    }

    /// Why a column holds no NULL, if that is known: it is `NOT NULL`, a validated CHECK says so, or the history has
    /// filled every row.
    #[must_use]
    pub fn proof(&self, table: &Name, column: &str) -> Option<Proof> {
        self.table(table).yes()?.proof(column)
    }

    /// The type is an enum that the history has made.
    #[must_use]
    pub fn is_enum(&self, kind: &Type) -> bool {
        let name = Name { schema: kind.schema.clone(), name: kind.name.clone() };
        kind.dimensions == 0 && matches!(self.object(Sort::Enum, &name), Known::Yes(_))
    }

    /// Something has been done that is not understood.
    #[must_use]
    pub fn is_blurred(&self) -> bool {
        self.blurred > 0
    }

    /// Something was done that is not understood: what is not there may be there now.
    pub fn blur(&mut self, moment: Moment) {
        self.blurred = self.blurred.max(moment.stamp);
    }
}
