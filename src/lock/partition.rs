//! Partitions.

use super::{Mode, Part, Work, ledger::Ledger};
use crate::statement::{CreateTable, Demand, Name};

impl Ledger<'_> {
    pub(super) fn attach(&mut self, table: &Name, partition: &Name, default: bool) {
        for member in self.schema.family(partition) {
            self.lock(&member, Mode::AccessExclusive, Part::Partition);
            self.doubtful(&member, Work::Scan, Some("a CHECK that implies the bound makes it unneeded"));
        }
        if !default {
            self.crowd(table);
        }
        self.join_referred(table);
        for referenced in self.referenced(table, &|_| true) {
            self.refer(&referenced, Mode::ShareRowExclusive);
        }
    }

    /// The default partition may hold rows that belong into the new one.
    fn crowd(&mut self, table: &Name) {
        if let Some(default) = self.schema.default_partition(table).cloned() {
            for member in self.schema.family(&default) {
                self.lock(&member, Mode::AccessExclusive, Part::DefaultPartition);
                self.doubtful(&member, Work::Scan, Some("a CHECK that rules out its rows makes it unneeded"));
            }
        }
    }

    pub(super) fn detach(&mut self, table: &Name, partition: &Name, concurrently: bool, mode: Mode) {
        self.lock(partition, if concurrently { mode } else { Mode::AccessExclusive }, Part::Partition);
        if !concurrently && let Some(default) = self.schema.default_partition(table).cloned() {
            self.lock(&default, Mode::AccessExclusive, Part::DefaultPartition);
        }
        for referring in self.referring(table, Mode::AccessExclusive, &|_| true) {
            self.read(&referring);
        }
        for referenced in self.referenced(table, &|_| true) {
            self.refer(&referenced, Mode::ShareRowExclusive);
        }
    }

    /// Foreign keys to a partitioned table are foreign keys to a partition that joins it; since version 15 the tables
    /// that they are of are locked for it.
    fn join_referred(&mut self, table: &Name) {
        if self.server.version >= 15 {
            self.referring(table, Mode::ShareRowExclusive, &|_| true);
        }
    }

    pub(super) fn create_table(&mut self, create: &CreateTable) {
        if create.if_not_exists && self.table(&create.table).is_some() {
            return;
        }
        if let Some(of) = &create.partition_of {
            self.lock(&of.parent, Mode::AccessExclusive, Part::Parent);
            if !of.default {
                self.crowd(&of.parent);
            }
            self.join_referred(&of.parent);
            for referenced in self.referenced(&of.parent, &|_| true) {
                self.refer(&referenced, Mode::ShareRowExclusive);
            }
        }
        for parent in &create.inherits {
            self.lock(parent, Mode::ShareUpdateExclusive, Part::Parent);
        }
        let own = create.columns.iter().flat_map(|it| &it.constraints).chain(&create.constraints);
        for constraint in own {
            if let Demand::ForeignKey { table, .. } = &constraint.rule
                && *table != create.table
            {
                self.refer(table, Mode::ShareRowExclusive);
            }
        }
    }
}
