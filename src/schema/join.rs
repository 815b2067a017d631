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
