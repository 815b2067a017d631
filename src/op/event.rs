//! What SQLAlchemy tells code of the project's while Alembic makes tables and constraints (`sqlalchemy.event`).

use super::Qualified;
use crate::reason::Reason;

/// A constraint or an index at the moment when it is put on its table: the event `after_parent_attach`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attached {
    /// `ix`, `uq`, `ck`, `fk`, `pk`; `ex` for an exclusion constraint.
    pub kind: &'static str,
    /// The schema of the table.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// A check that was given to a column is put on that, and the listener is handed the column.
    pub column: Option<String>,
    /// The columns, where the kind has such.
    pub columns: Vec<String>,
    /// Of a foreign key, `schema.table.column` for each column.
    pub targets: Vec<String>,
    /// Of a check that was given as text, that text.
    pub condition: Option<String>,
    /// The name so far, that of a naming convention included.
    pub name: Option<String>,
}

/// Code of the project that SQLAlchemy calls on all that Alembic makes, whatever revision asks for it.
pub trait Listeners: Sync + std::fmt::Debug {
    /// Somebody listens to constraints or indexes of a kind.
    fn hear(&self, kind: &str) -> bool;

    /// The name in the end.
    ///
    /// # Errors
    /// It is not known what the listeners do.
    fn name(&self, attached: &Attached) -> Result<Option<String>, Reason>;

    /// Makes sure that nothing happens beside a `CREATE TABLE` (`create`) or `DROP TABLE` (`drop`).
    ///
    /// # Errors
    /// Something happens, or it is not known.
    fn table(&self, event: &'static str, table: &Qualified) -> Result<(), Reason>;
}
