//! The graph of revisions in words and pictures, for `limbeck history`.

use super::Look;
use crate::{
    check::Report,
    finding::{Finding, Severity},
    history::History,
    revision::Revision,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

pub(super) mod lanes;
pub(super) mod picture;
mod svg;
mod tree;

pub use svg::svg;
pub use tree::text;

/// How a file's path, relative to the repository's root, is shown to the user.
pub type ShowPath<'a> = &'a dyn Fn(&str) -> String;

/// A history and what is told with it.
#[derive(Clone, Debug)]
pub struct Drawn<'a> {
    /// The graph.
    pub history: &'a History,
    /// What was found in each revision, by id.
    pub tallies: BTreeMap<String, Tally>,
    /// What was found in no revision of its own.
    pub elsewhere: Tally,
    /// The ids that have landed on the base, where one is told: the others are new.
    pub landed: Option<BTreeSet<String>>,
}

impl<'a> Drawn<'a> {
    /// A history with what a check has found in it; what a comment suppresses is not told.
    #[must_use]
    pub fn new(history: &'a History, report: &Report, landed: Option<BTreeSet<String>>) -> Self {
        let mut drawn = Self { history, tallies: BTreeMap::new(), elsewhere: Tally::default(), landed };
        let own = |it: &&Finding| !it.suppressed && it.subject.environment == history.environment.folder;
        for finding in report.findings.iter().filter(own) {
            let revision = finding.subject.revision.as_ref().filter(|id| history.find(id).is_some());
            match revision {
                Some(id) => drawn.tallies.entry(id.clone()).or_default().count(finding.severity),
                None => drawn.elsewhere.count(finding.severity),
            }
        }
        drawn
    }

    /// The revision is not on the base; `None` where no base is told.
    fn is_new(&self, revision: &Revision) -> Option<bool> {
        self.landed.as_ref().map(|landed| !landed.contains(&revision.id.id))
    }
}

/// How much was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Findings that are errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

impl Tally {
    fn count(&mut self, severity: Severity) {
        *match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Note => &mut self.notes,
        } += 1;
    }

    /// The severity of the worst.
    pub(super) fn worst(&self) -> Option<Severity> {
        let counts = [(self.errors, Severity::Error), (self.warnings, Severity::Warning), (self.notes, Severity::Note)];
        counts.into_iter().find(|(count, _)| *count > 0).map(|(_, severity)| severity)
    }

    /// `2 errors, 1 warning`, each in its colour; `None` where nothing was found.
    fn words(&self, look: Look) -> Option<String> {
        let counts = [(self.errors, "error", "31"), (self.warnings, "warning", "33"), (self.notes, "note", "34")];
        let told = counts.iter().filter(|(count, ..)| *count > 0);
        let told: Vec<String> = told
            .map(|(count, noun, color)| {
                look.paint(color, &format!("{count} {noun}{}", if *count == 1 { "" } else { "s" }))
            })
            .collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

/// The day of a revision's `Create Date`.
pub(super) fn date(revision: &Revision) -> Option<&str> {
    let written = revision.docstring.create_date.as_ref()?.id.split_whitespace().next()?;
    Some(written.split('T').next().unwrap_or(written))
}

fn message(revision: &Revision) -> Option<&str> {
    revision.docstring.message.as_deref().filter(|it| !it.is_empty())
}

#[derive(Serialize)]
struct Graph<'a> {
    heads: Vec<&'a str>,
    bases: Vec<&'a str>,
    revisions: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    environment: &'a str,
    revision: &'a str,
    down_revision: Vec<&'a str>,
    depends_on: Vec<&'a str>,
    branch_labels: Vec<&'a str>,
    file: String,
    message: Option<&'a str>,
    create_date: Option<&'a str>,
    findings: Tally,
    new: Option<bool>,
}

