//! In which order Alembic reads its files, and which of them it keeps.

use crate::{
    environment::{Environment, inner, trimmed},
    revision::Revision,
};
use std::collections::BTreeMap;

/// Whether Alembic loads a file of this name (without its folder) as a revision: every `*.py` but `__init__*` and
/// the lock files of Emacs, `.#*` (alembic 1.20: `_only_source_rev_file`).
#[must_use]
pub fn is_revision_file(name: &str) -> bool {
    name.strip_suffix(".py").is_some() && !name.starts_with("__init__") && !name.starts_with(".#")
}

/// Sorts as Alembic reads: location by location, in each folder first the files by name, then the folders by name.
pub(super) fn rank(environment: &Environment, path: &str) -> (usize, Vec<(bool, String)>) {
    let (at, inside) = match location(environment, path) {
        Some((at, location)) => (at, inner(location, path).unwrap_or(path)),
        None => (usize::MAX, path),
    };
    let folders = inside.matches('/').count();
    (at, inside.split('/').enumerate().map(|(depth, part)| (depth < folders, part.to_owned())).collect())
}

/// The first version location that holds a file, and its place among them.
pub(super) fn location<'a>(environment: &'a Environment, path: &str) -> Option<(usize, &'a str)> {
    let all = environment.version_locations.iter().enumerate();
    // With one folder inside another the inner one is the file's own, unless folders are searched to the bottom;
    // for the order the difference is none, since both are read by name.
    all.filter(|(_, location)| inner(location, path).is_some())
        .max_by_key(|(at, location)| (trimmed(location).len(), usize::MAX - at))
        .map(|(at, location)| (at, location.as_str()))
}

/// Of the revisions with one id keeps the last, at the place of the first, as the dictionary of `RevisionMap` does;
/// the others come second.
pub(super) fn keep_last(read: Vec<Revision>) -> (Vec<Revision>, Vec<Revision>) {
    let mut kept: Vec<Revision> = Vec::with_capacity(read.len());
    let mut dropped = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for revision in read {
        if let Some(place) = places.get(&revision.id.id).and_then(|&at| kept.get_mut(at)) {
            dropped.push(std::mem::replace(place, revision));
        } else {
            places.insert(revision.id.id.clone(), kept.len());
            kept.push(revision);
        }
    }
    (kept, dropped)
}
