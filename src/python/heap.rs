//! What a read makes that can hold itself in a circle, through functions and their scopes, classes and their members,
//! lists in lists: counted references would never let go of it, so it is emptied when the read is done.

use super::value::{Class, Dict, Instance, List, Scope};
use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

/// Below so many entries nobody looks for those that are gone.
const FEW: usize = 1024;

/// What holds values and can be emptied of them.
pub(super) trait Holder {
    /// Lets go of what it holds.
    fn empty(&self);
}

/// Everything of a read that holds values, in the order in which it was made.
#[derive(Default)]
pub(super) struct Heap(RefCell<Made>);

#[derive(Default)]
struct Made {
    holders: Vec<Weak<dyn Holder>>,
    /// How many there may be before those that are gone are left out.
    most: usize,
}

impl Heap {
    /// Remembers what was made.
    pub(super) fn keep<T: Holder + 'static>(&self, made: Rc<T>) -> Rc<T> {
        let weak = Rc::downgrade(&made);
        let mut all = self.0.borrow_mut();
        if all.holders.len() >= all.most.max(FEW) {
            all.holders.retain(|it| it.strong_count() > 0);
            all.most = all.holders.len() * 2;
        }
        all.holders.push(weak);
        made
    }
}

impl Drop for Heap {
    /// All are held until the last is empty: lists within lists would go down through each other, however deep.
    fn drop(&mut self) {
        let all: Vec<_> = self.0.get_mut().holders.drain(..).filter_map(|it| it.upgrade()).collect();
        for holder in &all {
            holder.empty();
        }
    }
}

impl Holder for Scope {
    fn empty(&self) {
        let held = self.vars.take();
        drop(held);
    }
}

impl Holder for List {
    fn empty(&self) {
        let held = self.items.take();
        drop(held);
    }
}

impl Holder for Dict {
    fn empty(&self) {
        let held = (self.items.take(), self.missing.take());
        drop(held);
    }
}

impl Holder for Class {
    fn empty(&self) {
        let held = (self.members.take(), self.scope.vars.take(), self.record.take());
        drop(held);
    }
}

impl Holder for Instance {
    fn empty(&self) {
        let held = self.fields.take();
        drop(held);
    }
}
