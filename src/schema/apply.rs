//! What a statement does to the schema.

use super::{Index, Known, Made, Moment, Object, Schema, Slot, Sort, Table, table};
use crate::statement::{Constraint, CreateIndex, CreateTable, Demand, Kind, Name, Statement, Type};
use std::sync::Arc;

mod alter;

impl Schema {
    /// The schema after the statement, which is taken to succeed.
    pub fn apply(&mut self, statement: &Statement, moment: Moment) {
        let made = Made { span: statement.span, run: moment.run };
        self.kin.apply(&statement.kind, moment.stamp);
        match &statement.kind {
            Kind::CreateTable(create) => self.create_table(create, statement, moment),
            Kind::CreateTableAs { table, if_not_exists, .. } => {
                if !(*if_not_exists && self.table(table).yes().is_some()) {
                    let mut fresh = Table::new(table.clone(), Some(made));
                    fresh.rows = Some(made);
                    self.put(fresh, moment.stamp);
                }
            }
            Kind::AlterTable { table, actions, .. } => {
                for action in actions {
                    self.alter(table, action, statement, moment);
                }
            }
            Kind::DropTable { tables, cascade, .. } => {
                for table in tables {
                    self.drop_table(table, *cascade, moment);
                }
            }
            Kind::RenameTable { table, to } => self.rename_table(table, &table.renamed(to), moment),
            Kind::MoveTable { table, schema } => {
                self.rename_table(table, &Name::within(schema, &table.name), moment);
            }
            Kind::RenameColumn { table, column, to } => self.rename_column(table, column, to, moment),
            Kind::RenameConstraint { table, constraint, to } => {
                self.rename_constraint(table, constraint, to, moment);
            }
            Kind::RenameIndex { index, to } => self.rename_index(index, to, moment),
            Kind::CreateIndex(create) => self.create_index(create, made, moment),
            Kind::DropIndex { indexes, .. } => {
                for index in indexes {
                    self.indexes.insert_mut(index.clone(), Slot { stamp: moment.stamp, value: None });
                }
            }
            Kind::Insert(insert) => self.insert(insert, statement, moment),
            Kind::Update(update) => self.update(update, statement, moment),
            Kind::Truncate { tables, .. } => {
                for table in tables {
                    self.work(table, moment, |it| it.rows = None);
                }
            }
            Kind::Do | Kind::Other { tag: "CALL" } => self.blur(moment),
            other => self.object_statement(other, made, moment),
        }
    }

