//! The report for a step summary or a comment: a table of findings, what to write instead, the graph, the coverage.
//!
//! What comes from the checked files is shown as text and nothing else. Every punctuation mark of it is written as an
//! entity, which `CommonMark` never takes for structure (section 6.2), so that a name can neither close a table, nor
//! link, nor call somebody.

use super::{Output, Row, coverage::HistoryCoverage, history::picture, human};
use crate::finding::{Direction, Finding, Severity};
use std::{
    cmp::Reverse,
    fmt::Write as _,
    io::{self, Write},
};

/// More findings are counted, not shown: GitHub takes 64 KiB for a comment.
const MOST_ROWS: usize = 60;
/// Of so many it is said what to write instead.
const MOST_HELPS: usize = 15;
/// More reasons for what is not understood are counted.
const MOST_GAPS: usize = 10;
/// More locks are counted.
const MOST_LOCKS: usize = 40;
/// A longer message or name (in characters) is cut.
const LONGEST: usize = 400;
/// A longer block of code (in characters) is cut.
const LONGEST_CODE: usize = 1500;

/// Writes the summary, the worst findings first. Files are relative to the repository's root.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = output.rows();
    rows.sort_by_key(|row| Reverse(row.finding.severity));
    let (suppressed, shown): (Vec<Row<'_>>, Vec<Row<'_>>) = rows.into_iter().partition(|row| row.finding.suppressed);
    let sum = &output.report.summary;
    let command = if output.trials.is_some() { "limbeck roundtrip" } else { "limbeck" };
    writeln!(out, "## {command}: {}\n", human::found(sum))?;
    let silent = if suppressed.is_empty() { String::new() } else { format!(", {} suppressed", suppressed.len()) };
    writeln!(out, "{}{silent}.", human::seen(sum))?;
    write_trials(output, out)?;
    write_table(&shown, out)?;
    write_helps(&shown, out)?;
    write_locks(output, out)?;
    write_picture(output, out)?;
    write_coverage(output, out)
}

/// What was tried on a server.
fn write_trials(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Some(trials) = output.trials else { return Ok(()) };
    writeln!(out, "\n| history | PostgreSQL | test | outcome | what was run |\n|:--|:--|:--|:--|:--|")?;
    for it in trials {
        for test in &it.tests {
            let (environment, detail) = (code(&it.environment), prose(&test.detail));
            writeln!(out, "| {environment} | {} | {} | {} | {detail} |", it.postgres, test.name, test.outcome)?;
        }
    }
    Ok(())
}

fn write_table(rows: &[Row<'_>], out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| severity | rule | finding | place | revision |\n|---|---|---|---|---|")?;
    for row in rows.iter().take(MOST_ROWS) {
        let finding = row.finding;
        writeln!(
            out,
            "| {} {} | {} | {} | {} | {} |",
            sign(finding.severity),
            finding.severity.word(),
            code(finding.rule),
            prose(&finding.message),
            code(&format!("{}:{}", row.source.path, row.place.line)),
            subject(finding)
        )?;
    }
    if rows.len() > MOST_ROWS {
        writeln!(out, "\nAnd {} more findings.", rows.len() - MOST_ROWS)?;
    }
    Ok(())
}

fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "🔴",
        Severity::Warning => "🟠",
        Severity::Note => "🔵",
    }
}

fn subject(finding: &Finding) -> String {
    match (&finding.subject.revision, finding.subject.direction) {
        (Some(revision), Some(direction)) => format!("{} {}", code(revision), Direction::word(direction)),
        (Some(revision), None) => code(revision),
        _ => String::new(),
    }
}

