//! What a history is run with, as the JSON of `check` and `sql` says it.

use crate::environment::{Origin, Stack, Stated};
use serde::Serialize;
use std::collections::BTreeMap;

/// One environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Surroundings {
    /// The script folder.
    pub environment: String,
    /// SQLAlchemy.
    pub sqlalchemy: VersionTaken,
    /// Alembic, where its version is known.
    pub alembic: Option<VersionTaken>,
    /// What connects to PostgreSQL.
    pub driver: DriverTaken,
    /// How the project names what its revisions do not name.
    pub naming_convention: NamingTaken,
}

/// A naming convention, and where it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NamingTaken {
    /// Kind of name to template; `None`: there is no convention.
    pub templates: Option<BTreeMap<String, String>>,
    /// A file and its line.
    pub from: Option<String>,
    /// Why names of a kind are not known: kind to reason.
    pub unknown: BTreeMap<String, String>,
    /// Why the metadata that `env.py` gives is not understood, where nothing speaks of a convention.
    pub unread: Option<String>,
}

/// A version, and who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VersionTaken {
    /// `2.1`.
    pub version: String,
    /// A flag, a file, or a file and its line; `None`: nobody says, it is what is usual.
    pub from: Option<String>,
}

/// A driver, and who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DriverTaken {
    /// Its package.
    pub name: String,
    /// As for a version.
    pub from: Option<String>,
}

impl Surroundings {
    /// The words for a stack; `shown` makes paths those that the reader knows.
    #[must_use]
    pub fn of(folder: &str, stack: &Stack, shown: &dyn Fn(&str) -> String) -> Self {
        let version = |stated: &Stated<(u32, u32)>| VersionTaken {
            version: format!("{}.{}", stated.value.0, stated.value.1),
            from: from(&stated.from, shown),
        };
        let naming = &stack.naming;
        Self {
            environment: folder.to_owned(),
            sqlalchemy: version(&stack.sqlalchemy),
            alembic: stack.alembic.as_ref().map(version),
            naming_convention: NamingTaken {
                templates: (!naming.templates.is_empty()).then(|| naming.templates.clone()),
                from: from(&naming.from, shown),
                unknown: naming.unknown.clone(),
                unread: stack.unread.clone(),
            },
            driver: DriverTaken { name: stack.driver.value.word().to_owned(), from: from(&stack.driver.from, shown) },
        }
    }
}

fn from(origin: &Origin, shown: &dyn Fn(&str) -> String) -> Option<String> {
    match origin {
        Origin::Assumed => None,
        Origin::Flag(flag) => Some((*flag).to_owned()),
        Origin::Config(path) => Some(shown(path)),
        Origin::File { path, line } => Some(format!("{}:{line}", shown(path))),
    }
}