    fn object_statement(&mut self, kind: &Kind, made: Made, moment: Moment) {
        match kind {
            Kind::CreateSchema { schema } => self.add(Sort::Schema, &Name::bare(schema), made, moment),
            Kind::DropSchema { schemas, .. } => {
                for schema in schemas {
                    self.drop_schema(schema, moment);
                }
            }
            // One that is there already stays what it is: the server refuses, or nobody asked it.
            Kind::CreateEnum { name, .. } if self.object(Sort::Enum, name).yes().is_some() => {}
            Kind::CreateEnum { name, labels } => {
                let object = Object { made, reads: Vec::new(), labels: labels.clone() };
                self.keep(Sort::Enum, name, object, moment);
            }
            Kind::AddEnumValue { name, value } => {
                if let Some(slot) = self.objects.get_mut(&(Sort::Enum, name.clone()))
                    && let Some(object) = &mut slot.value
                {
                    Arc::make_mut(object).labels.push(value.clone());
                    slot.stamp = moment.stamp;
                }
            }
            Kind::RenameEnumValue { name, from, to } => {
                if let Some(slot) = self.objects.get_mut(&(Sort::Enum, name.clone()))
                    && let Some(object) = &mut slot.value
                {
                    for label in Arc::make_mut(object).labels.iter_mut().filter(|it| *it == from) {
                        label.clone_from(to);
                    }
                    slot.stamp = moment.stamp;
                }
            }
            Kind::CreateDomain(domain) => self.add(Sort::Domain, &domain.name, made, moment),
            Kind::CreateSequence { name } => self.add(Sort::Sequence, name, made, moment),
            Kind::CreateView { view, reads, .. } => {
                self.keep(Sort::View, view, Object { made, reads: reads.clone(), labels: Vec::new() }, moment);
            }
            Kind::DropType { names, .. } => {
                for name in names {
                    self.lose(Sort::Enum, name, moment);
                    self.lose(Sort::Domain, name, moment);
                }
            }
            Kind::DropSequence { names } => names.iter().for_each(|name| self.lose(Sort::Sequence, name, moment)),
            Kind::DropView { views, .. } => views.iter().for_each(|name| self.lose(Sort::View, name, moment)),
            Kind::RenameType { name, to } => {
                for sort in [Sort::Enum, Sort::Domain] {
                    if let Some(object) = self.object(sort, name).yes().cloned() {
                        self.keep(sort, &name.renamed(to), object, moment);
                        self.lose(sort, name, moment);
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, sort: Sort, name: &Name, made: Made, moment: Moment) {
        self.keep(sort, name, Object { made, reads: Vec::new(), labels: Vec::new() }, moment);
    }

    fn keep(&mut self, sort: Sort, name: &Name, object: Object, moment: Moment) {
        let slot = Slot { stamp: moment.stamp, value: Some(Arc::new(object)) };
        self.objects.insert_mut((sort, name.clone()), slot);
    }

    fn lose(&mut self, sort: Sort, name: &Name, moment: Moment) {
        self.objects.insert_mut((sort, name.clone()), Slot { stamp: moment.stamp, value: None });
    }

    fn put(&mut self, table: Table, stamp: u32) {
        self.tables.insert_mut(table.name.clone(), Slot { stamp, value: Some(Arc::new(table)) });
    }

    /// Works on a table; one that was never seen is there from now on, with nothing known of it.
    pub(super) fn work<R>(&mut self, name: &Name, moment: Moment, work: impl FnOnce(&mut Table) -> R) -> R {
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
        if create.if_not_exists && self.table(&create.table).yes().is_some() {
            return;
        }
        let made = Made { span: statement.span, run: moment.run };
        let mut fresh = Table::new(create.table.clone(), Some(made));
        fresh.whole = create.whole.then_some(moment.stamp);
        fresh.partitioned = create.partitioned;
        self.put(fresh, moment.stamp);
        for column in &create.columns {
            self.add_column(&create.table, column, statement, moment);
        }
        for constraint in &create.constraints {
            self.add_constraint(&create.table, constraint, made, moment);
        }
    }

    fn create_index(&mut self, create: &CreateIndex, made: Made, moment: Moment) {
        let name = create.index.clone().unwrap_or_else(|| made_up_index(create));
        let name = create.table.renamed(name);
        if create.if_not_exists && self.index(&name).yes().is_some() {
            return;
        }
        self.work(&create.table, moment, |it| it.indexes.insert(name.name.clone()));
        let (columns, unique) = (create.columns.clone(), create.unique);
        let (partial, mentions) = (create.partial, create.mentions.clone());
        let table = create.table.clone();
        let index = Index { name: name.clone(), table, columns, unique, partial, mentions, made };
        self.indexes.insert_mut(name, Slot { stamp: moment.stamp, value: Some(Arc::new(index)) });
    }

    fn drop_table(&mut self, name: &Name, cascade: bool, moment: Moment) {
        let gone = Slot { stamp: moment.stamp, value: None };
        if let Known::Yes(table) = self.table(name) {
            let indexes: Vec<Name> = table.indexes.iter().map(|index| name.renamed(index)).collect();
            for index in indexes {
                if self.index(&index).yes().is_some_and(|it| it.table == *name) {
                    self.indexes.insert_mut(index, Slot { stamp: moment.stamp, value: None });
                }
            }
        }
        if cascade {
            let keys = self.references_to(name);
            let keys: Vec<(Name, String)> =
                keys.into_iter().map(|(table, key)| (table.name.clone(), key.name.clone())).collect();
            for (table, key) in keys {
                self.work(&table, moment, |it| it.constraints.insert(key, Slot { stamp: moment.stamp, value: None }));
            }
        }
        self.tables.insert_mut(name.clone(), gone);
    }

    fn drop_schema(&mut self, schema: &str, moment: Moment) {
        let names: Vec<Name> = self.tables().filter(|it| it.name.home() == schema).map(|it| it.name.clone()).collect();
        for name in names {
            self.drop_table(&name, true, moment);
        }
        self.lose(Sort::Schema, &Name::bare(schema), moment);
    }

    fn rename_index(&mut self, index: &Name, to: &str, moment: Moment) {
        let Some(found) = self.index(index).yes().cloned() else { return };
        let renamed = Index { name: index.renamed(to), ..found };
        self.work(&renamed.table, moment, |it| it.indexes.insert(to.to_owned()));
        let slot = Slot { stamp: moment.stamp, value: Some(Arc::new(renamed)) };
        self.indexes.insert_mut(index.renamed(to), slot);
        self.indexes.insert_mut(index.clone(), Slot { stamp: moment.stamp, value: None });
    }

    fn rename_table(&mut self, from: &Name, to: &Name, moment: Moment) {
        let keys = self.references_to(from);
        let keys: Vec<(Name, String)> =
            keys.into_iter().map(|(table, key)| (table.name.clone(), key.name.clone())).collect();
        let mut table = self.work(from, moment, |it| it.clone());
        table.name = to.clone();
        for index in &table.indexes {
            if let Some(slot) = self.indexes.get(&from.renamed(index))
                && let Some(found) = &slot.value
            {
                let moved = Index { table: to.clone(), name: to.renamed(index), ..Index::clone(found) };
                self.indexes.insert_mut(from.renamed(index), Slot { stamp: moment.stamp, value: None });
                let slot = Slot { stamp: moment.stamp, value: Some(Arc::new(moved)) };
                self.indexes.insert_mut(to.renamed(index), slot);
            }
        }
        self.tables.insert_mut(from.clone(), Slot { stamp: moment.stamp, value: None });
        for constraint in table.constraints() {
            if let Demand::ForeignKey { table: referred, .. } = &constraint.rule {
                refer(&mut self.referrers, referred, to);
            }
        }
        self.put(table, moment.stamp);
        for (other, key) in keys {
            self.redirect(&other, &key, to, moment);
        }
    }

    /// A foreign key follows the table that it refers to.
    fn redirect(&mut self, other: &Name, key: &str, to: &Name, moment: Moment) {
        refer(&mut self.referrers, to, other);
        self.work(other, moment, |it| {
            if let Some(Slot { value: Some(constraint), stamp }) = it.constraints.get_mut(key) {
                *stamp = moment.stamp;
                if let Demand::ForeignKey { table, .. } = &mut Arc::make_mut(constraint).rule {
                    table.clone_from(to);
                }
            }
        });
    }

    fn add_constraint(&mut self, name: &Name, constraint: &Constraint, made: Made, moment: Moment) {
        let mut not_null = Vec::new();
        let mut rule = constraint.rule.clone();
        match &mut rule {
            Demand::PrimaryKey { columns, using } => {
                if let Some(index) = using.as_ref().and_then(|it| self.index(&name.renamed(it)).yes()) {
                    *columns = index.columns.iter().flatten().cloned().collect();
                }
                not_null.clone_from(columns);
            }
            Demand::NotNull { column } if constraint.valid => not_null.push(column.clone()),
            Demand::ForeignKey { table, .. } => refer(&mut self.referrers, table, name),
            _ => {}
        }
        self.work(name, moment, |table| {
            for column in not_null {
                table.change(&column, moment.stamp, |it| it.not_null = Known::Yes(made));
            }
            let name = constraint.name.clone().unwrap_or_else(|| table.made_up(&rule));
            let value = table::Constraint { name: name.clone(), valid: constraint.valid, rule, made, validated: None };
            table.constraints.insert(name, Slot { stamp: moment.stamp, value: Some(Arc::new(value)) });
        });
    }
}

fn refer(referrers: &mut super::Map<Name, Arc<std::collections::BTreeSet<Name>>>, to: &Name, from: &Name) {
    match referrers.get_mut(to) {
        Some(names) => {
            Arc::make_mut(names).insert(from.clone());
        }
        None => {
            referrers.insert_mut(to.clone(), Arc::new([from.clone()].into()));
        }
    }
}

/// The name that the server makes up for an index without one.
fn made_up_index(create: &CreateIndex) -> String {
    let columns: Vec<&str> = create.columns.iter().map(|it| it.as_deref().unwrap_or("expr")).collect();
    format!("{}_{}_idx", create.table.name, columns.join("_"))
}

/// The type of a column that has been given one.
pub(super) fn typed(kind: &Type) -> Option<Type> {
    (!kind.name.is_empty()).then(|| kind.clone())
}
