//! Which revisions belong to which branch, and what of a graph is reported.

use super::{History, edges};
use crate::revision::Revision;
use std::collections::BTreeSet;

/// How many ids a message names at most.
const MANY: usize = 6;

/// The two kinds of ends that a history has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Head,
    Base,
}

impl History {
    /// The branch labels that Alembic takes this revision by: its own, those of its ancestors, and those of a
    /// descendant as far down as neither a branch point nor a merge lies between (`RevisionMap._add_branches`).
    #[must_use]
    pub fn branch_labels(&self, id: &str) -> BTreeSet<&str> {
        let Some(&at) = self.index.get(id) else { return BTreeSet::new() };
        let mut family = edges::reach(&[at], |it| self.edges.parents[it].clone(), self.revisions.len());
        let plain = |it: usize| self.edges.children[it].len() < 2 && self.edges.parents[it].len() < 2;
        let mut up = at;
        while plain(up)
            && let Some(&child) = self.edges.children[up].first()
            && plain(child)
            && !family[child]
        {
            family[child] = true;
            up = child;
        }
        let members = family.iter().zip(&self.revisions).filter(|(member, _)| **member);
        members.flat_map(|(_, revision)| revision.labels.iter().map(|label| label.id.as_str())).collect()
    }

    /// Whether every one of these heads is a branch that was meant to be: it has a label that no other head
    /// shares, or a version location of its own.
    #[must_use]
    pub fn are_branches(&self, heads: &[&Revision]) -> bool {
        self.stand_apart(heads, End::Head)
    }

    /// The same of bases.
    #[must_use]
    pub fn are_roots(&self, bases: &[&Revision]) -> bool {
        self.stand_apart(bases, End::Base)
    }

    fn stand_apart(&self, ends: &[&Revision], kind: End) -> bool {
        let mut labelled = vec![false; ends.len()];
        for (revision, owner) in self.revisions.iter().zip(self.owners(ends, kind)) {
            if let Some(end) = owner
                && !revision.labels.is_empty()
            {
                labelled[end] = true;
            }
        }
        let locations: Vec<Option<&str>> = ends.iter().map(|end| self.version_location(end.source)).collect();
        let alone = |at: usize| {
            locations[at].is_some() && locations.iter().filter(|other| **other == locations[at]).count() == 1
        };
        (0..ends.len()).all(|at| labelled[at] || alone(at))
    }

    /// For each revision the only one of `ends` that it leads to by `down_revision`.
    fn owners(&self, ends: &[&Revision], kind: End) -> Vec<Option<usize>> {
        let starts: Vec<usize> = ends.iter().filter_map(|end| self.index.get(&end.id.id).copied()).collect();
        let next = if kind == End::Head { &self.edges.parents } else { &self.edges.children };
        edges::owners(&starts, next, self.revisions.len())
    }

    /// The first revision that leads to one head and to none of the others: where its branch begins.
    #[must_use]
    pub fn branch_start(&self, heads: &[&Revision], head: usize) -> Option<&Revision> {
        let owners = self.owners(heads, End::Head);
        self.revisions.iter().zip(owners).find(|(_, owner)| *owner == Some(head)).map(|(revision, _)| revision)
    }

    /// Which of several revisions a finding about all of them stands at: one that is reported at all, so
    /// that neither `since` nor a selection of files can hide it; of several the last that Alembic reads, which is
    /// the newest where file names begin with dates.
    #[must_use]
    pub fn foremost(&self, among: &[&Revision], settled: &BTreeSet<&str>) -> Option<usize> {
        let chosen = self.environment.selected.as_ref();
        let newness = |revision: &Revision| {
            let reported =
                !settled.contains(revision.id.id.as_str()) && chosen.is_none_or(|it| it.contains(&revision.source));
            (reported, self.index.get(&revision.id.id).map(|&at| self.loaded[at]))
        };
        (0..among.len()).max_by_key(|&at| newness(among[at]))
    }

    /// The revision that a finding of a fault is filed under that keeps Alembic from running at all. Such a fault is
    /// not settled by its age: where `since` would hide it, it is one of the history as a whole (`None`).
    #[must_use]
    pub fn filed_under(id: &str, settled: &BTreeSet<&str>) -> Option<String> {
        (!settled.contains(id)).then(|| id.to_owned())
    }

    /// The ids of revisions in words: `a`, `b` and `c`; of many only the first.
    #[must_use]
    pub fn names(revisions: &[&Revision]) -> String {
        let mut ids: Vec<String> = revisions.iter().map(|it| format!("`{}`", it.id.id)).collect();
        if ids.len() > MANY {
            ids.truncate(MANY - 1);
            ids.push(format!("{} more", revisions.len() - ids.len()));
        }
        match ids.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
            _ => ids.concat(),
        }
    }

    /// An id that differs from one that does not exist by one character, or that it is the beginning of.
    #[must_use]
    pub fn similar(&self, id: &str) -> Option<&str> {
        let (shortest, near) = (id.len().saturating_sub(1), id.len() + 1);
        let begin = self.resolve(id).map(|it| it.id.id.as_str()).filter(|found| found.starts_with(id));
        begin.or_else(|| {
            let mut others = self.index.keys().filter(|it| (shortest..=near).contains(&it.len()));
            others.find(|it| id.len() > 3 && one_edit(it.as_bytes(), id.as_bytes())).map(String::as_str)
        })
    }
}

/// Whether two texts differ in one byte that was changed, added or left out, or in two neighbours that changed places.
fn one_edit(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    match a.len().cmp(&b.len()) {
        std::cmp::Ordering::Less => b[1..] == *a,
        std::cmp::Ordering::Greater => a[1..] == *b,
        std::cmp::Ordering::Equal => {
            a.get(1..) == b.get(1..) || (a.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..])
        }
    }
}
