//! `SELECT`, with SQLAlchemy's line ends and made-up labels.

use super::{
    Unrendered,
    expr::Core,
    names,
    words::{Made, join},
};
use crate::{
    op::{Expr, From, Literal, Name, Qualified, Select},
    source::Text,
};

impl Core<'_> {
    /// A `SELECT` that is no part of a `FROM`.
    pub(super) fn select(&mut self, select: &Select) -> Made {
        self.deeper(|core| core.select_body(select, false))
    }

    fn select_body(&mut self, select: &Select, in_from: bool) -> Made {
        let mut columns = Vec::new();
        for (at, column) in select.columns.iter().enumerate() {
            let made = match repeated(column, select.columns.get(..at).unwrap_or_default())? {
                Some(base) => sql![self.expr(column)?, " AS ", names::quoted(&self.label(&base))],
                None => self.selected(column, in_from)?,
            };
            columns.push(made);
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
            Expr::Ordered { inner, .. } | Expr::Negative(inner) | Expr::Not(inner) | Expr::Prefixed { inner, .. }
                if matches!(**inner, Expr::Column { .. }) =>
            {
                in_from.then(|| Text::made(self.label("anon")))
            }
            Expr::Function { name, .. } => {
                let base = name.last().map_or("anon", String::as_str).to_owned();
                Some(Text::made(names::quoted(&self.label(&base))))
            }
            Expr::Cast { inner, .. } => Some(match without_casts(inner) {
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

/// The base of the label of what is selected again; an error where SQLAlchemy tells objects apart that we do not.
fn repeated(column: &Expr, before: &[Expr]) -> Result<Option<String>, Unrendered> {
    let name = |expr: &Expr| match expr {
        Expr::Column { name, .. } | Expr::Label { name, .. } => Some(name.text.clone()),
        Expr::Cast { inner, .. } => match without_casts(inner) {
            Expr::Column { name, .. } => Some(name.text.clone()),
            _ => None,
        },
        _ => None,
    };
    let is_label = |expr: &Expr| matches!(expr, Expr::Label { .. } | Expr::Text(_) | Expr::Verbatim(_));
    let same = |other: &&Expr| match (column, *other) {
        (Expr::Column { table: a, name: b, .. }, Expr::Column { table: c, name: d, .. }) => {
            b.text == d.text && bare(a.as_ref()) == bare(c.as_ref())
        }
        _ => constant(column) == constant(other) && (constant(column).is_some() || column == *other),
    };
    let (alike, namesakes): (Vec<&Expr>, Vec<&Expr>) = before
        .iter()
        .filter(|other| same(other) || (name(column).is_some() && name(column) == name(other)))
        .partition(same);
    let ambiguous = || Unrendered { reason: "the label of what is selected twice is not known".into() };
    match column {
        _ if alike.is_empty() && namesakes.is_empty() => Ok(None),
        // A label is written as it is given, and a text has none.
        _ if is_label(column) && alike.iter().chain(&namesakes).all(|it| is_label(it)) => Ok(None),
        Expr::Column { table: Some(_), name, .. } if namesakes.is_empty() => Ok(Some(format!("{}_", name.text))),
        _ if constant(column).is_some() => Ok(Some("anon_".to_owned())),
        _ => Err(ambiguous()),
    }
}

/// What a cast gives its name to.
fn without_casts(mut expr: &Expr) -> &Expr {
    while let Expr::Cast { inner, .. } = expr {
        expr = inner;
    }
    expr
}

/// The constants of which SQLAlchemy has one object each.
fn constant(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::Null | Expr::Value { value: Literal::Null, .. } => Some("null"),
        Expr::True | Expr::Value { value: Literal::Bool(true), .. } => Some("true"),
        Expr::False | Expr::Value { value: Literal::Bool(false), .. } => Some("false"),
        _ => None,
    }
}

/// A table's name without the places where it was written.
fn bare(table: Option<&Qualified>) -> Option<(Option<&str>, &str)> {
    table.map(|it| (it.schema.as_ref().map(|schema| schema.text.as_str()), it.name.text.as_str()))
}
