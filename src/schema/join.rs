//! Where branches merge: what either of them has done, holds; of two changes of one thing, the later.

use super::{Map, Schema, Slot, Table};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

impl Schema {
    /// Takes in what another branch has done. Stamps make it right: an entry that only one branch has touched
    /// since they parted has the greater stamp there.
    pub fn join(&mut self, other: &Self) {
        for (name, theirs) in &other.tables {
            let Some(ours) = self.tables.get(name) else {
                self.tables.insert_mut(name.clone(), theirs.clone());
                continue;
            };
            if let Some(joined) = tables(ours, theirs) {
                self.tables.insert_mut(name.clone(), joined);
            }
        }
        later(&mut self.indexes, &other.indexes);
        later(&mut self.objects, &other.objects);
        for (name, theirs) in &other.referrers {
            match self.referrers.get_mut(name) {
                Some(ours) if Arc::ptr_eq(ours, theirs) => {}
                Some(ours) => Arc::make_mut(ours).extend(theirs.iter().cloned()),
                None => {
                    self.referrers.insert_mut(name.clone(), Arc::clone(theirs));
                }
            }
        }
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
    table
}

fn slots<T>(ours: &mut BTreeMap<String, Slot<T>>, theirs: &BTreeMap<String, Slot<T>>) {
    for (name, slot) in theirs {
        if ours.get(name).is_none_or(|it| it.stamp < slot.stamp) {
            ours.insert(name.clone(), slot.clone());
        }
    }
}

pub(super) fn later<K: Ord + Clone, T>(ours: &mut Map<K, Slot<T>>, theirs: &Map<K, Slot<T>>) {
    for (name, slot) in theirs {
        if ours.get(name).is_none_or(|it| it.stamp < slot.stamp) {
            ours.insert_mut(name.clone(), slot.clone());
        }
    }
}
