//! Things that go by another name: what refers to them follows, as the server keeps identities and not names.

use super::{alter::holds, refer};
use crate::{
    schema::{Column, Index, Known, Made, Moment, Object, Schema, Slot, Sort, Table, Touched},
    statement::{Demand, Name, identifier, renamed},
};
use std::sync::Arc;

impl Schema {
    pub(super) fn rename_index(&mut self, index: &Name, to: &str, made: Made, moment: Moment) {
        // `ALTER INDEX` takes the index of a key too, whose name is the key's.
        let Some(found) = self.index(index).yes().cloned() else {
            let keyed =
                |it: &&Table| it.name.home() == index.home() && it.constraints().any(|it| it.name == index.name);
            let table = self.tables().find(keyed).map(|it| it.name.clone());
            if let Some(table) = table {
                self.rename_constraint(&table, &index.name, to, made, moment);
            }
            return;
        };
        let renamed = Index { name: index.renamed(to), changed: made, ..found };
        self.forget_index(index, moment);
        self.hold_index(renamed, moment);
    }

    pub(super) fn rename_table(&mut self, from: &Name, to: &Name, made: Made, moment: Moment) {
        // `ALTER TABLE … RENAME` takes views, sequences and indexes too.
        for sort in [Sort::View, Sort::Sequence] {
            if let Some(object) = self.object(sort, from).yes().cloned() {
                self.lose(sort, from, moment);
                self.keep(sort, to, Object { changed: made, ..object }, moment);
                return;
            }
        }
        if self.index(from).yes().is_some() && self.table(from).yes().is_none() {
            self.rename_index(from, &to.name, made, moment);
            return;
        }
        let keys = self.references_to(from);
        let keys: Vec<(Name, String)> =
            keys.into_iter().map(|(table, key)| (table.name.clone(), key.name.clone())).collect();
        let mut table = self.work(from, moment, |it| it.clone());
        (table.name, table.changed) = (to.clone(), Some(made));
        self.move_indexes(&table, from, to, moment);
        self.touched.push(Touched::Table(from.clone()));
        self.tables.insert_mut(from.clone(), Slot { stamp: moment.stamp, value: None });
        for constraint in table.constraints() {
            if let Demand::ForeignKey { table: referred, .. } = &constraint.rule {
                refer(&mut self.referrers, referred, to);
            }
        }
        for (name, slot) in table.constraints.clone() {
            // A key of a table to itself.
            if slot.value.as_ref().is_some_and(|it| it.refers_to(from)) {
                table.point(&name, to, moment);
                refer(&mut self.referrers, to, to);
            }
        }
        for (_, column) in table.columns() {
            if let Some(kind) = &column.kind {
                let kind = Name { schema: kind.schema.clone(), name: kind.name.clone() };
                if self.dependents.contains_key(&(Sort::Enum, kind.clone())) {
                    self.depend(&kind, Sort::Enum, to);
                }
            }
        }
        self.put(table, moment.stamp);
        self.move_attached(from, to, moment);
        for (other, key) in keys {
            refer(&mut self.referrers, to, &other);
            self.work(&other, moment, |it| it.point(&key, to, moment));
        }
        for child in self.children_of(to).into_iter().chain(self.children_left(from, to)) {
            self.work(&child, moment, |it| it.change_parent(from, to));
        }
        self.rename_in_views(from, &from.name, &to.name, moment);
        for view in self.dependents(from, Sort::View) {
            self.depend(to, Sort::View, &view);
        }
    }

    fn children_left(&self, from: &Name, to: &Name) -> Vec<Name> {
        let Known::Yes(table) = self.table(to) else { return Vec::new() };
        table
            .children
            .iter()
            .filter(|it| self.table(it).yes().is_some_and(|it| it.is_child_of(from)))
            .cloned()
            .collect()
    }

    fn move_indexes(&mut self, table: &Table, from: &Name, to: &Name, moment: Moment) {
        for index in &table.indexes {
            let old = from.renamed(index);
            if let Some(found) = self.index(&old).yes().filter(|it| it.table == *from).cloned() {
                let moved = Index { table: to.clone(), name: to.renamed(index), ..found };
                if moved.name != old {
                    self.forget_index(&old, moment);
                }
                self.touched.push(Touched::Index(moved.name.clone()));
                let slot = Slot { stamp: moment.stamp, value: Some(Arc::new(moved.clone())) };
                self.indexes.insert_mut(moved.name, slot);
            }
        }
    }

