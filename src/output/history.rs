//! The graph of revisions in words, for `limbeck history`.

use crate::{history::History, revision::Revision};
use serde::Serialize;
use std::io::{self, Write};

/// How a file's path, relative to the repository's root, is shown to the user.
pub type ShowPath<'a> = &'a dyn Fn(&str) -> String;

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
}

/// One JSON object for all histories, parents before children; ids, dependencies and labels as written.
///
/// # Errors
/// What the writer says.
pub fn json(histories: &[&History], show: ShowPath<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut graph = Graph { heads: Vec::new(), bases: Vec::new(), revisions: Vec::new() };
    for history in histories {
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
            });
        }
    }
    serde_json::to_writer_pretty(&mut *out, &graph)?;
    writeln!(out)
}

/// A list for people, the newest first, as `alembic history` shows it: parent, id, what it is, its message.
///
/// # Errors
/// What the writer says.
pub fn text(histories: &[&History], show: ShowPath<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (at, history) in histories.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let count = history.revisions.len();
        let noun = if count == 1 { "revision" } else { "revisions" };
        writeln!(out, "{}: {count} {noun}", show(&history.environment.folder))?;
        for revision in history.revisions.iter().rev() {
            writeln!(out, "  {}", line(history, revision))?;
        }
        for dropped in &history.dropped {
            writeln!(
                out,
                "  {} (dropped: its id is used again) {}",
                dropped.id.id,
                show(history.path(dropped.source))
            )?;
        }
        for file in &history.unread {
            writeln!(out, "  {} (not read)", show(&file.path))?;
        }
    }
    Ok(())
}

fn line(history: &History, revision: &Revision) -> String {
    let id = &revision.id.id;
    let parent = |id: &str| if history.find(id).is_some() { id.to_owned() } else { format!("{id} (missing)") };
    let parents: Vec<String> = revision.parents.iter().map(|it| parent(&it.id)).collect();
    let mut line = if parents.is_empty() { "<base>".to_owned() } else { parents.join(", ") };
    line.extend([" -> ", id]);
    let words = |all: &[crate::revision::Reference]| all.iter().map(|it| it.id.as_str()).collect::<Vec<_>>().join(", ");
    let children = history.children(id).len();
    for (holds, mark) in [
        (!revision.labels.is_empty(), format!(" (label {})", words(&revision.labels))),
        (!revision.depends_on.is_empty(), format!(" (depends on {})", words(&revision.depends_on))),
        (children == 0, " (head)".to_owned()),
        (children > 1, " (branchpoint)".to_owned()),
        (parents.len() > 1, " (merge)".to_owned()),
    ] {
        if holds {
            line += &mark;
        }
    }
    match &revision.docstring.message {
        Some(message) if !message.is_empty() => format!("{line}, {message}"),
        _ => line,
    }
}

/// A Mermaid flowchart; dependencies are dotted.
///
/// # Errors
/// What the writer says.
pub fn mermaid(histories: &[&History], show: ShowPath<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart BT")?;
    for (at, history) in histories.iter().enumerate() {
        writeln!(out, "  subgraph h{at}[\"{}\"]", mermaid_text(&show(&history.environment.folder)))?;
        for node in nodes(history) {
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
            it => escaped.push(it),
        }
    }
    escaped
}

/// A Graphviz digraph; dependencies are dashed.
///
/// # Errors
/// What the writer says.
pub fn dot(histories: &[&History], show: ShowPath<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph history {{\n  rankdir=BT;\n  node [shape=box];")?;
    for (at, history) in histories.iter().enumerate() {
        writeln!(out, "  subgraph cluster_{at} {{\n    label={};", dot_text(&show(&history.environment.folder)))?;
        for node in nodes(history) {
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
            it => escaped.push(it),
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

fn nodes(history: &History) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (number, revision) in history.revisions.iter().enumerate() {
        let mut label = revision.id.id.clone();
        for label_of in &revision.labels {
            label.extend([" (", &label_of.id, ")"]);
        }
        if let Some(message) = revision.docstring.message.as_ref().filter(|it| !it.is_empty()) {
            label.extend(["\n", message]);
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
