//! What a table has from others: partitions, `INHERITS`, `LIKE`.

use crate::{
    schema::{Column, Index, Known, Made, Moment, Schema, Slot, Touched, table},
    statement::{Constraint, CreateIndex, CreateTable, Demand, Name},
};
use std::sync::Arc;

/// The bits of `TableLikeOption` (`nodes/parsenodes.h`).
const CONSTRAINTS: u32 = 1 << 2;
const DEFAULTS: u32 = 1 << 3;
const GENERATED: u32 = 1 << 4;
const IDENTITY: u32 = 1 << 5;
const INDEXES: u32 = 1 << 6;

impl Schema {
    /// The columns and constraints that a new table has from others. It is known as a whole where all of them are.
    pub(super) fn take_over(&mut self, create: &CreateTable, made: Made, moment: Moment) {
        let parents = create.partition_of.iter().map(|it| &it.parent).chain(&create.inherits);
        let mut whole = create.partition_of.is_some() || !create.inherits.is_empty() || !create.likes.is_empty();
        for parent in parents {
            whole &= self.table(parent).yes().is_some_and(|it| it.is_whole(self.blurred));
            self.inherit(&create.table, parent, made, moment);
        }
        for (other, options) in &create.likes {
            whole &= self.table(other).yes().is_some_and(|it| it.is_whole(self.blurred));
            self.copy(&create.table, other, *options, made, moment);
        }
        if whole {
            self.work(&create.table, moment, |it| it.whole = Some(moment.stamp));
        }
    }

    /// Partitions and tables that inherit have their parent's columns and checks.
    pub(super) fn inherit(&mut self, child: &Name, parent: &Name, made: Made, moment: Moment) {
        self.work(parent, moment, |it| it.children.insert(child.clone()));
        let Known::Yes(table) = self.table(parent) else { return };
        let columns: Vec<(String, Column)> =
            table.columns_in_order().into_iter().map(|(name, it)| (name.to_owned(), it.clone())).collect();
        let checks: Vec<table::Constraint> =
            table.constraints().filter(|it| matches!(it.rule, Demand::Check(_))).cloned().collect();
        self.work(child, moment, |table| {
            for (name, column) in columns {
                let place = table.next;
                table.next += 1;
                // The sequence of a serial column is shared; the parent's identity is a partition's too.
                let own = Column { place, inherited: true, made: Some(made), changed: Some(made), ..column };
                table.columns.entry(name).or_insert(Slot { stamp: moment.stamp, value: Some(Arc::new(own)) });
            }
            for check in checks {
                let own = table::Constraint { inherited: true, made, changed: made, ..check };
                let slot = Slot { stamp: moment.stamp, value: Some(Arc::new(own)) };
                table.constraints.insert(slot.value.as_ref().map(|it| it.name.clone()).unwrap_or_default(), slot);
            }
        });
    }

    /// The keys and indexes of a partitioned table come to its new partition under names of their own.
    pub(super) fn name_the_rest(&mut self, create: &CreateTable, moment: Moment) {
        let Some(of) = &create.partition_of else { return };
        self.inherit_keys(&create.table, &of.parent, moment);
    }

    pub(super) fn inherit_keys(&mut self, child: &Name, parent: &Name, moment: Moment) {
        let Known::Yes(table) = self.table(parent) else { return };
        let keys: Vec<table::Constraint> = table
            .constraints()
            .filter(|it| !matches!(it.rule, Demand::Check(_) | Demand::NotNull { .. }))
            .cloned()
            .collect();
        let indexes: Vec<Index> = self.indexes_of(table).into_iter().cloned().collect();
        for key in keys {
            let name = matches!(key.rule, Demand::ForeignKey { .. }).then(|| key.name.clone());
            let own = Constraint {
                name,
                valid: key.valid,
                enforced: true,
                no_inherit: false,
                rule: key.rule.clone(),
                sql: key.sql.clone(),
            };
            self.add_inherited(child, &own, key.made, moment);
        }
        for index in indexes {
            self.index_partition(child, &index, moment);
        }
    }

    /// A constraint that a table has from its parent.
    pub(super) fn add_inherited(&mut self, child: &Name, constraint: &Constraint, made: Made, moment: Moment) {
        let before: Vec<String> = self.table(child).yes().map_or_else(Vec::new, names);
        self.add_constraint(child, constraint, made, moment);
        self.work(child, moment, |table| {
            for slot in table.constraints.values_mut() {
                if let Some(it) = &mut slot.value
                    && !before.contains(&it.name)
                {
                    Arc::make_mut(it).inherited = true;
                }
            }
        });
    }

    /// An index of the partition like the parent's becomes a part of it; where there is none, one is made.
    pub(super) fn attach_index(&mut self, partition: &Name, index: &Index, moment: Moment) {
        let Known::Yes(table) = self.table(partition) else { return };
        let same = |it: &&Index| it.sql == index.sql && it.unique == index.unique;
        match self.indexes_of(table).into_iter().find(same).map(|it| it.name.clone()) {
            Some(name) => {
                if let Some(Slot { value: Some(own), .. }) = self.indexes.get_mut(&name) {
                    Arc::make_mut(own).inherited = true;
                }
            }
            None => self.index_partition(partition, index, moment),
        }
    }

    /// The indexes of partitions that an index of a partitioned table is made of: they go with it.
    pub(super) fn parts_of(&self, index: &Index) -> Vec<Name> {
        let part = |child: &Name| {
            let own = self.indexes_of(self.table(child).yes()?);
            let same = |it: &&&Index| it.inherited && it.sql == index.sql && it.unique == index.unique;
            own.iter().find(same).map(|it| it.name.clone())
        };
        self.partitions_of(&index.table).iter().filter_map(part).collect()
    }

