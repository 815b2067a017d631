//! `SELECT`, with SQLAlchemy's line ends and made-up labels.

use super::{
    Unrendered,
    expr::Core,
    names,
    words::{Made, join},
};
use crate::{
    op::{Distinct, Expr, Literal, Name, Select},
    source::Text,
};

impl Core<'_> {
    /// A `SELECT` that is no part of a `FROM`.
    pub(super) fn select(&mut self, select: &Select) -> Made {
        self.select_within(select, false, false)
    }

    /// A `SELECT` in a `FROM` sees the tables beside it only where it is `LATERAL`.
    pub(super) fn select_within(&mut self, select: &Select, as_from: bool, lateral: bool) -> Made {
        self.deeper(|core| {
            if let Some((keyword, parts)) = &select.compound {
                return core.compound(select, keyword, parts, as_from);
            }
            let named = core.enter(select, as_from && !lateral)?;
            let made = core.select_body(select, &named, as_from);
            core.leave();
            made
        })
    }

    /// `… UNION …`: what is ordered or limited by itself stands in parentheses.
    fn compound(&mut self, select: &Select, keyword: &str, parts: &[Select], as_from: bool) -> Made {
        let mut made = Vec::new();
        for part in parts {
            let text = self.select_within(part, as_from, false)?;
            let is_grouped =
                part.compound.is_some() || part.limit.is_some() || part.offset.is_some() || !part.order_by.is_empty();
            made.push(if is_grouped { sql!["(", text, ")"] } else { text });
        }
        let made = join(made, &format!(" {keyword} "));
        let before = std::mem::replace(&mut self.without_table, true);
        let columns = parts.first().map(|part| part.columns.clone()).unwrap_or_default();
        let made = self.tail(made, select, &columns);
        self.without_table = before;
        made
    }

    fn select_body(&mut self, select: &Select, named: &[crate::op::Source], as_from: bool) -> Made {
        let columns = self.labelled(&select.columns, as_from)?;
        let distinct = match &select.distinct {
            Distinct::No => Text::default(),
            Distinct::Yes => Text::made("DISTINCT "),
            Distinct::On(items) => {
                let items: Result<Vec<Text>, Unrendered> = items.iter().map(|item| self.expr(item)).collect();
                sql!["DISTINCT ON (", join(items?, ", "), ") "]
            }
        };
        let mut made = sql!["SELECT ", distinct, columns];
        if !named.is_empty() {
            made = sql![made, " \nFROM ", self.sources(named)?];
        }
        if !select.conditions.is_empty() {
            made = sql![made, " \nWHERE ", self.conditions(&select.conditions)?];
        }
        self.tail(made, select, &select.columns)
    }

    /// `GROUP BY` and what may follow.
    fn tail(&mut self, mut made: Text, select: &Select, columns: &[Expr]) -> Made {
        if !select.group_by.is_empty() {
            let items: Result<Vec<Text>, Unrendered> = select.group_by.iter().map(|item| self.expr(item)).collect();
            made = sql![made, " GROUP BY ", join(items?, ", ")];
        }
        if !select.having.is_empty() {
            made = sql![made, " \nHAVING ", self.conditions(&select.having)?];
        }
        if !select.order_by.is_empty() {
            made = sql![made, " ORDER BY ", self.by(&select.order_by, columns)?];
        }
        if let Some(limit) = &select.limit {
            made = sql![made, " \n LIMIT ", self.expr(limit)?];
        }
        if let Some(offset) = &select.offset {
            let all = super::words::when(select.limit.is_none(), "\n LIMIT ALL");
            made = sql![made, all, " OFFSET ", self.expr(offset)?];
        }
        let locking = select.locking.as_deref().unwrap_or_default();
        Ok(sql![made, locking])
    }

    /// The elements of `ORDER BY`: a label of the columns stands by its name.
    pub(super) fn by(&mut self, items: &[Expr], columns: &[Expr]) -> Made {
        let mut parts = Vec::new();
        for item in items {
            parts.push(self.by_label(item, columns)?);
        }
        Ok(join(parts, ", "))
    }

    fn by_label(&mut self, item: &Expr, columns: &[Expr]) -> Made {
        match item {
            Expr::Label { name, .. } if columns.contains(item) => Ok(names::name(name)),
            Expr::Ordered { inner, suffix } if matches!(innermost(inner), Expr::Label { .. }) => {
                Ok(sql![self.by_label(inner, columns)?, " ", suffix.trim()])
            }
            _ => self.expr(item),
        }
    }

    /// Selected or returned expressions, each with its label where SQLAlchemy gives it one. Of two columns of one
    /// name the second gets another.
    pub(super) fn labelled(&mut self, columns: &[Expr], as_from: bool) -> Made {
        let mut parts = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            parts.push(match repeated(column, columns.get(..at).unwrap_or_default())? {
                Some(base) => sql![self.expr(column)?, " AS ", names::quoted(&self.label(&base))],
                None => self.selected(column, as_from)?,
            });
        }
        Ok(join(parts, ", "))
    }

    fn selected(&mut self, expr: &Expr, as_from: bool) -> Made {
        if let Expr::Label { inner, name } = expr {
            return Ok(sql![self.expr(inner)?, " AS ", names::name(name)]);
        }
        let made = self.expr(expr)?;
        Ok(match self.implied_label(expr, as_from) {
            Some(label) => sql![made, " AS ", label],
            None => made,
        })
    }

    fn function_label(&mut self, name: &[String]) -> Text {
        let base = name.last().map_or("anon", String::as_str).to_owned();
        Text::made(names::quoted(&self.label(&base)))
    }

    fn implied_label(&mut self, expr: &Expr, as_from: bool) -> Option<Text> {
        match super::precedence::normal(expr).as_ref() {
            Expr::Column { table, name, .. } => (as_from && table.is_some()).then(|| names::name(name)),
            Expr::Text(_) | Expr::Verbatim(_) | Expr::Whole(_) => None,
            Expr::Ordered { inner, .. } | Expr::Negative(inner) | Expr::Not(inner) | Expr::Prefixed { inner, .. }
                if matches!(**inner, Expr::Column { .. }) =>
            {
                as_from.then(|| Text::made(self.label("anon")))
            }
            Expr::Function { name, .. } => Some(self.function_label(name)),
            // SQLAlchemy 2.0 gives it no name of its own.
            Expr::Within { inner, group: true, .. } => match inner.as_ref() {
                Expr::Function { name, .. } if !self.dialect.is_before_2_1() => Some(self.function_label(name)),
                _ => Some(Text::made(self.label("anon"))),
            },
            Expr::Cast { inner, .. } => Some(match without_casts(inner) {
                Expr::Column { name, .. } => names::name(&Name { span: None, ..name.clone() }),
                Expr::Function { name, .. } => self.function_label(name),
                _ => Text::made(self.label("anon")),
            }),
            _ => Some(Text::made(self.label("anon"))),
        }
    }
}

