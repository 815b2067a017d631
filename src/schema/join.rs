//! Where branches merge: what either of them has done, holds; of two changes of one thing, the later.

use super::{Map, Schema, Slot, Table};
use crate::statement::Name;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

impl Schema {
    /// Takes in what another branch has done. Stamps make it right: an entry that only one branch has touched
    /// since they parted has the greater stamp there.
    pub fn join(&mut self, other: &Self) {
        // What neither has touched since they parted is the same on both.
        for name in self.tables.parted(&other.tables) {
            let Some(theirs) = other.tables.get(&name) else { continue };
            let joined = match self.tables.get(&name) {
                Some(ours) => tables(ours, theirs),
                None => Some(theirs.clone()),
            };
            if let Some(joined) = joined {
                self.tables.insert_mut(name, joined);
            }
        }
        later(&mut self.indexes, &other.indexes);
        later(&mut self.objects, &other.objects);
        all(&mut self.dependents, &other.dependents);
        all(&mut self.referrers, &other.referrers);
        self.kin.join(&other.kin);
        self.blurred = self.blurred.max(other.blurred);
    }
}

/// The joined entry, where it is not ours as it stands.
fn tables(ours: &Slot<Table>, theirs: &Slot<Table>) -> Option<Slot<Table>> {
    if let (Some(left), Some(right)) = (&ours.value, &theirs.value) {
        if Arc::ptr_eq(left, right) {
            return None;
        }
        // The same table, made before the branches parted, or before the history.
        if left.made == right.made {
            let stamp = ours.stamp.max(theirs.stamp);
            return Some(Slot { stamp, value: Some(Arc::new(both(left, right))) });
        }
    }
    (theirs.stamp > ours.stamp).then(|| theirs.clone())
}

fn both(left: &Table, right: &Table) -> Table {
    let mut table = left.clone();
    table.rows = left.rows.or(right.rows);
    table.whole = match (left.whole, right.whole) {
        (Some(left), Some(right)) => Some(left.min(right)),
        _ => None,
    };
    slots(&mut table.columns, &right.columns);
    slots(&mut table.constraints, &right.constraints);
    table.indexes = left.indexes.union(&right.indexes).cloned().collect::<BTreeSet<_>>();
    table.attached = left.attached.union(&right.attached).cloned().collect();
    table.children = left.children.union(&right.children).cloned().collect();
    table.next = left.next.max(right.next);
    table.comment = left.comment.clone().or_else(|| right.comment.clone());
    table.row_security = (left.row_security.0 || right.row_security.0, left.row_security.1 || right.row_security.1);
    table
}

fn slots<T>(ours: &mut BTreeMap<String, Slot<T>>, theirs: &BTreeMap<String, Slot<T>>) {
    for (name, slot) in theirs {
        if ours.get(name).is_none_or(|it| it.stamp < slot.stamp) {
            ours.insert(name.clone(), slot.clone());
        }
    }
}

/// The later of two entries, for each.
pub(super) fn later<K: Ord + Clone, T>(ours: &mut Map<K, Slot<T>>, theirs: &Map<K, Slot<T>>) {
    for name in ours.parted(theirs) {
        let Some(slot) = theirs.get(&name) else { continue };
        if ours.get(&name).is_none_or(|it| it.stamp < slot.stamp) {
            ours.insert_mut(name, slot.clone());
        }
    }
}

/// The names of both, for each.
pub(super) fn all<K: Ord + Clone>(ours: &mut Map<K, Arc<BTreeSet<Name>>>, theirs: &Map<K, Arc<BTreeSet<Name>>>) {
    for name in ours.parted(theirs) {
        let Some(names) = theirs.get(&name) else { continue };
        match ours.get_mut(&name) {
            Some(own) => Arc::make_mut(own).extend(names.iter().cloned()),
            None => ours.insert_mut(name, Arc::clone(names)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a merge comes to when it goes through everything.
    fn thorough(ours: &mut BTreeMap<u8, u32>, theirs: &BTreeMap<u8, u32>) {
        for (key, stamp) in theirs {
            let own = ours.entry(*key).or_insert(*stamp);
            *own = (*own).max(*stamp);
        }
    }

    proptest! {
        /// Branches part, change things and merge at random: the changes since they parted are all that is needed.
        #[test]
        fn a_merge_by_changes_is_a_merge_of_all(deeds in prop::collection::vec((0..3_u8, any::<u8>(), any::<u8>()), 0..200)) {
            let mut branches = vec![(Map::<u8, Slot<()>>::default(), BTreeMap::new())];
            for (stamp, (deed, one, other)) in (1..).zip(deeds) {
                let at = usize::from(one) % branches.len();
                match deed {
                    0 if branches.len() < 8 => branches.push(branches[at].clone()),
                    1 => {
                        let (map, model) = &mut branches[at];
                        map.insert_mut(other % 16, Slot { stamp, value: None });
                        model.insert(other % 16, stamp);
                    }
                    _ => {
                        let (theirs, model) = branches[usize::from(other) % branches.len()].clone();
                        later(&mut branches[at].0, &theirs);
                        thorough(&mut branches[at].1, &model);
                    }
                }
            }
            for (map, model) in &branches {
                let found = (0..16).filter_map(|key| Some((key, map.get(&key)?.stamp))).collect::<BTreeMap<_, _>>();
                prop_assert_eq!(&found, model);
            }
        }
    }
}
