//! `limbeck schema`: the schema as the history leaves it.

use super::{
    Exit, World,
    project::{Project, Story},
};
use crate::{
    check,
    cli::{Schema, SchemaFormat},
    fault,
    output::schema::{self, Left, Spot, Unknown},
    schema::Made,
    source::Span,
};
use miette::Result;

pub(super) fn run(args: &Schema, world: &mut World<'_>) -> Result<Exit> {
    let project = Project::read(&args.place, args.sqlalchemy, world)?;
    if let Some(revision) = &args.at {
        project.knows(revision, None)?;
    }
    let mut replays = Vec::new();
    for story in &project.stories {
        let at = match &args.at {
            None => story.history.heads().iter().map(|it| it.id.id.clone()).collect(),
            Some(symbol) => match story.history.resolve(symbol) {
                Some(revision) => vec![revision.id.id.clone()],
                None => continue,
            },
        };
        replays.push((story, check::replayed(&story.history, &project.migrate(story), &at), at));
    }
    let places: Vec<_> = replays
        .iter()
        .map(|(story, _, _)| |made: &Made| spot(&project, story, made.run.revision(), made.span))
        .collect();
    let all: Vec<Left<'_>> = replays
        .iter()
        .zip(&places)
        .map(|((story, replayed, at), place)| Left {
            environment: story.history.environment.folder.clone(),
            at: at.clone(),
            schema: &replayed.schema,
            unresolved: unknown(&project, story, replayed),
            place,
        })
        .collect();
    match args.format {
        SchemaFormat::Text => schema::text::write(&all, world.out),
        SchemaFormat::Sql => schema::sql::write(&all, world.out),
        SchemaFormat::Json => schema::json::write(&all, world.out),
    }
    .map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

fn unknown(project: &Project, story: &Story, replayed: &check::Replayed) -> Vec<Unknown> {
    let unknown = |(place, it): &(usize, crate::statement::Unresolved)| Unknown {
        spot: spot(project, story, *place, it.span),
        reason: it.reason.told().text,
        class: it.reason.class,
    };
    let undecided = |(place, guard): &(usize, crate::op::Guard)| {
        let reason = check::why(guard).told();
        Unknown {
            spot: spot(project, story, *place, guard.span),
            reason: format!("`{}`: {}", guard.text, reason.text),
            class: reason.class,
        }
    };
    replayed.unresolved.iter().map(unknown).chain(replayed.undecided.iter().map(undecided)).collect()
}

fn spot(project: &Project, story: &Story, revision: usize, span: Span) -> Spot {
    let place = project.sources.place(span);
    let id = story.history.revisions.get(revision).map_or_else(String::new, |it| it.id.id.clone());
    Spot { revision: id, file: project.shown(&project.sources.get(span.source).path), line: place.line }
}
