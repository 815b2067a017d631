//! `limbeck sql`: what Alembic would send, revision by revision.

use super::project::{Project, Story};
use crate::{
    check,
    finding::Direction,
    op::{Guard, Op},
    output::environment::Surroundings,
    output::sql::{FailureSql, RevisionSql, SqlReport, StatementSql, UnresolvedSql, WaySql, WhenSql},
    reason::{Class, Reason},
    render::{self, Dialect, Memo},
    revision::{Body, Revision},
    source::Sources,
    statement::{Kind, Statement, Way},
};

/// The report for the revisions that are asked for; an id may be the beginning of one, as Alembic takes it.
pub(super) fn report(project: &Project, revision: Option<&str>, ways: &[Direction]) -> SqlReport {
    let mut report = SqlReport::default();
    for story in &project.stories {
        let environment = &story.history.environment;
        let said = Surroundings::of(&environment.folder, &environment.stack, &|path| project.shown(path));
        report.environments.push(said);
        report.revisions.extend(project.speaking(story, |dialect| revisions(project, story, revision, ways, dialect)));
    }
    let mut conventions = report.environments.iter().map(|it| &it.naming_convention.templates);
    let first = conventions.next().cloned().flatten();
    report.naming_convention = first.filter(|first| conventions.all(|it| it.as_ref() == Some(first)));
    report
}

fn revisions(
    project: &Project,
    story: &Story,
    asked_for: Option<&str>,
    ways: &[Direction],
    dialect: &Dialect,
) -> Vec<RevisionSql> {
    let only = asked_for.map(|id| story.history.resolve(id).map(|it| &it.id.id));
    let migrations = project.migrate(story);
    let decisions = check::decide(&story.history, &migrations);
    let mut revisions = Vec::new();
    for (it, (migrated, decided)) in story.history.revisions.iter().zip(migrations.iter().zip(&decisions)) {
        if only.is_some_and(|only| only != Some(&it.id.id)) || !asked(story, it) {
            continue;
        }
        let way = |direction| {
            ways.contains(&direction).then_some(match direction {
                Direction::Upgrade => (&it.upgrade, &migrated.upgrade, &decided.upgrade),
                Direction::Downgrade => (&it.downgrade, &migrated.downgrade, &decided.downgrade),
            })
        };
        let told = |direction: Direction| {
            let (body, way, decided) = way(direction)?;
            Some(told(&project.sources, body, direction, dialect, (way, decided)))
        };
        revisions.push(RevisionSql {
            environment: story.history.environment.folder.clone(),
            revision: it.id.id.clone(),
            file: project.shown(&project.sources.get(it.source).path),
            upgrade: told(Direction::Upgrade),
            downgrade: told(Direction::Downgrade),
        });
    }
    revisions
}

/// Single files were given, and it is one of them; or whole histories were.
fn asked(story: &Story, revision: &Revision) -> bool {
    story.history.environment.selected.as_ref().is_none_or(|selected| selected.contains(&revision.source))
}

/// One direction: each step is rendered as a whole, as Alembic sends it.
fn told(
    sources: &Sources,
    body: &Body,
    direction: Direction,
    dialect: &Dialect,
    decided: (&Way, &Vec<Option<bool>>),
) -> WaySql {
    let mut way = WaySql { complete: body.defined, ..WaySql::default() };
    let mut memo = Memo::default();
    if !body.defined {
        let reason = format!("there is no `{}()`", direction.word());
        way.fails.push(FailureSql { line: sources.place(body.span).line, reason });
    }
    for (index, step) in body.steps.iter().enumerate() {
        let line = sources.place(step.sent).line;
        let when = when(sources, &step.when, decision(index, &step.when, decided));
        match render::render(&step.op, dialect, &mut memo) {
            Ok(texts) => {
                way.complete &= when.as_ref().is_none_or(|when| when.decided.is_some());
                let asked: Vec<&Statement> =
                    decided.0.statements.iter().filter(|it| it.step == index && !it.within).collect();
                way.statements.extend(texts.into_iter().enumerate().map(|(at, text)| {
                    let first = asked.get(at).filter(|it| it.checkfirst).map(|it| is_drop(&it.kind));
                    StatementSql {
                        sql: printed(text.as_str()),
                        line,
                        autocommit: step.autocommit,
                        if_missing: first == Some(false),
                        if_present: first == Some(true),
                        when: when.clone(),
                    }
                }));
            }
            Err(refused) => {
                way.complete = false;
                let reason = refused.reason.told();
                match step.op {
                    Op::Raise { .. } => way.fails.push(FailureSql { line, reason: format!("it raises {reason}") }),
                    _ if reason.class == Class::Refused => {
                        way.fails.push(FailureSql { line, reason: reason.to_string() });
                    }
                    _ => {
                        let (class, reason) = (reason.class.word(), reason.to_string());
                        way.unresolved.push(UnresolvedSql { line, reason, class });
                    }
                }
            }
        }
    }
    way
}

/// The statement takes something away.
fn is_drop(kind: &Kind) -> bool {
    matches!(kind, Kind::DropType { .. } | Kind::DropTable { .. } | Kind::DropSequence { .. })
}

/// As `alembic upgrade --sql` prints it (`DefaultImpl._exec` and `static_output` in `alembic/ddl/impl.py`).
fn printed(sql: &str) -> String {
    sql.trim().replace('\t', "    ")
}

/// What the fold says of the guards of a step, from the statements that it became.
fn decision(step: usize, guards: &[Guard], (way, decided): (&Way, &Vec<Option<bool>>)) -> Option<bool> {
    if guards.is_empty() {
        return Some(true);
    }
    let place = way.statements.iter().position(|statement| statement.step == step)?;
    decided.get(place).copied().flatten()
}

fn when(sources: &Sources, guards: &[Guard], decided: Option<bool>) -> Option<WhenSql> {
    let first = guards.first()?;
    let texts: Vec<&str> = guards.iter().map(|guard| guard.text.as_str()).collect();
    let open = guards.iter().find_map(|guard| guard.question.open());
    let reason = match (decided, open) {
        (Some(_), _) => None,
        (None, Some(reason)) => Some(reason.told()),
        (None, None) => Some(Reason::data("the history does not say what the database holds")),
    };
    Some(WhenSql {
        text: texts.join(" and "),
        line: sources.place(first.span).line,
        decided,
        class: reason.as_ref().map(|it| it.class.word()),
        reason: reason.map(|it| it.to_string()),
    })
}
