//! `JUnit`'s XML, as Jenkins, GitLab and most others read it: a suite for each history, a case for each finding.
//!
//! What would fail nobody's build by default, a note, passes and says its message; what is suppressed is skipped.

use super::{Output, Row, human::clean};
use crate::finding::Severity;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
};

/// Writes the document. Files are relative to the repository's root.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = output.rows();
    let mut suites: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
    for (folder, _) in &output.report.environments {
        suites.entry(folder).or_default();
    }
    for row in &rows {
        suites.entry(&row.finding.subject.environment).or_default().push(row);
    }
    let all: Vec<&Row<'_>> = rows.iter().collect();
    let clean = suites.values().filter(|rows| rows.is_empty()).count();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"limbeck\" {}>", counts(&all, clean))?;
    for (folder, rows) in &suites {
        let name = if folder.is_empty() { "limbeck" } else { folder };
        writeln!(out, "  <testsuite name=\"{}\" {}>", text(name), counts(rows, usize::from(rows.is_empty())))?;
        if rows.is_empty() {
            writeln!(out, "    <testcase classname=\"{}\" name=\"no findings\"/>", text(name))?;
        }
        for row in rows {
            write_case(row, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn fails(row: &Row<'_>) -> bool {
    !row.finding.suppressed && row.finding.severity > Severity::Note
}

fn counts(rows: &[&Row<'_>], clean: usize) -> String {
    let failures = rows.iter().filter(|row| fails(row)).count();
    let skipped = rows.iter().filter(|row| row.finding.suppressed).count();
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"", rows.len() + clean)
}

fn write_case(row: &Row<'_>, out: &mut dyn Write) -> io::Result<()> {
    let finding = row.finding;
    let path = text(&row.source.path);
    let (line, message) = (row.place.line, text(&finding.message));
    let class = text(row.source.path.strip_suffix(".py").unwrap_or(&row.source.path));
    writeln!(
        out,
        "    <testcase classname=\"{class}\" name=\"{}: {message}\" file=\"{path}\" line=\"{line}\">",
        finding.rule
    )?;
    if finding.suppressed {
        writeln!(out, "      <skipped message=\"a comment suppresses it\"/>")?;
    } else if fails(row) {
        let severity = finding.severity.word();
        let body = body(row, &path, line);
        writeln!(out, "      <failure type=\"{severity}\" message=\"{message}\">{body}</failure>")?;
    } else {
        writeln!(out, "      <system-out>{}</system-out>", body(row, &path, line))?;
    }
    writeln!(out, "    </testcase>")
}

fn body(row: &Row<'_>, path: &str, line: u32) -> String {
    let finding = row.finding;
    let mut body = format!("{path}:{line}: {}[{}] {}", finding.severity.word(), finding.rule, text(&finding.message));
    for (word, part) in [("sends", &finding.sql), ("help", &finding.help)] {
        if let Some(part) = part {
            let _ = write!(body, "&#10;{word}:&#10;{}", text(part));
        }
    }
    body
}

/// A text for an element or between quotes. XML has no way to write control characters: they become pictures.
fn text(raw: &str) -> String {
    let mut escaped = String::new();
    for (at, line) in raw.split('\n').enumerate() {
        if at > 0 {
            escaped += "&#10;";
        }
        for letter in clean(line.trim_end_matches('\r')).chars() {
            match letter {
                '&' => escaped += "&amp;",
                '<' => escaped += "&lt;",
                '>' => escaped += "&gt;",
                '"' => escaped += "&quot;",
                '\t' => escaped += "&#9;",
                '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
                it => escaped.push(it),
            }
        }
    }
    // A runner's older commands begin so, anywhere in a line.
    escaped.replace("##[", "##&#91;")
}