/// What is ordered, under its `DESC` and `NULLS LAST`.
fn innermost(expr: &Expr) -> &Expr {
    match expr {
        Expr::Ordered { inner, .. } => innermost(inner),
        other => other,
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
        (Expr::Column { table: a, name: b, .. }, Expr::Column { table: c, name: d, .. }) => b.text == d.text && a == c,
        _ => constant(column) == constant(other) && (constant(column).is_some() || column == *other),
    };
    let (alike, namesakes): (Vec<&Expr>, Vec<&Expr>) = before
        .iter()
        .filter(|other| same(other) || (name(column).is_some() && name(column) == name(other)))
        .partition(same);
    let is_of_table = |expr: &Expr| matches!(expr, Expr::Column { table: Some(_), .. });
    match column {
        _ if alike.is_empty() && namesakes.is_empty() => Ok(None),
        // A label is written as it is given, and a text has none.
        _ if is_label(column) && alike.iter().chain(&namesakes).all(|it| is_label(it)) => Ok(None),
        Expr::Column { table: Some(_), name, .. } if namesakes.is_empty() => Ok(Some(format!("{}_", name.text))),
        // A column of another table and the same name.
        Expr::Column { table: Some(_), name, .. } if alike.is_empty() && namesakes.iter().all(|it| is_of_table(it)) => {
            Ok(Some(name.text.clone()))
        }
        _ if constant(column).is_some() => Ok(Some("anon_".to_owned())),
        _ => Err(crate::reason::Reason::from("the label of what is selected twice is not known").into()),
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
