//! One line for each finding, `file:line:column: severity[rule] message`: what editors and `grep` read.

use super::{
    Output, Row,
    human::{one_line, unheard},
};
use std::io::{self, Write};

/// Writes the findings that are not suppressed, by place. Files are relative to where the reader stands.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    for row in output.rows().iter().filter(|row| !row.finding.suppressed) {
        writeln!(out, "{}", unheard(&line(output, row)))?;
    }
    Ok(())
}

fn line(output: &Output<'_>, row: &Row<'_>) -> String {
    let (finding, place) = (row.finding, row.place);
    let path = one_line(&output.paths.shown(&row.source.path));
    let color = match finding.severity {
        crate::finding::Severity::Error => "31",
        crate::finding::Severity::Warning => "33",
        crate::finding::Severity::Note => "36",
    };
    let word = output.look.paint(color, &format!("{}[{}]", finding.severity.word(), finding.rule));
    format!("{path}:{}:{}: {word} {}", place.line, place.column, one_line(&finding.message))
}
