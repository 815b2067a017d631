//! The graph of revisions.

use crate::{environment::Environment, revision::Revision};

/// The revisions of one environment and how they follow each other.
#[derive(Debug)]
pub struct History {
    /// Where they come from.
    pub environment: Environment,
    /// Every revision that was read, parents before children.
    pub revisions: Vec<Revision>,
}
