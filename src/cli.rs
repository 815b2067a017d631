//! The command line's types and their help.

use crate::environment;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

/// A CI linter and safety analyzer for Alembic migration histories on PostgreSQL
///
/// Exit codes: 0 clean, 1 findings at or above --fail-on, 2 could not do the work.
#[derive(Debug, Parser)]
#[command(name = "limbeck", version, max_term_width = 100)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// When to colour words for people
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the histories and report what is wrong with them
    Check(Check),
    /// Print the SQL that Alembic would send
    Sql(Sql),
    /// Tell what each revision locks, for how long, and who waits
    Locks(Locks),
    /// Tell how much of the histories is understood
    Coverage(Coverage),
    /// Print the schema as the history leaves it
    Schema(Schema),
    /// Print the graph of the revisions
    History(History),
    /// Run the histories up, down and up again on a real PostgreSQL
    Roundtrip(Roundtrip),
    /// Write down what a database holds: sizes, stamps, what is invalid; `check --stats` takes it
    Stats(Stats),
    /// Put new revisions on the head of the base, where both follow the same one
    Rebase(Rebase),
    /// Print the document of a rule
    Explain {
        /// The rule's name
        rule: String,
    },
    /// Accept every finding that there is now: write them into a file that `check --baseline` takes
    Baseline(Baseline),
    /// List the rules
    Rules {
        /// Only those with this word in their name, their summary or another tool's name for them
        #[arg(value_name = "WORD")]
        word: Option<String>,
        /// Only those of this group
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        /// How to list them
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: RulesFormat,
    },
    /// Print the JSON schema of the configuration
    ConfigSchema,
    /// Write a page that shows the histories: graph, SQL, findings
    Report(Page),
    /// Serve a page to this machine that judges a revision as one types
    Playground(Playground),
    /// Write the files that a project begins with: configuration, pre-commit hook, workflow
    Init(Init),
    /// Serve an editor: the language server protocol on standard input and output
    Server,
    /// Print what a shell completes commands by
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page
    Man {
        /// The command that it is of; without one, limbeck's
        command: Option<String>,
    },
}

/// What stands in a workflow for the action, as long as nobody says which it is.
pub const ACTION: &str = "your-fork/limbeck@main";

/// `limbeck report`.
#[derive(Debug, Args)]
pub struct Page {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub html: PathBuf,
    /// A branch or commit: tell of what is new beside it, and of what of it was changed
    #[arg(long, value_name = "GITREF")]
    pub base: Option<String>,
}

/// `limbeck playground`.
#[derive(Debug, Args)]
pub struct Playground {
    /// The port of 127.0.0.1; any that is free, unless given
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,
}

/// `limbeck init`.
#[derive(Debug, Args)]
pub struct Init {
    /// A repository, an Alembic folder or a versions folder
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// The action that the workflow uses
    #[arg(long, value_name = "OWNER/REPO@COMMIT", default_value = ACTION)]
    pub action: String,
    /// Write the files, not only show them
    #[arg(long)]
    pub write: bool,
}

/// `limbeck check`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Check {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// How to report, with =FILE into a file; may be repeated: human, concise, json, jsonl, sarif, github, gitlab,
    /// junit, markdown, rdjson
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "human")]
    pub formats: Vec<Report>,
    /// A revision: report only on what is neither it nor its ancestor
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    /// A branch or commit: report on what is new beside it, and on what of it was changed
    #[arg(long, value_name = "GITREF")]
    pub base: Option<String>,
    /// The last commit as the base: report on what is about to be committed
    #[arg(long, conflicts_with = "base")]
    pub staged: bool,
    /// Only these rules or groups of rules, in place of the configuration's
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Not these rules or groups of rules, besides the configuration's
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// The least severity of a finding that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub fail_on: FailOn,
    /// The lowest major version of PostgreSQL that the history is run on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(9..100))]
    pub postgres: Option<u32>,
    /// The version of SQLAlchemy that the history is run with, in place of the project's
    #[arg(long, value_name = "X.Y", value_parser = version)]
    pub sqlalchemy: Option<(u32, u32)>,
    /// A file of accepted findings, which are counted and not shown; `limbeck baseline` writes it
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// What `limbeck stats` wrote of a database: judge what `upgrade head` would run there, by the size of its tables
    #[arg(long, value_name = "FILE", conflicts_with_all = ["since", "base", "staged"])]
    pub stats: Option<PathBuf>,
    /// Count the findings of each rule
    #[arg(long)]
    pub statistics: bool,
    /// Make an error of each operation that is not understood
    #[arg(long)]
    pub strict: bool,
    /// Write what the helps of some rules say into new revisions, where it is sure to be right; report what is left
    #[arg(long, conflicts_with = "stats")]
    pub fix: bool,
    /// Show what --fix would write, and write nothing; the exit code is 1 where there is anything
    #[arg(long, conflicts_with_all = ["fix", "formats", "statistics", "stats"])]
    pub diff: bool,
    /// With --fix and --diff: also in revisions that are not known to be new, and may have been run somewhere
    #[arg(long)]
    pub unsafe_fixes: bool,
}

