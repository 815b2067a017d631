//! Indexes.

use super::{Mode, Part, Relation, Work, ledger::Ledger};
use crate::{
    schema::{Index, Known, Table},
    statement::{CreateIndex, Demand, Name},
};

impl Ledger<'_> {
    /// The indexes of a table that the history has made.
    pub(super) fn indexes(&self, table: &Name) -> Vec<&Index> {
        let Some(known) = self.table(table) else { return Vec::new() };
        let named = known.indexes().filter_map(|it| self.schema.index(&table.renamed(it)).yes());
        named.filter(|it| it.table == *table).collect()
    }

    /// Their names, and those of the indexes that constraints keep.
    pub(super) fn all_indexes(&self, table: &Name) -> Vec<Name> {
        let mut names: Vec<Name> = self.indexes(table).into_iter().map(|it| it.name.clone()).collect();
        for constraint in self.table(table).into_iter().flat_map(Table::constraints) {
            if matches!(constraint.rule, Demand::PrimaryKey { .. } | Demand::Unique { .. } | Demand::Exclude) {
                names.push(table.renamed(&constraint.name));
            }
        }
        names
    }

    pub(super) fn create_index(&mut self, create: &CreateIndex) {
        let name = create.index.as_ref().map(|it| create.table.renamed(it));
        let there = name.is_some_and(|it| matches!(self.schema.index(&it), Known::Yes(_)));
        let mode = if create.concurrently { Mode::ShareUpdateExclusive } else { Mode::Share };
        let tables = if create.only { vec![create.table.clone()] } else { self.schema.partitions(&create.table) };
        for member in tables {
            self.lock(&member, mode, if member == create.table { Part::Target } else { Part::Partition });
            if !(create.if_not_exists && there) {
                self.work(&member, Work::Build);
            }
        }
    }

    pub(super) fn index(&mut self, index: &Name, mode: Mode) {
        self.take(index, Relation::Index, mode, Part::Target);
    }

    pub(super) fn drop_indexes(&mut self, indexes: &[Name], concurrently: bool) {
        let mode = if concurrently { Mode::ShareUpdateExclusive } else { Mode::AccessExclusive };
        for index in indexes {
            match self.schema.index(index) {
                Known::Yes(known) => {
                    self.index(index, mode);
                    for member in self.schema.partitions(&known.table) {
                        self.lock(&member, mode, Part::IndexTable);
                    }
                }
                Known::No => {}
                Known::Unknown => {
                    self.index(index, mode);
                    self.gap(format!("the history does not say which table `{index}` is of"));
                }
            }
        }
    }

    pub(super) fn attach_index(&mut self, index: &Name, partition: &Name) {
        self.index(index, Mode::ShareUpdateExclusive);
        self.index(partition, Mode::AccessExclusive);
    }
}
