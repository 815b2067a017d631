//! The part of a graph that a reader of findings looks at, as a Mermaid diagram: GitHub draws small ones only.

use super::{Drawn, edges, mermaid_text, nodes};
use crate::{check::Report, finding::Severity, history::History};
use std::{
    collections::BTreeSet,
    io::{self, Write},
};

/// The newest revisions are always drawn.
const NEWEST: usize = 8;
/// No more than these are drawn of one history.
const MOST: usize = 40;
/// A longer label (in characters) is cut.
const LONGEST: usize = 80;

/// Writes the newest revisions and those with findings, the latter in the colour of the worst.
///
/// # Errors
/// What the writer says.
pub fn write(histories: &[&History], report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart BT")?;
    for (at, history) in histories.iter().enumerate() {
        write_history(at, &Drawn::new(history, report, None), out)?;
    }
    writeln!(out, "  classDef error stroke:#d1242f,stroke-width:3px")?;
    writeln!(out, "  classDef warning stroke:#bc4c00,stroke-width:3px")?;
    writeln!(out, "  classDef note stroke:#0969da,stroke-width:2px")
}

fn write_history(at: usize, drawn: &Drawn<'_>, out: &mut dyn Write) -> io::Result<()> {
    let history = drawn.history;
    let worst = |id: &str| drawn.tallies.get(id).and_then(super::Tally::worst);
    let kept = kept(history, &worst);
    writeln!(out, "  subgraph h{at}[\"{}\"]", mermaid_text(&history.environment.folder))?;
    for node in nodes(drawn).iter().filter(|node| kept.contains(&node.number)) {
        let label: String = node.label.chars().take(LONGEST).collect();
        let found = history.revisions.get(node.number).and_then(|it| worst(&it.id.id));
        let class = found.map_or_else(String::new, |it| format!(":::{}", it.word()));
        writeln!(out, "    h{at}n{}[\"{}\"]{class}", node.number, mermaid_text(&label))?;
    }
    let mut cut = BTreeSet::new();
    for edge in edges(history).iter().filter(|edge| kept.contains(&edge.to)) {
        if kept.contains(&edge.from) {
            let arrow = if edge.dependency { "-.->" } else { "-->" };
            writeln!(out, "    h{at}n{} {arrow} h{at}n{}", edge.from, edge.to)?;
        } else if cut.insert(edge.to) {
            writeln!(out, "    h{at}e{0}[\"…\"] -.-> h{at}n{0}", edge.to)?;
        }
    }
    writeln!(out, "  end")
}

/// The numbers of the nodes that are drawn.
fn kept(history: &History, worst: &dyn Fn(&str) -> Option<Severity>) -> BTreeSet<usize> {
    let count = history.revisions.len();
    let mut kept: BTreeSet<usize> = (count.saturating_sub(NEWEST)..count).collect();
    for head in history.heads().iter().take(MOST) {
        kept.extend(history.position(&head.id.id));
    }
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        for (number, revision) in history.revisions.iter().enumerate().rev() {
            if kept.len() >= MOST {
                return kept;
            }
            if worst(&revision.id.id) == Some(severity) {
                kept.insert(number);
            }
        }
    }
    // What leads nowhere is drawn beside the one that names it.
    let lost = edges(history).into_iter().filter(|edge| edge.from >= count && kept.contains(&edge.to));
    let lost: Vec<usize> = lost.map(|edge| edge.from).collect();
    kept.extend(lost);
    kept
}
