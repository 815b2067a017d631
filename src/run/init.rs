//! `limbeck init`: the files that a project begins with, shown before they are written.

mod texts;

use super::{Exit, World, project::Project};
use crate::{
    cli::{self, Place},
    discover, fault,
    finding::Severity,
    history::History,
    output::diff,
};
use miette::Result;
use std::io::{self, IsTerminal};

/// A file that is made or added to.
struct Change {
    path: String,
    before: Option<String>,
    after: String,
}

/// Shows what would be written, and writes it where that is asked for.
///
/// # Errors
/// No history is found; a file cannot be read or written.
pub(super) fn run(args: &cli::Init, world: &mut World<'_>) -> Result<Exit> {
    let place = Place::at(args.paths.clone());
    let project = Project::read(&place, None, world)?;
    let changes = changes(args, &project)?;
    if changes.is_empty() {
        writeln!(world.err, "limbeck: nothing to write, all of it is there").map_err(fault::unwritten)?;
        return Ok(Exit::Clean);
    }
    for change in &changes {
        world
            .out
            .write_all(diff::unified(&project.shown(&change.path), change.before.as_deref(), &change.after).as_bytes())
            .map_err(fault::unwritten)?;
    }
    world.out.flush().map_err(fault::unwritten)?;
    if !args.write && !agreed(world)? {
        writeln!(world.err, "limbeck: nothing is written yet; --write does it").map_err(fault::unwritten)?;
        return Ok(Exit::Clean);
    }
    for change in &changes {
        let file = project.checkout.absolute(&change.path);
        if let Some(folder) = file.parent() {
            let shown = folder.to_string_lossy();
            std::fs::create_dir_all(folder)
                .map_err(|error| fault::plain(format!("`{shown}` cannot be made: {error}")))?;
        }
        discover::write_outside(&file, &project.shown(&change.path), change.after.as_bytes())?;
    }
    let names: Vec<String> = changes.iter().map(|it| format!("`{}`", project.shown(&it.path))).collect();
    writeln!(world.err, "limbeck: {} written; `limbeck check` goes by them", names.join(", "))
        .map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

/// Somebody sits at a terminal and says yes.
fn agreed(world: &mut World<'_>) -> Result<bool> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Ok(false);
    }
    write!(world.err, "Write this? [y/N] ").map_err(fault::unwritten)?;
    world.err.flush().map_err(fault::unwritten)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| fault::plain(format!("no answer can be read: {error}")))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn changes(args: &cli::Init, project: &Project) -> Result<Vec<Change>> {
    let histories: Vec<&History> = project.stories.iter().map(|story| &story.history).collect();
    let mut changes = Vec::new();
    if project.config.file.is_none() {
        let report = project.check(&project.config.policy, None)?;
        let faults = report.findings.iter().filter(|it| !it.suppressed && it.severity > Severity::Note).count();
        changes.push(made("limbeck.toml", texts::config(&histories, faults)));
    }
    let hook = texts::hook(&histories);
    let path = ".pre-commit-config.yaml";
    match project.checkout.read(path)? {
        None => changes.push(made(path, format!("repos:\n{hook}"))),
        Some(before) if before.contains("limbeck") => {}
        Some(before) => {
            let Some(after) = texts::with_hook(&before, &hook) else {
                return Err(fault::helped(
                    format!("`{}` has no list `repos:` that a hook can be added to", project.shown(path)),
                    format!("add it by hand:\n{hook}"),
                ));
            };
            changes.push(Change { path: path.to_owned(), before: Some(before), after });
        }
    }
    let path = ".github/workflows/limbeck.yml";
    if project.checkout.read(path)?.is_none() {
        changes.push(made(path, texts::workflow(&histories, &args.action)));
    }
    Ok(changes)
}

fn made(path: &str, after: String) -> Change {
    Change { path: path.to_owned(), before: None, after }
}