fn write_helps(rows: &[Row<'_>], out: &mut dyn Write) -> io::Result<()> {
    let helped: Vec<&Row<'_>> = rows.iter().filter(|row| row.finding.help.is_some()).collect();
    if helped.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n<details><summary>What to write instead</summary>")?;
    for row in helped.iter().take(MOST_HELPS) {
        let help = row.finding.help.as_deref().unwrap_or("");
        let place = code(&format!("{}:{}", row.source.path, row.place.line));
        writeln!(out, "\n{place} {}\n\n{}", code(row.finding.rule), block("python", help))?;
    }
    if helped.len() > MOST_HELPS {
        writeln!(out, "\nAnd for {} more findings.", helped.len() - MOST_HELPS)?;
    }
    writeln!(out, "\n</details>")
}

/// Which statements of the way up keep somebody from reading or writing what was there before.
fn write_locks(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    // The newest first: where there are many, they are what is looked at.
    let revisions = output.locks.into_iter().flat_map(|it| it.revisions.iter().rev());
    let statements =
        revisions.flat_map(|it| it.upgrade.iter().flat_map(move |way| way.statements.iter().map(move |of| (it, of))));
    let locks: Vec<_> = statements
        .flat_map(|(revision, statement)| statement.locks.iter().map(move |lock| (revision, statement, lock)))
        .filter(|(_, _, lock)| lock.waits.iter().any(|it| *it != "ddl"))
        .collect();
    if locks.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n<details><summary>What locks what</summary>\n")?;
    writeln!(out, "| revision | line | lock | on | who waits | how long |\n|:--|:--|:--|:--|:--|:--|")?;
    for (revision, statement, lock) in locks.iter().take(MOST_LOCKS) {
        let waits: Vec<&str> = lock.waits.iter().copied().filter(|it| *it != "ddl").collect();
        let (id, relation) = (code(&revision.revision), code(&lock.relation));
        let length = if lock.certain { lock.duration.to_owned() } else { format!("{} at most", lock.duration) };
        let (line, mode, waits) = (statement.line, lock.mode, waits.join(" and "));
        writeln!(out, "| {id} | {line} | {mode} | {relation} | {waits} | {length} |")?;
    }
    if locks.len() > MOST_LOCKS {
        writeln!(out, "\nAnd {} more locks; `limbeck locks` lists them.", locks.len() - MOST_LOCKS)?;
    }
    writeln!(out, "\n</details>")
}

fn write_picture(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    if output.histories.iter().all(|history| history.revisions.is_empty()) {
        return Ok(());
    }
    writeln!(out, "\n<details><summary>History</summary>\n\n```mermaid")?;
    picture::write(output.histories, output.report, out)?;
    writeln!(out, "```\n\n</details>")
}

fn write_coverage(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let same = |path: &str| path.to_owned();
    let told: Vec<HistoryCoverage> =
        output.report.coverage.iter().map(|it| HistoryCoverage::of(it, output.sources, &same)).collect();
    let gaps: Vec<_> = told.iter().flat_map(|it| it.unresolved.iter().map(move |group| (it, group))).collect();
    if gaps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n<details><summary>What is not understood</summary>\n")?;
    writeln!(out, "| history | operations | reason | first place |\n|---|---|---|---|")?;
    for (history, group) in gaps.iter().take(MOST_GAPS) {
        let first = group.places.first().map(|it| code(&format!("{}:{}", it.file, it.line))).unwrap_or_default();
        writeln!(out, "| {} | {} | {} | {first} |", code(&history.environment), group.count, prose(&group.reason))?;
    }
    if gaps.len() > MOST_GAPS {
        writeln!(out, "\nAnd {} more reasons; `limbeck coverage` lists them.", gaps.len() - MOST_GAPS)?;
    }
    writeln!(out, "\n</details>")
}

/// A message: what stands between backticks becomes code.
fn prose(message: &str) -> String {
    let line = cut(&human::one_line(message), LONGEST);
    let parts: Vec<&str> = line.split('`').collect();
    // A last backtick without a partner is one of a name's.
    let whole = parts.len() % 2 == 1;
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at % 2 == 1 && (whole || at + 1 < parts.len()) {
            let _ = write!(text, "<code>{}</code>", entities(part));
        } else {
            text += &entities(part);
        }
    }
    text
}

fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("<code>{}</code>", entities(&cut(&human::one_line(text), LONGEST)))
}

/// A fenced block that its text cannot close.
fn block(language: &str, text: &str) -> String {
    let lines: Vec<String> = cut(text.trim_end(), LONGEST_CODE).lines().map(human::clean).collect();
    let text = human::unheard(&lines.join("\n"));
    let fence = super::fence(&text);
    format!("{fence}{language}\n{text}\n{fence}")
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((byte, _)) => format!("{}…", text.get(..byte).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// Text that is nothing but text: GitHub still looks for people and issues in it, which an invisible space ends.
fn entities(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '@' => escaped += "&#64;\u{200b}",
            '#' => escaped += "&#35;\u{200b}",
            it if it.is_ascii_punctuation() && !matches!(it, ',' | '(' | ')' | '/' | '\'' | '-') => {
                let _ = write!(escaped, "&#{};", u32::from(it));
            }
            it => escaped.push(it),
        }
    }
    escaped
}