impl Check {
    /// The commit that the work at hand is held against.
    #[must_use]
    pub fn against(&self) -> Option<&str> {
        if self.staged { Some("HEAD") } else { self.base.as_deref() }
    }
}

/// `limbeck stats`.
#[derive(Debug, Args)]
pub struct Stats {
    /// The database; it is only read
    #[arg(long, value_name = "URL")]
    pub database_url: String,
}

/// `limbeck baseline`.
#[derive(Debug, Args)]
pub struct Baseline {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "limbeck-baseline.json")]
    pub output: PathBuf,
}

/// `limbeck sql`.
#[derive(Debug, Args)]
pub struct Sql {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// Only this revision
    #[arg(long, value_name = "REV")]
    pub revision: Option<String>,
    /// Which way
    #[arg(long, value_name = "WAY", default_value = "both")]
    pub direction: Way,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "sql")]
    pub format: SqlFormat,
    /// The version of SQLAlchemy that the SQL is that of, in place of the project's
    #[arg(long, value_name = "X.Y", value_parser = version)]
    pub sqlalchemy: Option<(u32, u32)>,
}

/// `limbeck locks`.
#[derive(Debug, Args)]
pub struct Locks {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// Only this revision
    #[arg(long, value_name = "REV")]
    pub revision: Option<String>,
    /// Which way
    #[arg(long, value_name = "WAY", default_value = "both")]
    pub direction: Way,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: LocksFormat,
    /// The major version of PostgreSQL that it is to hold of, in place of the configuration's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(9..100))]
    pub postgres: Option<u32>,
    /// The version of SQLAlchemy that the SQL is that of, in place of the project's
    #[arg(long, value_name = "X.Y", value_parser = version)]
    pub sqlalchemy: Option<(u32, u32)>,
}

/// `limbeck schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// As this revision leaves it, in place of the heads
    #[arg(long, value_name = "REV")]
    pub at: Option<String>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: SchemaFormat,
    /// The version of SQLAlchemy that the history is run with, in place of the project's
    #[arg(long, value_name = "X.Y", value_parser = version)]
    pub sqlalchemy: Option<(u32, u32)>,
}

/// `limbeck coverage`.
#[derive(Debug, Args)]
pub struct Coverage {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: CoverageFormat,
    /// The version of SQLAlchemy that the SQL is that of, in place of the project's
    #[arg(long, value_name = "X.Y", value_parser = version)]
    pub sqlalchemy: Option<(u32, u32)>,
}

/// `limbeck history`.
#[derive(Debug, Args)]
pub struct History {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: HistoryFormat,
    /// A branch or commit: tell what is new beside it
    #[arg(long, value_name = "GITREF")]
    pub base: Option<String>,
}

