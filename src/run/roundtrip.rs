//! `limbeck roundtrip`: from arguments to runs on a server, and from what they show to a report.

use super::{Exit, World, ended, one_on_stdout, project::Project, write_reports};
use crate::{
    check::{self, Case, Migrated, Report, Summary},
    cli, config,
    environment::{Environment, Transactions},
    fault,
    finding::Finding,
    output::{Look, Output, Paths, trials},
    policy::Policy,
    roundtrip::{self, Alembic, Answer, At, Baseline, Desk, Outcome, Rows, Runner, Trace, Traced, Wish},
    run::gate::Gate,
};
use miette::Result;
mod bar;

use bar::Bar;
use std::{path::Path, time::Duration};

pub(super) fn run(args: &cli::Roundtrip, world: &mut World<'_>) -> Result<Exit> {
    one_on_stdout(&args.formats)?;
    let project = Project::read(&args.place, args.sqlalchemy, world)?;
    let policy = policy(args, &project)?;
    let gate = args.base.as_deref().map(|name| Gate::open(&project, name)).transpose()?;
    let bases = project.stories.iter().map(|story| gate.as_ref().map(|gate| gate.base(&project, story)).transpose());
    let bases = bases.collect::<Result<Vec<_>>>()?;
    let migrations: Vec<Vec<Migrated>> = project.stories.iter().map(|story| project.migrate(story)).collect();
    let rows = rows(args, &world.here)?;
    let baseline = baseline(args, &project, &world.here)?;
    let judged: Vec<Case<'_>> = project
        .stories
        .iter()
        .zip(&migrations)
        .zip(&bases)
        .map(|((story, migrations), base)| story.case(&project.sources, migrations.clone(), &policy, base.as_ref()))
        .collect();
    let cases: Vec<roundtrip::Case<'_>> = project
        .stories
        .iter()
        .zip(&migrations)
        .zip(&judged)
        .map(|((story, migrations), case)| roundtrip::Case {
            history: &story.history,
            migrations,
            stepped: check::reported(case),
            driver: story.history.environment.stack.driver.value,
            per_migration: story.history.environment.stack.transactions == Transactions::PerMigration,
            desk: desk(&project, &story.history.environment, &world.here),
            sources: &project.sources,
            version_table: story.history.environment.stack.version_table.clone(),
            opening: story.history.environment.stack.opening.clone(),
            baseline: baseline.clone(),
            rows: rows.clone(),
            contention: args.contention.map(|it| Duration::from_millis(u64::from(it))),
            keep: args.keep,
        })
        .collect();
    sound(&project, &cases)?;
    let mut bar = Bar::new(&mut *world.err);
    let mut talk = |at: &At<'_>| bar.show(at);
    let wish = Wish { alembic: alembic(args, &world.here)?, ..wish(args) };
    let answers = roundtrip::run(&wish, &cases, &mut talk);
    bar.end();
    let answers = answers?;
    for words in answers.iter().filter_map(|it| it.kept.as_deref()) {
        let _ = writeln!(world.err, "limbeck: {words}");
    }
    let (report, trials) = told(&project, &judged, answers);
    write(args, &project, &report, &trials, world)
}

/// The dump that `--baseline` names, with the revision behind its last `@`.
fn baseline(args: &cli::Roundtrip, project: &Project, here: &Path) -> Result<Option<Baseline>> {
    let Some(given) = &args.baseline else { return Ok(None) };
    let [story] = &project.stories[..] else {
        return Err(fault::plain("`--baseline` is a dump of one history's database; name that history"));
    };
    let is_file = |path: &str| here.join(path).is_file();
    let (path, symbol) = match given.rsplit_once('@') {
        Some((path, symbol)) if !is_file(given) => (path, Some(symbol)),
        _ => (given.as_str(), None),
    };
    let revision = match symbol {
        None => None,
        Some("head" | "heads") => match &story.history.heads()[..] {
            [head] => Some(head.id.id.clone()),
            _ => return Err(fault::plain("`head` is several revisions here; name the one that the dump stands at")),
        },
        Some(symbol) => match story.history.resolve(symbol) {
            Some(revision) => Some(revision.id.id.clone()),
            None => return Err(fault::plain(format!("there is no revision `{symbol}`"))),
        },
    };
    let bytes = std::fs::read(here.join(path))
        .map_err(|error| fault::plain(format!("the dump `{path}` cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        fault::helped(format!("the dump `{path}` is no text"), "pg_dump writes text with --format=plain")
    })?;
    Ok(Some(Baseline { path: path.to_owned(), text, revision }))
}

/// What `--rows`, `--seed` and `--data` say.
fn rows(args: &cli::Roundtrip, here: &Path) -> Result<Option<Rows>> {
    let data = args.data.as_ref().map(|file| {
        let path = file.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(here.join(file));
        text.map(|text| (path.clone(), text))
            .map_err(|error| fault::plain(format!("the rows of `{path}` cannot be read: {error}")))
    });
    let data = data.transpose()?;
    let wanted = args.rows.is_some() || data.is_some();
    let rows = Rows { count: args.rows.map_or(0, usize::from), seed: args.seed, data };
    Ok(wanted.then_some(rows))
}

fn wish(args: &cli::Roundtrip) -> Wish {
    Wish {
        programs: args.postgres_bin.clone(),
        major: args.postgres,
        url: args.database_url.clone(),
        beside: args.create_beside,
        unbounded: args.allow_cluster_changes,
        alembic: None,
        trace: args.trace,
        jobs: args.jobs.map_or_else(jobs, usize::from),
    }
}

/// As many as there are processors, within reason: each takes a connection and the room of a database or two.
fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, |it| it.get().min(8))
}

