//! From arguments to an answer: each command is one function, and each wires the floors together.

use crate::{
    cli::{Check, Cli, Command, FailOn, Format, History, Place, Report, RulesFormat, Sql},
    config::{self, Config},
    discover::{self, Discovered, Given, Wish},
    fault,
    finding::Severity,
    rules,
};
use miette::Result;
use std::{
    io::{self, Write},
    path::PathBuf,
};

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
        Command::Sql(args) => sql(args, world),
        Command::History(args) => history(args, world),
        Command::Explain { rule } => explain(rule, world),
        Command::Rules { format } => list(*format, world),
        Command::ConfigSchema => {
            writeln!(world.out, "{:#}", config::json_schema()).map_err(fault::unwritten)?;
            Ok(Exit::Clean)
        }
    }
}

/// Reads the configuration and the histories, and says on stderr what the search left out.
///
/// # Errors
/// As [`discover::discover`] and [`config::nearest`].
pub fn gather(place: &Place, world: &mut World<'_>) -> Result<(Config, Discovered)> {
    let given = Given::new(&world.here, &place.paths)?;
    let config = match &place.config {
        _ if place.no_config => Config::default(),
        Some(file) => config::named(&given.checkout, &world.here, file)?,
        None => config::nearest(&given.checkout, &given.start())?,
    };
    let wish =
        Wish { name: place.name.clone(), environment: place.environment.clone(), exclude: config.exclude.clone() };
    let discovered = discover::discover(given, &wish)?;
    for line in &discovered.talk {
        writeln!(world.err, "limbeck: {line}").map_err(fault::unwritten)?;
    }
    Ok((config, discovered))
}

fn check(args: &Check, world: &mut World<'_>) -> Result<Exit> {
    one_on_stdout(&args.formats)?;
    let (mut config, discovered) = gather(&args.place, world)?;
    if let Some(postgres) = args.postgres {
        config.policy.target.postgres = postgres;
    }
    if args.since.is_some() {
        config.policy.target.since.clone_from(&args.since);
    }
    // Seam: python::read each file of discovered.environments, check::check them with config.policy, and hand the
    // report to `write_reports`; then `exit_code` of its findings.
    let worst = discovered.findings.iter().map(|finding| finding.severity).max();
    let _ = write_reports;
    let _ = exit_code(worst, args.fail_on);
    Err(unwired("check"))
}

fn sql(args: &Sql, world: &mut World<'_>) -> Result<Exit> {
    let _ = gather(&args.place, world)?;
    Err(unwired("sql"))
}

fn history(args: &History, world: &mut World<'_>) -> Result<Exit> {
    let _ = gather(&args.place, world)?;
    Err(unwired("history"))
}

fn unwired(command: &str) -> miette::Report {
    fault::plain(format!("`limbeck {command}` is not wired yet"))
}

/// JSON and SARIF are whole documents: nothing else may share their stream.
fn one_on_stdout(formats: &[Report]) -> Result<()> {
    let stdout: Vec<Format> = formats.iter().filter(|it| it.file.is_none()).map(|it| it.format).collect();
    let whole = stdout.iter().any(|format| matches!(format, Format::Json | Format::Sarif));
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
    let Some(rule) = rules::find(name) else {
        let known = rules::ALL.iter().map(|rule| rule.name);
        let help = match config::nearest_word(name, known) {
            Some(near) => format!("`{near}` is the nearest that there is"),
            None => "`limbeck rules` lists the rules".to_owned(),
        };
        return Err(fault::helped(format!("there is no rule `{name}`"), help));
    };
    writeln!(world.out, "{}", rule.doc.trim_end()).map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

fn list(format: RulesFormat, world: &mut World<'_>) -> Result<Exit> {
    // Seam: `output::rules` lists them with more care.
    match format {
        RulesFormat::Text => {
            for rule in rules::ALL {
                writeln!(world.out, "{}: {}", rule.name, rule.summary()).map_err(fault::unwritten)?;
            }
        }
        RulesFormat::Json => {
            let entry = |rule: &crate::rule::Rule| {
                serde_json::json!({
                    "name": rule.name,
                    "group": rule.spec.group.word(),
                    "severity": rule.spec.severity.word(),
                    "default": rule.spec.default,
                    "summary": rule.summary(),
                })
            };
            let all: Vec<_> = rules::ALL.iter().map(entry).collect();
            writeln!(world.out, "{:#}", serde_json::json!({ "rules": all })).map_err(fault::unwritten)?;
        }
    }
    Ok(Exit::Clean)
}
