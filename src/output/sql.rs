//! The SQL that revisions send: `limbeck sql`.

use super::{environment::Surroundings, human, json, ways::RevisionWays};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// All that was asked for. It is what the JSON says, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SqlReport {
    /// What was read, and what it is run with.
    pub environments: Vec<Surroundings>,
    /// In the order in which they are run.
    pub revisions: Vec<RevisionSql>,
    /// The naming convention that names were made by, kind of name to template: what was read from the project;
    /// `None` where there is none, or not one for all environments.
    pub naming_convention: Option<BTreeMap<String, String>>,
}

/// What one revision sends.
pub type RevisionSql = RevisionWays<WaySql>;

/// One direction of a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WaySql {
    /// These statements and no others are sent, in this order.
    pub complete: bool,
    /// Those that are known.
    pub statements: Vec<StatementSql>,
    /// What is not.
    pub unresolved: Vec<UnresolvedSql>,
    /// Where the run ends: what Alembic refuses, what the revision raises.
    pub fails: Vec<FailureSql>,
}

/// One statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StatementSql {
    /// As Alembic sends it.
    pub sql: String,
    /// The line of the revision that called Alembic.
    pub line: u32,
    /// Sent outside the transaction.
    pub autocommit: bool,
    /// Sent only where what it creates is missing: SQLAlchemy asks the database (`checkfirst`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub if_missing: bool,
    /// Sent only where what it drops is present.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub if_present: bool,
    /// Sent only if this holds.
    pub when: Option<WhenSql>,
}

/// A condition in a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WhenSql {
    /// The Python of it.
    pub text: String,
    /// Its line.
    pub line: u32,
    /// Whether the statement is sent; `None`: only a run can tell.
    pub decided: Option<bool>,
    /// Why only a run can tell, one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The class of the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<&'static str>,
}

/// Something that was not understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnresolvedSql {
    /// Its line.
    pub line: u32,
    /// Why, one sentence.
    pub reason: String,
    /// The class of the reason: [`Class::word`](crate::reason::Class::word).
    pub class: &'static str,
}

/// Where a run ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FailureSql {
    /// Its line.
    pub line: u32,
    /// What it fails with, one sentence.
    pub reason: String,
}

/// Writes the report as one JSON object.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_json(report: &SqlReport, out: &mut dyn Write) -> io::Result<()> {
    json::print(report, out)
}

/// Writes the statements as SQL; everything else is said in comments.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_text(report: &SqlReport, out: &mut dyn Write) -> io::Result<()> {
    let mut between = "";
    for revision in &report.revisions {
        for (word, way) in revision.ways() {
            write!(out, "{between}")?;
            between = "\n";
            writeln!(out, "-- revision {} {word}", human::one_line(&revision.revision))?;
            writeln!(out, "-- file {}", human::one_line(&revision.file))?;
            write_way(way, out)?;
        }
    }
    Ok(())
}

fn write_way(way: &WaySql, out: &mut dyn Write) -> io::Result<()> {
    for statement in &way.statements {
        write_statement(statement, out)?;
    }
    for UnresolvedSql { line, reason, .. } in &way.unresolved {
        writeln!(out, "-- unresolved line {line}: {}", human::one_line(reason))?;
    }
    for FailureSql { line, reason } in &way.fails {
        writeln!(out, "-- fails line {line}: {}", human::one_line(reason))?;
    }
    Ok(())
}

fn write_statement(statement: &StatementSql, out: &mut dyn Write) -> io::Result<()> {
    let decided = statement.when.as_ref().and_then(|when| when.decided);
    if let Some(when) = &statement.when {
        let word = match decided {
            None => "perhaps sent",
            Some(true) => "sent",
            Some(false) => "not sent",
        };
        writeln!(out, "-- {word}, line {}: when {}", when.line, human::one_line(&when.text))?;
    }
    if statement.if_missing {
        writeln!(out, "-- sent if it is missing")?;
    }
    if statement.if_present {
        writeln!(out, "-- sent if it is present")?;
    }
    if statement.autocommit {
        writeln!(out, "-- outside the transaction")?;
    }
    let sql = ended(&statement.sql);
    if decided == Some(false) {
        // What is not sent is shown all the same, but never as SQL.
        return sql.split(['\n', '\r']).try_for_each(|line| writeln!(out, "--   {line}"));
    }
    writeln!(out, "{sql}")
}

/// A statement with its semicolon: on a line of its own where the last line might be a comment.
fn ended(sql: &str) -> String {
    let sql = sql.trim_end();
    match sql.lines().last() {
        Some(last) if last.contains("--") => format!("{sql}\n;"),
        _ if sql.ends_with(';') => sql.to_owned(),
        _ => format!("{sql};"),
    }
}
