//! What is neither a table nor an index.

use super::Made;
use crate::statement::{Make, Name, Type, Volatility};

/// A schema, type, sequence, view, function, trigger, policy, extension, …
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Where it was made.
    pub made: Made,
    /// Where it was last changed; where it was made, if never.
    pub changed: Made,
    /// Counts up with each thing that is made: what is made later may need what is made earlier.
    pub order: u32,
    /// As [`Make::sql`].
    pub sql: String,
    /// `ALTER` statements since, in their order.
    pub amends: Vec<String>,
    /// The table or view that it hangs on.
    pub on: Option<Name>,
    /// The tables and views that a view's query names.
    pub reads: Vec<Name>,
    /// An enum's values, in their order.
    pub labels: Vec<String>,
    /// A materialized view.
    pub materialized: bool,
    /// A function's volatility.
    pub volatility: Option<Volatility>,
    /// The function that a trigger calls.
    pub calls: Option<Name>,
    /// What a domain is over.
    pub base: Option<Type>,
    /// The column that a sequence belongs to.
    pub owned_by: Option<(Name, String)>,
    /// Its comment.
    pub comment: Option<String>,
    /// A sequence that a `serial` column has brought along: its type.
    pub serial: bool,
    /// The text may no longer say what the server holds, since something in it goes by another name now.
    pub stale: bool,
}

impl Object {
    /// What a `CREATE` makes.
    pub(super) fn new(make: &Make, made: Made, order: u32) -> Self {
        Self {
            made,
            changed: made,
            order,
            sql: make.sql.clone(),
            amends: Vec::new(),
            on: make.on.clone(),
            reads: make.reads.clone(),
            labels: make.labels.clone(),
            materialized: make.materialized,
            volatility: make.volatility,
            calls: make.calls.clone(),
            base: make.base.clone(),
            owned_by: make.owned_by.clone(),
            comment: None,
            serial: false,
            stale: false,
        }
    }
}
