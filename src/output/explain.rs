//! A rule's document: `limbeck explain RULE`.

use super::Look;
use crate::rule::Rule;
use std::io::{self, Write};

/// Writes the document as it stands; on a terminal, headings are bold, code is coloured and fences are left out.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(rule: &Rule, look: Look, out: &mut dyn Write) -> io::Result<()> {
    if look == Look::Plain {
        return writeln!(out, "{}", rule.doc.trim_end());
    }
    let mut fence = None;
    for line in rule.doc.trim_end().lines() {
        match fence {
            Some(ticks) if closes(line, ticks) => fence = None,
            Some(_) => writeln!(out, "    {}", look.paint("36", line))?,
            None => {
                fence = opens(line);
                prose(line, fence, look, out)?;
            }
        }
    }
    Ok(())
}

/// One line outside of code; of a fence only its words (`bad`, `good`) are kept.
fn prose(line: &str, fence: Option<usize>, look: Look, out: &mut dyn Write) -> io::Result<()> {
    if fence.is_some() {
        let words = line.trim_start().trim_start_matches('`');
        return if words.is_empty() { Ok(()) } else { writeln!(out, "    {}", look.paint("2", words)) };
    }
    if line.starts_with('#') { writeln!(out, "{}", look.paint("1", line)) } else { writeln!(out, "{line}") }
}

/// The number of backticks of a line that opens a block of code.
fn opens(line: &str) -> Option<usize> {
    let ticks = line.trim_start().chars().take_while(|&it| it == '`').count();
    (ticks >= 3).then_some(ticks)
}

/// A fence is closed by at least as many backticks, alone.
fn closes(line: &str, ticks: usize) -> bool {
    let line = line.trim();
    line.len() >= ticks && line.chars().all(|it| it == '`')
}
