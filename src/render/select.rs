//! `SELECT`, with SQLAlchemy's line ends and made-up labels.

use super::{
    expr::Core,
    names,
    words::{Made, join},
};
use crate::{
    op::{Expr, From, Name, Select},
    source::Text,
};

impl Core<'_> {
    /// A `SELECT` that is no part of a `FROM`.
    pub(super) fn select(&mut self, select: &Select) -> Made {
        self.deeper(|core| core.select_body(select, false))
    }

    fn select_body(&mut self, select: &Select, in_from: bool) -> Made {
        let mut columns = Vec::new();
        for column in &select.columns {
            columns.push(self.selected(column, in_from)?);
        }
        let distinct = super::words::when(select.distinct, "DISTINCT ");
        let mut made = sql!["SELECT ", distinct, join(columns, ", ")];
        if !select.from.is_empty() {
            made = sql![made, " \nFROM ", self.sources(&select.from)?];
        }
        if !select.conditions.is_empty() {
            made = sql![made, " \nWHERE ", self.conditions(&select.conditions)?];
        }
        if !select.group_by.is_empty() {
            made = sql![made, " GROUP BY ", self.by(&select.group_by, &select.columns)?];
        }
        if !select.having.is_empty() {
            made = sql![made, " \nHAVING ", self.conditions(&select.having)?];
        }
        if !select.order_by.is_empty() {
            made = sql![made, " ORDER BY ", self.by(&select.order_by, &select.columns)?];
        }
        if let Some(limit) = &select.limit {
            made = sql![made, " \n LIMIT ", self.expr(limit)?];
        }
        if let Some(offset) = &select.offset {
            let all = super::words::when(select.limit.is_none(), "\n LIMIT ALL");
            made = sql![made, all, " OFFSET ", self.expr(offset)?];
        }
        Ok(made)
    }

    /// The elements of `ORDER BY` and `GROUP BY`: a label of the columns stands by its name.
    fn by(&mut self, items: &[Expr], columns: &[Expr]) -> Made {
        let mut parts = Vec::new();
        for item in items {
            parts.push(match item {
                Expr::Label { name, .. } if columns.contains(item) => names::name(name),
                Expr::Ordered { inner, suffix } => match inner.as_ref() {
                    Expr::Label { name, .. } if columns.contains(inner) => {
                        sql![names::name(name), " ", suffix.trim()]
                    }
                    _ => self.expr(item)?,
                },
                _ => self.expr(item)?,
            });
        }
        Ok(join(parts, ", "))
    }

    /// A selected expression with its label, where SQLAlchemy gives it one.
    fn selected(&mut self, expr: &Expr, in_from: bool) -> Made {
        if let Expr::Label { inner, name } = expr {
            return Ok(sql![self.expr(inner)?, " AS ", names::name(name)]);
        }
        let made = self.expr(expr)?;
        Ok(match self.implied_label(expr, in_from) {
            Some(label) => sql![made, " AS ", label],
            None => made,
        })
    }

    fn implied_label(&mut self, expr: &Expr, in_from: bool) -> Option<Text> {
        match super::precedence::normal(expr).as_ref() {
            Expr::Column { name, .. } => in_from.then(|| names::name(name)),
            Expr::Text(_) | Expr::Verbatim(_) => None,
            Expr::Ordered { .. } | Expr::Negative(_) | Expr::Not(_) | Expr::Prefixed { .. } => {
                in_from.then(|| Text::made(self.label("anon")))
            }
            Expr::Function { name, .. } => {
                let base = name.last().map_or("anon", String::as_str).to_owned();
                Some(Text::made(names::quoted(&self.label(&base))))
            }
            Expr::Cast { inner, .. } => Some(match inner.as_ref() {
                Expr::Column { name, .. } => names::name(&Name { span: None, ..name.clone() }),
                Expr::Function { name, .. } => {
                    let base = name.last().map_or("anon", String::as_str).to_owned();
                    Text::made(names::quoted(&self.label(&base)))
                }
                _ => Text::made(self.label("anon")),
            }),
            _ => Some(Text::made(self.label("anon"))),
        }
    }

    /// What stands behind `FROM` or `USING`.
    pub(super) fn sources(&mut self, items: &[From]) -> Made {
        let mut parts = Vec::new();
        for item in items {
            parts.push(self.source(item)?);
        }
        Ok(join(parts, ", "))
    }

    fn source(&mut self, item: &From) -> Made {
        Ok(match item {
            From::Table { table, alias: None } => names::table(table),
            From::Table { table, alias: Some(alias) } => sql![names::table(table), " AS ", names::name(alias)],
            From::Join { left, right, on, outer } => {
                let word = if *outer { " LEFT OUTER JOIN " } else { " JOIN " };
                let left = self.deeper(|core| core.source(left))?;
                let nested = self.deeper(|core| core.source(right))?;
                let right = if matches!(right.as_ref(), From::Join { .. }) { sql!["(", nested, ")"] } else { nested };
                sql![left, word, right, " ON ", self.expr(on)?]
            }
            From::Subquery { select, alias } => {
                let body = self.deeper(|core| core.select_body(select, true))?;
                sql!["(", body, ") AS ", names::name(alias)]
            }
        })
    }
}
