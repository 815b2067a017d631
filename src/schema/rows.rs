//! What writing rows says of them.

use super::{Made, Moment, Schema, Table};
use crate::statement::{Expr, Insert, Nothing, Statement, Update};

impl Schema {
    /// Rows are added.
    pub(super) fn insert(&mut self, insert: &Insert, statement: &Statement, moment: Moment) {
        let made = Made { span: statement.span, run: moment.run };
        self.work(&insert.table, moment, |table| {
            table.rows.get_or_insert(made);
            let names: Vec<String> = table.columns().map(|(name, _)| name.to_owned()).collect();
            for name in names {
                if !keeps_full(table, insert, &name) {
                    table.change(&name, moment, |column| {
                        column.filled = None;
                        column.nulls.get_or_insert(made);
                    });
                }
            }
        });
    }

    /// Values are assigned.
    pub(super) fn update(&mut self, update: &Update, statement: &Statement, moment: Moment) {
        let made = Made { span: statement.span, run: moment.run };
        let judged = |(name, value): &(String, Expr)| {
            (name.clone(), self.gives_value(update, name, value), self.shortfall(update, name).is_none())
        };
        let judged: Vec<(String, bool, bool)> = update.set.iter().map(judged).collect();
        self.work(&update.table, moment, |table| {
            for (name, valued, filled) in &judged {
                if *filled {
                    table.change(name, moment, |column| {
                        column.filled = Some(made);
                        column.nulls = None;
                    });
                } else if !*valued {
                    table.change(name, moment, |column| column.filled = None);
                }
            }
        });
    }
}

/// No row of these can hold NULL in the column.
fn keeps_full(table: &Table, insert: &Insert, name: &str) -> bool {
    let Some(column) = table.columns.get(name).and_then(|slot| slot.value.as_deref()) else { return true };
    if matches!(column.not_null, super::Known::Yes(_)) {
        return true;
    }
    if insert.columns.is_empty() {
        // Which value goes where is not known without the order of the columns.
        return insert.rows.as_ref().is_some_and(|rows| {
            rows.iter().all(|row| row.len() == table.columns().count() && row.iter().all(|it| valued(it, column)))
        });
    }
    match insert.columns.iter().position(|it| it == name) {
        None => column.defaults_to_value(),
        Some(at) => insert
            .rows
            .as_ref()
            .is_some_and(|rows| rows.iter().all(|row| row.get(at).is_some_and(|it| valued(it, column)))),
    }
}

fn valued(value: &Expr, column: &super::Column) -> bool {
    match value {
        Expr::Default => column.defaults_to_value(),
        value => value.never_null(&Nothing),
    }
}
