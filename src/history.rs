//! The graph of revisions: who follows whom, in which order Alembic runs them, and what of it does not hold.
//!
//! A history is built from whatever was read. Missing parents, cycles and ids that are used twice are kept as
//! facts for the rules; what can be ordered is ordered, the rest follows in an order that is the same each time.

mod branches;
mod cycle;
mod edges;
mod file_name;
mod load;
mod order;
mod unread;

pub use file_name::{DEFAULT_TEMPLATE, fits_template, named_by};
pub use load::is_revision_file;
pub use unread::Unread;

use crate::{
    environment::Environment,
    revision::{Reference, Revision},
    source::{SourceId, Sources},
};
use edges::Edges;
use std::collections::{BTreeMap, BTreeSet};

/// The revisions of one environment and how they follow each other.
#[derive(Debug)]
pub struct History {
    /// Where they come from.
    pub environment: Environment,
    /// Every revision that Alembic knows of, parents before children: the order of an upgrade from nothing to
    /// all heads, `ScriptDirectory.iterate_revisions("heads", "base")` read backwards.
    pub revisions: Vec<Revision>,
    /// Files whose id a later file uses as well: Alembic forgets them with no more than a warning
    /// (`RevisionMap._revision_map`). In the order in which Alembic reads them.
    pub dropped: Vec<Revision>,
    /// Files that Alembic loads as revisions, and of which none came.
    pub unread: Vec<Unread>,
    /// Position in `revisions`, by id.
    index: BTreeMap<String, usize>,
    edges: Edges,
    /// Place in Alembic's reading order, for each of `revisions`.
    loaded: Vec<usize>,
    paths: BTreeMap<SourceId, String>,
}

impl History {
    /// Puts the revisions of one environment in order. Every input gives a history: see [`Self::broken_parents`],
    /// [`Self::broken_dependencies`], [`Self::cycles`], [`Self::dropped`] and [`Self::unread`] for what does not hold.
    ///
    /// Alembic reads the version locations one after the other and each folder's files by name; of two files with
    /// one id it keeps the last (alembic 1.20: `ScriptDirectory._load_revisions`, `Script._list_py_dir`).
    #[must_use]
    pub fn build(environment: Environment, revisions: Vec<Revision>, sources: &Sources) -> Self {
        let path = |source: SourceId| sources.get(source).path.clone();
        let paths: BTreeMap<SourceId, String> = revisions.iter().map(|it| (it.source, path(it.source))).collect();
        let unread = unread::collect(&environment, &paths, sources);
        let mut read = revisions;
        read.sort_by_cached_key(|it| load::rank(&environment, paths.get(&it.source).map_or("", String::as_str)));
        let (kept, dropped) = load::keep_last(read);
        let order = order::upgrade(&Edges::of(&kept));
        let mut slots: Vec<Option<Revision>> = kept.into_iter().map(Some).collect();
        let revisions: Vec<Revision> = order.iter().filter_map(|&at| slots.get_mut(at)?.take()).collect();
        let index = revisions.iter().enumerate().map(|(at, it)| (it.id.id.clone(), at)).collect();
        let edges = Edges::of(&revisions);
        Self { environment, revisions, dropped, unread, index, edges, loaded: order, paths }
    }

