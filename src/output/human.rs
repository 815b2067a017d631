//! The report for people: the Python first, then the SQL that it sends, then what to write instead.

mod excerpt;

use super::{Look, Output, Row};
use crate::{
    check::Summary,
    finding::{Breaks, Finding, Severity},
};
use excerpt::{Excerpt, Mark};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
};

/// More places than these are counted, not shown.
const MOST_NOTES: usize = 6;
/// A longer statement (in characters) is cut.
const LONGEST_SQL: usize = 200;

/// Writes every finding that is not suppressed, the statistics if they are wanted, what was not understood, and the
/// summary.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut text = Vec::new();
    write_all(output, &mut text)?;
    out.write_all(unheard(&String::from_utf8_lossy(&text)).as_bytes())
}

fn write_all(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = output.rows();
    let theme = match output.look {
        Look::Colored => GraphicalTheme::unicode(),
        Look::Plain => GraphicalTheme::unicode_nocolor(),
    };
    let miette = GraphicalReportHandler::new_themed(theme).with_wrap_lines(false).without_primary_span_start();
    for row in rows.iter().filter(|row| !row.finding.suppressed) {
        write_finding(output, row, &miette, out)?;
    }
    if output.statistics {
        write_statistics(&rows, output.look, out)?;
    }
    let shown = |path: &str| output.paths.shown(path);
    if let Some(trials) = output.trials {
        super::trials::write(trials, out)?;
    }
    super::coverage::write_short(&output.report.coverage, output.sources, &shown, out)?;
    writeln!(out, "{}", summary(&output.report.summary))
}

/// `37 revisions, 212 statements: 3 errors, 1 warning, 0 notes; 2 unresolved`
#[must_use]
pub fn summary(summary: &Summary) -> String {
    let Summary { revisions, statements, unresolved, .. } = *summary;
    let seen = format!("{}, {}", some(revisions, "revision"), some(statements, "statement"));
    format!("{seen}: {}; {unresolved} unresolved", found(summary))
}

/// `3 errors, 1 warning, 0 notes`
pub(super) fn found(summary: &Summary) -> String {
    let Summary { errors, warnings, notes, accepted, .. } = *summary;
    let known = if accepted > 0 { format!(", {accepted} accepted") } else { String::new() };
    format!("{}, {}, {}{known}", some(errors, "error"), some(warnings, "warning"), some(notes, "note"))
}

/// `37 revisions, 212 statements; 2 of 120 operations unresolved`
pub(super) fn seen(summary: &Summary) -> String {
    let Summary { revisions, statements, operations, unresolved, .. } = *summary;
    let seen = format!("{}, {}", some(revisions, "revision"), some(statements, "statement"));
    format!("{seen}; {unresolved} of {} unresolved", some(operations, "operation"))
}

/// Words that a runner of GitHub's does not take for a command of its own: a line that begins with `::` (after
/// blanks), or one with `##[` anywhere (`ActionCommand.cs` of actions/runner). An invisible space ends both.
pub(super) fn unheard(text: &str) -> String {
    let mut quiet = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let blanks = line.len() - line.trim_start().len();
        let (before, rest) = line.split_at(blanks);
        quiet += before;
        if rest.starts_with("::") {
            quiet.push('\u{200b}');
        }
        quiet += &rest.replace("##[", "##\u{200b}[");
    }
    quiet
}

fn some(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn write_finding(
    output: &Output<'_>,
    row: &Row<'_>,
    miette: &GraphicalReportHandler,
    out: &mut dyn Write,
) -> io::Result<()> {
    let finding = row.finding;
    let view = View { finding, excerpt: Excerpt::new(&marks(output, row)) };
    let mut text = String::new();
    miette.render_report(&mut text, &view).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())?;
    let title = |word: &str| output.look.paint("36", word);
    if finding.notes.len() > MOST_NOTES {
        let more = finding.notes.len() - MOST_NOTES;
        writeln!(out, "  {}", title(&format!("and {} more", some(more, "place"))))?;
    }
    if let Some(sql) = &finding.sql {
        writeln!(out, "  {} {}", title("sends:"), shortened(sql))?;
    }
    if finding.breaks != Breaks::Neither {
        writeln!(out, " {} {}", title("breaks:"), finding.breaks.word())?;
    }
    if let Some(help) = &finding.help {
        write_help(&title("help:"), help, out)?;
    }
    writeln!(out)
}

/// One line stands beside the word, several below it.
fn write_help(title: &str, help: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = help.trim_end().lines().map(clean);
    match (lines.next(), lines.next()) {
        (Some(only), None) => writeln!(out, "   {title} {only}"),
        (Some(first), Some(second)) => {
            writeln!(out, "   {title}")?;
            for line in [first, second].into_iter().chain(lines) {
                writeln!(out, "{}", format!("     {line}").trim_end())?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The finding's own place, then those of its notes.
fn marks(output: &Output<'_>, row: &Row<'_>) -> Vec<Mark> {
    let finding = row.finding;
    let notes = finding.notes.iter().take(MOST_NOTES).map(|note| (note.span, Some(one_line(&note.message))));
    let spans = std::iter::once((finding.span, None)).chain(notes);
    let marks = spans.map(|(span, label)| {
        let source = output.sources.get(span.source);
        let path = clean(&output.paths.shown(&source.path));
        Mark { source, path, span, label }
    });
    marks.collect()
}

/// A statement in one line, cut where it is long.
fn shortened(sql: &str) -> String {
    let line = one_line(sql);
    match line.char_indices().nth(LONGEST_SQL) {
        Some((byte, _)) => format!("{}…", line.get(..byte).unwrap_or("").trim_end()),
        None => line,
    }
}

pub(super) fn one_line(text: &str) -> String {
    clean(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A text in which nothing is left that a terminal would obey: files of others are shown here.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// Control characters by their pictures; those that turn the direction of writing by a replacement.
pub(super) fn visible(char: char) -> char {
    match char {
        '\t' => '\t',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(char)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => char::REPLACEMENT_CHARACTER,
        _ => char,
    }
}

/// Counts for each rule: the most frequent first, then by name.
fn write_statistics(rows: &[Row<'_>], look: Look, out: &mut dyn Write) -> io::Result<()> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in rows {
        let (shown, suppressed) = counts.entry(row.finding.rule).or_default();
        *(if row.finding.suppressed { suppressed } else { shown }) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(name, (shown, _))| (std::cmp::Reverse(shown), name));
    for (name, (shown, suppressed)) in &counts {
        let silent = if *suppressed == 0 { String::new() } else { format!(" ({suppressed} suppressed)") };
        writeln!(out, "{shown:>6}  {}{silent}", look.paint("1", name))?;
    }
    if counts.is_empty() { Ok(()) } else { writeln!(out) }
}

/// A finding as miette sees it.
#[derive(Debug)]
struct View<'a> {
    finding: &'a Finding,
    excerpt: Excerpt,
}

impl fmt::Display for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.finding.message))
    }
}

impl std::error::Error for View<'_> {}

impl Diagnostic for View<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let Finding { rule, severity, subject, .. } = self.finding;
        let revision = match (&subject.revision, subject.direction) {
            (Some(revision), Some(direction)) => format!(" {} of {}", direction.word(), one_line(revision)),
            (Some(revision), None) => format!(" {}", one_line(revision)),
            _ => String::new(),
        };
        Some(Box::new(format!("{}[{rule}]{revision}", severity.word())))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Note => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels().into_iter()))
    }
}
