//! The history as a tree for the terminal, the newest revision on top.

use super::{Drawn, ShowPath, lanes, lanes::Row};
use crate::{
    history::History,
    output::{Look, human::one_line},
    revision::{Reference, Revision},
};
use std::io::{self, Write};

/// A tree for people: each revision with its date, its message, what it is in the graph, and what was found in it.
///
/// # Errors
/// What the writer says.
pub fn text(drawn: &[Drawn<'_>], show: ShowPath<'_>, look: Look, out: &mut dyn Write) -> io::Result<()> {
    for (at, one) in drawn.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}", title(one, show, look))?;
        for row in lanes::rows(one.history) {
            if !row.joins.is_empty() {
                writeln!(out, "  {}", bent(&row, &row.joins, ['┴', '╯']))?;
            }
            writeln!(out, "  {} {}", standing(&row), words(one, &one.history.revisions[row.revision], look))?;
            if !row.forks.is_empty() {
                writeln!(out, "  {}", bent(&row, &row.forks, ['┬', '╮']))?;
            }
        }
        left_out(one.history, show, out)?;
    }
    Ok(())
}

/// The folder, how many revisions there are, how many heads, and what was found in no revision of its own.
fn title(one: &Drawn<'_>, show: ShowPath<'_>, look: Look) -> String {
    let count = |many: usize, noun: &str| format!("{many} {noun}{}", if many == 1 { "" } else { "s" });
    let history = one.history;
    let mut title = format!(
        "{}: {}, {}",
        look.paint("1", &one_line(&show(&history.environment.folder))),
        count(history.revisions.len(), "revision"),
        count(history.heads().len(), "head")
    );
    if let Some(found) = one.elsewhere.words(look) {
        title.extend([", ", &found]);
    }
    title
}

/// The revision's own line: `│ ● `.
fn standing(row: &Row) -> String {
    let last = row.passing.iter().chain([&row.lane]).max().copied().unwrap_or(0);
    let mark = |lane: usize| match lane {
        lane if lane == row.lane => '●',
        lane if row.passing.contains(&lane) => '│',
        _ => ' ',
    };
    spaced((0..=last).map(mark), |_| ' ')
}

/// The line between two revisions where lanes begin or end: `├─╮` and `├─╯`, with the shape of an end in the midst
/// and of the last.
fn bent(row: &Row, ends: &[usize], [midst, end]: [char; 2]) -> String {
    let far = ends.iter().max().copied().unwrap_or(row.lane);
    let last = row.passing.iter().chain([&far]).max().copied().unwrap_or(far);
    let within = |lane: usize| lane > row.lane && lane < far;
    let mark = |lane: usize| match lane {
        lane if lane == row.lane => '├',
        lane if lane == far => end,
        lane if ends.contains(&lane) => midst,
        lane if row.passing.contains(&lane) => {
            if within(lane) {
                '┼'
            } else {
                '│'
            }
        }
        lane if within(lane) => '─',
        _ => ' ',
    };
    spaced((0..=last).map(mark), |lane| if lane >= row.lane && lane < far { '─' } else { ' ' })
}

/// Signs of lanes with one sign between two.
fn spaced(signs: impl Iterator<Item = char>, between: impl Fn(usize) -> char) -> String {
    let mut line = String::new();
    for (lane, sign) in signs.enumerate() {
        if lane > 0 {
            line.push(between(lane - 1));
        }
        line.push(sign);
    }
    line
}

fn words(one: &Drawn<'_>, revision: &Revision, look: Look) -> String {
    let id = one_line(&revision.id.id);
    let mut parts = vec![look.paint("33", &id)];
    parts.extend(super::date(revision).map(|date| look.paint("2", &one_line(date))));
    parts.extend(super::message(revision).map(one_line));
    let marks = marks(one.history, revision);
    if !marks.is_empty() {
        parts.push(look.paint("36", &format!("({})", marks.join(", "))));
    }
    parts.extend(one.tallies.get(revision.id.id.as_str()).and_then(|tally| tally.words(look)));
    if one.is_new(revision) == Some(true) {
        parts.push(look.paint("32", "new"));
    }
    parts.join("  ")
}

/// What a revision is in the graph.
fn marks(history: &History, revision: &Revision) -> Vec<String> {
    let children = history.children(&revision.id.id).len();
    let names = |all: &[Reference]| all.iter().map(|it| one_line(&it.id)).collect::<Vec<_>>().join(", ");
    let lost: Vec<String> = (revision.parents.iter())
        .filter(|it| history.find(&it.id).is_none())
        .map(|it| format!("parent {} is missing", one_line(&it.id)))
        .collect();
    let plain = |holds: bool, word: &str| holds.then(|| word.to_owned());
    let mut marks: Vec<String> = [
        plain(children == 0, "head"),
        plain(revision.parents.is_empty(), "base"),
        plain(children > 1, "branchpoint"),
        plain(revision.parents.len() > 1, "merge"),
        (!revision.labels.is_empty()).then(|| format!("label {}", names(&revision.labels))),
        (!revision.depends_on.is_empty()).then(|| format!("depends on {}", names(&revision.depends_on))),
    ]
    .into_iter()
    .flatten()
    .collect();
    marks.extend(lost);
    marks
}

/// The files that are no part of the graph.
fn left_out(history: &History, show: ShowPath<'_>, out: &mut dyn Write) -> io::Result<()> {
    for dropped in &history.dropped {
        let (id, path) = (one_line(&dropped.id.id), one_line(&show(history.path(dropped.source))));
        writeln!(out, "  {id} (dropped: its id is used again) {path}")?;
    }
    for file in &history.unread {
        writeln!(out, "  {} (not read)", one_line(&show(&file.path)))?;
    }
    Ok(())
}
