//! What a statement does to the schema.

use super::{Index, Known, Made, Moment, Piece, Schema, Slot, Sort, Table, Touched, table};
use crate::statement::{Constraint, CreateIndex, CreateTable, Demand, Kind, Name, Statement, Type};
use std::{collections::BTreeSet, sync::Arc};

mod alter;
mod column;
mod define;
mod inherit;
mod rename;

impl Schema {
    /// The schema after the statement, which is taken to succeed.
    pub fn apply(&mut self, statement: &Statement, moment: Moment) {
        let made = Made { span: statement.span, run: moment.run };
        self.kin.apply(&statement.kind, moment.stamp);
        if let Some(definition) = &statement.definition {
            self.define(definition, made, moment);
            return;
        }
        match &statement.kind {
            Kind::CreateTable(create) => self.create_table(create, statement, moment),
            Kind::CreateTableAs { table, if_not_exists: true, .. } if self.table(table).yes().is_some() => {}
            Kind::CreateTableAs { table, temporary, .. } => {
                let mut fresh = Table::new(table.clone(), Some(made));
                (fresh.rows, fresh.temporary, fresh.order) = (Some(made), *temporary, moment.stamp);
                self.put(fresh, moment.stamp);
            }
            Kind::AlterTable { table, only, actions, .. } => {
                for action in actions {
                    self.alter_all(table, action, *only, statement, moment);
                }
                self.work(table, moment, |it| it.changed = Some(made));
            }
            Kind::DropTable { tables, cascade, .. } => {
                for table in tables {
                    self.drop_table(table, *cascade, moment);
                }
            }
            Kind::RenameTable { table, to } => self.rename_table(table, &table.renamed(to), made, moment),
            Kind::MoveTable { table, schema } => {
                self.rename_table(table, &Name::within(schema, &table.name), made, moment);
            }
            Kind::RenameColumn { table, column, to } => self.rename_column(table, column, to, made, moment),
            Kind::RenameConstraint { table, constraint, to } => {
                self.rename_constraint(table, constraint, to, made, moment);
            }
            Kind::RenameIndex { index, to } => self.rename_index(index, to, made, moment),
            Kind::CreateIndex(create) => self.create_index(create, made, moment),
            Kind::AttachIndex { index, partition } => self.join_index(index, partition, moment),
            Kind::DropIndex { indexes, .. } => {
                for index in indexes {
                    self.forget_index(index, moment);
                }
            }
            Kind::Insert(insert) => self.insert(insert, statement, moment),
            Kind::Update(update) => self.update(update, statement, moment),
            Kind::Truncate { tables, .. } => {
                for table in tables {
                    self.work(table, moment, |it| it.rows = None);
                }
            }
            Kind::Other { tag: "CALL" } => self.blur(moment),
            _ => {}
        }
    }

    pub(super) fn put(&mut self, table: Table, stamp: u32) {
        self.touched.push(Touched::Table(table.name.clone()));
        self.tables.insert_mut(table.name.clone(), Slot { stamp, value: Some(Arc::new(table)) });
    }

    /// Works on a table; one that was never seen is there from now on, with nothing known of it.
    pub(super) fn work<R>(&mut self, name: &Name, moment: Moment, work: impl FnOnce(&mut Table) -> R) -> R {
        self.touched.push(Touched::Table(name.clone()));
        // The table is taken out meanwhile, so that it is copied only where another schema holds it too.
        let held = self.tables.get_mut(name).and_then(|slot| slot.value.take());
        let stamp = self.tables.get(name).filter(|_| held.is_some()).map_or(moment.stamp, |slot| slot.stamp);
        let mut table = held.unwrap_or_else(|| Arc::new(Table::new(name.clone(), None)));
        let answer = work(Arc::make_mut(&mut table));
        let slot = Slot { stamp, value: Some(table) };
        match self.tables.get_mut(name) {
            Some(old) => *old = slot,
            None => {
                self.tables.insert_mut(name.clone(), slot);
            }
        }
        answer
    }

