//! The report in words; each format is one file.
//!
//! Every format is written from the same rows in the same order, so that two runs give the same bytes; no format
//! prints a time, an absolute path or a number that depends on the order of reading.

pub mod baseline;
pub mod concise;
pub mod coverage;
pub mod diff;
pub mod environment;
pub mod explain;
mod fingerprint;
pub mod github;
pub mod gitlab;
pub mod history;
pub mod human;
pub mod json;
pub mod junit;
pub mod locks;
pub mod markdown;
pub mod page;
mod paths;
pub mod playground;
pub mod rdjson;
pub mod rules;
pub mod sarif;
pub mod schema;
pub mod sql;
pub mod trials;
pub mod ways;

use crate::{
    check::Report,
    finding::{Edit, Finding},
    history::History,
    rule::Rule,
    source::{Place, Source, Sources, Span},
};
pub use paths::Paths;
use std::{
    io::{self, Write},
    sync::Arc,
};

/// How a report can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people: the source with the fault underlined, then the summary.
    Human,
    /// One line each.
    Concise,
    /// One JSON object.
    Json,
    /// One JSON object for each finding, one line each.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// GitHub's workflow commands, one line each.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// The XML of `JUnit`.
    Junit,
    /// A summary in Markdown.
    Markdown,
    /// Reviewdog's diagnostics.
    Rdjson,
}

/// Whether words for people may be coloured: only a terminal, and not under `NO_COLOR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// With ANSI colours.
    Colored,
    /// Text alone.
    Plain,
}

impl Format {
    /// Every format, in the order of the manual.
    pub const ALL: [Self; 10] = [
        Self::Human,
        Self::Concise,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Markdown,
        Self::Rdjson,
    ];

    /// It is a document of its own: nothing else may share its stream.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Json | Self::Sarif | Self::Gitlab | Self::Junit | Self::Markdown | Self::Rdjson)
    }
}

impl Look {
    /// A text in a colour of ANSI's (`1` bold, `2` faint, `31` red, …), where colours are wanted.
    fn paint(self, color: &str, text: &str) -> String {
        match self {
            Self::Colored => format!("\u{1b}[{color}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}

/// All that a format may say.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// What was found.
    pub report: &'a Report,
    /// The histories that it was found in.
    pub histories: &'a [&'a History],
    /// The texts that it was found in.
    pub sources: &'a Sources,
    /// How files are named to people.
    pub paths: &'a Paths,
    /// How words for people look.
    pub look: Look,
    /// Counts for each rule after the findings (`--statistics`).
    pub statistics: bool,
    /// The tests of a run on a server.
    pub trials: Option<&'a [trials::Trials]>,
    /// What the revisions that are reported on lock on the way up, where that is to be told.
    pub locks: Option<&'a locks::LocksReport>,
}

impl Output<'_> {
    /// Writes the report in a format.
    ///
    /// # Errors
    /// Whatever the sink answers; a closed pipe is the caller's to ignore.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Human => human::write(self, out),
            Format::Concise => concise::write(self, out),
            Format::Json => json::write(self, out),
            Format::Jsonl => json::write_lines(self, out),
            Format::Sarif => sarif::write(self, out),
            Format::Github => github::write(self, out),
            Format::Gitlab => gitlab::write(self, out),
            Format::Junit => junit::write(self, out),
            Format::Markdown => markdown::write(self, out),
            Format::Rdjson => rdjson::write(self, out),
        }
    }

    /// The findings by place, then rule; whatever order the report has them in.
    fn rows(&self) -> Vec<Row<'_>> {
        let all = self.report.findings.iter().enumerate();
        let mut rows: Vec<Row<'_>> = all.map(|(index, finding)| self.row(index, finding)).collect();
        rows.sort_by(|a, b| a.key().cmp(&b.key()));
        fingerprint::fill(&mut rows);
        rows
    }

    /// The rule of a name, limbeck's or the project's.
    fn rule(&self, name: &str) -> Option<&'static Rule> {
        crate::rules::find(name).or_else(|| self.report.own.iter().find(|it| it.name == name).copied())
    }

    fn row<'a>(&'a self, index: usize, finding: &'a Finding) -> Row<'a> {
        Row {
            index,
            finding,
            rule: self.rule(finding.rule),
            source: self.sources.get(finding.span.source),
            place: self.sources.place(finding.span),
            fingerprint: String::new(),
        }
    }
}

/// The fingerprint of each finding, in the order of [`Report::findings`].
#[must_use]
pub fn fingerprints(report: &Report, sources: &Sources) -> Vec<String> {
    let paths = Paths::default();
    let output = Output {
        report,
        sources,
        paths: &paths,
        look: Look::Plain,
        statistics: false,
        histories: &[],
        trials: None,
        locks: None,
    };
    let mut rows = output.rows();
    rows.sort_by_key(|row| row.index);
    rows.into_iter().map(|row| row.fingerprint).collect()
}

/// A finding with what every format asks of it.
struct Row<'a> {
    /// Its place in the report.
    index: usize,
    finding: &'a Finding,
    rule: Option<&'static Rule>,
    source: Arc<Source>,
    place: Place,
    fingerprint: String,
}

impl Row<'_> {
    /// What takes the finding away, where limbeck can tell.
    fn fix(&self, sources: &Sources) -> Option<Vec<Edit>> {
        if self.finding.suppressed { None } else { crate::fix::of(self.finding, sources) }
    }

    /// What rows are sorted by: nothing that depends on the order of reading.
    fn key(&self) -> impl Ord + '_ {
        let Finding { rule, span: Span { start, end, .. }, message, subject, .. } = self.finding;
        (&self.source.path, *start, *end, *rule, subject, message)
    }
}

/// Backticks enough to hold a text that has some itself.
fn fence(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    "`".repeat((longest + 1).max(3))
}
