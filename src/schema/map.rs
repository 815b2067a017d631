//! A persistent map that knows what was done to it, so that two copies which went different ways are compared by what
//! they have changed since, and not by all that they have in common.

use rpds::RedBlackTreeMapSync;
use std::{collections::BTreeSet, sync::Arc};

/// A map of which a copy costs nothing.
#[derive(Clone, Debug)]
pub(super) struct Map<K: Ord, V> {
    entries: RedBlackTreeMapSync<K, V>,
    /// The keys that were changed, the last first.
    log: Option<Arc<Change<K>>>,
}

#[derive(Debug)]
struct Change<K> {
    key: K,
    /// How many changes there are up to this one.
    count: usize,
    before: Option<Arc<Self>>,
}

impl<K> Drop for Change<K> {
    /// One after the other: a log is as long as its history, and the stack is not.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(change) = next {
            next = Arc::into_inner(change).and_then(|mut it| it.before.take());
        }
    }
}

impl<K: Ord, V> Default for Map<K, V> {
    fn default() -> Self {
        Self { entries: RedBlackTreeMapSync::new_sync(), log: None }
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// The entry, which counts as changed.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if self.entries.contains_key(key) {
            self.note(key);
        }
        self.entries.get_mut(key)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    pub(super) fn insert_mut(&mut self, key: K, value: V) {
        self.note(&key);
        self.entries.insert_mut(key, value);
    }

    /// The key as the map holds it, and its value.
    pub(super) fn get_key_value(&self, key: &K) -> Option<(&K, &V)> {
        self.entries.get_key_value(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// The entries from a key on.
    pub(super) fn from<'a>(&'a self, key: &'a K) -> impl Iterator<Item = (&'a K, &'a V)> {
        self.entries.range(key..)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values()
    }

    fn note(&mut self, key: &K) {
        // Nobody else has seen the last change: the same key needs no other.
        if self.log.as_mut().and_then(Arc::get_mut).is_some_and(|last| last.key == *key) {
            return;
        }
        let before = self.log.take();
        let count = before.as_ref().map_or(0, |it| it.count) + 1;
        self.log = Some(Arc::new(Change { key: key.clone(), count, before }));
    }

    /// The keys that either has changed since one was the copy of the other, or both were copies of a third.
    pub(super) fn parted(&self, other: &Self) -> BTreeSet<K> {
        let mut keys = BTreeSet::new();
        let (mut ours, mut theirs) = (self.log.as_ref(), other.log.as_ref());
        loop {
            let longer = match (ours, theirs) {
                (None, None) => break,
                (Some(left), Some(right)) if Arc::ptr_eq(left, right) => break,
                (Some(left), Some(right)) if left.count < right.count => &mut theirs,
                (Some(_), _) => &mut ours,
                (None, Some(_)) => &mut theirs,
            };
            if let Some(change) = *longer {
                keys.insert(change.key.clone());
                *longer = change.before.as_ref();
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_copies_changed_since_they_parted_is_known() {
        let mut trunk = Map::default();
        for key in 0..100_000 {
            trunk.insert_mut(key, 0);
        }
        let (mut left, mut right) = (trunk.clone(), trunk.clone());
        assert_eq!(left.parted(&right), BTreeSet::new());
        // The last key of the trunk is changed on one side only.
        left.insert_mut(99_999, 1);
        left.insert_mut(99_999, 2);
        assert_eq!(left.parted(&right), BTreeSet::from([99_999]));
        right.insert_mut(7, 1);
        *right.get_mut(&8).unwrap_or(&mut 0) = 1;
        assert_eq!(right.get_mut(&-1), None);
        assert_eq!(left.parted(&right), BTreeSet::from([7, 8, 99_999]));
        assert_eq!(left.parted(&right), right.parted(&left));
        // What a merge took in is known to those that part from it.
        let mut merged = left.clone();
        merged.insert_mut(7, 1);
        let mut later = merged.clone();
        later.insert_mut(5, 1);
        assert_eq!(merged.parted(&later), BTreeSet::from([5]));
        assert_eq!(later.parted(&trunk), BTreeSet::from([5, 7, 99_999]));
        // Two that have nothing in common differ in all.
        assert_eq!(Map::default().parted(&right).len(), 100_000);
    }

    #[test]
    fn consecutive_changes_of_one_key_are_one() {
        let mut map = Map::default();
        for value in 0..10 {
            map.insert_mut("a", value);
        }
        assert_eq!(map.log.as_ref().map(|it| it.count), Some(1));
        let copy = map.clone();
        map.insert_mut("a", 10);
        assert_eq!(map.parted(&copy), BTreeSet::from(["a"]));
    }
}
