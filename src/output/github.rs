//! Workflow commands: GitHub shows them at the line of a pull request.
//!
//! GitHub's documentation ("Workflow commands for GitHub Actions") has the form; how values are escaped is what
//! its own `@actions/core` does. It shows only the first few of each severity, so the worst come first.

use super::{Output, Row, human::clean};
use crate::finding::Severity;
use std::{
    cmp::Reverse,
    io::{self, Write},
};

/// Writes one line for each finding that is not suppressed. Files are relative to the repository's root.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = output.rows();
    rows.retain(|row| !row.finding.suppressed);
    rows.sort_by_key(|row| Reverse(row.finding.severity));
    for row in &rows {
        writeln!(out, "{}", line(row))?;
    }
    Ok(())
}

fn line(row: &Row<'_>) -> String {
    let finding = row.finding;
    let command = match finding.severity {
        Severity::Note => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let place = row.place;
    // GitHub refuses columns over several lines: they are both of one line.
    let columns = if place.line == place.end_line {
        format!(",col={},endColumn={}", place.column, place.end_column)
    } else {
        String::new()
    };
    let (file, title) = (property(&row.source.path), property(finding.rule));
    let help = finding.help.as_ref().map(|help| format!("\n\nhelp:\n{help}")).unwrap_or_default();
    let message = data(&format!("{}{help}", finding.message));
    format!("::{command} file={file},line={},endLine={}{columns},title={title}::{message}", place.line, place.end_line)
}

/// A text after the `::`.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| clean(line.trim_end_matches('\r'))).collect();
    // A runner's older commands begin with `##[` anywhere in a line.
    lines.join("\n").replace("##[", "##\u{200b}[").replace('%', "%25").replace('\n', "%0A")
}

/// A text between the command and the `::`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
