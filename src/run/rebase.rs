//! `limbeck rebase`: the lines that put new revisions on the head of the base, shown or written.

use super::{Exit, World, gate::Gate, project::Project};
use crate::{
    base::Stale,
    cli, discover, fault,
    finding::Edit,
    fix,
    history::History,
    revision::{Reference, Revision},
    source::{SourceId, Span},
};
use miette::Result;
use std::fmt::Write;

/// Runs the command.
pub(super) fn run(args: &cli::Rebase, world: &mut World<'_>) -> Result<Exit> {
    let project = Project::read(&args.place, None, world)?;
    let gate = Gate::open(&project, &args.base)?;
    let mut moved = false;
    for story in &project.stories {
        let base = gate.base(&project, story)?;
        let lines = base.parted();
        let [stale] = lines[..] else {
            if let Some(first) = lines.first() {
                return Err(several(&lines, first, gate.name()));
            }
            continue;
        };
        let changes = changes(&project, &story.history, &stale)?;
        let path = story.history.path(stale.start.source);
        show(&project, path, &changes, world)?;
        if story.history.find(&stale.theirs.id.id).is_none() {
            let (theirs, name) = (&stale.theirs.id.id, gate.name());
            writeln!(world.err, "limbeck: `{theirs}` is not here yet: it comes with the merge of `{name}`")
                .map_err(fault::unwritten)?;
        }
        if args.write {
            let text = fix::applied(&project.sources.get(stale.start.source).text, &changes);
            discover::write_outside(&project.checkout.absolute(path), &project.shown(path), text.as_bytes())?;
        }
        moved = true;
    }
    if !moved {
        writeln!(world.err, "limbeck: nothing follows a revision that `{}` has followed", gate.name())
            .map_err(fault::unwritten)?;
    }
    Ok(Exit::Clean)
}

/// What is to be written in place of the parent's id, in the variable and in the docstring.
fn changes(project: &Project, history: &History, stale: &Stale<'_>) -> Result<Vec<Edit>> {
    let start = stale.start;
    let id = &stale.theirs.id.id;
    let [parent] = &start.parents[..] else {
        return Err(fault::helped(
            format!(
                "`{}` has {} parents, and which of them is to be another cannot be told",
                start.id.id,
                start.parents.len()
            ),
            format!("alembic merge -m \"merge heads\" {} {id}", stale.head.id.id),
        ));
    };
    let written = |it: &&Reference| it.span.source == start.source && text_at(project, it.span) == it.id;
    let Some(variable) = Some(parent).filter(written) else {
        let path = history.path(start.source);
        return Err(fault::helped(
            format!("`down_revision` of `{path}` is not a string that can be changed"),
            format!("set it to \"{id}\" by hand"),
        ));
    };
    let said = said_of(start).filter(|it| it.id == parent.id).filter(|it| written(it));
    let mut spans: Vec<Span> = std::iter::once(variable).chain(said).map(|it| it.span).collect();
    spans.sort_unstable();
    Ok(spans.into_iter().map(|span| Edit { span, text: id.clone() }).collect())
}

/// The one id after `Revises:` in the docstring.
fn said_of(revision: &Revision) -> Option<&Reference> {
    match revision.docstring.revises.as_deref() {
        Some([one]) => Some(one),
        _ => None,
    }
}

fn text_at(project: &Project, span: Span) -> String {
    let source = project.sources.get(span.source);
    source.text.get(span.start as usize..span.end as usize).unwrap_or("").to_owned()
}

/// The lines before and after, as `diff` writes them.
fn show(project: &Project, path: &str, changes: &[Edit], world: &mut World<'_>) -> Result<()> {
    let Some(source) = changes.first().map(|it| it.span.source) else { return Ok(()) };
    let (before, shown) = (lines(project, source), project.shown(path));
    let text = fix::applied(&project.sources.get(source).text, changes);
    let mut out = format!("--- {shown}\n+++ {shown}\n");
    for (number, (old, new)) in before.iter().zip(text.split('\n')).enumerate() {
        if old != new {
            let number = number + 1;
            // Writing to a string does not fail.
            let _ = write!(out, "@@ -{number} +{number} @@\n-{old}\n+{new}\n");
        }
    }
    world.out.write_all(out.as_bytes()).map_err(fault::unwritten)
}

fn lines(project: &Project, source: SourceId) -> Vec<String> {
    project.sources.get(source).text.split('\n').map(str::to_owned).collect()
}

fn several(lines: &[Stale<'_>], first: &Stale<'_>, name: &str) -> miette::Report {
    let heads: Vec<String> = lines.iter().map(|it| format!("`{}`", it.head.id.id)).collect();
    fault::helped(
        format!("several lines of new revisions part from `{name}`: {}", heads.join(", ")),
        format!(
            "merge them first: `alembic merge -m \"merge heads\" heads`, or put each after `{}` by hand",
            first.theirs.id.id
        ),
    )
}
