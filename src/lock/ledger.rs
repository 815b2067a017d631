//! What has been locked so far, and what the schema answers.

use super::{Effect, Lock, Mode, Part, Relation, Server, Work};
use crate::{
    schema::{Constraint, Known, Schema, Sort, Table},
    statement::{Demand, Name},
};

/// Gathers the locks of one statement.
pub(super) struct Ledger<'a> {
    pub(super) schema: &'a Schema,
    pub(super) server: Server,
    locks: Vec<Lock>,
    gaps: Vec<String>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(schema: &'a Schema, server: Server) -> Self {
        Self { schema, server, locks: Vec::new(), gaps: Vec::new() }
    }

    pub(super) fn close(mut self) -> Effect {
        self.locks.sort_by(|a, b| (a.part, &a.relation, a.sort).cmp(&(b.part, &b.relation, b.sort)));
        self.gaps.dedup();
        Effect { locks: self.locks, gaps: self.gaps }
    }

    /// Takes a lock; of several on one relation the strongest counts.
    pub(super) fn take(&mut self, relation: &Name, sort: Relation, mode: Mode, part: Part) -> &mut Lock {
        let known = self.locks.iter().position(|it| it.relation == *relation && it.sort == sort);
        let at = known.unwrap_or_else(|| {
            let relation = relation.clone();
            self.locks.push(Lock { relation, sort, part, mode, work: Work::Brief, emptied: false, doubt: None });
            self.locks.len() - 1
        });
        let lock = &mut self.locks[at];
        lock.mode = lock.mode.max(mode);
        lock.part = lock.part.min(part);
        lock
    }

    /// Locks a table, or what else goes by its name.
    pub(super) fn lock(&mut self, table: &Name, mode: Mode, part: Part) -> &mut Lock {
        let sort = self.sort(table);
        self.take(table, sort, mode, part)
    }

    /// What goes by the name; a table where nothing is known of it.
    fn sort(&self, name: &Name) -> Relation {
        if self.schema.is_materialized(name) {
            Relation::MaterializedView
        } else if self.schema.table(name).yes().is_some() {
            Relation::Table
        } else if self.schema.object(Sort::View, name).yes().is_some() {
            Relation::View
        } else if self.table_of(name).is_some() {
            Relation::Index
        } else {
            Relation::Table
        }
    }

    /// The table of an index, also of one that a constraint keeps.
    pub(super) fn table_of(&self, index: &Name) -> Option<Name> {
        if let Known::Yes(known) = self.schema.index(index) {
            return Some(known.table.clone());
        }
        let keeps = |it: &Table| {
            it.name.home() == index.home()
                && it.constraints().any(|it| {
                    it.name == index.name
                        && matches!(it.rule, Demand::PrimaryKey { .. } | Demand::Unique { .. } | Demand::Exclude)
                })
        };
        self.schema.tables().find(|it| keeps(it)).map(|it| it.name.clone())
    }

    /// Works through the rows of a table that is locked; a partitioned one has none of its own.
    pub(super) fn work(&mut self, table: &Name, work: Work) {
        self.doubtful(table, work, None);
    }

    /// The same, where it may be less: the doubt stays unless something heavier is certain.
    pub(super) fn doubtful(&mut self, table: &Name, work: Work, doubt: Option<&str>) {
        if self.is_partitioned(table) {
            return;
        }
        let Some(lock) = self.locks.iter_mut().find(|it| it.relation == *table && it.sort != Relation::Index) else {
            return;
        };
        if work > lock.work || (work == lock.work && doubt.is_none()) {
            lock.work = work;
            lock.doubt = doubt.map(str::to_owned);
        }
    }

    pub(super) fn is_rewritten(&self, table: &Name) -> bool {
        self.locks.iter().any(|it| it.relation == *table && it.work == Work::Rewrite)
    }

    /// Works through the rows of several tables.
    pub(super) fn work_all(&mut self, tables: &[Name], work: Work) {
        for table in tables {
            self.work(table, work);
        }
    }

    /// What else may be locked.
    pub(super) fn gap(&mut self, why: impl Into<String>) {
        self.gaps.push(why.into());
    }

    /// What refers to a table is told by the history only where that has made the table.
    pub(super) fn gap_of(&mut self, table: &Name) {
        if self.schema.table(table).yes().and_then(|it| it.made).is_none() {
            self.gap(format!("the history does not show all that belongs to `{table}`"));
        }
    }

    pub(super) fn is_partitioned(&self, table: &Name) -> bool {
        self.table(table).is_some_and(|it| it.partitioned)
    }

    pub(super) fn table(&self, table: &Name) -> Option<&'a Table> {
        self.schema.table(table).yes()
    }

    /// `ACCESS EXCLUSIVE` on the table alone.
    pub(super) fn whole(&mut self, table: &Name) {
        self.lock(table, Mode::AccessExclusive, Part::Target);
    }

    /// A lock on the table and all its partitions and children.
    pub(super) fn family(&mut self, table: &Name, mode: Mode) {
        self.members(table, false, mode);
    }

    /// The same; the answer is who they are, the table first.
    pub(super) fn members(&mut self, table: &Name, only: bool, mode: Mode) -> Vec<Name> {
        let members = if only { vec![table.clone()] } else { self.schema.family(table) };
        for (at, member) in members.iter().enumerate() {
            self.lock(member, mode, if at == 0 { Part::Target } else { Part::Partition });
        }
        members
    }

    /// Locks the table and its partitions.
    pub(super) fn partitions(&mut self, table: &Name, mode: Mode) -> Vec<Name> {
        let partitions = self.schema.partitions(table);
        for member in &partitions {
            self.lock(member, mode, if member == table { Part::Target } else { Part::Partition });
        }
        partitions
    }

    /// The constraints of a table, also those that it has from a table that it is a partition or child of.
    pub(super) fn constraints(&self, table: &Name) -> Vec<&'a Constraint> {
        let mut found: Vec<&Constraint> = Vec::new();
        let mut open = vec![table.clone()];
        let mut seen: Vec<Name> = Vec::new();
        while let Some(name) = open.pop() {
            if seen.contains(&name) {
                continue;
            }
            if let Known::Yes(known) = self.schema.table(&name) {
                found.extend(known.constraints());
            }
            open.extend(self.schema.parents(&name).iter().map(|it| it.name.clone()));
            seen.push(name);
        }
        found
    }

    /// The tables that foreign keys of the table refer to, of those keys that are asked for.
    pub(super) fn referenced(&self, table: &Name, asked: &dyn Fn(&Constraint) -> bool) -> Vec<Name> {
        let keys = self.constraints(table).into_iter().filter(|it| asked(it));
        let mut names: Vec<Name> = Vec::new();
        for key in keys {
            if let Demand::ForeignKey { table, .. } = &key.rule
                && !names.contains(table)
            {
                names.push(table.clone());
            }
        }
        names
    }
}
