//! Rebuilding, cleaning, and what hangs on a table.

use super::{Mode, Part, Relation, Work, ledger::Ledger};
use crate::statement::{Act, Annex, AnnexSort, Name, Upkeep};

impl Ledger<'_> {
    pub(super) fn upkeep(&mut self, upkeep: &Upkeep) {
        match upkeep {
            Upkeep::ReindexIndex { index, concurrently } => self.reindex(index, *concurrently),
            Upkeep::ReindexTable { table, concurrently } => {
                let mode = if *concurrently { Mode::ShareUpdateExclusive } else { Mode::Share };
                if !self.schema.parents(table).is_empty() {
                    self.gap("indexes that it has from the table that it is a partition of are locked too");
                }
                for member in self.partitions(table, mode) {
                    self.work(&member, Work::Build);
                    let indexes = self.all_indexes(&member);
                    for index in indexes.iter().filter(|_| !concurrently) {
                        self.take(index, Relation::Index, Mode::AccessExclusive, Part::Dependent);
                    }
                }
            }
            Upkeep::ReindexAll { .. } => self.gap("it goes through all tables, one after the other"),
            Upkeep::Cluster { table: Some(table) } => self.rebuild(table),
            Upkeep::Cluster { table: None } => self.gap("it goes through all tables that were clustered before"),
            Upkeep::Vacuum { tables, full } => self.vacuum(tables, *full),
            Upkeep::Analyze { tables } => {
                for table in tables {
                    // Since version 18 it goes to the children, of which it only read before.
                    if self.server.version >= 18 {
                        self.family(table, Mode::ShareUpdateExclusive);
                    } else {
                        self.partitions(table, Mode::ShareUpdateExclusive);
                    }
                }
            }
            Upkeep::Refresh { view, concurrently, .. } => {
                let mode = if *concurrently { Mode::Exclusive } else { Mode::AccessExclusive };
                self.take(view, Relation::MaterializedView, mode, Part::Target).work =
                    if *concurrently { Work::Scan } else { Work::Rewrite };
            }
            Upkeep::Lock { tables, mode, only } => {
                for table in tables {
                    self.members(table, only.contains(table), *mode);
                }
            }
        }
    }

    fn reindex(&mut self, index: &Name, concurrently: bool) {
        let known = self.table_of(index);
        let (mode, own) = if concurrently {
            (Mode::ShareUpdateExclusive, Mode::ShareUpdateExclusive)
        } else {
            (Mode::Share, Mode::AccessExclusive)
        };
        self.index(index, own);
        match known {
            Some(table) => {
                self.lock(&table, mode, Part::IndexTable);
                self.work(&table, Work::Build);
            }
            None => self.gap(format!("the history does not say which table `{index}` is of")),
        }
    }

    fn rebuild(&mut self, table: &Name) {
        self.lock(table, Mode::AccessExclusive, Part::Target);
        self.work(table, Work::Rewrite);
    }

    fn vacuum(&mut self, tables: &[Name], full: bool) {
        if tables.is_empty() {
            self.gap("it goes through all tables, one after the other");
        }
        for table in tables {
            if full {
                self.rebuild(table);
            } else {
                self.lock(table, Mode::ShareUpdateExclusive, Part::Target);
                self.work(table, Work::Scan);
            }
        }
    }

    pub(super) fn annex(&mut self, annex: &Annex) {
        let table = &annex.table;
        let mode = match (annex.sort, annex.act) {
            (AnnexSort::RowTrigger, _) => {
                self.partitions(table, Mode::ShareRowExclusive);
                return;
            }
            (AnnexSort::Trigger, Act::Create) => Mode::ShareRowExclusive,
            // Since version 15 a renamed trigger is renamed on the partitions too.
            (AnnexSort::Trigger, act) if act == Act::Drop || self.server.version >= 15 => {
                self.partitions(table, Mode::AccessExclusive);
                return;
            }
            (AnnexSort::Trigger | AnnexSort::Policy | AnnexSort::Rule, _) => Mode::AccessExclusive,
            (AnnexSort::Statistics | AnnexSort::Comment | AnnexSort::Publication, _) => Mode::ShareUpdateExclusive,
        };
        self.lock(table, mode, Part::Target);
    }
}