/// `limbeck roundtrip`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Roundtrip {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// How to report: human, json, sarif or github, with =FILE into a file; may be repeated
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "human")]
    pub formats: Vec<Report>,
    /// A revision: step only what is neither it nor its ancestor
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    /// A branch or commit: step only what is new or changed beside it
    #[arg(long, value_name = "GITREF")]
    pub base: Option<String>,
    /// A dump of a database, to be stamped and upgraded too: at REV, or where its schema says
    #[arg(long, value_name = "FILE[@REV]")]
    pub baseline: Option<String>,
    /// Step with so many rows of limbeck's own in every table too
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub rows: Option<u16>,
    /// Other values for those rows
    #[arg(long, value_name = "S", requires = "rows", default_value_t = 0)]
    pub seed: u64,
    /// A file of SQL with rows of your own, each statement run as soon as its tables are there
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Run each revision on tables that take so many milliseconds to read, 1000 unless given, while others read and write
    #[arg(long, value_name = "MS", num_args = 0..=1, require_equals = true, default_missing_value = "1000",
        value_parser = clap::value_parser!(u32).range(10..=60_000))]
    pub contention: Option<u32>,
    /// So many databases at a time; as many as there are processors, but no more than 8, unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub jobs: Option<u8>,
    /// Leave the scratch databases of a run that fails, and say how to connect to them
    #[arg(long)]
    pub keep: bool,
    /// Not these rules or groups of rules, besides the configuration's
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// The least severity of a finding that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub fail_on: FailOn,
    /// The major version of PostgreSQL to run; the newest that is found, unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(9..100), conflicts_with = "database_url")]
    pub postgres: Option<u32>,
    /// The folder with PostgreSQL's initdb, `pg_ctl` and postgres
    #[arg(long, value_name = "FOLDER", conflicts_with = "database_url")]
    pub postgres_bin: Option<PathBuf>,
    /// A server to make scratch databases on, in place of a temporary one of limbeck's own
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Make the scratch databases though the one that the URL names has tables in it
    #[arg(long, requires = "database_url")]
    pub create_beside: bool,
    /// Run what reaches beyond the database: roles, files, programs (only on a temporary server)
    #[arg(long, conflicts_with = "database_url")]
    pub allow_cluster_changes: bool,
    /// Tell what each statement locks, rewrites and reads, and where the lock model is wrong about it
    #[arg(long)]
    pub trace: bool,
    /// Who runs the revisions; all but `builtin` run the project's own code
    #[arg(long, value_name = "RUNNER", default_value = "builtin")]
    pub runner: Runner,
    /// How the project's Alembic is called; it runs in the folder of its settings
    #[arg(long, value_name = "COMMAND", default_value = "python -m alembic")]
    pub alembic_command: String,
    /// An argument for env.py, as `alembic -x` takes it; may be repeated
    #[arg(short = 'x', value_name = "ARGUMENT")]
    pub x: Vec<String>,
    /// The environment variable that env.py takes the URL of the database from
    #[arg(long, value_name = "NAME", default_value = "DATABASE_URL")]
    pub env_var: String,
    /// How many seconds one call of Alembic may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..86_400))]
    pub alembic_timeout: u64,
    /// The version of SQLAlchemy that the history is run with, in place of the project's
    #[arg(long, value_name = "X.Y", value_parser = version)]
    pub sqlalchemy: Option<(u32, u32)>,
}

/// Who runs the revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Runner {
    /// limbeck, from the text: no Python is run
    Builtin,
    /// The project's own Alembic
    Alembic,
    /// limbeck, and the project's own Alembic where a revision is not known in full
    Auto,
}

/// `limbeck rebase`.
#[derive(Debug, Args)]
pub struct Rebase {
    /// Where to look and what to obey
    #[command(flatten)]
    pub place: Place,
    /// The branch or commit that the work is to be put on
    #[arg(long, value_name = "GITREF", default_value = "origin/HEAD")]
    pub base: String,
    /// Change the files, not only show how
    #[arg(long)]
    pub write: bool,
}

/// Where to look and what to obey.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// A repository, an Alembic folder, a versions folder or single revision files
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// The section of alembic.ini, as `alembic -n` takes it
    #[arg(short, long, value_name = "NAME")]
    pub name: Option<String>,
    /// Only the history with this script folder
    #[arg(long, value_name = "FOLDER")]
    pub environment: Option<String>,
    /// The configuration, in place of the nearest limbeck.toml or pyproject.toml
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Obey no configuration file
    #[arg(long)]
    pub no_config: bool,
    /// The value of a Python name that decides what a revision does, over `[assume]`; may be repeated
    #[arg(long = "assume", value_name = "NAME=VALUE")]
    pub assume: Vec<Assume>,
    /// Texts in place of those on the disk, by absolute path: what an editor has not saved
    #[arg(skip)]
    pub unsaved: BTreeMap<PathBuf, String>,
}