/// One JSON object for all histories, parents before children; ids, dependencies, labels and dates as written.
/// `findings` counts by severity, `new` is `null` where no base is told.
///
/// # Errors
/// What the writer says.
pub fn json(drawn: &[Drawn<'_>], show: ShowPath<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut graph = Graph { heads: Vec::new(), bases: Vec::new(), revisions: Vec::new() };
    for one in drawn {
        let history = one.history;
        graph.heads.extend(history.heads().iter().map(|it| it.id.id.as_str()));
        graph.bases.extend(history.bases().iter().map(|it| it.id.id.as_str()));
        for revision in &history.revisions {
            graph.revisions.push(Entry {
                environment: &history.environment.folder,
                revision: &revision.id.id,
                down_revision: revision.parents.iter().map(|it| it.id.as_str()).collect(),
                depends_on: revision.depends_on.iter().map(|it| it.id.as_str()).collect(),
                branch_labels: revision.labels.iter().map(|it| it.id.as_str()).collect(),
                file: show(history.path(revision.source)),
                message: message(revision),
                create_date: revision.docstring.create_date.as_ref().map(|it| it.id.as_str()),
                findings: one.tallies.get(&revision.id.id).cloned().unwrap_or_default(),
                new: one.is_new(revision),
            });
        }
    }
    super::json::print(&graph, out)
}

/// A Mermaid flowchart; dependencies are dotted.
///
/// # Errors
/// What the writer says.
pub fn mermaid(drawn: &[Drawn<'_>], show: ShowPath<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart BT")?;
    for (at, one) in drawn.iter().enumerate() {
        let history = one.history;
        writeln!(out, "  subgraph h{at}[\"{}\"]", mermaid_text(&show(&history.environment.folder)))?;
        for node in nodes(one) {
            writeln!(out, "    h{at}n{}[\"{}\"]", node.number, mermaid_text(&node.label))?;
        }
        for edge in edges(history) {
            let arrow = if edge.dependency { "-.->" } else { "-->" };
            writeln!(out, "    h{at}n{} {arrow} h{at}n{}", edge.from, edge.to)?;
        }
        writeln!(out, "  end")?;
    }
    Ok(())
}

/// Mermaid reads labels as HTML with its own entities, `#34;` for a quote.
fn mermaid_text(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '\n' => escaped += "<br/>",
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | ';' => {
                escaped.extend(["#", &u32::from(letter).to_string(), ";"]);
            }
            it if it.is_control() => escaped.push(' '),
            it => escaped.push(super::human::visible(it)),
        }
    }
    escaped
}

/// A Graphviz digraph; dependencies are dashed.
///
/// # Errors
/// What the writer says.
pub fn dot(drawn: &[Drawn<'_>], show: ShowPath<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph history {{\n  rankdir=BT;\n  node [shape=box];")?;
    for (at, one) in drawn.iter().enumerate() {
        let history = one.history;
        writeln!(out, "  subgraph cluster_{at} {{\n    label={};", dot_text(&show(&history.environment.folder)))?;
        for node in nodes(one) {
            let style = if node.missing { ", style=dashed" } else { "" };
            writeln!(out, "    h{at}n{} [label={}{style}];", node.number, dot_text(&node.label))?;
        }
        for edge in edges(history) {
            let style = if edge.dependency { " [style=dashed]" } else { "" };
            writeln!(out, "    h{at}n{} -> h{at}n{}{style};", edge.from, edge.to)?;
        }
        writeln!(out, "  }}")?;
    }
    writeln!(out, "}}")
}

fn dot_text(text: &str) -> String {
    let mut escaped = String::from("\"");
    for letter in text.chars() {
        match letter {
            '\n' => escaped += "\\n",
            '"' | '\\' => escaped.extend(['\\', letter]),
            it if it.is_control() => escaped.push(' '),
            it => escaped.push(super::human::visible(it)),
        }
    }
    escaped.push('"');
    escaped
}

/// A box of a drawing; numbers stand for ids, which may hold anything.
struct Node {
    number: usize,
    /// Lines, the first the id.
    label: String,
    missing: bool,
}

/// From the one that is run first to the one that needs it.
struct Edge {
    from: usize,
    to: usize,
    dependency: bool,
}

/// The names that lead nowhere, each once.
fn missing(history: &History) -> Vec<&str> {
    let parents = history.broken_parents().into_iter().chain(history.broken_dependencies());
    let mut names: Vec<&str> = parents.map(|(_, reference)| reference.id.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn nodes(one: &Drawn<'_>) -> Vec<Node> {
    let history = one.history;
    let mut nodes = Vec::new();
    for (number, revision) in history.revisions.iter().enumerate() {
        let mut label = revision.id.id.clone();
        for label_of in &revision.labels {
            label.extend([" (", &label_of.id, ")"]);
        }
        let told = one.tallies.get(&revision.id.id).and_then(|it| it.words(Look::Plain));
        let new = (one.is_new(revision) == Some(true)).then_some("new");
        for line in [message(revision), told.as_deref(), new].into_iter().flatten() {
            label.extend(["\n", line]);
        }
        nodes.push(Node { number, label, missing: false });
    }
    for (at, name) in missing(history).into_iter().enumerate() {
        nodes.push(Node { number: history.revisions.len() + at, label: format!("{name}\nmissing"), missing: true });
    }
    nodes
}

fn edges(history: &History) -> Vec<Edge> {
    let missing = missing(history);
    let lost = |name: &str| missing.binary_search(&name).ok().map(|at| history.revisions.len() + at);
    let mut edges = Vec::new();
    for (to, revision) in history.revisions.iter().enumerate() {
        for parent in &revision.parents {
            let from = history.position(&parent.id).or_else(|| lost(&parent.id));
            edges.extend(from.map(|from| Edge { from, to, dependency: false }));
        }
        for other in &revision.depends_on {
            let id = history.labelled(&other.id).map_or(other.id.as_str(), |it| it.id.id.as_str());
            let from = history.position(id).or_else(|| lost(id));
            edges.extend(from.map(|from| Edge { from, to, dependency: true }));
        }
    }
    edges
}
