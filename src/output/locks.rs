//! What revisions lock: `limbeck locks`.

use super::{environment::Surroundings, human, json, ways::RevisionWays};
use crate::lock::Mode;
use serde::Serialize;
use std::io::{self, Write};

/// All that was asked for. It is what the JSON says, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LocksReport {
    /// The major version of the server that this holds of.
    pub postgres: u32,
    /// What was read, and what it is run with.
    pub environments: Vec<Surroundings>,
    /// In the order in which they are run.
    pub revisions: Vec<RevisionLocks>,
}

/// What one revision locks.
pub type RevisionLocks = RevisionWays<WayLocks>;

/// One direction of a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WayLocks {
    /// Nothing is sent but these statements.
    pub complete: bool,
    /// Those that are sent, or may be, in their order.
    pub statements: Vec<StatementLocks>,
    /// What they come to.
    pub transactions: Vec<TransactionLocks>,
}

/// What one statement locks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StatementLocks {
    /// The statement.
    pub sql: String,
    /// The line of the revision that called Alembic.
    pub line: u32,
    /// Sent outside the transaction.
    pub autocommit: bool,
    /// Whether it is sent; `None`: only a run can tell.
    pub sent: Option<bool>,
    /// The heaviest work: `brief`, `rows`, `scan`, `index build` or `rewrite`.
    pub duration: &'static str,
    /// One for each relation that was there before.
    pub locks: Vec<LockTold>,
    /// Why something else may be locked too.
    pub gaps: Vec<String>,
}

/// One lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LockTold {
    /// The relation, with its schema where that is written.
    pub relation: String,
    /// `table`, `index`, `view` or `materialized view`.
    pub kind: &'static str,
    /// What it is to the statement: `target`, `partition`, `referenced`, …
    pub part: &'static str,
    /// The manual's word: `ACCESS EXCLUSIVE`.
    pub mode: &'static str,
    /// What is done to its own rows.
    pub work: &'static str,
    /// How long the statement holds the lock: as long as its heaviest work, on whatever relation.
    pub duration: &'static str,
    /// Who waits: `reads`, `writes`, `ddl`.
    pub waits: Vec<&'static str>,
    /// The same run has made it: nobody else sees it yet, so that nobody waits.
    pub new: bool,
    /// It gets a new, empty file.
    pub emptied: bool,
    /// The work is no less than that.
    pub certain: bool,
    /// Why it may be less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// What one transaction holds when it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TransactionLocks {
    /// Its statements, by their place in [`WayLocks::statements`].
    pub statements: Vec<usize>,
    /// A single statement outside any transaction.
    pub autocommit: bool,
    /// The heaviest work in it.
    pub duration: &'static str,
    /// The strongest lock on each relation.
    pub locks: Vec<Held>,
}

/// A lock that is held to the transaction's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The relation.
    pub relation: String,
    /// What it is.
    pub kind: &'static str,
    /// The mode as it compares.
    #[serde(skip)]
    pub strength: Mode,
    /// The manual's word for it.
    pub mode: &'static str,
    /// The statement that takes it, by its place in [`WayLocks::statements`].
    pub since: usize,
    /// The heaviest work from there to the end.
    pub duration: &'static str,
    /// Who waits.
    pub waits: Vec<&'static str>,
    /// The same run has made it.
    pub new: bool,
}

/// Writes the report as one JSON object.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_json(report: &LocksReport, out: &mut dyn Write) -> io::Result<()> {
    json::print(report, out)
}

/// Writes the report for people.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_text(report: &LocksReport, out: &mut dyn Write) -> io::Result<()> {
    let mut between = "";
    for revision in &report.revisions {
        for (word, way) in revision.ways() {
            write!(out, "{between}")?;
            between = "\n";
            writeln!(out, "{} {word}  {}", human::one_line(&revision.revision), human::one_line(&revision.file))?;
            write_way(way, out)?;
        }
    }
    Ok(())
}

fn write_way(way: &WayLocks, out: &mut dyn Write) -> io::Result<()> {
    for statement in &way.statements {
        let outside = if statement.autocommit { ", outside the transaction" } else { "" };
        let perhaps = if statement.sent.is_none() { ", perhaps sent" } else { "" };
        writeln!(out, "  line {}{outside}{perhaps}: {}", statement.line, short(&statement.sql))?;
        if statement.locks.is_empty() && statement.gaps.is_empty() {
            writeln!(out, "    no lock that anybody waits for")?;
        }
        for lock in &statement.locks {
            let doubt =
                lock.doubt.as_ref().map_or_else(String::new, |why| format!(" (at most: {})", human::one_line(why)));
            let work = if lock.work == lock.duration {
                lock.work.to_owned()
            } else {
                format!("{}, held for the {}", lock.work, lock.duration)
            };
            let (kind, relation) = (lock.kind, human::one_line(&lock.relation));
            writeln!(out, "    {} on {kind} {relation}: {work}{doubt}; {}", lock.mode, waits(&lock.waits, lock.new))?;
        }
        for gap in &statement.gaps {
            writeln!(out, "    perhaps more: {}", human::one_line(gap))?;
        }
    }
    for (number, transaction) in way.transactions.iter().enumerate().filter(|(_, it)| !it.autocommit) {
        writeln!(out, "  transaction {}, {}:", number + 1, transaction.duration)?;
        for held in &transaction.locks {
            let (kind, relation, waits) = (held.kind, human::one_line(&held.relation), waits(&held.waits, held.new));
            writeln!(out, "    {} on {kind} {relation} until its end, {}; {waits}", held.mode, held.duration)?;
        }
    }
    if !way.complete {
        writeln!(out, "  perhaps more: not all of it is understood")?;
    }
    Ok(())
}

fn waits(waits: &[&str], new: bool) -> String {
    if new {
        return "it is new: nobody waits".to_owned();
    }
    match waits {
        [] => "nobody waits".to_owned(),
        ["ddl"] => "DDL waits".to_owned(),
        [one] => format!("{one} wait"),
        [first @ .., last] => format!("{} and {last} wait", first.join(", ")),
    }
    .replace("ddl", "DDL")
}

/// The first words of a statement, on one line.
fn short(sql: &str) -> String {
    let line = human::one_line(sql);
    match line.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
