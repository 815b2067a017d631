//! The order in which Alembic runs the revisions.

use super::edges::{Edges, turned};

/// Positions in upgrade order. `edges` stand in Alembic's reading order, which decides between branches.
/// What hangs on a cycle comes last, children after parents as far as there is such a thing.
pub(super) fn upgrade(edges: &Edges) -> Vec<usize> {
    let needs: Vec<Vec<usize>> = (0..edges.len()).map(|at| edges.needs_anew(at)).collect();
    let sound = free_of_cycles(&(0..edges.len()).map(|at| edges.needs(at)).collect::<Vec<_>>());
    let mut order = Walk::new(&needs, &sound).newest_first();
    order.reverse();
    order.extend(post_order(&needs, |at| sound[at]));
    order
}

/// Which nodes need no cycle: the rounds of Kahn's algorithm.
fn free_of_cycles(needs: &[Vec<usize>]) -> Vec<bool> {
    let children = turned(needs);
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..needs.len()).filter(|&at| open[at] == 0).collect();
    let mut sound = vec![false; needs.len()];
    while let Some(at) = ready.pop() {
        sound[at] = true;
        for &child in &children[at] {
            open[child] -= 1;
            if open[child] == 0 {
                ready.push(child);
            }
        }
    }
    sound
}

/// Every node after those that it needs, but for the edges that close a cycle; nodes to skip are done already.
pub(super) fn post_order(needs: &[Vec<usize>], skip: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut seen: Vec<bool> = (0..needs.len()).map(skip).collect();
    let mut order = Vec::new();
    for root in 0..needs.len() {
        // The stack holds a node and how many of its edges have been walked.
        let mut stack = Vec::new();
        if !std::mem::replace(&mut seen[root], true) {
            stack.push((root, 0));
        }
        while let Some((at, walked)) = stack.pop() {
            if let Some(&next) = needs[at].get(walked) {
                stack.push((at, walked + 1));
                if !std::mem::replace(&mut seen[next], true) {
                    stack.push((next, 0));
                }
            } else {
                order.push(at);
            }
        }
    }
    order
}

/// Alembic's walk from the heads down (`RevisionMap._topological_sort`): it follows one line as long as it can, and
/// turns to another where a revision has children that are still to come.
///
/// Alembic keeps the set of ancestors of every line's end and asks whether the candidate is in another's. That is
/// so exactly when a child of the candidate has not been given out, and the line to turn to is the first whose end
/// descends from the candidate; so no sets are kept here and a straight history costs one step a revision.
///
/// Where a revision has several dependencies Alembic takes them in the order of a `set`, which changes between
/// runs; here they come as written.
struct Walk<'a> {
    needs: &'a [Vec<usize>],
    children: Vec<Vec<usize>>,
    /// How many children have not been given out.
    waiting: Vec<usize>,
    done: Vec<bool>,
    /// The ends of the lines, and whether a node is one.
    ends: Vec<usize>,
    is_end: Vec<bool>,
    /// The number of the search that saw a node last.
    seen: Vec<usize>,
    searches: usize,
}

impl<'a> Walk<'a> {
    fn new(needs: &'a [Vec<usize>], sound: &[bool]) -> Self {
        let mut children = turned(needs);
        for list in &mut children {
            list.retain(|&child| sound[child]);
        }
        let waiting: Vec<usize> = children.iter().map(Vec::len).collect();
        let ends: Vec<usize> = (0..needs.len()).filter(|&at| sound[at] && waiting[at] == 0).collect();
        let mut is_end = vec![false; needs.len()];
        for &end in &ends {
            is_end[end] = true;
        }
        let done = vec![false; needs.len()];
        Self { needs, children, waiting, done, ends, is_end, seen: vec![0; needs.len()], searches: 0 }
    }

    fn newest_first(mut self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut line = 0;
        while let Some(&candidate) = self.ends.get(line) {
            if self.waiting[candidate] > 0
                && let Some(other) = self.line_above(candidate, line)
            {
                line = other;
                continue;
            }
            order.push(candidate);
            self.give_out(candidate);
            let mut next = Vec::new();
            for &at in &self.needs[candidate] {
                if !self.done[at] && !self.is_end[at] {
                    self.is_end[at] = true;
                    next.push(at);
                }
            }
            if let Some((&first, others)) = next.split_first() {
                self.ends[line] = first;
                self.ends.extend(others);
            } else {
                self.ends.remove(line);
                line = line.saturating_sub(1);
            }
        }
        order
    }

    fn give_out(&mut self, at: usize) {
        self.done[at] = true;
        for &parent in &self.needs[at] {
            self.waiting[parent] = self.waiting[parent].saturating_sub(1);
        }
    }

    /// The first other line whose end descends from a node.
    fn line_above(&mut self, node: usize, line: usize) -> Option<usize> {
        self.searches += 1;
        let mut todo = vec![node];
        while let Some(at) = todo.pop() {
            for &child in &self.children[at] {
                if !self.done[child] && self.seen[child] != self.searches {
                    self.seen[child] = self.searches;
                    todo.push(child);
                }
            }
        }
        (0..self.ends.len()).find(|&at| at != line && self.seen[self.ends[at]] == self.searches)
    }
}
