//! `INSERT`, `UPDATE`, `DELETE`, as Core writes them with `literal_binds`.

use super::{
    Dialect,
    expr::Core,
    literal,
    literal::Use,
    names,
    words::{Made, join},
};
use crate::op::{Expr, Name, Query};

/// The statement. The reader gives the columns of `INSERT` and `UPDATE` in the order in which SQLAlchemy writes
/// them, which is that of the table's columns.
pub(super) fn render(query: &Query, dialect: &Dialect) -> Made {
    let mut core = Core::new(dialect, Use::Data);
    Ok(match query {
        Query::Insert { table, columns, .. } if columns.is_empty() => {
            sql!["INSERT INTO ", names::table(table), " DEFAULT VALUES"]
        }
        Query::Insert { table, columns, values } => {
            let mut given = Vec::new();
            for value in values {
                given.push(core.assigned(value)?);
            }
            sql!["INSERT INTO ", names::table(table), " (", list(columns), ") VALUES (", join(given, ", "), ")"]
        }
        Query::InsertSelect { table, columns, select } => {
            sql!["INSERT INTO ", names::table(table), " (", list(columns), ") ", core.select(select)?]
        }
        Query::Update { table, set, from, conditions } => {
            let mut changes = Vec::new();
            for (column, value) in set {
                changes.push(sql![names::name(column), "=", core.assigned(value)?]);
            }
            let mut made = sql!["UPDATE ", names::table(table), " SET ", join(changes, ", ")];
            if !from.is_empty() {
                made = sql![made, " FROM ", core.sources(from)?];
            }
            if !conditions.is_empty() {
                made = sql![made, " WHERE ", core.conditions(conditions)?];
            }
            made
        }
        Query::Delete { table, using, conditions } => {
            let mut made = sql!["DELETE FROM ", names::table(table)];
            if !using.is_empty() {
                made = sql![made, " USING ", core.sources(using)?];
            }
            if !conditions.is_empty() {
                made = sql![made, " WHERE ", core.conditions(conditions)?];
            }
            made
        }
        Query::Select(select) => core.select(select)?,
    })
}

fn list(columns: &[Name]) -> crate::source::Text {
    join(columns.iter().map(names::name), ", ")
}

impl Core<'_> {
    /// A column's new value: operators stand in parentheses.
    fn assigned(&mut self, value: &Expr) -> Made {
        match value {
            Expr::Value { value, kind } => literal::assigned(value, kind.as_ref(), self.of, self.dialect),
            _ => self.grouped(value, None),
        }
    }
}
