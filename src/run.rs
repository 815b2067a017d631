//! From arguments to an answer: each command is one function, and each wires the floors together.

use crate::{
    cli::{
        Check, Cli, Command, Coverage, CoverageFormat, FailOn, Format, Locks, LocksFormat, Place, Report, RulesFormat,
        Sql, SqlFormat, Way,
    },
    config::{self, Config},
    discover::{self, Discovered, Given, Wish},
    fault,
    finding::{Direction, Severity},
    lock::Server,
    output::{self, Look, Output, Paths},
    policy::Policy,
    rule::Rule,
    rules,
    source::Sources,
};
use gate::Gate;
use miette::Result;
use project::Project;
use std::{
    io::{self, Write},
    path::PathBuf,
};

mod baseline;
mod coverage;
mod fix;
mod gate;
mod history;
mod init;
mod locks;
mod manual;
mod memory;
mod playground;
mod project;
mod rebase;
mod report;
mod roundtrip;
mod schema;
mod server;
mod settle;
mod sql;
mod stats;

/// The rule that tells of operations that are not understood.
const OPAQUE: &str = "opaque-operation";

/// How a run ended that was not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to complain of: 0.
    Clean,
    /// Findings at or above `--fail-on`: 1.
    Findings,
}

/// What the outside world hands in.
pub struct World<'a> {
    /// The folder that the tool was started in, absolute.
    pub here: PathBuf,
    /// Words for people may be coloured on stdout.
    pub colored: bool,
    /// Data.
    pub out: &'a mut dyn Write,
    /// Talk.
    pub err: &'a mut dyn Write,
}

/// Runs a command.
///
/// # Errors
/// Whatever keeps it from doing its work. A closed pipe is an error too: [`fault::is_closed_pipe`] tells.
pub fn run(cli: &Cli, world: &mut World<'_>) -> Result<Exit> {
    match &cli.command {
        Command::Check(args) => check(args, world),
        Command::Baseline(args) => baseline::run(args, world),
        Command::Sql(args) => sql(args, world),
        Command::Locks(args) => locks(args, world),
        Command::Coverage(args) => coverage(args, world),
        Command::History(args) => history::run(args, world),
        Command::Roundtrip(args) => roundtrip::run(args, world),
        Command::Stats(args) => stats::run(args, world),
        Command::Rebase(args) => rebase::run(args, world),
        Command::Schema(args) => schema::run(args, world),
        Command::Explain { rule } => explain(rule, world),
        Command::Rules { word, group, format } => list(word.as_deref(), group.as_deref(), *format, world),
        Command::ConfigSchema => {
            writeln!(world.out, "{:#}", config::json_schema()).map_err(fault::unwritten)?;
            Ok(Exit::Clean)
        }
        Command::Report(args) => report::run(args, world),
        Command::Playground(args) => playground::run(args, world),
        Command::Init(args) => init::run(args, world),
        Command::Server => server::run(world),
        Command::Completions { shell } => manual::completions(*shell, world),
        Command::Man { command } => manual::man(command.as_deref(), world),
    }
}

/// Reads the configuration and the histories, and says on stderr what the search left out.
///
/// # Errors
/// As [`discover::discover`] and [`config::nearest`].
fn gather(place: &Place, sources: Sources, world: &mut World<'_>) -> Result<(Config, Discovered)> {
    let mut given = Given::new(&world.here, &place.paths)?;
    given.checkout.set_unsaved(&place.unsaved);
    let mut config = match &place.config {
        _ if place.no_config => Config::default(),
        Some(file) => config::named(&given.checkout, &world.here, file)?,
        None => config::nearest(&given.checkout, &given.start())?,
    };
    for assume in &place.assume {
        config.assume.insert(crate::python::normal(&assume.name), config::literal(&assume.value));
    }
    let wish =
        Wish { name: place.name.clone(), environment: place.environment.clone(), exclude: config.exclude.clone() };
    let discovered = discover::discover_among(given, &wish, sources)?;
    for line in &discovered.talk {
        writeln!(world.err, "limbeck: {line}").map_err(fault::unwritten)?;
    }
    Ok((config, discovered))
}

