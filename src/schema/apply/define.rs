//! What a statement does to anything but tables and indexes.

use crate::{
    schema::{Known, Made, Moment, Object, Schema, Slot, Sort, Touched},
    statement::{Change, Commented, Definition, Make, Name, mentions, retyped},
};
use std::sync::Arc;

/// What `DROP TYPE` and `ALTER TYPE` may speak of.
const TYPES: [Sort; 3] = [Sort::Enum, Sort::Domain, Sort::Composite];

impl Schema {
    pub(super) fn define(&mut self, definition: &Definition, made: Made, moment: Moment) {
        match definition {
            Definition::Make(make) => self.make(make, made, moment),
            Definition::Drop { sort, names, cascade, .. } => {
                for name in names {
                    self.drop_object(*sort, name, *cascade, moment);
                }
            }
            Definition::Change { sort, name, change } => self.change(*sort, name, change, made, moment),
            Definition::Comment { on, text } => self.comment(on, text.as_ref(), made, moment),
        }
    }

    fn make(&mut self, make: &Make, made: Made, moment: Moment) {
        if make.temporary {
            return;
        }
        let old = self.object(make.sort, &make.name).yes().cloned();
        // One that is there already stays what it is: the server refuses, or nobody asked it.
        if old.is_some() && !make.replace {
            return;
        }
        let mut object = Object::new(make, made, moment.stamp);
        if let Some(old) = old {
            object = Object { made: old.made, order: old.order, comment: old.comment, ..object };
        }
        for table in &make.reads {
            self.depend(table, Sort::View, &make.name);
        }
        if let Some(table) = make.on.as_ref().or(make.owned_by.as_ref().map(|(table, _)| table)) {
            self.attach(table, make.sort, &make.name, moment);
        }
        self.keep(make.sort, &make.name, object, moment);
    }

    /// The table knows what hangs on it, where it is one (a trigger may hang on a view).
    pub(super) fn attach(&mut self, table: &Name, sort: Sort, name: &Name, moment: Moment) {
        if self.object(Sort::View, table).yes().is_none() {
            self.work(table, moment, |it| it.attached.insert((sort, name.clone())));
        }
    }

    pub(super) fn keep(&mut self, sort: Sort, name: &Name, object: Object, moment: Moment) {
        self.touched.push(Touched::Object(sort, name.clone()));
        let slot = Slot { stamp: moment.stamp, value: Some(Arc::new(object)) };
        self.objects.insert_mut((sort, name.clone()), slot);
    }

    pub(super) fn lose(&mut self, sort: Sort, name: &Name, moment: Moment) {
        self.touched.push(Touched::Object(sort, name.clone()));
        self.objects.insert_mut((sort, name.clone()), Slot { stamp: moment.stamp, value: None });
    }

    /// The object that a statement speaks of: a type of any sort, a function without its arguments.
    fn spoken(&self, sort: Sort, name: &Name) -> (Sort, Name) {
        if sort == Sort::Enum {
            let found = TYPES.into_iter().find(|it| self.object(*it, name).yes().is_some());
            return (found.unwrap_or(sort), name.clone());
        }
        if sort == Sort::Function && !name.name.ends_with(')') {
            let beginning = format!("{}(", name.name);
            let from = (Sort::Function, name.renamed(beginning.clone()));
            let mut overloads = self.objects.from(&from).map_while(|((sort, key), slot)| {
                (*sort == Sort::Function && key.name.starts_with(&beginning)).then_some((key, slot))
            });
            let found = overloads.find(|(key, slot)| key.home() == name.home() && slot.value.is_some());
            if let Some((key, _)) = found {
                return (sort, key.clone());
            }
        }
        (sort, name.clone())
    }

    pub(super) fn drop_object(&mut self, sort: Sort, name: &Name, cascade: bool, moment: Moment) {
        if sort == Sort::Schema {
            self.drop_schema(&name.name, moment);
            return;
        }
        let (sort, name) = self.spoken(sort, name);
        if cascade && matches!(sort, Sort::Enum | Sort::Domain | Sort::Composite) {
            self.drop_columns_of(&name, moment);
        }
        if sort == Sort::View && cascade {
            self.drop_views_on(&name, moment);
        }
        if sort == Sort::View {
            self.drop_indexes_of_view(&name, moment);
        }
        if sort == Sort::Sequence
            && cascade
            && let Some((table, column)) = self.object(sort, &name).yes().and_then(|it| it.owned_by.clone())
        {
            self.work(&table, moment, |table| {
                table.change(&column, moment, |it| {
                    it.default = None;
                    it.default_sql = None;
                });
            });
        }
        self.lose(sort, &name, moment);
        if cascade && TYPES.contains(&sort) {
            self.drop_what_speaks_of(&name, moment);
        }
        if sort == Sort::Enum && self.object(Sort::Domain, &name).yes().is_none() {
            // Of a type that the history has not made it is not said which sort it is.
            self.lose(Sort::Domain, &name, moment);
        }
    }

