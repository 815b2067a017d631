//! `limbeck report`: everything on one page that a browser shows.

use super::{
    Exit, World,
    gate::Gate,
    locks,
    project::{Project, Story},
    sql,
};
use crate::{
    check::{self, Report},
    cli, discover, fault,
    finding::Direction,
    lock::Server,
    output::{
        self, Look, Output, Paths,
        page::Told,
        schema::step::{self, Change},
    },
};
use miette::Result;

/// Writes the page.
///
/// # Errors
/// As [`Project::check`], and a file that cannot be written.
pub(super) fn run(args: &cli::Page, world: &mut World<'_>) -> Result<Exit> {
    let project = Project::read(&args.place, None, world)?;
    let gate = args.base.as_deref().map(|name| Gate::open(&project, name)).transpose()?;
    let report = project.check(&project.config.policy, gate.as_ref())?;
    let paths = Paths::between(&project.checkout.root().to_string_lossy(), &world.here.to_string_lossy());
    let page = page(&project, &report, &paths)?;
    let shown = args.html.to_string_lossy();
    discover::write_outside(&world.here.join(&args.html), &shown, &page)?;
    writeln!(world.err, "limbeck: {} is written: {shown}", output::human::summary(&report.summary))
        .map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

/// The page of a report.
///
/// # Errors
/// It cannot be put together.
pub(super) fn page(project: &Project, report: &Report, paths: &Paths) -> Result<Vec<u8>> {
    let ways = [Direction::Upgrade, Direction::Downgrade];
    let sent = sql::report(project, None, &ways);
    let locked = locks::report(project, None, &ways, Server { version: project.config.policy.target.postgres });
    let histories: Vec<&crate::history::History> = project.stories.iter().map(|story| &story.history).collect();
    let output = Output {
        report,
        histories: &histories,
        sources: &project.sources,
        paths,
        look: Look::Plain,
        trials: None,
        locks: None,
        statistics: false,
    };
    let mut page = Vec::new();
    let steps: Vec<Vec<Vec<Change>>> = project.stories.iter().map(|story| steps(project, story)).collect();
    let told = Told { sql: &sent, locks: &locked, steps: &steps };
    output::page::write(&output, &told, &mut page).map_err(fault::unwritten)?;
    Ok(page)
}

/// What each revision of a history makes of the schema.
fn steps(project: &Project, story: &Story) -> Vec<Vec<Change>> {
    let mut steps = vec![Vec::new(); story.history.revisions.len()];
    check::each_step(&story.history, &project.migrate(story), |place, before, after, touched| {
        if let Some(step) = steps.get_mut(place) {
            *step = step::changes(before, after, touched);
        }
    });
    steps
}
