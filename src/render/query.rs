//! `INSERT`, `UPDATE`, `DELETE`, as Core writes them with `literal_binds`.

use super::{
    Dialect, Unrendered,
    expr::Core,
    literal,
    literal::Use,
    names,
    words::{Made, join},
};
use crate::{
    op::{Conflict, Expr, Name, Query, Source, sources_of},
    source::Text,
};

/// The statement. The reader gives the columns of `INSERT` and `UPDATE` in the order in which SQLAlchemy writes
/// them, which is that of the table's columns.
pub(super) fn render(query: &Query, dialect: &Dialect) -> Made {
    let mut core = Core::new(dialect, Use::Data);
    let made = core.query(query)?;
    Ok(core.with_ctes(made))
}

fn list(columns: &[Name]) -> Text {
    join(columns.iter().map(names::name), ", ")
}

impl Core<'_> {
    /// The statement without the `WITH` before it.
    pub(super) fn query(&mut self, query: &Query) -> Made {
        match query {
            Query::Insert { table, columns, rows, conflict, returning } => {
                self.enter_with(&[]);
                let made = self.insert(table, columns, rows).and_then(|made| {
                    let conflict = self.conflict(conflict.as_ref())?;
                    Ok(sql![made, conflict, self.returning(returning)?])
                });
                self.leave();
                made
            }
            Query::InsertSelect { table, columns, select, conflict, returning } => {
                self.enter_with(&[]);
                let made = self.select(select).and_then(|select| {
                    let made = sql!["INSERT INTO ", self.qualifier(table)?, " (", list(columns), ") ", select];
                    let conflict = self.conflict(conflict.as_ref())?;
                    Ok(sql![made, conflict, self.returning(returning)?])
                });
                self.leave();
                made
            }
            Query::Update { table, set, conditions, returning } => {
                let from = others(table, conditions, set.iter().map(|(_, value)| value));
                self.enter_beside(table, &from);
                let made = self.update(table, set, &from, conditions);
                let made = made.and_then(|made| Ok(sql![made, self.returning(returning)?]));
                self.leave();
                made
            }
            Query::Delete { table, conditions, returning } => {
                let using = others(table, conditions, std::iter::empty());
                self.enter_beside(table, &using);
                let made = self.delete(table, &using, conditions);
                let made = made.and_then(|made| Ok(sql![made, self.returning(returning)?]));
                self.leave();
                made
            }
            Query::Select(select) => self.select(select),
        }
    }

    fn enter_beside(&mut self, table: &Source, others: &[Source]) {
        let mut named = vec![table.clone()];
        named.extend(others.iter().cloned());
        self.enter_with(&named);
    }

    fn insert(&mut self, table: &Source, columns: &[Name], rows: &[Vec<Expr>]) -> Made {
        let target = self.qualifier(table)?;
        if columns.is_empty() {
            return Ok(sql!["INSERT INTO ", target, " DEFAULT VALUES"]);
        }
        let mut written = Vec::new();
        for row in rows {
            let mut given = Vec::new();
            for value in row {
                given.push(self.assigned(value)?);
            }
            written.push(sql!["(", join(given, ", "), ")"]);
        }
        Ok(sql!["INSERT INTO ", target, " (", list(columns), ") VALUES ", join(written, ", ")])
    }

    fn update(&mut self, table: &Source, set: &[(Name, Expr)], from: &[Source], conditions: &[Expr]) -> Made {
        let target = self.source(table)?;
        let mut changes = Vec::new();
        for (column, value) in set {
            changes.push(sql![names::name(column), "=", self.assigned(value)?]);
        }
        let mut made = sql!["UPDATE ", target, " SET ", join(changes, ", ")];
        if !from.is_empty() {
            made = sql![made, " FROM ", self.sources(from)?];
        }
        if !conditions.is_empty() {
            made = sql![made, " WHERE ", self.conditions(conditions)?];
        }
        Ok(made)
    }

    fn delete(&mut self, table: &Source, using: &[Source], conditions: &[Expr]) -> Made {
        let mut made = sql!["DELETE FROM ", self.source(table)?];
        if !using.is_empty() {
            made = sql![made, " USING ", self.sources(using)?];
        }
        if !conditions.is_empty() {
            made = sql![made, " WHERE ", self.conditions(conditions)?];
        }
        Ok(made)
    }

    /// ` RETURNING …`.
    fn returning(&mut self, columns: &[Expr]) -> Result<Option<Text>, Unrendered> {
        if columns.is_empty() {
            return Ok(None);
        }
        Ok(Some(sql![" RETURNING ", self.labelled(columns, false)?]))
    }

    /// ` ON CONFLICT …`.
    fn conflict(&mut self, conflict: Option<&Conflict>) -> Result<Option<Text>, Unrendered> {
        let Some(conflict) = conflict else { return Ok(None) };
        let mut made = Text::made(" ON CONFLICT");
        if let Some(name) = &conflict.constraint {
            made = sql![made, " ON CONSTRAINT ", names::limited(name)?];
        } else if !conflict.elements.is_empty() {
            self.without_table = true;
            let target = self.conflict_target(conflict);
            self.without_table = false;
            made = sql![made, " ", target?];
        }
        let Some(set) = &conflict.set else { return Ok(Some(sql![made, " DO NOTHING"])) };
        let mut changes = Vec::new();
        for (column, value) in set {
            changes.push(sql![names::name(column), " = ", self.assigned(value)?]);
        }
        made = sql![made, " DO UPDATE SET ", join(changes, ", ")];
        if let Some(condition) = &conflict.conditions {
            made = sql![made, " WHERE ", self.expr(condition)?];
        }
        Ok(Some(made))
    }

    fn conflict_target(&mut self, conflict: &Conflict) -> Made {
        let mut elements = Vec::new();
        for element in &conflict.elements {
            elements.push(self.expr(element)?);
        }
        let target = sql!["(", join(elements, ", "), ")"];
        Ok(match &conflict.index_where {
            Some(condition) => sql![target, " WHERE ", self.expr(condition)?],
            None => target,
        })
    }

    /// A column's new value: operators stand in parentheses.
    fn assigned(&mut self, value: &Expr) -> Made {
        match value {
            Expr::Value { value, kind } => literal::assigned(value, kind.as_ref(), self.of, self.dialect),
            _ => self.grouped(value, None),
        }
    }
}

/// The other tables that an UPDATE or DELETE reads; SQLAlchemy looks at the conditions first.
fn others<'a>(table: &Source, conditions: &'a [Expr], values: impl Iterator<Item = &'a Expr>) -> Vec<Source> {
    let mut found = Vec::new();
    conditions.iter().chain(values).for_each(|expr| sources_of(expr, &mut found));
    found.retain(|source| source != table);
    found
}
