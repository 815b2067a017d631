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
    /// What each statement was seen to do, with `--trace`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Traced>,
    /// How long others had to wait, with `--contention`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contention: Vec<Blocked>,
    /// Tables that no rows could be made for.
    pub unfilled: Vec<Unfilled>,
    /// What limbeck's own replayed schema has otherwise than the server: faults of limbeck's, not of the history's.
    pub unlike: Vec<Unlike>,
}

/// How long somebody who reads a table's rows one by one, and somebody who writes them, had to wait for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blocked {
    /// The revision whose upgrade was run meanwhile.
    pub revision: String,
    /// The table; empty where the revision as a whole could not be measured, as `note` says.
    pub table: String,
    /// How many rows it had.
    pub rows: u64,
    /// How long it took to read them all.
    pub scan_milliseconds: u64,
    /// The longest that a read took.
    pub read_milliseconds: u64,
    /// The longest that a write took.
    pub write_milliseconds: u64,
    /// What was not as it should be.
    pub note: Option<String>,
}

/// A table without rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfilled {
    /// With its schema.
    pub table: String,
    /// What the server says to the last row that was tried.
    pub reason: String,
}

/// An object that is not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unlike {
    /// The revision after which that is seen first.
    pub revision: String,
    /// The object.
    pub object: String,
    /// As the server has it; `null` where it has it not.
    pub server: Option<String>,
    /// As limbeck has it.
    pub replay: Option<String>,
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

/// What one string of SQL was seen to do to the relations that were there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Traced {
    /// The revision's id.
    pub revision: String,
    /// `upgrade` or `downgrade`.
    pub direction: &'static str,
    /// The file, as it is to be shown.
    pub file: String,
    /// The line of the call.
    pub line: Option<u32>,
    /// What was sent.
    pub sql: String,
    /// How long the server took.
    pub microseconds: u64,
    /// It was sent outside of a transaction, so that its locks were not seen.
    pub outside: bool,
    /// The strongest lock that it took on each relation.
    pub locks: Vec<Taken>,
    /// What was written anew.
    pub rewritten: Vec<String>,
    /// What was read from end to end.
    pub scanned: Vec<String>,
    /// Where the lock model says something else: a fault of limbeck's.
    pub differs: Vec<String>,
}

/// A lock that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The relation, without `public.`
    pub relation: String,
    /// The manual's word: `ACCESS EXCLUSIVE`.
    pub mode: &'static str,
}

/// One statement of a trace for people.
fn write_traced(it: &Traced, out: &mut dyn Write) -> io::Result<()> {
    let line = it.line.map_or_else(String::new, |line| format!(":{line}"));
    let time = format!("{}.{:03} ms", it.microseconds / 1000, it.microseconds % 1000);
    let file = one_line(&it.file);
    writeln!(out, "{} of {} ({file}{line}), {time}: {}", it.direction, one_line(&it.revision), one_line(&it.sql))?;
    for lock in &it.locks {
        writeln!(out, "    {} on {}", lock.mode, one_line(&lock.relation))?;
    }
    for (word, names) in [("rewrites", &it.rewritten), ("reads all of", &it.scanned)] {
        for name in names {
            writeln!(out, "    {word} {}", one_line(name))?;
        }
    }
    if it.outside {
        writeln!(out, "    outside of a transaction: its locks were not seen")?;
    }
    for differs in &it.differs {
        writeln!(out, "    the lock model is wrong here, which is a fault of limbeck's: {}", one_line(differs))?;
    }
    Ok(())
}

/// How long others waited for one table.
fn write_blocked(it: &Blocked, out: &mut dyn Write) -> io::Result<()> {
    let note = it.note.as_deref().map_or_else(String::new, |it| format!("; {}", one_line(it)));
    let revision = one_line(&it.revision);
    if it.table.is_empty() {
        return writeln!(out, "not measured: {revision}{note}");
    }
    let (table, rows, scan) = (one_line(&it.table), it.rows, it.scan_milliseconds);
    let (reads, writes) = (it.read_milliseconds, it.write_milliseconds);
    writeln!(
        out,
        "beside {revision}: reads of {table} waited {reads} ms at most, writes {writes} ms ({rows} rows, read in {scan} ms){note}"
    )
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
        for it in &trials.trace {
            write_traced(it, out)?;
        }
        for it in &trials.contention {
            write_blocked(it, out)?;
        }
        for it in &trials.unfilled {
            writeln!(out, "not filled: {}: {}", one_line(&it.table), one_line(&it.reason))?;
        }
        for it in &trials.unlike {
            let side = |text: &Option<String>| text.as_deref().map_or_else(|| "nothing".to_owned(), one_line);
            let (revision, object) = (one_line(&it.revision), one_line(&it.object));
            let (server, replay) = (side(&it.server), side(&it.replay));
            writeln!(
                out,
                "limbeck is wrong: after {revision} {object} is {server} on the server, {replay} in the replay"
            )?;
        }
        let width = trials.tests.iter().map(|it| it.name.len()).max().unwrap_or(0);
        writeln!(out, "{} on PostgreSQL {}", one_line(&trials.environment), trials.postgres)?;
        for it in &trials.tests {
            writeln!(out, "  {:width$}  {}  {}", it.name, it.outcome, it.detail)?;
        }
    }
    Ok(())
}
