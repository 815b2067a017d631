//! One Alembic environment: its settings as far as they matter, without its files' contents.

use crate::{
    source::{SourceId, Span},
    statement::Way,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What is taken where neither the project nor the user says: the newest of SQLAlchemy.
pub const NEWEST_SQLALCHEMY: (u32, u32) = (2, 1);

/// Something that decides what a migration does, and who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated<T> {
    /// What is said.
    pub value: T,
    /// By whom.
    pub from: Origin,
}

/// `2.1`, or `2.1.9`: the major and the minor version.
#[must_use]
pub fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor)), None | Some(Ok(_)), None) => Some((major, minor)),
        _ => None,
    }
}

/// Who says something of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: it is taken to be so.
    #[default]
    Assumed,
    /// A flag of the command line, as it is written there.
    Flag(&'static str),
    /// The configuration, by its path.
    Config(String),
    /// A file of the project.
    File {
        /// Relative to the repository's root.
        path: String,
        /// The line, from 1.
        line: u32,
    },
}

/// The package that connects SQLAlchemy to PostgreSQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the word says it")]
pub enum Driver {
    #[default]
    Psycopg2,
    Psycopg,
    Asyncpg,
    Pg8000,
}

impl Driver {
    /// Every one, the usual first.
    pub const ALL: [Self; 4] = [Self::Psycopg2, Self::Psycopg, Self::Asyncpg, Self::Pg8000];

    /// The name of the package, which is also that in a URL.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Psycopg2 => "psycopg2",
            Self::Psycopg => "psycopg",
            Self::Asyncpg => "asyncpg",
            Self::Pg8000 => "pg8000",
        }
    }

    /// The driver that a URL's scheme names: `postgresql+asyncpg`. One without a name, as `postgresql`, leaves it to
    /// SQLAlchemy, whose choice is psycopg2 before 2.1 and psycopg from then on
    /// (`sqlalchemy/dialects/postgresql/__init__.py`). `None`: no database of PostgreSQL's, or no driver known here.
    #[must_use]
    pub fn of_scheme(scheme: &str, sqlalchemy: (u32, u32)) -> Option<Self> {
        match scheme.split_once('+') {
            Some(("postgresql" | "postgres", "psycopg2cffi")) => Some(Self::Psycopg2),
            Some(("postgresql" | "postgres", "psycopg_async")) => Some(Self::Psycopg),
            Some(("postgresql" | "postgres", word)) => Self::ALL.into_iter().find(|it| it.word() == word),
            None if matches!(scheme, "postgresql" | "postgres") => {
                Some(if sqlalchemy < (2, 1) { Self::Psycopg2 } else { Self::Psycopg })
            }
            _ => None,
        }
    }
}

/// How a project names the constraints and indexes that its revisions do not name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// Templates by kind of name: `ix`, `uq`, `ck`, `fk`, `pk`. Empty: there is no convention.
    pub templates: BTreeMap<String, String>,
    /// The kinds whose template cannot be told though there may be one, and why.
    pub unknown: BTreeMap<String, String>,
    /// Code of the project that is called as constraints, indexes and tables are made.
    pub listeners: BTreeSet<Listener>,
    /// Where the convention is written.
    pub from: Origin,
}

/// A function of the project that SQLAlchemy calls for all that is made of a kind (`sqlalchemy.event`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    /// A kind of name (`ix`, `uq`, `ck`, `fk`, `pk`, `ex`), or `create` and `drop` of tables.
    pub hears: &'static str,
    /// The file, relative to the repository's root.
    pub path: String,
    /// Where in it the function is made a listener: they are called in that order.
    pub at: u32,
    /// The file.
    pub source: SourceId,
    /// The function's name, where it is one of the file's own; else nobody can tell what is called.
    pub function: Option<String>,
}

/// Which kind of engine `env.py` makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the word says it")]
pub enum Engine {
    Sync,
    Async,
    #[default]
    Unknown,
}

/// What Alembic runs in one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transactions {
    /// All revisions of a run together: what Alembic does unless it is told.
    PerRun,
    /// Each revision by itself: `transaction_per_migration=True`.
    PerMigration,
    /// It cannot be told from the text.
    #[default]
    Unknown,
}

/// How long `env.py` lets a statement wait for a lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LockTimeout {
    /// `env.py` does not speak of it; this is where it configures Alembic.
    Absent(Span),
    /// So many milliseconds.
    Milliseconds(u64),
    /// Something sets it, or may.
    #[default]
    Unknown,
}

/// Where Alembic keeps what has been run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionTable {
    /// `version_table`.
    pub name: String,
    /// `version_table_schema`; `None`: where unqualified names are looked for.
    pub schema: Option<String>,
}

impl Default for VersionTable {
    fn default() -> Self {
        Self { name: "alembic_version".to_owned(), schema: None }
    }
}

/// What an `env.py` says, as far as it can be told from the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The convention of the metadata that it gives Alembic.
    pub naming: Naming,
    /// Why that metadata is not understood, where nothing speaks of a convention either.
    pub unread: Option<String>,
    /// The scheme of the URL that it connects to, and where it is written.
    pub scheme: Option<(String, Span)>,
    /// It sets a URL of its own, whatever the settings say.
    pub sets_url: bool,
    /// How it connects.
    pub engine: Engine,
    /// What runs in one transaction.
    pub transactions: Transactions,
    /// How long a lock is waited for.
    pub lock_timeout: LockTimeout,
    /// Where the revisions that have been run are kept.
    pub version_table: VersionTable,
    /// What it sends before the first revision, of what sets the path for names or makes schemas.
    pub opening: Vec<String>,
}

