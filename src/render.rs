//! From an operation to the SQL that Alembic sends to PostgreSQL for it, with the place of each part.
//!
//! The witness is Alembic 1.20.1 with SQLAlchemy 2.1.9 and 2.0.58 in offline mode (`literal_binds`, paramstyle
//! `named`). Two differences are wanted: where offline mode prints `NULL` for a `:name` without a value, nothing is
//! rendered, since online that is an error; and data statements whose values have no literal form offline (JSON,
//! columns without a type) are rendered all the same, since online the values are sent as parameters.

#[macro_use]
mod words;

mod alter;
mod clause;
mod column;
mod constraint;
mod convention;
mod expr;
mod index;
mod literal;
mod names;
mod precedence;
mod query;
mod select;
mod sources;
mod table;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    op::{Listeners, Name, Op, Qualified},
    reason::{Class, Reason},
    source::Text,
};

/// What decides how Alembic renders.
#[derive(Clone, Debug)]
pub struct Dialect<'a> {
    /// Major and minor version of the project's SQLAlchemy: `(2, 1)`.
    pub sqlalchemy: (u32, u32),
    /// `target_metadata.naming_convention`, as far as it is of texts: keys `ix`, `uq`, `ck`, `fk`, `pk`; empty: none.
    pub naming_convention: BTreeMap<String, String>,
    /// The kinds of names whose template is not known, and why: what they are asked for is not rendered.
    pub unknown_names: BTreeMap<String, String>,
    /// Code of the project that is called on what is made, and may change names, given ones too.
    pub listeners: Option<&'a dyn Listeners>,
}

impl Default for Dialect<'_> {
    fn default() -> Self {
        let none = BTreeMap::new;
        Self { sqlalchemy: (2, 1), naming_convention: none(), unknown_names: none(), listeners: None }
    }
}

impl Dialect<'_> {
    /// SQLAlchemy 2.1 changed enums, computed columns, numeric keys and backslashes.
    fn is_before_2_1(&self) -> bool {
        self.sqlalchemy < (2, 1)
    }
}

/// What one run of Alembic remembers: the types it has created implicitly before a `CREATE TABLE`. It does so once
/// for a name, even where the type was dropped meanwhile. New for each revision and direction that is rendered alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    created: BTreeSet<(Option<String>, String)>,
}

/// Why an operation has no SQL: Alembic refuses it, or it is not known well enough.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unrendered {
    /// Why.
    pub reason: Reason,
    /// The `:name` that nobody gives a value, without the colon, where that is why.
    pub unbound: Option<Name>,
}

impl From<Reason> for Unrendered {
    fn from(reason: Reason) -> Self {
        Self { reason, unbound: None }
    }
}

/// SQLAlchemy 1.x is rendered as 2.0, but for what is known to differ.
fn differs<T>(what: &str) -> Result<T, Unrendered> {
    Err(Reason::from(format!("SQLAlchemy 1.x renders {what} differently")).into())
}

/// What Alembic or SQLAlchemy itself says no to.
fn refused<T>(why: impl std::fmt::Display) -> Result<T, Unrendered> {
    Err(Reason::of(Class::Refused, format!("Alembic refuses: {why}")).into())
}