fn check(args: &Check, world: &mut World<'_>) -> Result<Exit> {
    one_on_stdout(&args.formats)?;
    if (args.fix || args.diff)
        && let Some(exit) = fix::run(args, world)?
    {
        return Ok(exit);
    }
    let project = Project::read(&args.place, args.sqlalchemy, world)?;
    let mut policy = policy(args, &project)?;
    let gate = args.against().map(|name| Gate::open(&project, name)).transpose()?;
    if let Some(line) = gate.as_ref().and_then(Gate::talk) {
        writeln!(world.err, "limbeck: {line}").map_err(fault::unwritten)?;
    }
    let given = args.stats.as_deref().map(|file| stats::Given::read(file, &world.here)).transpose()?;
    if let Some(given) = &given {
        given.take(&project, args.postgres.is_none(), &mut policy);
    }
    let mut report = project.check(&policy, gate.as_ref())?;
    if let Some(given) = &given {
        given.tell(&project, &policy, &mut report);
    }
    if let Some(file) = baseline::file(args, &project.config) {
        let narrowed = !args.select.is_empty() || !args.ignore.is_empty() || policy.target.since.is_some();
        let whole = gate.is_none() && given.is_none() && !narrowed && !project.is_part();
        baseline::apply(&project, &file, &world.here, whole, &mut report)?;
    }
    let paths = Paths::between(&project.checkout.root().to_string_lossy(), &world.here.to_string_lossy());
    let histories: Vec<&crate::history::History> = project.stories.iter().map(|story| &story.history).collect();
    let sums_up = args.formats.iter().any(|it| it.format == Format::Markdown);
    let server = Server { version: policy.target.postgres };
    let locked = sums_up.then(|| locks::reported(&project, &report, server));
    let written = write_reports(&args.formats, world, &|format, colored, out| {
        let look = if colored { Look::Colored } else { Look::Plain };
        let (sources, locks) = (&project.sources, locked.as_ref());
        let (report, statistics) = (&report, args.statistics);
        let (histories, paths) = (histories.as_slice(), &paths);
        let output = Output { report, histories, sources, paths, look, statistics, trials: None, locks };
        output.write(output_format(format), out)
    });
    ended(written, &args.formats, args.fail_on, &report, world)
}

/// The revision that is left behind, by the flag or else by the configuration; the history has it.
fn begin(policy: &mut Policy, flag: Option<&String>, project: &Project) -> Result<()> {
    if flag.is_some() {
        policy.target.since = flag.cloned();
    }
    let Some(since) = &policy.target.since else { return Ok(()) };
    let from_file = if flag.is_some() { None } else { project.config.file.as_deref() };
    project.knows(since, from_file)
}

/// What the configuration and the flags of a check come to.
fn policy(args: &Check, project: &Project) -> Result<Policy> {
    let mut policy = project.config.policy.clone();
    if let Some(postgres) = args.postgres {
        policy.target.postgres = postgres;
        policy.target.postgres_told = true;
    }
    if !args.select.is_empty() {
        policy.select = Some(config::rules_named(&args.select, &policy.own)?);
    }
    policy.ignore.extend(config::rules_named(&args.ignore, &policy.own)?);
    begin(&mut policy, args.since.as_ref(), project)?;
    if args.strict {
        policy.insist(OPAQUE);
    }
    Ok(policy)
}

/// Says what came of it to people whose output went to machines, and answers for the worst finding.
fn ended(
    written: Result<()>,
    formats: &[Report],
    fail_on: FailOn,
    report: &crate::check::Report,
    world: &mut World<'_>,
) -> Result<Exit> {
    // Nobody may be reading any more (`| head`); what was found stays the answer.
    if let Err(error) = written
        && !fault::is_closed_pipe(&error)
    {
        return Err(error);
    }
    if !formats.iter().any(|it| it.file.is_none() && it.format == Format::Human) {
        writeln!(world.err, "{}", output::human::summary(&report.summary)).map_err(fault::unwritten)?;
    }
    let worst = report.findings.iter().filter(|it| !it.suppressed).map(|it| it.severity).max();
    Ok(exit_code(worst, fail_on))
}

fn output_format(format: Format) -> output::Format {
    match format {
        Format::Human => output::Format::Human,
        Format::Concise => output::Format::Concise,
        Format::Json => output::Format::Json,
        Format::Jsonl => output::Format::Jsonl,
        Format::Sarif => output::Format::Sarif,
        Format::Github => output::Format::Github,
        Format::Gitlab => output::Format::Gitlab,
        Format::Junit => output::Format::Junit,
        Format::Markdown => output::Format::Markdown,
        Format::Rdjson => output::Format::Rdjson,
    }
}

fn sql(args: &Sql, world: &mut World<'_>) -> Result<Exit> {
    let project = Project::read(&args.place, args.sqlalchemy, world)?;
    if let Some(revision) = &args.revision {
        project.knows(revision, None)?;
    }
    let report = sql::report(&project, args.revision.as_deref(), directions(args.direction));
    match args.format {
        SqlFormat::Sql => output::sql::write_text(&report, world.out),
        SqlFormat::Json => output::sql::write_json(&report, world.out),
    }
    .map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

fn directions(way: Way) -> &'static [Direction] {
    match way {
        Way::Upgrade => &[Direction::Upgrade],
        Way::Downgrade => &[Direction::Downgrade],
        Way::Both => &[Direction::Upgrade, Direction::Downgrade],
    }
}

