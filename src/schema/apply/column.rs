//! Columns that come and go.

use super::{alter::holds, typed};
use crate::{
    schema::{Column, Known, Made, Moment, Object, Schema, Slot, Sort},
    statement::{self, Generation, Make, Name, Statement, Type, mentions},
};
use std::sync::Arc;

impl Schema {
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
            default: column.default.clone().map(Box::new),
            generated: column.generated,
            made: Some(made),
            changed: Some(made),
            default_sql: column.default_sql.clone(),
            generation_sql: column.generation_sql.clone(),
            generation: column.generation.clone().map(Box::new),
            collation: column.collation.clone().map(Box::new),
            ..Column::met()
        };
        self.use_type(name, &column.kind);
        if matches!(column.generation, Some(Generation::Serial)) {
            value.default_sql = Some(self.serial(name, column, made, moment));
        }
        self.work(name, moment, |table| {
            // Existing rows get the default (`ALTER TABLE … ADD COLUMN` in the manual); a table that has just been
            // made has none, and what its later rows hold is another matter.
            let fresh = table.made.is_some_and(|it| it.run == moment.run) && table.rows.is_none();
            if !fresh && value.defaults_to_value() {
                value.filled = Some(made);
            } else if table.rows.is_some() && !column.not_null {
                value.nulls = Some(made);
            }
            value.place = table.next;
            table.next += 1;
            table.columns.insert(column.name.clone(), Slot { stamp: moment.stamp, value: Some(Arc::new(value)) });
        });
        for constraint in &column.constraints {
            self.add_constraint(name, constraint, made, moment);
        }
    }

    /// The sequence of a `serial` column; the answer is the default that asks it.
    fn serial(&mut self, table: &Name, column: &statement::Column, made: Made, moment: Moment) -> String {
        let name = self.made_up_sequence(table, &column.name);
        let sql = match column.kind.name.as_str() {
            "int2" => "AS smallint",
            "int4" => "AS integer",
            _ => "",
        };
        let make = Make {
            owned_by: Some((table.clone(), column.name.clone())),
            ..Make::new(Sort::Sequence, name.clone(), sql.to_owned())
        };
        let object = Object { serial: true, ..Object::new(&make, made, moment.stamp) };
        self.keep(Sort::Sequence, &name, object, moment);
        self.attach(table, Sort::Sequence, &name, moment);
        format!("nextval('{}'::regclass)", name.quoted().replace('\'', "''"))
    }

    /// A column of the type hangs on it.
    pub(super) fn use_type(&mut self, table: &Name, kind: &Type) {
        if kind.family() == statement::Family::Foreign && !kind.name.is_empty() {
            let kind = Name { schema: kind.schema.clone(), name: kind.name.clone() };
            self.depend(&kind, Sort::Enum, table);
        }
    }

    /// Constraints, indexes and sequences that hold the column go with it.
    pub(super) fn drop_column(&mut self, name: &Name, column: &str, moment: Moment) {
        let gone = moment.stamp;
        let indexes: Vec<Name> = self.work(name, moment, |table| {
            table.columns.insert(column.to_owned(), Slot { stamp: gone, value: None });
            for slot in table.constraints.values_mut() {
                if slot.value.as_ref().is_some_and(|it| holds(it, column)) {
                    *slot = Slot { stamp: gone, value: None };
                }
            }
            table.indexes.iter().map(|index| name.renamed(index)).collect()
        });
        for index in indexes {
            let found = self.index(&index).yes();
            let holds = found.is_some_and(|it| {
                it.table == *name
                    && (it.columns.iter().flatten().chain(&it.mentions).any(|it| it == column)
                        || mentions(&it.sql, column))
            });
            if holds {
                self.forget_index(&index, moment);
            }
        }
        let owned: Vec<Name> = match self.table(name) {
            Known::Yes(table) => {
                let attached = self.attached_to(table).into_iter();
                let owned = attached.filter(|(_, _, it)| it.owned_by.as_ref().is_some_and(|(_, own)| own == column));
                owned.map(|(_, name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        };
        for sequence in owned {
            self.lose(Sort::Sequence, &sequence, moment);
        }
    }

    /// `CASCADE` takes the views along that read the column, as far as their text names it.
    pub(super) fn drop_views_of(&mut self, table: &Name, column: &str, moment: Moment) {
        for view in self.dependents(table, Sort::View) {
            let Some(object) = self.object(Sort::View, &view).yes() else { continue };
            if object.reads.contains(table) && mentions(&object.sql, column) {
                self.drop_object(Sort::View, &view, true, moment);
            }
        }
    }
}

impl statement::Action {
    /// The column that the action is about, and nothing else.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::SetNotNull { column }
            | Self::DropNotNull { column }
            | Self::SetDefault { column, .. }
            | Self::DropDefault { column }
            | Self::SetType { column, .. }
            | Self::SetExpression { column }
            | Self::DropExpression { column }
            | Self::AddIdentity { column, .. }
            | Self::AlterIdentity { column, .. }
            | Self::DropIdentity { column }
            | Self::SetStorage { column }
            | Self::SetCompression { column }
            | Self::SetStatistics { column }
            | Self::SetColumnOptions { column } => Some(column),
            _ => None,
        }
    }
}