    fn create_table(&mut self, create: &CreateTable, statement: &Statement, moment: Moment) {
        // One that is there for certain stays what it is: the server refuses.
        let there = self.surely(&Piece::Table(create.table.clone())).is_some();
        if there || (create.if_not_exists && self.table(&create.table).yes().is_some()) {
            return;
        }
        let made = Made { span: statement.span, run: moment.run };
        let mut fresh = Table::new(create.table.clone(), Some(made));
        fresh.whole = create.whole.then_some(moment.stamp);
        fresh.partitioned = create.partitioned;
        fresh.partition_by.clone_from(&create.partition_by);
        fresh.partition_of = create.partition_of.as_ref().map(|it| (it.parent.clone(), it.bound.clone()));
        fresh.inherits.clone_from(&create.inherits);
        (fresh.unlogged, fresh.temporary) = (create.unlogged, create.temporary);
        fresh.order = moment.stamp;
        self.put(fresh, moment.stamp);
        self.take_over(create, made, moment);
        for column in &create.columns {
            self.add_column(&create.table, column, statement, moment);
        }
        for constraint in &create.constraints {
            self.add_constraint(&create.table, constraint, made, moment);
        }
        self.name_the_rest(create, moment);
    }

    pub(super) fn create_index(&mut self, create: &CreateIndex, made: Made, moment: Moment) {
        let name = create.index.clone().unwrap_or_else(|| self.made_up_index(create));
        let name = create.table.renamed(name);
        if create.if_not_exists && self.index(&name).yes().is_some() {
            return;
        }
        let index = Index {
            name: name.clone(),
            table: create.table.clone(),
            columns: create.columns.clone(),
            unique: create.unique,
            method: create.method.clone(),
            valid: true,
            inherited: false,
            sql: create.sql.clone(),
            comment: None,
            partial: create.partial,
            mentions: create.mentions.clone(),
            made,
            changed: made,
        };
        let waits = create.only && self.table(&create.table).yes().is_some_and(|it| it.partitioned);
        self.hold_index(Index { valid: !waits, ..index.clone() }, moment);
        if !create.only {
            self.index_partitions(create, &index, moment);
        }
    }

    /// Puts an index beside its table; a materialized view knows nothing of its indexes.
    pub(super) fn hold_index(&mut self, index: Index, moment: Moment) {
        if self.object(Sort::View, &index.table).yes().is_none() {
            self.work(&index.table, moment, |it| it.indexes.insert(index.name.name.clone()));
        }
        self.touched.push(Touched::Index(index.name.clone()));
        let slot = Slot { stamp: moment.stamp, value: Some(Arc::new(index.clone())) };
        self.indexes.insert_mut(index.name, slot);
    }

    pub(super) fn forget_index(&mut self, index: &Name, moment: Moment) {
        self.touched.push(Touched::Index(index.clone()));
        let parts = self.index(index).yes().map_or_else(Vec::new, |it| self.parts_of(it));
        self.indexes.insert_mut(index.clone(), Slot { stamp: moment.stamp, value: None });
        for part in parts {
            self.forget_index(&part, moment);
        }
    }

    pub(super) fn drop_table(&mut self, name: &Name, cascade: bool, moment: Moment) {
        let gone = Slot { stamp: moment.stamp, value: None };
        if let Known::Yes(table) = self.table(name) {
            let indexes: Vec<Name> = self.indexes_of(table).into_iter().map(|it| it.name.clone()).collect();
            let attached: Vec<(Sort, Name)> =
                self.attached_to(table).into_iter().map(|(sort, name, _)| (sort, name.clone())).collect();
            let children: Vec<Name> = table.children.iter().cloned().collect();
            let partitioned = table.partitioned;
            for index in indexes {
                self.forget_index(&index, moment);
            }
            for (sort, it) in attached {
                self.lose(sort, &it, moment);
            }
            for child in children {
                let its = self.table(&child).yes().is_some_and(|it| it.is_child_of(name));
                // The partitions of a partitioned table go with it.
                if its && (partitioned || cascade) {
                    self.drop_table(&child, cascade, moment);
                }
            }
        }
        if cascade {
            self.drop_views_on(name, moment);
            let keys = self.references_to(name);
            let keys: Vec<(Name, String)> =
                keys.into_iter().map(|(table, key)| (table.name.clone(), key.name.clone())).collect();
            for (table, key) in keys {
                self.work(&table, moment, |it| it.constraints.insert(key, Slot { stamp: moment.stamp, value: None }));
            }
        }
        self.touched.push(Touched::Table(name.clone()));
        self.tables.insert_mut(name.clone(), gone);
    }

