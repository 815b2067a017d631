//! The schema as a history leaves it: `limbeck schema`.

pub mod json;
pub mod sql;
pub mod step;
pub mod text;

use crate::{
    reason::Class,
    schema::{Made, Schema},
};

/// What there is to print of one history.
pub struct Left<'a> {
    /// The script folder.
    pub environment: String,
    /// The revisions that it is the schema of: the one asked for, or the heads.
    pub at: Vec<String>,
    /// The schema.
    pub schema: &'a Schema,
    /// What is not understood on the way there.
    pub unresolved: Vec<Unknown>,
    /// Says of a place which revision it is in, in which file and on which line.
    pub place: &'a dyn Fn(&Made) -> Spot,
}

/// Something on the way that may have done anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Where.
    pub spot: Spot,
    /// Why it is not known.
    pub reason: String,
    /// Of which class that is.
    pub class: Class,
}

/// A place in a revision.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Spot {
    /// The revision.
    pub revision: String,
    /// Its file.
    pub file: String,
    /// The line.
    pub line: u32,
}

impl Left<'_> {
    /// Nothing on the way is unknown.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unresolved.is_empty() && !self.schema.is_blurred()
    }
}
