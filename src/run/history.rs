//! `limbeck history`: the graph, with what a check finds in each revision.

use super::{Exit, World, gate::Gate, look, project::Project};
use crate::{
    cli::{History, HistoryFormat},
    fault,
    output::{self, history::Drawn},
};
use miette::Result;

/// Draws every history.
///
/// # Errors
/// As [`Project::check`].
pub(super) fn run(args: &History, world: &mut World<'_>) -> Result<Exit> {
    let project = Project::read(&args.place, None, world)?;
    let gate = args.base.as_deref().map(|name| Gate::open(&project, name)).transpose()?;
    // What is found is told of every revision, whether it is new or not.
    let report = project.check(&project.config.policy, None)?;
    let mut drawn = Vec::new();
    for story in &project.stories {
        let base = gate.as_ref().map(|gate| gate.base(&project, story)).transpose()?;
        drawn.push(Drawn::new(&story.history, &report, base.map(|base| base.landed().clone())));
    }
    let shown = |path: &str| project.shown(path);
    match args.format {
        HistoryFormat::Text => output::history::text(&drawn, &shown, look(world), world.out),
        HistoryFormat::Json => output::history::json(&drawn, &shown, world.out),
        HistoryFormat::Mermaid => output::history::mermaid(&drawn, &shown, world.out),
        HistoryFormat::Dot => output::history::dot(&drawn, &shown, world.out),
        HistoryFormat::Svg => output::history::svg(&drawn, &shown, world.out),
    }
    .map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}
