//! Who comes before whom, by place in the history.

use super::start::Start;
use crate::history::History;
use std::collections::BTreeMap;

/// The parents of each revision (also those that it depends on) that come before it in the order of replay.
pub(super) struct Graph {
    pub(super) parents: Vec<Vec<usize>>,
    /// How many revisions need the schema that a revision leaves.
    pub(super) children: Vec<usize>,
    /// What the first of them finds.
    pub(super) start: Start,
}

impl Graph {
    pub(super) fn new(history: &History) -> Self {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, revision) in history.revisions.iter().enumerate() {
            for label in &revision.labels {
                // A label stands for its branch; the revision that bears it is as near as the replay needs.
                places.entry(&label.id).or_insert(place);
            }
        }
        for (place, revision) in history.revisions.iter().enumerate() {
            places.insert(&revision.id.id, place);
        }
        let mut children = vec![0; history.revisions.len()];
        let mut all = Vec::with_capacity(children.len());
        for (place, revision) in history.revisions.iter().enumerate() {
            let named = revision.parents.iter().chain(&revision.depends_on);
            let mut parents: Vec<usize> = named.filter_map(|it| places.get(it.id.as_str()).copied()).collect();
            // Of a cycle, whose finding is the graph's, only the way forward is replayed.
            parents.retain(|parent| *parent < place);
            parents.sort_unstable();
            parents.dedup();
            for parent in &parents {
                children[*parent] += 1;
            }
            all.push(parents);
        }
        let start = Start::of(&history.environment, |id| history.position(&history.resolve(id)?.id.id));
        Self { parents: all, children, start }
    }

    /// Which revisions are neither this one nor its ancestors; `None` where there is no such revision.
    /// It may be named in every way that [`History::resolve`] takes.
    pub(super) fn after(&self, history: &History, since: &str) -> Option<Vec<bool>> {
        let start = history.position(&history.resolve(since)?.id.id)?;
        let mut reported = vec![true; history.revisions.len()];
        let mut open = vec![start];
        while let Some(place) = open.pop() {
            if std::mem::replace(&mut reported[place], false) {
                open.extend(&self.parents[place]);
            }
        }
        Some(reported)
    }
}