    /// Triggers and policies have their names from their table; sequences move with it only to another schema.
    fn move_attached(&mut self, from: &Name, to: &Name, moment: Moment) {
        let Known::Yes(table) = self.table(to) else { return };
        let attached: Vec<(Sort, Name, Object)> = self
            .attached_to(table)
            .into_iter()
            .map(|(sort, name, object)| (sort, name.clone(), object.clone()))
            .collect();
        for (sort, name, mut object) in attached {
            let new = match (sort, name.name.split_once(" ON ")) {
                (Sort::Trigger | Sort::Policy | Sort::Rule, Some((own, _))) => {
                    to.renamed(format!("{own} ON {}", to.name))
                }
                (Sort::Sequence, _) => to.renamed(&name.name),
                _ => name.clone(),
            };
            object.sql = renamed(&object.sql, &from.name, &to.name);
            if let Some(on) = &mut object.on {
                on.clone_from(to);
            }
            if let Some((table, _)) = &mut object.owned_by {
                table.clone_from(to);
            }
            self.lose(sort, &name, moment);
            self.keep(sort, &new, object, moment);
            self.work(to, moment, |it| {
                it.attached.remove(&(sort, name.clone()));
                it.attached.insert((sort, new.clone()));
                if sort == Sort::Sequence && name.home() != new.home() {
                    let written = |name: &Name| format!("'{}'::regclass", name.quoted());
                    it.rewrite_defaults(&written(&name), &written(&new), moment);
                }
            });
        }
    }

    /// A view's text follows what it reads, as far as names tell.
    fn rename_in_views(&mut self, relation: &Name, from: &str, to: &str, moment: Moment) {
        for view in self.dependents(relation, Sort::View) {
            let Some(object) = self.object(Sort::View, &view).yes() else { continue };
            if !object.reads.contains(relation) {
                continue;
            }
            let made = object.changed;
            self.amend(Sort::View, &view, made, moment, |it| {
                it.sql = renamed(&it.sql, from, to);
                for read in it.reads.iter_mut().filter(|it| it.name == from) {
                    to.clone_into(&mut read.name);
                }
            });
        }
    }

    pub(super) fn rename_column(&mut self, name: &Name, from: &str, to: &str, made: Made, moment: Moment) {
        if self.object(Sort::View, name).yes().is_some() {
            self.amend(Sort::View, name, made, moment, |it| {
                let view = name.quoted();
                it.amends.push(format!("ALTER VIEW {view} RENAME COLUMN {} TO {}", identifier(from), identifier(to)));
            });
            return;
        }
        let stamp = moment.stamp;
        let indexes: Vec<Name> = self.work(name, moment, |table| {
            let old = table.columns.insert(from.to_owned(), Slot { stamp, value: None });
            let mut value = old.and_then(|slot| slot.value).unwrap_or_else(|| Arc::new(Column::met()));
            Arc::make_mut(&mut value).changed = Some(made);
            table.columns.insert(to.to_owned(), Slot { stamp, value: Some(value) });
            table.changed = Some(made);
            for slot in table.constraints.values_mut() {
                if let Some(constraint) = &mut slot.value
                    && holds(constraint, from)
                {
                    let constraint = Arc::make_mut(constraint);
                    rename_in(&mut constraint.rule, from, to);
                    constraint.sql = renamed(&constraint.sql, from, to);
                    slot.stamp = stamp;
                }
            }
            table.rename_in_generated(from, to);
            table.indexes.iter().map(|index| name.renamed(index)).collect()
        });
        for index in indexes {
            if let Some(Slot { value: Some(index), stamp: at }) = self.indexes.get_mut(&index)
                && index.table == *name
            {
                *at = stamp;
                self.touched.push(Touched::Index(index.name.clone()));
                let index = Arc::make_mut(index);
                index.sql = renamed(&index.sql, from, to);
                for column in index.columns.iter_mut().flatten().chain(&mut index.mentions) {
                    if column == from {
                        to.clone_into(column);
                    }
                }
            }
        }
        self.point_at_column(name, from, to, moment);
        self.rename_owned(name, from, to, made, moment);
        for child in self.children_of(name) {
            self.rename_column(&child, from, to, made, moment);
        }
    }

