//! What a history is run with, as the JSON of `check` and `sql` says it.

use crate::environment::{Origin, Stack};
use serde::Serialize;

/// One environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Surroundings {
    /// The script folder.
    pub environment: String,
    /// SQLAlchemy.
    pub sqlalchemy: VersionTaken,
    /// What connects to PostgreSQL.
    pub driver: DriverTaken,
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
        let (major, minor) = stack.sqlalchemy.value;
        Self {
            environment: folder.to_owned(),
            sqlalchemy: VersionTaken { version: format!("{major}.{minor}"), from: from(&stack.sqlalchemy.from, shown) },
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
