//! What the statements before a statement say of a table's rows.

use super::Site;
use crate::{
    schema::Shortfall,
    source::Span,
    statement::{Demand, Expr, Kind, Name, Unresolved, Update},
};

impl Site<'_> {
    /// The same run has deleted every row, or every one in which the column is NULL, and written none since.
    #[must_use]
    pub fn has_emptied(&self, table: &Name, column: Option<&str>) -> bool {
        let mut empty = false;
        for statement in self.earlier.iter().filter(|it| it.guards.is_empty()) {
            match &statement.kind {
                Kind::Truncate { tables, .. } if tables.contains(table) => empty = true,
                Kind::Delete { table: of, using: false, condition } if of == table => {
                    let nulls = |it: &Expr| column.is_some_and(|column| it.holds_where_null(column));
                    empty |= condition.as_ref().is_none_or(nulls);
                }
                Kind::Insert(insert) if insert.table == *table => empty = false,
                Kind::Update(update) if update.table == *table => {
                    empty &= !update.set.iter().any(|(name, _)| column == Some(name.as_str()));
                }
                _ => {}
            }
        }
        empty
    }

    /// The column is of a key or of a foreign key: no one value fits every row.
    #[must_use]
    pub fn is_linked(&self, table: &Name, column: &str) -> bool {
        self.schema.table(table).yes().is_some_and(|known| {
            known.constraints().any(|it| match &it.rule {
                Demand::PrimaryKey { columns, .. }
                | Demand::Unique { columns, .. }
                | Demand::ForeignKey { columns, .. } => columns.iter().any(|it| it == column),
                _ => false,
            })
        })
    }

    /// Something before the statement, in the same run, that may do anything.
    #[must_use]
    pub fn hidden(&self) -> Option<Span> {
        let own = |it: &&Unresolved| it.step == self.statement.step && it.within && self.statement.within;
        self.unresolved.iter().find(|it| it.step < self.statement.step || own(it)).map(|it| it.span)
    }

    /// The updates of a column, in the same run, that leave NULLs behind, and why.
    #[must_use]
    pub fn attempts(&self, table: &Name, column: &str) -> Vec<(Span, String)> {
        let updates = self.earlier.iter().filter_map(|it| match &it.kind {
            Kind::Update(update) if update.table == *table => Some((it.span, update)),
            _ => None,
        });
        let found = updates.filter_map(|(span, update)| Some((span, self.shortfall(update, column)?)));
        found.collect()
    }

    fn shortfall(&self, update: &Update, column: &str) -> Option<String> {
        Some(match self.schema.shortfall(update, column)? {
            Shortfall::Partner => "this leaves out the rows that have no partner in its `FROM`".to_owned(),
            Shortfall::Condition => format!(
                "this leaves out rows in which `{column}` is NULL: its `WHERE` does not follow from `{column} IS NULL`"
            ),
            Shortfall::Value => "what this assigns may be NULL itself".to_owned(),
        })
    }
}
