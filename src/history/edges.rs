//! The edges between revisions by position, without those that lead nowhere.

use crate::revision::{Reference, Revision};
use std::collections::BTreeMap;

/// What each revision of a slice names, by position in that slice; each at most once.
#[derive(Debug, Default)]
pub(super) struct Edges {
    /// `down_revision`, in the order written.
    pub(super) parents: Vec<Vec<usize>>,
    /// `parents` turned around.
    pub(super) children: Vec<Vec<usize>>,
    /// `depends_on`, in the order written.
    pub(super) depends: Vec<Vec<usize>>,
    /// `depends` without what an ancestor depends on as well (`RevisionMap._normalize_depends_on`).
    pub(super) depends_anew: Vec<Vec<usize>>,
    /// The revision that carries a branch label itself; the first of several.
    pub(super) labels: BTreeMap<String, usize>,
}

impl Edges {
    pub(super) fn of(revisions: &[Revision]) -> Self {
        let ids: BTreeMap<&str, usize> = revisions.iter().enumerate().map(|(at, it)| (it.id.id.as_str(), at)).collect();
        let mut labels = BTreeMap::new();
        for (at, revision) in revisions.iter().enumerate() {
            for label in &revision.labels {
                labels.entry(label.id.clone()).or_insert(at);
            }
        }
        let id = |reference: &Reference| ids.get(reference.id.as_str()).copied();
        let symbol = |reference: &Reference| id(reference).or_else(|| labels.get(&reference.id).copied());
        let parents: Vec<_> = revisions.iter().map(|it| once(it.parents.iter().filter_map(id))).collect();
        let depends: Vec<_> = revisions.iter().map(|it| once(it.depends_on.iter().filter_map(symbol))).collect();
        let children = turned(&parents);
        let depends_anew = anew(&depends, &children);
        Self { parents, children, depends, depends_anew, labels }
    }

    /// All that has to be run before a revision.
    pub(super) fn needs(&self, at: usize) -> Vec<usize> {
        once(self.parents[at].iter().chain(&self.depends[at]).copied())
    }

    /// The same by Alembic's shorter list, which decides the order (`Revision._normalized_down_revisions`).
    pub(super) fn needs_anew(&self, at: usize) -> Vec<usize> {
        once(self.parents[at].iter().chain(&self.depends_anew[at]).copied())
    }

    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }
}

/// The first of each.
fn once(items: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

/// Every edge the other way.
pub(super) fn turned(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut turned = vec![Vec::new(); edges.len()];
    for (from, targets) in edges.iter().enumerate() {
        for &to in targets {
            turned[to].push(from);
        }
    }
    turned
}

/// Drops a dependency that an ancestor by `down_revision` has as well. Only one that is named twice can be, which
/// keeps the cost of ordinary histories linear.
fn anew(depends: &[Vec<usize>], children: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut kept = depends.to_vec();
    for (on, users) in turned(depends).iter().enumerate() {
        if users.len() < 2 {
            continue;
        }
        // A user counts as below another only through a child, not as its own ancestor.
        let below: Vec<usize> = users.iter().flat_map(|&user| children[user].iter().copied()).collect();
        let covered = reach(&below, |at| children[at].clone(), depends.len());
        for &user in users.iter().filter(|&&user| covered[user]) {
            kept[user].retain(|&it| it != on);
        }
    }
    kept
}

/// Which of `count` nodes can be reached, the starts included.
pub(super) fn reach(starts: &[usize], next: impl Fn(usize) -> Vec<usize>, count: usize) -> Vec<bool> {
    let mut reached = vec![false; count];
    let mut todo = starts.to_vec();
    while let Some(at) = todo.pop() {
        if !reached[at] {
            reached[at] = true;
            todo.extend(next(at).into_iter().filter(|&it| !reached[it]));
        }
    }
    reached
}

/// For each node the one start that reaches it; `None` where several do or none does.
pub(super) fn owners(starts: &[usize], next: &[Vec<usize>], count: usize) -> Vec<Option<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Owner {
        Nobody,
        One(usize),
        Several,
    }
    let mut owners = vec![Owner::Nobody; count];
    // A node changes its owner twice at most, so that each edge is walked twice at most.
    let mut todo: Vec<(usize, Owner)> = starts.iter().enumerate().map(|(end, &at)| (at, Owner::One(end))).collect();
    while let Some((at, owner)) = todo.pop() {
        let joined = match owners[at] {
            Owner::Nobody => owner,
            same if same == owner => continue,
            _ => Owner::Several,
        };
        if joined != owners[at] {
            owners[at] = joined;
            todo.extend(next[at].iter().map(|&it| (it, joined)));
        }
    }
    owners.into_iter().map(|owner| if let Owner::One(end) = owner { Some(end) } else { None }).collect()
}