    /// `CASCADE` takes the views along that read it.
    pub(super) fn drop_views_on(&mut self, relation: &Name, moment: Moment) {
        let readers: Vec<Name> = self.dependents(relation, Sort::View);
        for view in readers {
            let reads = self.object(Sort::View, &view).yes().is_some_and(|it| it.reads.contains(relation));
            if reads && view != *relation {
                self.drop_object(Sort::View, &view, true, moment);
            }
        }
    }

    /// `CASCADE` takes the functions and operators along that a type's name stands in.
    fn drop_what_speaks_of(&mut self, kind: &Name, moment: Moment) {
        let speaks = |(sort, _, object): &(Sort, &Name, &Object)| {
            matches!(sort, Sort::Function | Sort::Other) && mentions(&object.sql, &kind.name)
        };
        let found: Vec<(Sort, Name)> =
            self.objects().filter(speaks).map(|(sort, name, _)| (sort, name.clone())).collect();
        for (sort, name) in found {
            self.lose(sort, &name, moment);
        }
    }

    fn drop_columns_of(&mut self, kind: &Name, moment: Moment) {
        for table in self.dependents(kind, Sort::Enum) {
            let columns = self.columns_of_type(&table, kind);
            for column in columns {
                self.drop_column(&table, &column, moment);
            }
        }
    }

    /// The columns of a table that are of the type, or arrays of it.
    #[must_use]
    pub fn columns_of_type(&self, table: &Name, kind: &Name) -> Vec<String> {
        let Known::Yes(table) = self.table(table) else { return Vec::new() };
        let of_type = |it: &crate::statement::Type| Name { schema: it.schema.clone(), name: it.name.clone() } == *kind;
        let columns = table.columns().filter(|(_, it)| it.kind.as_ref().is_some_and(of_type));
        columns.map(|(name, _)| name.to_owned()).collect()
    }

