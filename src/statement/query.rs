//! Queries, as far as the question "does every row find a partner?" needs them.

use super::{Expr, Name};

/// A `SELECT` of nothing but columns, relations that are joined, and a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What it answers, under which name.
    pub columns: Vec<(String, Expr)>,
    /// What it reads.
    pub sources: Vec<Source>,
    /// `WHERE`, and the `ON` of its joins.
    pub condition: Option<Expr>,
    /// Its rows are put into this table, and come back: what is no column of what is read is one of that.
    pub inserted: Option<Source>,
    /// `LIMIT`: not every row is among the answer.
    pub limited: bool,
    /// `GROUP BY`: a row for each group, of which each has rows.
    pub grouped: bool,
    /// An aggregate without `GROUP BY`: it answers one row, whatever it reads.
    pub whole: bool,
}

impl Query {
    /// Aggregates that migrations use, each with a value where it is given one that is not NULL. What else aggregates is
    /// taken for a plain function, of which nothing follows.
    pub const AGGREGATES: &[&str] =
        &["array_agg", "avg", "bool_and", "bool_or", "count", "max", "min", "string_agg", "sum"];
}

/// One relation of a `FROM`.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The name that it goes by there.
    pub name: String,
    /// What it is.
    pub of: Relation,
}

/// What stands in a `FROM`.
#[derive(Clone, Debug, PartialEq)]
pub enum Relation {
    /// A table or view.
    Table(Name),
    /// A subquery, or a `WITH` of that name.
    Query(Box<Query>),
    /// Something else: a function, an outer join, …
    Other,
}

/// The one expression that is the body of a function in SQL.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// `STRICT`: NULL for any argument that is NULL.
    pub strict: bool,
    /// The parameters' names, of those that have one; others are `$1`, `$2`, …, which all go by too.
    pub parameters: Vec<String>,
    /// What it answers.
    pub value: Expr,
}

impl Body {
    /// Which parameter a column of the body's expression is.
    #[must_use]
    pub fn parameter(&self, column: &str) -> Option<usize> {
        match column.strip_prefix('$') {
            Some(number) => number.parse::<usize>().ok()?.checked_sub(1),
            None => self.parameters.iter().position(|it| it == column),
        }
    }
}

/// What is known of a statement's surroundings, where its own words do not say whether a value may be NULL.
pub trait Facts {
    /// The column, of that relation where one is named, holds a value in every row.
    fn column(&self, relation: Option<&str>, column: &str) -> bool;

    /// A function of the user's own gives a value, where these arguments do.
    fn call(&self, _function: &Name, _values: &[bool]) -> bool {
        false
    }

    /// A query in the place of a value gives one.
    fn query(&self, _query: &Query) -> bool {
        false
    }
}

/// Nothing is known of any column.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Facts for Nothing {
    fn column(&self, _: Option<&str>, _: &str) -> bool {
        false
    }
}
