//! What `limbeck roundtrip` tried, beside what it found: each test by its name, and what could not be run.

use super::human::one_line;
use serde::Serialize;
use std::io::{self, Write};

/// More of what Alembic has run than this is counted, not listed.
const MOST: usize = 30;

/// The tests of one history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trials {
    /// The script folder.
    pub environment: String,
    /// The major version of the server.
    pub postgres: u32,
    /// In the order in which they are told.
    pub tests: Vec<Test>,
    /// What was not run as Alembic would run it.
    pub skipped: Vec<Skipped>,
    /// What the project's own Alembic has run, by revision.
    pub alembic: Vec<ByAlembic>,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Test {
    /// `fresh`, `stairs`, `all the way`, …
    pub name: &'static str,
    /// `passed`, `failed`, or `partly` where all that could be run has passed.
    pub outcome: &'static str,
    /// How much was run.
    pub detail: String,
}

/// A revision that was not run in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its id.
    pub revision: String,
    /// `upgrade` or `downgrade`.
    pub direction: &'static str,
    /// Its file, as it is to be shown.
    pub file: String,
    /// The line of the reason, where it has one.
    pub line: Option<u32>,
    /// Why.
    pub reason: String,
}

/// One way of a revision that the project's own Alembic has run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ByAlembic {
    /// The revision's id.
    pub revision: String,
    /// `upgrade` or `downgrade`.
    pub direction: &'static str,
}

/// Writes the tests for people.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(all: &[Trials], out: &mut dyn Write) -> io::Result<()> {
    for trials in all {
        for it in &trials.skipped {
            let line = it.line.map_or_else(String::new, |line| format!(":{line}"));
            let (file, reason) = (one_line(&it.file), one_line(&it.reason));
            writeln!(out, "not run: {} of {} ({file}{line}): {reason}", it.direction, one_line(&it.revision))?;
        }
        if trials.alembic.len() > MOST {
            writeln!(out, "run by Alembic: {} ways of revisions", trials.alembic.len())?;
        }
        for it in trials.alembic.iter().filter(|_| trials.alembic.len() <= MOST) {
            writeln!(out, "run by Alembic: {} of {}", it.direction, one_line(&it.revision))?;
        }
        let width = trials.tests.iter().map(|it| it.name.len()).max().unwrap_or(0);
        writeln!(out, "{} on PostgreSQL {}", one_line(&trials.environment), trials.postgres)?;
        for it in &trials.tests {
            writeln!(out, "  {:width$}  {}  {}", it.name, it.outcome, it.detail)?;
        }
    }
    Ok(())
}