    /// The revision of an id, written in full.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Revision> {
        self.revisions.get(*self.index.get(id)?)
    }

    /// Where the revision of an id stands in [`Self::revisions`].
    #[must_use]
    pub fn position(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// The revision that a user means on the command line, as Alembic understands it: an id in full, a branch
    /// label (the revision that carries it), or the beginning of exactly one id.
    #[must_use]
    pub fn resolve(&self, symbol: &str) -> Option<&Revision> {
        if let Some(found) = self.find(symbol).or_else(|| self.labelled(symbol)) {
            return Some(found);
        }
        let mut begin = self.index.range(symbol.to_owned()..).take_while(|(id, _)| id.starts_with(symbol));
        let (_, &at) = begin.next().filter(|(id, _)| !symbol.is_empty() && id.chars().count() > 3)?;
        if begin.next().is_some() { None } else { self.revisions.get(at) }
    }

    /// The revision whose own `branch_labels` hold a label.
    #[must_use]
    pub fn labelled(&self, label: &str) -> Option<&Revision> {
        self.revisions.get(*self.edges.labels.get(label)?)
    }

    /// Revisions that no `down_revision` names, in the order of `ScriptDirectory.get_heads()`. One that only a
    /// `depends_on` names is still a head.
    #[must_use]
    pub fn heads(&self) -> Vec<&Revision> {
        self.in_reading_order(|at| self.edges.children[at].is_empty())
    }

    /// Revisions without `down_revision`, in the order of `ScriptDirectory.get_bases()`.
    #[must_use]
    pub fn bases(&self) -> Vec<&Revision> {
        self.in_reading_order(|at| self.revisions[at].parents.is_empty())
    }

    /// What the revision at a place needs to have been run: the places of its parents and dependencies.
    pub(crate) fn needs(&self, place: usize) -> Vec<usize> {
        self.edges.needs(place)
    }

    /// The revisions whose `down_revision` names this one, in upgrade order.
    #[must_use]
    pub fn children(&self, id: &str) -> Vec<&Revision> {
        let Some(&at) = self.index.get(id) else { return Vec::new() };
        let mut children = self.edges.children[at].clone();
        children.sort_unstable();
        children.into_iter().map(|child| &self.revisions[child]).collect()
    }

    /// The revisions that `down_revision` names and that exist, in the order written.
    #[must_use]
    pub fn parents(&self, id: &str) -> Vec<&Revision> {
        let Some(&at) = self.index.get(id) else { return Vec::new() };
        self.edges.parents[at].iter().map(|&parent| &self.revisions[parent]).collect()
    }

    /// The revisions that `depends_on` names by id or label and that exist, in the order written.
    #[must_use]
    pub fn dependencies(&self, id: &str) -> Vec<&Revision> {
        let Some(&at) = self.index.get(id) else { return Vec::new() };
        self.edges.depends[at].iter().map(|&other| &self.revisions[other]).collect()
    }

    /// All that has been run before this revision, through `down_revision` and `depends_on`, without itself.
    #[must_use]
    pub fn ancestors_of(&self, id: &str) -> BTreeSet<&str> {
        let Some(&at) = self.index.get(id) else { return BTreeSet::new() };
        let mut found = edges::reach(&[at], |it| self.edges.needs(it), self.revisions.len());
        found[at] = false;
        let ids = found.iter().zip(&self.revisions).filter(|(reached, _)| **reached);
        ids.map(|(_, revision)| revision.id.id.as_str()).collect()
    }

    /// Whether a revision has been run before another is, whatever branch was asked for.
    #[must_use]
    pub fn is_ancestor(&self, ancestor: &str, of: &str) -> bool {
        self.ancestors_of(of).contains(ancestor)
    }

    /// `since` itself and its ancestors: what is not reported any more. Empty without `since`, and where no
    /// revision is meant by it.
    #[must_use]
    pub fn settled(&self, since: Option<&str>) -> BTreeSet<&str> {
        let Some(since) = since.and_then(|symbol| self.resolve(symbol)) else { return BTreeSet::new() };
        let mut settled = self.ancestors_of(&since.id.id);
        settled.insert(&since.id.id);
        settled
    }

    /// The path of a revision's file, relative to the repository's root.
    #[must_use]
    pub fn path(&self, source: SourceId) -> &str {
        self.paths.get(&source).map_or("", String::as_str)
    }

    /// The version location that holds a revision's file; `None` where no setting names one.
    #[must_use]
    pub fn version_location(&self, source: SourceId) -> Option<&str> {
        load::location(&self.environment, self.path(source)).map(|(_, location)| location)
    }

    /// Parents that no revision has as its id; a branch label is none that `down_revision` can name.
    #[must_use]
    pub fn broken_parents(&self) -> Vec<(&Revision, &Reference)> {
        let all = self.revisions.iter().flat_map(|it| it.parents.iter().map(move |parent| (it, parent)));
        all.filter(|(_, parent)| !self.index.contains_key(&parent.id)).collect()
    }

    /// Dependencies that are neither an id nor a label. Alembic finishes the beginning of an id only when it
    /// writes the file, not when it reads it.
    #[must_use]
    pub fn broken_dependencies(&self) -> Vec<(&Revision, &Reference)> {
        let all = self.revisions.iter().flat_map(|it| it.depends_on.iter().map(move |other| (it, other)));
        all.filter(|(_, other)| !self.index.contains_key(&other.id) && self.labelled(&other.id).is_none()).collect()
    }

    /// For every knot of revisions that need each other, the shortest cycle in it, from the smallest id on, each
    /// followed by one that needs it (`a` is named in `b`, which is named in `a`: `[a, b]`).
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<&Revision>> {
        let mut found = Vec::new();
        for mut members in cycle::shortest(&self.edges) {
            let least = (0..members.len()).min_by_key(|&at| &self.revisions[members[at]].id.id).unwrap_or(0);
            members.rotate_left(least);
            found.push(members.into_iter().map(|at| &self.revisions[at]).collect());
        }
        found
    }

    fn in_reading_order(&self, wanted: impl Fn(usize) -> bool) -> Vec<&Revision> {
        let mut found: Vec<usize> = (0..self.revisions.len()).filter(|&at| wanted(at)).collect();
        found.sort_by_key(|&at| self.loaded[at]);
        found.into_iter().map(|at| &self.revisions[at]).collect()
    }
}