/// The statements that Alembic sends for an operation, in order, each without a `;` at its end.
///
/// Several `CREATE INDEX` of one table, and the constraints that follow an `ADD COLUMN`, come in the order of the
/// columns; Alembic's own order is that of a Python set.
///
/// # Errors
/// Where Alembic fails offline or online alike, where a `:name` has no value, and for [`Op::Raise`] and
/// [`Op::Unresolved`], whose own words are then the reason.
pub fn render(op: &Op, dialect: &Dialect, memo: &mut Memo) -> Result<Vec<Text>, Unrendered> {
    match op {
        Op::CreateTable(create) => table::create(create, dialect, memo),
        Op::DropTable { table, if_exists } => {
            heard("drop", table, dialect)?;
            Ok(vec![sql!["DROP TABLE ", words::when(*if_exists, "IF EXISTS "), names::table(table)]])
        }
        Op::RenameTable { table, to } => {
            Ok(vec![sql!["ALTER TABLE ", names::dotted(table), " RENAME TO ", names::name(to)]])
        }
        Op::AddColumn { .. } => table::add_column(op, dialect),
        Op::DropColumn { table, column, if_exists } => Ok(vec![sql![
            "ALTER TABLE ",
            names::dotted(table),
            " DROP COLUMN ",
            words::when(*if_exists, "IF EXISTS "),
            names::name(column)
        ]]),
        Op::AlterColumn(change) => alter::column(change, dialect),
        Op::CreateIndex(made) => Ok(vec![index::create(made, dialect)?]),
        Op::DropIndex { index, concurrently, if_exists, .. } => {
            Ok(vec![index::drop(index, *concurrently, *if_exists)?])
        }
        Op::AddConstraint { table, constraint } => {
            Ok(vec![constraint::add(table, constraint, dialect, constraint::Referred::Known)?])
        }
        Op::DropConstraint { table, name, kind, if_exists } => {
            Ok(vec![constraint::drop(table, name.as_ref(), kind.as_deref(), *if_exists, dialect)?])
        }
        Op::CommentTable { table, comment } => Ok(vec![comment_on_table(table, comment.as_deref(), dialect)]),
        Op::CreateEnum(made) => Ok(vec![types::create_enum(made, None, dialect)?]),
        Op::DropEnum(dropped) => Ok(vec![sql!["DROP TYPE ", types::enum_name(dropped, None, dialect)?]]),
        Op::CreateSequence { sequence, options, if_not_exists } => {
            let options =
                column::identity_options(options).into_iter().map(|(_, option)| Text::made(format!(" {option}")));
            let exists = words::when(*if_not_exists, "IF NOT EXISTS ");
            Ok(vec![sql!["CREATE SEQUENCE ", exists, names::table(sequence), words::join(options, "")]])
        }
        Op::DropSequence { sequence, if_exists } => {
            Ok(vec![sql!["DROP SEQUENCE ", words::when(*if_exists, "IF EXISTS "), names::table(sequence)]])
        }
        Op::CreateSchema { if_not_exists: true, .. } | Op::DropSchema { if_exists: true, .. }
            if dialect.sqlalchemy < (2, 0) =>
        {
            differs("the guard of a schema")
        }
        Op::CreateSchema { schema, if_not_exists } => {
            Ok(vec![sql!["CREATE SCHEMA ", words::when(*if_not_exists, "IF NOT EXISTS "), names::name(schema)]])
        }
        Op::DropSchema { schema, cascade, if_exists } => Ok(vec![sql![
            "DROP SCHEMA ",
            words::when(*if_exists, "IF EXISTS "),
            names::name(schema),
            words::when(*cascade, " CASCADE")
        ]]),
        Op::Execute(text) => Ok(vec![clause::text(text, dialect)?]),
        Op::Driver(text) => Ok(vec![text.clone()]),
        Op::Query(query) => Ok(vec![query::render(query, dialect)?]),
        Op::Raise { what } => Err(Reason::of(Class::Refused, what.clone()).into()),
        Op::Unresolved { reason } => Err(reason.clone().into()),
    }
}

/// Nothing that the project's listeners do is sent beside it.
fn heard(event: &'static str, table: &Qualified, dialect: &Dialect) -> Result<(), Unrendered> {
    Ok(dialect.listeners.map_or(Ok(()), |it| it.table(event, table))?)
}

fn comment_on_table(table: &Qualified, comment: Option<&str>, dialect: &Dialect) -> Text {
    let comment = comment.map_or_else(|| "NULL".to_owned(), |text| literal::quoted(text, dialect));
    sql!["COMMENT ON TABLE ", names::table(table), " IS ", comment]
}
