//! Reviewdog's `rdjson`: one object with all diagnostics.
//!
//! The Reviewdog Diagnostic Format (`proto/rdf` of reviewdog) has the fields. Its columns count bytes of UTF-8 from 1,
//! and its ends are exclusive.

use super::{Output, Row, json};
use crate::finding::Severity;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes the findings that are not suppressed. Files are relative to the repository's root.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = output.rows();
    let diagnostics: Vec<Value> =
        rows.iter().filter(|row| !row.finding.suppressed).map(|row| diagnostic(output, row)).collect();
    json::print(&json!({ "source": { "name": "limbeck" }, "diagnostics": diagnostics }), out)
}

fn diagnostic(output: &Output<'_>, row: &Row<'_>) -> Value {
    let finding = row.finding;
    let help = finding.help.as_ref().map(|help| format!("\n\nhelp:\n{help}")).unwrap_or_default();
    let (start, end) = (position(row, finding.span.start), position(row, finding.span.end));
    let mut diagnostic = json!({
        "message": format!("{}{help}", finding.message),
        "location": { "path": row.source.path, "range": { "start": start, "end": end } },
        "severity": match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Note => "INFO",
        },
        "code": { "value": finding.rule },
    });
    if let Some(suggestion) = suggestion(output, row) {
        diagnostic["suggestions"] = json!([suggestion]);
    }
    diagnostic
}

/// All edits as one, since each suggestion is offered by itself.
fn suggestion(output: &Output<'_>, row: &Row<'_>) -> Option<Value> {
    let edits = row.fix(output.sources)?;
    let (first, last) = (edits.first()?.span.start, edits.last()?.span.end);
    let text = &row.source.text;
    let whole = crate::fix::applied(text, &edits);
    let behind = text.len().checked_sub(last as usize)?;
    let text = whole.get(first as usize..whole.len().checked_sub(behind)?)?;
    Some(json!({ "range": { "start": position(row, first), "end": position(row, last) }, "text": text }))
}

fn position(row: &Row<'_>, byte: u32) -> Value {
    let (line, _) = row.source.line_column(byte);
    let (from, _) = row.source.line_range(line);
    json!({ "line": line, "column": byte.saturating_sub(from) + 1 })
}