fn locks(args: &Locks, world: &mut World<'_>) -> Result<Exit> {
    let project = Project::read(&args.place, args.sqlalchemy, world)?;
    if let Some(revision) = &args.revision {
        project.knows(revision, None)?;
    }
    let server = Server { version: args.postgres.unwrap_or(project.config.policy.target.postgres) };
    let report = locks::report(&project, args.revision.as_deref(), directions(args.direction), server);
    match args.format {
        LocksFormat::Text => output::locks::write_text(&report, world.out),
        LocksFormat::Json => output::locks::write_json(&report, world.out),
    }
    .map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

fn coverage(args: &Coverage, world: &mut World<'_>) -> Result<Exit> {
    let project = Project::read(&args.place, args.sqlalchemy, world)?;
    let report = coverage::report(&project);
    match args.format {
        CoverageFormat::Text => output::coverage::write_text(&report, world.out),
        CoverageFormat::Json => output::coverage::write_json(&report, world.out),
    }
    .map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

/// Some are whole documents: nothing else may share their stream.
fn one_on_stdout(formats: &[Report]) -> Result<()> {
    let stdout: Vec<Format> = formats.iter().filter(|it| it.file.is_none()).map(|it| it.format).collect();
    let whole = stdout.iter().any(|format| output_format(*format).is_whole());
    if whole && stdout.len() > 1 {
        return Err(fault::helped(
            "several formats go to stdout, and one of them is a document of its own",
            "name a file for the others: `--format human --format sarif=limbeck.sarif`",
        ));
    }
    Ok(())
}

/// Writes each report to its file, or to stdout; `write` is handed the format and the sink.
fn write_reports(
    formats: &[Report],
    world: &mut World<'_>,
    write: &dyn Fn(Format, bool, &mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    for report in formats {
        match &report.file {
            None => write(report.format, world.colored, world.out).map_err(fault::unwritten)?,
            Some(file) => {
                let mut bytes = Vec::new();
                write(report.format, false, &mut bytes).map_err(fault::unwritten)?;
                discover::write_outside(&world.here.join(file), &file.to_string_lossy(), &bytes)?;
            }
        }
    }
    world.out.flush().map_err(fault::unwritten)
}

/// The answer for the worst finding that is not suppressed.
fn exit_code(worst: Option<Severity>, fail_on: FailOn) -> Exit {
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Note => Severity::Note,
        FailOn::Never => return Exit::Clean,
    };
    if worst.is_some_and(|worst| worst >= least) { Exit::Findings } else { Exit::Clean }
}

fn explain(name: &str, world: &mut World<'_>) -> Result<Exit> {
    let own = own(world)?;
    let meant = own.iter().find(|it| it.name == name).copied();
    let Some(rule) = meant.or_else(|| rules::named(name).first().copied()) else {
        let known = rules::ALL.iter().chain(own).map(|rule| rule.name);
        let help = match config::nearest_word(name, known) {
            Some(near) => format!("`{near}` is the nearest that there is"),
            None => "`limbeck rules` lists the rules".to_owned(),
        };
        return Err(fault::helped(format!("there is no rule `{name}`"), help));
    };
    output::explain::write(rule, look(world), world.out).map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

fn list(word: Option<&str>, group: Option<&str>, format: RulesFormat, world: &mut World<'_>) -> Result<Exit> {
    if let Some(group) = group {
        config::group_named(group)?;
    }
    let own = own(world)?;
    let chosen: Vec<&Rule> = rules::ALL
        .iter()
        .chain(own)
        .filter(|rule| group.is_none_or(|it| rule.spec.group.word() == it))
        .filter(|rule| word.is_none_or(|it| rule.speaks_of(it)))
        .collect();
    match format {
        RulesFormat::Text => output::rules::write_text(&chosen, look(world), world.out),
        RulesFormat::Json => output::rules::write_json(&chosen, world.out),
    }
    .map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

/// The rules that the nearest configuration tells.
fn own(world: &World<'_>) -> Result<Vec<&'static Rule>> {
    let given = Given::new(&world.here, &[PathBuf::from(".")])?;
    Ok(config::nearest(&given.checkout, &given.start())?.policy.own)
}

fn look(world: &World<'_>) -> Look {
    if world.colored { Look::Colored } else { Look::Plain }
}
