//! A connection, and what the server has against what is sent over it.

use crate::fault;
use miette::Result;
use sqlx::{
    AssertSqlSafe, Connection, Row,
    postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgErrorPosition},
    raw_sql,
};
use std::time::Duration;

/// A statement that has not ended by then is given up.
const PATIENCE: Duration = Duration::from_mins(5);

/// One row in PostgreSQL's own text.
pub(super) type Line = Vec<Option<String>>;

/// A connection that speaks the simple query protocol: a string is sent as it is, and may hold several statements.
pub(super) struct Session {
    connection: PgConnection,
}

/// What the server answers instead of doing it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The SQLSTATE; empty where the connection broke.
    pub(super) code: String,
    /// The server's words.
    pub(super) message: String,
    /// Its second sentence.
    pub(super) detail: Option<String>,
    /// Its advice.
    pub(super) hint: Option<String>,
    /// The character of the string that it speaks of, from 0.
    pub(super) position: Option<usize>,
    /// The schema of the table that it speaks of.
    pub(super) schema: Option<String>,
    /// That table.
    pub(super) table: Option<String>,
    /// The column.
    pub(super) column: Option<String>,
    /// The constraint.
    pub(super) constraint: Option<String>,
}

impl Refusal {
    /// A refusal that is not the server's.
    pub(super) fn ours(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// What the server answers to a driver that prepares a string of several statements.
    pub(super) fn several() -> Self {
        let message = "cannot insert multiple commands into a prepared statement".to_owned();
        Self { code: "42601".to_owned(), message, ..Self::default() }
    }

    /// Message, detail and code in one line.
    pub(super) fn words(&self) -> String {
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut words = line(&self.message);
        if let Some(detail) = &self.detail {
            words.push_str(": ");
            words.push_str(line(detail).trim_end_matches('.'));
        }
        if !self.code.is_empty() {
            words.extend([" (", self.code.as_str(), ")"]);
        }
        words
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(error) = error else { return Self::ours(error.to_string()) };
        let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else { return Self::ours(error.to_string()) };
        Self {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
            schema: error.schema().map(str::to_owned),
            table: error.table().map(str::to_owned),
            column: error.column().map(str::to_owned),
            constraint: error.constraint().map(str::to_owned),
            position: match error.position() {
                Some(PgErrorPosition::Original(at)) => at.checked_sub(1),
                _ => None,
            },
        }
    }
}

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// The server does not let us in; no password is in the words.
    pub(super) async fn open(options: &PgConnectOptions) -> Result<Self> {
        let connection = PgConnection::connect_with(options).await.map_err(|error| {
            let at = options.get_database().unwrap_or_default();
            fault::plain(format!("the database `{at}` cannot be reached: {}", Refusal::from(error).words()))
        })?;
        Ok(Self { connection })
    }

    /// Sends a string; the answer is the number of rows that its last statement touched.
    pub(super) async fn send(&mut self, sql: &str) -> Result<u64, Refusal> {
        let sent = raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection);
        match tokio::time::timeout(PATIENCE, sent).await {
            Ok(answer) => Ok(answer?.rows_affected()),
            Err(_) => Err(Refusal::ours(format!("it has not ended after {} seconds", PATIENCE.as_secs()))),
        }
    }

    /// Sends a `COPY … FROM stdin` and its rows.
    pub(super) async fn copy(&mut self, sql: &str, rows: &str) -> Result<(), Refusal> {
        let mut copy = self.connection.copy_in_raw(sql).await?;
        copy.send(rows.as_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }

    /// What a query answers. Every column has to be a `text`.
    pub(super) async fn ask(&mut self, sql: &str) -> Result<Vec<Line>, Refusal> {
        let rows = raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.connection).await?;
        let line = |row: &sqlx::postgres::PgRow| (0..row.len()).map(|at| row.try_get(at)).collect();
        Ok(rows.iter().map(line).collect::<Result<Vec<Line>, sqlx::Error>>()?)
    }

    /// Whether something is so: a query of one `boolean`.
    pub(super) async fn is(&mut self, sql: &str) -> Result<bool, Refusal> {
        let rows = self.ask(&format!("SELECT ({sql})::text")).await?;
        Ok(rows.first().and_then(|row| row.first()).is_some_and(|it| it.as_deref() == Some("true")))
    }

    /// Says goodbye; what the server thinks of it is of no account.
    pub(super) async fn close(self) {
        let _ = self.connection.close().await;
    }
}

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A quoted identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