    /// `ALTER INDEX … ATTACH PARTITION`: the partition's own becomes a part of the whole, which can be used when every
    /// partition has such a part (`ATExecAttachPartitionIdx` and `validatePartitionedIndex` in `tablecmds.c`).
    pub(super) fn join_index(&mut self, whole: &Name, part: &Name, moment: Moment) {
        for name in [whole, part] {
            self.touched.push(Touched::Index(name.clone()));
        }
        if let Some(Slot { value: Some(own), .. }) = self.indexes.get_mut(part) {
            Arc::make_mut(own).inherited = true;
        }
        let Known::Yes(index) = self.index(whole) else { return };
        let (sql, unique, table) = (index.sql.clone(), index.unique, index.table.clone());
        let has = |child: &Name| {
            let Known::Yes(table) = self.table(child) else { return false };
            self.indexes_of(table).iter().any(|it| it.inherited && it.valid && it.sql == sql && it.unique == unique)
        };
        let valid = self.partitions_of(&table).iter().all(has);
        if let Some(Slot { value: Some(own), stamp }) = self.indexes.get_mut(whole) {
            Arc::make_mut(own).valid |= valid;
            *stamp = moment.stamp;
        }
    }

    /// An index on a partitioned table is one on each of its partitions.
    pub(super) fn index_partitions(&mut self, create: &CreateIndex, index: &Index, moment: Moment) {
        for child in self.partitions_of(&create.table) {
            self.index_partition(&child, index, moment);
        }
    }

    fn index_partition(&mut self, child: &Name, index: &Index, moment: Moment) {
        let create = CreateIndex {
            index: None,
            table: child.clone(),
            method: index.method.clone(),
            columns: index.columns.clone(),
            unique: index.unique,
            concurrently: false,
            if_not_exists: false,
            only: false,
            plain: false,
            partial: index.partial,
            mentions: index.mentions.clone(),
            sql: index.sql.clone(),
        };
        let name = child.renamed(self.made_up_index(&create));
        self.hold_index(Index { name, table: child.clone(), inherited: true, ..index.clone() }, moment);
        self.index_partitions(&create, index, moment);
    }

    /// The partitions of a table, and no tables that merely inherit from it.
    pub(super) fn partitions_of(&self, parent: &Name) -> Vec<Name> {
        let Known::Yes(table) = self.table(parent) else { return Vec::new() };
        let is = |child: &&Name| {
            let child = self.table(child).yes();
            child.is_some_and(|it| it.partition_of.as_ref().is_some_and(|(of, _)| of == parent))
        };
        table.children.iter().filter(is).cloned().collect()
    }

    /// Partitions, and tables that inherit.
    pub(super) fn children_of(&self, parent: &Name) -> Vec<Name> {
        let Known::Yes(table) = self.table(parent) else { return Vec::new() };
        let is = |child: &&Name| self.table(child).yes().is_some_and(|it| it.is_child_of(parent));
        table.children.iter().filter(is).cloned().collect()
    }

    /// `LIKE`: a copy, which then lives by itself.
    fn copy(&mut self, to: &Name, other: &Name, options: u32, made: Made, moment: Moment) {
        let Known::Yes(table) = self.table(other) else { return };
        let columns: Vec<(String, Column)> =
            table.columns_in_order().into_iter().map(|(name, it)| (name.to_owned(), it.clone())).collect();
        let keys: Vec<table::Constraint> = table.constraints().cloned().collect();
        let indexes: Vec<Index> = self.indexes_of(table).into_iter().cloned().collect();
        self.work(to, moment, |table| {
            for (name, mut column) in columns {
                let computed = column.default_sql.is_none();
                if options & DEFAULTS == 0 {
                    (column.default, column.default_sql) = (None, None);
                }
                if options & (GENERATED | IDENTITY) == 0 {
                    (column.generation, column.generation_sql) = (None, None);
                }
                column.generated &= column.generation.is_some() || (column.default_sql.is_some() && !computed);
                let place = table.next;
                table.next += 1;
                let own = Column { place, inherited: false, made: Some(made), changed: Some(made), ..column };
                table.columns.insert(name, Slot { stamp: moment.stamp, value: Some(Arc::new(own)) });
            }
        });
        for key in keys {
            let (wanted, name) = match key.rule {
                Demand::Check(_) => (options & CONSTRAINTS != 0, Some(key.name.clone())),
                Demand::ForeignKey { .. } => (false, None),
                Demand::NotNull { .. } => (true, Some(key.name.clone())),
                _ => (options & INDEXES != 0, None),
            };
            if wanted {
                let (valid, sql) = (key.valid, key.sql.clone());
                let own = Constraint { name, valid, enforced: true, no_inherit: false, rule: key.rule.clone(), sql };
                self.add_constraint(to, &own, made, moment);
            }
        }
        for index in indexes.into_iter().filter(|_| options & INDEXES != 0) {
            self.index_partition(to, &Index { made, changed: made, ..index }, moment);
            self.own_indexes(to);
        }
    }

    /// The indexes of a copy are its own.
    fn own_indexes(&mut self, table: &Name) {
        let Known::Yes(found) = self.table(table) else { return };
        let names: Vec<Name> = self.indexes_of(found).into_iter().map(|it| it.name.clone()).collect();
        for name in names {
            if let Some(Slot { value: Some(index), .. }) = self.indexes.get_mut(&name) {
                Arc::make_mut(index).inherited = false;
            }
        }
    }
}

fn names(table: &crate::schema::Table) -> Vec<String> {
    table.constraints().map(|it| it.name.clone()).collect()
}