/// How the project's own Alembic is called, where the user wants it.
fn alembic(args: &cli::Roundtrip, here: &Path) -> Result<Option<Alembic>> {
    let runner = match args.runner {
        cli::Runner::Builtin => return Ok(None),
        cli::Runner::Alembic => Runner::Alembic,
        cli::Runner::Auto => Runner::Auto,
    };
    let mut words = shlex::split(&args.alembic_command)
        .filter(|words| !words.is_empty())
        .ok_or_else(|| fault::plain("`--alembic-command` is no command: a quote is not closed, or it is empty"))?;
    // It is called elsewhere than where it was named.
    if let Some(program) = words.first_mut().filter(|it| it.contains('/')) {
        *program = here.join(&*program).to_string_lossy().into_owned();
    }
    Ok(Some(Alembic {
        runner,
        words,
        section: args.place.name.clone(),
        arguments: args.x.clone(),
        variable: args.env_var.clone(),
        patience: Duration::from_secs(args.alembic_timeout),
    }))
}

/// Where a history's Alembic is called: where its settings are meant to be read, else where we are.
fn desk(project: &Project, environment: &Environment, here: &Path) -> Desk {
    let folder = environment.called_in.as_ref().map(|it| project.checkout.absolute(it));
    let folder = folder.unwrap_or_else(|| here.to_owned());
    let settings = environment.settings.as_ref().map(|it| project.checkout.absolute(it));
    Desk { settings: settings.filter(|it| *it != folder.join("alembic.ini")), folder }
}

fn policy(args: &cli::Roundtrip, project: &Project) -> Result<Policy> {
    let mut policy = project.config.policy.clone();
    policy.ignore.extend(config::rules_named(&args.ignore, &policy.own)?);
    super::begin(&mut policy, args.since.as_ref(), project)?;
    Ok(policy)
}

