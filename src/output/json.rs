//! The report as one JSON object: a contract with scripts, so the types are its own and their order is kept.

use super::{Output, Row, environment::Surroundings, human};
use crate::finding::{self, Direction};
use serde::Serialize;
use std::{
    fmt::Write as _,
    io::{self, Write},
};

#[derive(Serialize)]
struct Report<'a> {
    findings: Vec<Finding<'a>>,
    environments: Vec<Surroundings>,
    summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    roundtrip: Option<&'a [super::trials::Trials]>,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    severity: &'a str,
    message: &'a str,
    file: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    environment: &'a str,
    revision: Option<&'a str>,
    direction: Option<&'a str>,
    sql: Option<&'a str>,
    help: Option<&'a str>,
    notes: Vec<Note<'a>>,
    fingerprint: &'a str,
    group: Option<&'a str>,
    breaks: &'a str,
    suppressed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Vec<Edit>>,
}

/// What stands in place of a part of the file then; all edits of a finding go together.
#[derive(Serialize)]
struct Edit {
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    text: String,
}

#[derive(Serialize)]
struct Note<'a> {
    message: &'a str,
    file: String,
    line: u32,
}

#[derive(Serialize)]
struct Summary {
    revisions: usize,
    statements: usize,
    operations: usize,
    resolved: usize,
    unresolved: usize,
    undecided: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    accepted: usize,
}

/// Writes the object and a line end. Files are relative to where the reader stands; suppressed findings are there
/// and say so.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = output.rows();
    let sum = output.report.summary;
    let report = Report {
        findings: rows.iter().map(|row| finding(output, row)).collect(),
        environments: output
            .report
            .environments
            .iter()
            .map(|(folder, stack)| Surroundings::of(folder, stack, &|path| output.paths.shown(path)))
            .collect(),
        summary: Summary {
            revisions: sum.revisions,
            statements: sum.statements,
            operations: sum.operations,
            resolved: sum.operations.saturating_sub(sum.unresolved),
            unresolved: sum.unresolved,
            undecided: sum.undecided,
            errors: sum.errors,
            warnings: sum.warnings,
            notes: sum.notes,
            accepted: sum.accepted,
        },
        roundtrip: output.trials,
    };
    print(&report, out)
}

/// Writes each finding as the object that it is in the whole report, on a line of its own.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_lines(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    for row in &output.rows() {
        writeln!(out, "{}", inert(&serde_json::to_string(&finding(output, row))?))?;
    }
    Ok(())
}

/// Any value as JSON that people can read too, with a line end.
pub(super) fn print(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", inert(&serde_json::to_string_pretty(value)?))
}

/// JSON in which nothing is left that a terminal would obey: such characters stand in strings only, where JSON has
/// another spelling for them.
pub(super) fn inert(json: &str) -> String {
    let mut spelled = String::with_capacity(json.len());
    for char in json.chars() {
        if char != '\n' && human::visible(char) != char {
            // Writing to a string cannot fail; none of them is beyond the first plane.
            let _ = write!(spelled, "\\u{:04x}", u32::from(char));
        } else {
            spelled.push(char);
        }
    }
    spelled
}

fn finding<'a>(output: &Output<'_>, row: &'a Row<'_>) -> Finding<'a> {
    let it = row.finding;
    Finding {
        rule: it.rule,
        severity: it.severity.word(),
        message: &it.message,
        file: output.paths.shown(&row.source.path),
        line: row.place.line,
        column: row.place.column,
        end_line: row.place.end_line,
        end_column: row.place.end_column,
        environment: &it.subject.environment,
        revision: it.subject.revision.as_deref(),
        direction: it.subject.direction.map(Direction::word),
        sql: it.sql.as_deref(),
        help: it.help.as_deref(),
        notes: it.notes.iter().map(|note| self::note(output, note)).collect(),
        fingerprint: &row.fingerprint,
        group: row.rule.map(|rule| rule.spec.group.word()),
        breaks: it.breaks.word(),
        suppressed: it.suppressed,
        fix: row.fix(output.sources).map(|edits| edits.into_iter().map(|it| edit(output, it)).collect()),
    }
}

fn edit(output: &Output<'_>, edit: finding::Edit) -> Edit {
    let place = output.sources.place(edit.span);
    Edit {
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
        text: edit.text,
    }
}

fn note<'a>(output: &Output<'_>, note: &'a finding::Note) -> Note<'a> {
    Note {
        message: &note.message,
        file: output.paths.shown(&output.sources.get(note.span.source).path),
        line: output.sources.place(note.span).line,
    }
}
