//! GitLab's code quality report: a list that a merge request shows as a widget and in the diff.
//!
//! GitLab's documentation ("Code Quality", "Code Quality report format") has the fields; it tells findings apart by
//! `fingerprint` and wants paths of the repository without `./`.

use super::{Output, Row, json};
use crate::finding::Severity;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Issue<'a> {
    description: &'a str,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
    content: Option<Content<'a>>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

#[derive(Serialize)]
struct Content<'a> {
    body: &'a str,
}

/// Writes the findings that are not suppressed. Files are relative to the repository's root.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = output.rows();
    let issues: Vec<Issue<'_>> = rows.iter().filter(|row| !row.finding.suppressed).map(issue).collect();
    json::print(&issues, out)
}

fn issue<'a>(row: &'a Row<'_>) -> Issue<'a> {
    let finding = row.finding;
    Issue {
        description: &finding.message,
        check_name: finding.rule,
        fingerprint: &row.fingerprint,
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        },
        location: Location { path: &row.source.path, lines: Lines { begin: row.place.line, end: row.place.end_line } },
        content: finding.help.as_deref().map(|body| Content { body }),
    }
}