/// What a project runs its migrations with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The major and minor version of SQLAlchemy: the newest where nothing says.
    pub sqlalchemy: Stated<(u32, u32)>,
    /// That of Alembic, where it is known.
    pub alembic: Option<Stated<(u32, u32)>>,
    /// What connects to the database: psycopg2 where nothing says.
    pub driver: Stated<Driver>,
    /// How unnamed constraints are named.
    pub naming: Naming,
    /// Why the metadata of `env.py`, and with it its convention, is not understood.
    pub unread: Option<String>,
    /// What runs in one transaction.
    pub transactions: Transactions,
    /// How long a lock is waited for.
    pub lock_timeout: LockTimeout,
    /// Where the revisions that have been run are kept.
    pub version_table: VersionTable,
    /// What it sends before the first revision, of what sets the path for names or makes schemas.
    pub opening: Vec<String>,
}

impl Default for Stack {
    fn default() -> Self {
        Self {
            sqlalchemy: Stated { value: NEWEST_SQLALCHEMY, from: Origin::Assumed },
            alembic: None,
            driver: Stated::default(),
            naming: Naming::default(),
            unread: None,
            transactions: Transactions::default(),
            lock_timeout: LockTimeout::default(),
            version_table: VersionTable::default(),
            opening: Vec::new(),
        }
    }
}

/// The schema of a database, as `pg_dump` has written it.
#[derive(Clone, Debug)]
pub struct Dump {
    /// The file.
    pub source: SourceId,
    /// What the file was when it was read; its statements.
    pub way: Arc<Way>,
    /// The revision that leaves this schema; `None`: it is what the first revision finds.
    pub behind: Option<String>,
}

impl PartialEq for Dump {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.behind == other.behind && self.way == other.way
    }
}

impl Eq for Dump {}

/// A script folder and the revisions that belong to it. Paths are relative to the repository's root, with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The script folder: the environment's name in every output.
    pub folder: String,
    /// Where revisions are looked for.
    pub version_locations: Vec<String>,
    /// `recursive_version_locations`: folders in them count as well.
    pub recursive: bool,
    /// `file_template`, and where it was set.
    pub file_template: Option<(String, Option<Span>)>,
    /// `truncate_slug_length` (Alembic's default: 40).
    pub truncate_slug_length: Option<usize>,
    /// The folder that Alembic is called in, where there are settings.
    pub called_in: Option<String>,
    /// The ini file of the settings.
    pub settings: Option<String>,
    /// The revision files, by path.
    pub files: Vec<SourceId>,
    /// `sqlalchemy.url` of the settings, and where it is written.
    pub url: Option<(String, Span)>,
    /// `databases` of the settings: the engines of the `multidb` template.
    pub databases: Vec<String>,
    /// What the project runs its migrations with.
    pub stack: Stack,
    /// The schema that the history finds, where a dump says it.
    pub dump: Option<Dump>,
    /// Only these are to be reported on (pre-commit gave single files); `None`: all.
    pub selected: Option<BTreeSet<SourceId>>,
}

/// What of a path lies inside a folder.
pub(crate) fn inner<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    match trimmed(folder) {
        "" => Some(path),
        folder => path.strip_prefix(folder)?.strip_prefix('/'),
    }
}

/// The folder without `./` and the last `/`; the root is empty.
pub(crate) fn trimmed(folder: &str) -> &str {
    let folder = folder.trim_end_matches('/');
    folder.strip_prefix("./").unwrap_or(if folder == "." { "" } else { folder })
}

impl Environment {
    /// A path lies where revisions are looked for.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        self.version_locations
            .iter()
            .any(|location| inner(location, path).is_some_and(|rest| self.recursive || !rest.contains('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::{Driver, version};

    #[test]
    fn a_scheme_names_the_driver_or_leaves_it_to_sqlalchemy() {
        let of = |scheme| (Driver::of_scheme(scheme, (2, 0)), Driver::of_scheme(scheme, (2, 1)));
        assert_eq!(of("postgresql"), (Some(Driver::Psycopg2), Some(Driver::Psycopg)));
        for (scheme, driver) in [
            ("postgresql+asyncpg", Driver::Asyncpg),
            ("postgresql+psycopg", Driver::Psycopg),
            ("postgresql+psycopg_async", Driver::Psycopg),
            ("postgresql+psycopg2cffi", Driver::Psycopg2),
            ("postgresql+pg8000", Driver::Pg8000),
        ] {
            assert_eq!(of(scheme), (Some(driver), Some(driver)), "{scheme}");
        }
        for scheme in ["driver", "sqlite", "mysql+asyncpg", "postgresql+pygresql", ""] {
            assert_eq!(of(scheme), (None, None), "{scheme}");
        }
    }

    #[test]
    fn a_version_has_two_numbers_or_three() {
        assert_eq!((version("2.1"), version("2.0.58")), (Some((2, 1)), Some((2, 0))));
        for text in ["2", "", "2.x", "2.1.9.1", "2.1b1", "-1.0"] {
            assert_eq!(version(text), None, "{text}");
        }
    }
}
