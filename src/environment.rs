//! One Alembic environment: its settings as far as they matter, without its files' contents.

use crate::source::{SourceId, Span};
use std::collections::BTreeSet;

/// A script folder and the revisions that belong to it. Paths are relative to the repository's root, with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The script folder: the environment's name in every output.
    pub folder: String,
    /// Where revisions are looked for.
    pub version_locations: Vec<String>,
    /// `file_template`, and where it was set.
    pub file_template: Option<(String, Option<Span>)>,
    /// `truncate_slug_length` (Alembic's default: 40).
    pub truncate_slug_length: Option<usize>,
    /// The revision files, by path.
    pub files: Vec<SourceId>,
    /// Only these are to be reported on (pre-commit gave single files); `None`: all.
    pub selected: Option<BTreeSet<SourceId>>,
}