    /// Foreign keys of any table name the referred columns.
    fn point_at_column(&mut self, name: &Name, from: &str, to: &str, moment: Moment) {
        let mut keys: Vec<(Name, String)> =
            self.references_to(name).into_iter().map(|(table, key)| (table.name.clone(), key.name.clone())).collect();
        if let Known::Yes(own) = self.table(name) {
            keys.extend(own.constraints().filter(|it| it.refers_to(name)).map(|it| (name.clone(), it.name.clone())));
        }
        for (table, key) in keys {
            self.work(&table, moment, |it| {
                if let Some(Slot { value: Some(key), .. }) = it.constraints.get_mut(&key)
                    && let Demand::ForeignKey { referred, .. } = &mut Arc::make_mut(key).rule
                {
                    for column in referred.iter_mut().filter(|it| *it == from) {
                        to.clone_into(column);
                    }
                }
            });
        }
    }

    fn rename_owned(&mut self, table: &Name, from: &str, to: &str, made: Made, moment: Moment) {
        let Known::Yes(found) = self.table(table) else { return };
        let owned = self
            .attached_to(found)
            .into_iter()
            .filter(|(_, _, it)| it.owned_by.as_ref().is_some_and(|(_, column)| column == from));
        let owned: Vec<(Sort, Name)> = owned.map(|(sort, name, _)| (sort, name.clone())).collect();
        for (sort, name) in owned {
            self.amend(sort, &name, made, moment, |it| it.owned_by = Some((table.clone(), to.to_owned())));
        }
        self.stale_views(table, from, moment);
    }

    /// The server's views go on as they were; their text, which has the old name, does not.
    fn stale_views(&mut self, table: &Name, column: &str, moment: Moment) {
        for view in self.dependents(table, Sort::View) {
            let Some(object) = self.object(Sort::View, &view).yes() else { continue };
            if object.reads.contains(table) && crate::statement::mentions(&object.sql, column) {
                let changed = object.changed;
                self.amend(Sort::View, &view, changed, moment, |it| it.stale = true);
            }
        }
    }

    pub(super) fn rename_constraint(&mut self, table: &Name, from: &str, to: &str, made: Made, moment: Moment) {
        self.work(table, moment, |table| {
            let old = table.constraints.insert(from.to_owned(), Slot { stamp: moment.stamp, value: None });
            let Some(mut value) = old.and_then(|slot| slot.value) else { return };
            let constraint = Arc::make_mut(&mut value);
            to.clone_into(&mut constraint.name);
            constraint.changed = made;
            table.constraints.insert(to.to_owned(), Slot { stamp: moment.stamp, value: Some(value) });
        });
    }
}

impl Table {
    /// A foreign key follows the table that it refers to.
    fn point(&mut self, key: &str, to: &Name, moment: Moment) {
        if let Some(Slot { value: Some(constraint), stamp }) = self.constraints.get_mut(key) {
            *stamp = moment.stamp;
            if let Demand::ForeignKey { table, .. } = &mut Arc::make_mut(constraint).rule {
                table.clone_from(to);
            }
        }
    }

    fn change_parent(&mut self, from: &Name, to: &Name) {
        if let Some((parent, _)) = &mut self.partition_of
            && parent == from
        {
            parent.clone_from(to);
        }
        for parent in self.inherits.iter_mut().filter(|it| *it == from) {
            parent.clone_from(to);
        }
    }

    fn rename_in_generated(&mut self, from: &str, to: &str) {
        self.partition_by = self.partition_by.as_ref().map(|sql| renamed(sql, from, to));
        for slot in self.columns.values_mut() {
            if let Some(column) = &mut slot.value
                && column.generation_sql.as_ref().is_some_and(|sql| crate::statement::mentions(sql, from))
            {
                let column = Arc::make_mut(column);
                column.generation_sql = column.generation_sql.as_ref().map(|sql| renamed(sql, from, to));
            }
        }
    }

    fn rewrite_defaults(&mut self, from: &str, to: &str, moment: Moment) {
        let names: Vec<String> = self.columns().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let held = self.columns.get(&name).and_then(|it| it.value.as_ref()).and_then(|it| it.default_sql.clone());
            if let Some(sql) = held.filter(|sql| sql.contains(from)) {
                self.change(&name, moment, |it| it.default_sql = Some(sql.replace(from, to)));
            }
        }
    }
}

fn rename_in(rule: &mut Demand, from: &str, to: &str) {
    match rule {
        Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } | Demand::ForeignKey { columns, .. } => {
            for column in columns.iter_mut().filter(|it| *it == from) {
                to.clone_into(column);
            }
        }
        Demand::Check(check) => check.rename(from, to),
        Demand::NotNull { column } => {
            if column == from {
                to.clone_into(column);
            }
        }
        Demand::Exclude => {}
    }
}