    fn drop_indexes_of_view(&mut self, view: &Name, moment: Moment) {
        let names: Vec<Name> = self
            .indexes
            .iter()
            .filter(|(_, slot)| slot.value.as_ref().is_some_and(|it| it.table == *view))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            self.forget_index(&name, moment);
        }
    }

    fn change(&mut self, sort: Sort, name: &Name, change: &Change, made: Made, moment: Moment) {
        let (sort, name) = self.spoken(sort, name);
        match change {
            Change::Rename { to } => self.rename_object(sort, &name, &renamed(sort, &name, to), made, moment),
            Change::Move { schema } => {
                let to = Name::within(schema, &name.name);
                self.rename_object(sort, &name, &to, made, moment);
            }
            Change::Own { by } => {
                self.amend(sort, &name, made, moment, |it| it.owned_by.clone_from(by));
                if let Some((table, _)) = by {
                    self.attach(table, sort, &name, moment);
                }
            }
            Change::AddValue { value, if_not_exists: _, beside } => {
                self.amend(sort, &name, made, moment, |it| add_value(&mut it.labels, value, beside.as_ref()));
            }
            Change::RenameValue { value, to } => {
                self.amend(sort, &name, made, moment, |it| {
                    for label in it.labels.iter_mut().filter(|it| *it == value) {
                        to.clone_into(label);
                    }
                });
            }
            Change::Other { sql } => self.amend(sort, &name, made, moment, |it| it.amends.push(sql.clone())),
        }
    }

    /// Changes an object that is there.
    pub(super) fn amend(
        &mut self,
        sort: Sort,
        name: &Name,
        made: Made,
        moment: Moment,
        change: impl FnOnce(&mut Object),
    ) {
        let key = (sort, name.clone());
        let Some(slot) = self.objects.get_mut(&key) else { return };
        let Some(object) = &mut slot.value else { return };
        let object = Arc::make_mut(object);
        change(object);
        object.changed = made;
        slot.stamp = moment.stamp;
        self.touched.push(Touched::Object(sort, name.clone()));
    }

    fn rename_object(&mut self, sort: Sort, from: &Name, to: &Name, made: Made, moment: Moment) {
        let Some(mut object) = self.object(sort, from).yes().cloned() else { return };
        object.changed = made;
        match sort {
            Sort::Enum | Sort::Domain | Sort::Composite => self.retype(from, to, moment),
            Sort::Sequence => {
                if let Some((table, column)) = object.owned_by.clone() {
                    self.work(&table, moment, |table| {
                        table.change(&column, moment, |it| {
                            it.default_sql = it
                                .default_sql
                                .as_ref()
                                .map(|sql| sql.replace(&format!("'{}'", from.quoted()), &format!("'{}'", to.quoted())));
                        });
                        table.attached.insert((sort, to.clone()));
                    });
                }
            }
            // The whole statement names it.
            Sort::Function | Sort::Trigger | Sort::Policy | Sort::Other => object.stale = true,
            _ => {}
        }
        if let Some(on) = &object.on {
            self.attach(&on.clone(), sort, to, moment);
        }
        self.lose(sort, from, moment);
        self.keep(sort, to, object, moment);
    }

    /// Columns keep their type when it goes by another name.
    fn retype(&mut self, from: &Name, to: &Name, moment: Moment) {
        for table in self.dependents(from, Sort::Enum) {
            let columns = self.columns_of_type(&table, from);
            if columns.is_empty() {
                continue;
            }
            self.depend(to, Sort::Enum, &table);
            self.work(&table, moment, |table| {
                for column in columns {
                    table.change(&column, moment, |it| {
                        if let Some(kind) = &mut it.kind {
                            kind.name.clone_from(&to.name);
                            kind.schema.clone_from(&to.schema);
                        }
                        it.default_sql = it.default_sql.as_ref().map(|sql| retyped(sql, &from.name, &to.name));
                    });
                }
            });
        }
    }

    fn comment(&mut self, on: &Commented, text: Option<&String>, made: Made, moment: Moment) {
        match on {
            Commented::Relation(name) if self.object(Sort::View, name).yes().is_some() => {
                self.amend(Sort::View, name, made, moment, |it| it.comment = text.cloned());
            }
            Commented::Relation(name) => self.work(name, moment, |it| it.comment = text.cloned()),
            Commented::Column { table, .. } if self.object(Sort::View, table).yes().is_some() => {}
            Commented::Column { table, column } => {
                self.work(table, moment, |it| it.change(column, moment, |it| it.comment = text.cloned()));
            }
            Commented::Constraint { table, constraint } => self.work(table, moment, |it| {
                if let Some(Slot { value: Some(found), .. }) = it.constraints.get_mut(constraint) {
                    Arc::make_mut(found).comment = text.cloned();
                }
            }),
            Commented::Index(name) => {
                if let Some(Slot { value: Some(found), .. }) = self.indexes.get_mut(name) {
                    Arc::make_mut(found).comment = text.cloned();
                    self.touched.push(Touched::Index(name.clone()));
                }
            }
            Commented::Object(sort, name) => {
                let (sort, name) = self.spoken(*sort, name);
                self.amend(sort, &name, made, moment, |it| it.comment = text.cloned());
            }
            Commented::Elsewhere => {}
        }
    }
}

/// The object's name after it was renamed: what hangs on a table keeps that.
fn renamed(sort: Sort, name: &Name, to: &str) -> Name {
    match (sort, name.name.split_once(" ON ")) {
        (Sort::Trigger | Sort::Policy | Sort::Rule, Some((_, table))) => name.renamed(format!("{to} ON {table}")),
        (Sort::Function, _) => {
            let arguments = name.name.split_once('(').map_or("", |(_, it)| it);
            name.renamed(format!("{to}({arguments}"))
        }
        _ => name.renamed(to),
    }
}

fn add_value(labels: &mut Vec<String>, value: &str, beside: Option<&(bool, String)>) {
    if labels.iter().any(|it| it == value) {
        return;
    }
    let neighbor = beside.and_then(|(after, other)| {
        let at = labels.iter().position(|it| it == other)?;
        Some(if *after { at + 1 } else { at })
    });
    labels.insert(neighbor.unwrap_or(labels.len()), value.to_owned());
}
