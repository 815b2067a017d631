//! What `ALTER TABLE` does to the schema.

use super::typed;
use crate::{
    schema::{Column, Known, Made, Moment, Schema, Slot},
    statement::{self, Action, Demand, Name, Statement},
};
use std::sync::Arc;

impl Schema {
    pub(super) fn alter(&mut self, table: &Name, action: &Action, statement: &Statement, moment: Moment) {
        let made = Made { span: statement.span, run: moment.run };
        let stamp = moment.stamp;
        match action {
            Action::AddColumn { column, if_not_exists } => {
                if !(*if_not_exists && self.column(table, &column.name).yes().is_some()) {
                    self.add_column(table, column, statement, moment);
                }
            }
            Action::DropColumn { column, cascade, .. } => {
                if *cascade {
                    self.release(table, moment, |columns| columns.iter().any(|it| it == column));
                }
                self.drop_column(table, column, moment);
            }
            Action::SetNotNull { column } => {
                self.work(table, moment, |table| {
                    table.change(column, stamp, |it| {
                        it.not_null = Known::Yes(made);
                        it.nulls = None;
                    });
                });
            }
            Action::DropNotNull { column } => {
                self.work(table, moment, |table| {
                    table.change(column, stamp, |it| {
                        it.not_null = Known::No;
                        it.filled = None;
                    });
                });
            }
            Action::SetDefault { column, default, .. } => {
                self.work(table, moment, |table| {
                    table.change(column, stamp, |it| it.default = Some((**default).clone()));
                });
            }
            Action::DropDefault { column } => {
                self.work(table, moment, |table| table.change(column, stamp, |it| it.default = None));
            }
            Action::SetType { column, kind, using, .. } => {
                self.work(table, moment, |table| {
                    let filled = using.as_ref().is_none_or(|it| table.never_null(it));
                    table.change(column, stamp, |it| {
                        it.kind = typed(kind);
                        it.filled = it.filled.filter(|_| filled);
                    });
                });
            }
            Action::AddConstraint(constraint) => self.add_constraint(table, constraint, made, moment),
            Action::DropConstraint { constraint, cascade, .. } => {
                let key = match self.constraint(table, constraint).yes().map(|it| &it.rule) {
                    Some(Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. }) => Some(columns.clone()),
                    _ => None,
                };
                if *cascade {
                    self.release(table, moment, |columns| key.as_ref().is_none_or(|key| key == columns));
                }
                // What a primary key made NOT NULL stays so (PostgreSQL up to 18).
                let slot = Slot { stamp, value: None };
                self.work(table, moment, |it| it.constraints.insert(constraint.clone(), slot));
            }
            Action::ValidateConstraint { constraint } => self.validate(table, constraint, made, moment),
            _ => {
                self.work(table, moment, |_| ());
            }
        }
    }

    /// `CASCADE` takes the foreign keys along that refer to a key of the table.
    fn release(&mut self, table: &Name, moment: Moment, goes: impl Fn(&Vec<String>) -> bool) {
        let mut gone = Vec::new();
        for (other, constraint) in self.references_to(table) {
            if let Demand::ForeignKey { referred, .. } = &constraint.rule
                && (referred.is_empty() || goes(referred))
            {
                gone.push((other.name.clone(), constraint.name.clone()));
            }
        }
        for (other, constraint) in gone {
            let slot = Slot { stamp: moment.stamp, value: None };
            self.work(&other, moment, |it| it.constraints.insert(constraint, slot));
        }
    }

    pub(super) fn add_column(
        &mut self,
        name: &Name,
        column: &statement::Column,
        statement: &Statement,
        moment: Moment,
    ) {
        let made = Made { span: statement.span, run: moment.run };
        let mut value = Column {
            kind: typed(&column.kind),
            not_null: if column.not_null { Known::Yes(made) } else { Known::No },
            default: column.default.clone(),
            generated: column.generated,
            filled: None,
            nulls: None,
            made: Some(made),
        };
        self.work(name, moment, |table| {
            // Existing rows get the default (`ALTER TABLE … ADD COLUMN` in the manual); a table that has just been
            // made has none, and what its later rows hold is another matter.
            let fresh = table.made.is_some_and(|it| it.run == moment.run) && table.rows.is_none();
            if !fresh && value.defaults_to_value() {
                value.filled = Some(made);
            } else if table.rows.is_some() && !column.not_null {
                value.nulls = Some(made);
            }
            table.columns.insert(column.name.clone(), Slot { stamp: moment.stamp, value: Some(Arc::new(value)) });
        });
        for constraint in &column.constraints {
            self.add_constraint(name, constraint, made, moment);
        }
    }

    /// Constraints and indexes that hold the column go with it.
    fn drop_column(&mut self, name: &Name, column: &str, moment: Moment) {
        let gone = moment.stamp;
        let indexes: Vec<Name> = self.work(name, moment, |table| {
            table.columns.insert(column.to_owned(), Slot { stamp: gone, value: None });
            for slot in table.constraints.values_mut() {
                if slot.value.as_ref().is_some_and(|it| holds(&it.rule, column)) {
                    *slot = Slot { stamp: gone, value: None };
                }
            }
            table.indexes.iter().map(|index| name.renamed(index)).collect()
        });
        for index in indexes {
            let found = self.index(&index).yes();
            if found.is_some_and(|it| it.columns.iter().flatten().chain(&it.mentions).any(|it| it == column)) {
                self.indexes.insert_mut(index, Slot { stamp: gone, value: None });
            }
        }
    }

    pub(super) fn rename_column(&mut self, name: &Name, from: &str, to: &str, moment: Moment) {
        let stamp = moment.stamp;
        let indexes: Vec<Name> = self.work(name, moment, |table| {
            let old = table.columns.insert(from.to_owned(), Slot { stamp, value: None });
            let value = old.and_then(|slot| slot.value).unwrap_or_else(|| Arc::new(Column::met()));
            table.columns.insert(to.to_owned(), Slot { stamp, value: Some(value) });
            for slot in table.constraints.values_mut() {
                if let Some(constraint) = &mut slot.value
                    && holds(&constraint.rule, from)
                {
                    rename_in(&mut Arc::make_mut(constraint).rule, from, to);
                    slot.stamp = stamp;
                }
            }
            table.indexes.iter().map(|index| name.renamed(index)).collect()
        });
        for index in indexes {
            if let Some(Slot { value: Some(index), stamp: at }) = self.indexes.get_mut(&index) {
                *at = stamp;
                let index = Arc::make_mut(index);
                for column in index.columns.iter_mut().flatten().chain(&mut index.mentions) {
                    if column == from {
                        to.clone_into(column);
                    }
                }
            }
        }
    }

    pub(super) fn rename_constraint(&mut self, table: &Name, from: &str, to: &str, moment: Moment) {
        self.work(table, moment, |table| {
            let old = table.constraints.insert(from.to_owned(), Slot { stamp: moment.stamp, value: None });
            let Some(mut value) = old.and_then(|slot| slot.value) else { return };
            to.clone_into(&mut Arc::make_mut(&mut value).name);
            table.constraints.insert(to.to_owned(), Slot { stamp: moment.stamp, value: Some(value) });
        });
    }

    fn validate(&mut self, table: &Name, constraint: &str, made: Made, moment: Moment) {
        self.work(table, moment, |table| {
            let Some(slot) = table.constraints.get_mut(constraint) else { return };
            slot.stamp = moment.stamp;
            let Some(value) = &mut slot.value else { return };
            let value = Arc::make_mut(value);
            value.valid = true;
            value.validated = Some(made);
            if let Demand::NotNull { column } = value.rule.clone() {
                table.change(&column, moment.stamp, |it| it.not_null = Known::Yes(made));
            }
        });
    }
}

/// The constraint is about the column.
fn holds(rule: &Demand, column: &str) -> bool {
    match rule {
        Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } | Demand::ForeignKey { columns, .. } => {
            columns.iter().any(|it| it == column)
        }
        Demand::Check(check) => check.mentions(column),
        Demand::NotNull { column: it } => it == column,
        Demand::Exclude => false,
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
