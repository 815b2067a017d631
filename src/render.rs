//! A step to the SQL that Alembic would send.

use crate::{op::Op, source::Text};

/// Which versions of SQLAlchemy and PostgreSQL the SQL is for.
#[derive(Clone, Debug, Default)]
pub struct Dialect {}

/// What earlier steps of the same body have done that decides what a later one sends.
#[derive(Clone, Debug, Default)]
pub struct Memo {}

/// A step that has not become SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrendered {
    /// Why.
    pub reason: String,
}

/// The statements that Alembic sends for an operation.
///
/// # Errors
///
/// Where the SQL is not known.
pub fn render(op: &Op, _dialect: &Dialect, _memo: &mut Memo) -> Result<Vec<Text>, Unrendered> {
    match op {
        Op::Execute(clause) => Ok(vec![clause.text.clone()]),
        Op::Driver(text) => Ok(vec![text.clone()]),
        _ => Err(Unrendered { reason: "the renderer is not there yet".to_owned() }),
    }
}