impl Place {
    /// Some paths, with nothing else said.
    #[must_use]
    pub fn at(paths: Vec<PathBuf>) -> Self {
        Self {
            paths,
            name: None,
            environment: None,
            config: None,
            no_config: false,
            assume: Vec::new(),
            unsaved: BTreeMap::new(),
        }
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// One line for each finding
    Concise,
    /// One JSON object
    Json,
    /// One JSON object for each finding
    Jsonl,
    /// SARIF 2.1.0
    Sarif,
    /// GitHub's workflow commands
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// The XML of `JUnit`
    Junit,
    /// A summary in Markdown
    Markdown,
    /// Reviewdog's diagnostics
    Rdjson,
}

/// How and where a report is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How.
    pub format: Format,
    /// Where to; `None`: stdout.
    pub file: Option<PathBuf>,
}

impl FromStr for Report {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("there is no file after the `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = Format::from_str(name, false).map_err(|_| {
            let all = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<String> = all.map(|it| format!("`{}`", it.get_name())).collect();
            format!("`{name}` is none of {}", names.join(", "))
        })?;
        Ok(Self { format, file })
    }
}

/// The least severity that fails a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors
    Error,
    /// Warnings and errors
    Warning,
    /// Any finding
    Note,
    /// Nothing
    Never,
}

/// Which way a revision is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// `upgrade()`
    Upgrade,
    /// `downgrade()`
    Downgrade,
    /// Both
    Both,
}

/// How SQL is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SqlFormat {
    /// SQL with comments
    Sql,
    /// One JSON object
    Json,
}

/// How locks are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LocksFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// How the schema is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// For people
    Text,
    /// Statements that make it in an empty database
    Sql,
    /// One JSON object
    Json,
}

/// How the coverage is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CoverageFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// How the graph is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HistoryFormat {
    /// A tree for the terminal
    Text,
    /// One JSON object
    Json,
    /// A Mermaid diagram
    Mermaid,
    /// A Graphviz graph
    Dot,
    /// A picture that stands alone
    Svg,
}

/// How rules are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RulesFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// A Python name as the revision spells it, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assume {
    /// The name: `settings.X`, `os.environ["X"]`, `get_setting("x")`.
    pub name: String,
    /// A literal of TOML or Python, else the text itself.
    pub value: String,
}

impl FromStr for Assume {
    type Err = String;

    /// The name ends at the first `=` outside of brackets and quotes.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut depth, mut quote) = (0_usize, None);
        let end = text.char_indices().find(|&(_, c)| {
            match (quote, c) {
                (Some(open), c) if open == c => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(c),
                (None, '(' | '[' | '{') => depth += 1,
                (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
                (None, c) => return c == '=' && depth == 0,
            }
            false
        });
        match end.map(|(at, _)| (text[..at].trim(), &text[at + 1..])) {
            Some((name, value)) if !name.is_empty() => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            _ => Err("an assumption looks like `settings.NAME=value`".to_owned()),
        }
    }
}

/// A major and a minor version.
fn version(text: &str) -> Result<(u32, u32), String> {
    environment::version(text).ok_or_else(|| "a version looks like `2.1`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn formats_may_name_files() {
        let cli = Cli::parse_from(["limbeck", "check", "--format", "human", "--format", "sarif=a=b.sarif", "x"]);
        let Command::Check(check) = cli.command else { panic!("not a check") };
        assert_eq!(check.place.paths, [PathBuf::from("x")]);
        assert_eq!(check.formats[0], Report { format: Format::Human, file: None });
        assert_eq!(check.formats[1], Report { format: Format::Sarif, file: Some("a=b.sarif".into()) });
        for bad in ["xml", "json=", "=x"] {
            assert!(Cli::try_parse_from(["limbeck", "check", "--format", bad]).is_err(), "{bad}");
        }
    }
}