/// What Alembic cannot load cannot be run.
fn sound(project: &Project, cases: &[roundtrip::Case<'_>]) -> Result<()> {
    for (case, story) in cases.iter().zip(&project.stories) {
        let history = case.history;
        let folder = &history.environment.folder;
        let wrong = if let Some((revision, parent)) = history.broken_parents().first() {
            format!("`{}` follows `{}`, which is not there", revision.id.id, parent.id)
        } else if let Some((revision, other)) = history.broken_dependencies().first() {
            format!("`{}` depends on `{}`, which is not there", revision.id.id, other.id)
        } else if let Some(cycle) = history.cycles().first() {
            format!("`{}` is its own ancestor", cycle.first().map_or("", |it| it.id.id.as_str()))
        } else if let Some(unread) = history.unread.first() {
            format!("`{}` cannot be read as a revision", unread.path)
        } else if let Some(why) = story.unreadable() {
            format!("`{}`: {}", project.sources.get(why.span.source).path, why.message)
        } else {
            continue;
        };
        return Err(fault::helped(
            format!("the history of `{folder}` cannot be run: {wrong}"),
            "`limbeck check` says more",
        ));
    }
    Ok(())
}

/// The report, and the tests beside it.
fn told(project: &Project, judged: &[Case<'_>], answers: Vec<Answer>) -> (Report, Vec<trials::Trials>) {
    let mut report = Report::default();
    let mut all = Vec::new();
    for (case, answer) in judged.iter().zip(answers) {
        let environment = &case.history.environment;
        all.push(trials(project, case, &answer));
        let shown = answer.shown.into_iter().map(|it| (it.finding, it.called, it.remarks)).collect();
        let findings: Vec<Finding> = check::sift_run(case, shown);
        report.add(findings, false);
        let revisions = case.history.revisions.len();
        let mut summary = Summary { revisions, statements: answer.sent, ..Summary::default() };
        summary.unresolved = answer.skipped.len();
        summary.operations = answer.sent;
        report.summary = report.summary.and(summary);
        report.environments.push((environment.folder.clone(), environment.stack.clone()));
    }
    (report, all)
}

fn trials(project: &Project, case: &Case<'_>, answer: &Answer) -> trials::Trials {
    let word = |outcome| match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Partly => "partly",
    };
    let tests = answer.trials.iter().map(|it| trials::Test {
        name: it.name,
        outcome: word(it.outcome),
        detail: it.words.clone(),
    });
    let skipped = answer.skipped.iter().map(|it| {
        let own = case.history.find(&it.revision).map(|revision| revision.source);
        let source = it.span.map(|span| span.source).or(own);
        trials::Skipped {
            revision: it.revision.clone(),
            direction: it.direction.word(),
            file: source.map_or_else(String::new, |id| project.shown(&project.sources.get(id).path)),
            line: it.span.map(|span| project.sources.place(span).line),
            reason: it.reason.clone(),
        }
    });
    let by_alembic = answer
        .alembic
        .iter()
        .map(|(revision, direction)| trials::ByAlembic { revision: revision.clone(), direction: direction.word() });
    trials::Trials {
        environment: case.history.environment.folder.clone(),
        postgres: answer.major,
        tests: tests.collect(),
        skipped: skipped.collect(),
        alembic: by_alembic.collect(),
        trace: answer.traces.iter().flat_map(|it| traced(project, case, it)).collect(),
        contention: answer
            .blocked
            .iter()
            .map(|it| trials::Blocked {
                revision: it.revision.clone(),
                table: it.table.clone(),
                rows: it.rows,
                scan_milliseconds: milliseconds(it.scan),
                read_milliseconds: milliseconds(it.reads),
                write_milliseconds: milliseconds(it.writes),
                note: it.why.clone(),
            })
            .collect(),
        unfilled: answer
            .unfilled
            .iter()
            .map(|(table, reason)| trials::Unfilled { table: table.clone(), reason: reason.clone() })
            .collect(),
        unlike: answer
            .unlike
            .iter()
            .map(|it| trials::Unlike {
                revision: it.revision.clone(),
                object: it.object.clone(),
                server: it.server.clone(),
                replay: it.replay.clone(),
            })
            .collect(),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What was seen of a revision, statement by statement.
fn traced(project: &Project, case: &Case<'_>, trace: &Trace) -> Vec<trials::Traced> {
    let own = case.history.find(&trace.revision).map(|revision| revision.source);
    let one = |it: &Traced| {
        let source = it.span.map(|span| span.source).or(own);
        trials::Traced {
            revision: trace.revision.clone(),
            direction: trace.direction.word(),
            file: source.map_or_else(String::new, |id| project.shown(&project.sources.get(id).path)),
            line: it.span.map(|span| project.sources.place(span).line),
            sql: it.sql.clone(),
            microseconds: u64::try_from(it.micros).unwrap_or(u64::MAX),
            outside: it.outside,
            locks: it
                .locks
                .iter()
                .map(|(name, mode)| trials::Taken { relation: name.clone(), mode: mode.words() })
                .collect(),
            rewritten: it.rewritten.clone(),
            scanned: it.scanned.clone(),
            differs: it.differs.clone(),
        }
    };
    trace.statements.iter().map(one).collect()
}

fn write(
    args: &cli::Roundtrip,
    project: &Project,
    report: &Report,
    trials: &[trials::Trials],
    world: &mut World<'_>,
) -> Result<Exit> {
    let paths = Paths::between(&project.checkout.root().to_string_lossy(), &world.here.to_string_lossy());
    let histories: Vec<&crate::history::History> = project.stories.iter().map(|story| &story.history).collect();
    let written = write_reports(&args.formats, world, &|format, colored, out| {
        let look = if colored { Look::Colored } else { Look::Plain };
        let sources = &project.sources;
        let histories = histories.as_slice();
        let output = Output {
            report,
            histories,
            sources,
            paths: &paths,
            look,
            statistics: false,
            trials: Some(trials),
            locks: None,
        };
        output.write(super::output_format(format), out)
    });
    ended(written, &args.formats, args.fail_on, report, world)
}