    pub(super) fn drop_schema(&mut self, schema: &str, moment: Moment) {
        let names: Vec<Name> = self.tables().filter(|it| it.name.home() == schema).map(|it| it.name.clone()).collect();
        for name in names {
            self.drop_table(&name, true, moment);
        }
        let objects: Vec<(Sort, Name)> = self
            .objects()
            .filter(|(sort, name, _)| !matches!(sort, Sort::Schema | Sort::Extension) && name.home() == schema)
            .map(|(sort, name, _)| (sort, name.clone()))
            .collect();
        for (sort, name) in objects {
            self.lose(sort, &name, moment);
        }
        self.lose(Sort::Schema, &Name::bare(schema), moment);
    }

    pub(super) fn add_constraint(&mut self, name: &Name, constraint: &Constraint, made: Made, moment: Moment) {
        let mut not_null = Vec::new();
        let mut rule = constraint.rule.clone();
        let mut taken_over = None;
        match &mut rule {
            Demand::PrimaryKey { columns, using } | Demand::Unique { columns, using } => {
                if let Some(index) = using.as_ref().and_then(|it| self.index(&name.renamed(it)).yes()) {
                    *columns = index.columns.iter().flatten().cloned().collect();
                }
                taken_over = using.take().map(|it| name.renamed(it));
            }
            Demand::NotNull { column } if constraint.valid => not_null.push(column.clone()),
            Demand::ForeignKey { table, .. } => refer(&mut self.referrers, table, name),
            _ => {}
        }
        if let Demand::PrimaryKey { columns, .. } = &rule {
            not_null.clone_from(columns);
        }
        let made_up = || self.table(name).yes().map(|table| self.made_up(table, &rule));
        // The constraint takes its index's name, or gives it its own.
        let own = constraint.name.clone().or_else(|| taken_over.as_ref().map(|it| it.name.clone())).or_else(made_up);
        if let Some(index) = taken_over {
            self.forget_index(&index, moment);
        }
        self.work(name, moment, |table| {
            for column in not_null {
                table.change(&column, moment, |it| {
                    if !matches!(it.not_null, Known::Yes(_)) {
                        (it.not_null, it.changed) = (Known::Yes(made), Some(made));
                    }
                });
            }
            let name = own.unwrap_or_default();
            let value = table::Constraint {
                name: name.clone(),
                valid: constraint.valid,
                rule,
                made,
                validated: None,
                changed: made,
                sql: constraint.sql.clone(),
                inherited: false,
                comment: None,
            };
            table.constraints.insert(name, Slot { stamp: moment.stamp, value: Some(Arc::new(value)) });
        });
    }
}

pub(super) fn refer(referrers: &mut super::Map<Name, Arc<BTreeSet<Name>>>, to: &Name, from: &Name) {
    match referrers.get_mut(to) {
        Some(names) => {
            Arc::make_mut(names).insert(from.clone());
        }
        None => {
            referrers.insert_mut(to.clone(), Arc::new([from.clone()].into()));
        }
    }
}

/// The type of a column that has been given one.
pub(super) fn typed(kind: &Type) -> Option<Type> {
    (!kind.name.is_empty()).then(|| kind.clone())
}
