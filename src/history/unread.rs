//! Files that are loaded by Alembic and of which no revision could be read.

use super::load::is_revision_file;
use crate::{
    environment::Environment,
    source::{SourceId, Sources, Span},
};
use std::collections::{BTreeMap, BTreeSet};

/// A file that Alembic would load as a revision, and that gave none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The file.
    pub source: SourceId,
    /// Relative to the repository's root.
    pub path: String,
    /// The line that sets `revision`, if one seems to; else nothing more than the file's beginning.
    pub span: Span,
    /// Whether a line seems to set `revision`.
    pub sets_revision: bool,
    /// The name of the file is the id: so Alembic reads a file without `revision` whose name is all hexadecimal
    /// digits (`_legacy_rev`, for files from before Alembic 0.2).
    pub named_by_file: bool,
    /// The id that the line or the name seems to give.
    id: Option<String>,
    /// Everything between quotes that could be an id.
    quoted: BTreeSet<String>,
}

impl Unread {
    /// Whether the file seems to be the revision of this id; it is not, to our knowledge, missing then.
    #[must_use]
    pub fn may_be(&self, id: &str) -> bool {
        self.id.as_deref() == Some(id)
    }

    /// Whether the file may name this id as its parent.
    #[must_use]
    pub fn may_follow(&self, id: &str) -> bool {
        !self.may_be(id) && self.quoted.contains(id)
    }
}

/// The files of an environment without a revision, by path.
pub(super) fn collect(environment: &Environment, read: &BTreeMap<SourceId, String>, sources: &Sources) -> Vec<Unread> {
    let mut unread = Vec::new();
    for &source in environment.files.iter().filter(|source| !read.contains_key(source)) {
        let file = sources.get(source);
        if is_revision_file(file.path.rsplit('/').next().unwrap_or("")) {
            unread.push(look(source, &file.path, &file.text));
        }
    }
    unread.sort_by(|a, b| a.path.cmp(&b.path));
    unread
}

/// Reads by lines, since the file may not be Python at all.
fn look(source: SourceId, path: &str, text: &str) -> Unread {
    let mut unread = Unread {
        source,
        path: path.to_owned(),
        span: Span { source, start: 0, end: 0 },
        sets_revision: false,
        named_by_file: false,
        id: None,
        quoted: quoted(text),
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("revision").map(str::trim_start);
        if !unread.sets_revision && rest.is_some_and(|rest| rest.starts_with(['=', ':'])) {
            let end = start + line.trim_end().len();
            unread.sets_revision = true;
            unread.span = Span { source, start: offset(start), end: offset(end) };
            unread.id = line.split(['"', '\'']).nth(1).map(str::to_owned);
        }
        start += line.len();
    }
    let stem = path.rsplit('/').next().and_then(|name| name.strip_suffix(".py")).unwrap_or("");
    if !unread.sets_revision && !stem.is_empty() && stem.bytes().all(|it| matches!(it, b'a'..=b'f' | b'0'..=b'9')) {
        unread.named_by_file = true;
        unread.id = Some(stem.to_owned());
    }
    unread
}

fn quoted(text: &str) -> BTreeSet<String> {
    let parts = text.split(['"', '\'', '\n']);
    parts.filter(|part| !part.is_empty() && part.len() <= 64 && !part.contains(' ')).map(str::to_owned).collect()
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
