//! Revisions that need themselves.

use super::{
    edges::{Edges, turned},
    order::post_order,
};
use std::collections::VecDeque;

/// How many edges are walked in search of a shorter cycle in one knot; a history of real size ends far below.
const PATIENCE: usize = 4_000_000;

/// The shortest cycle of each knot (strongly connected component), each node followed by one that needs it; knots
/// by their first node.
pub(super) fn shortest(edges: &Edges) -> Vec<Vec<usize>> {
    let needs: Vec<Vec<usize>> = (0..edges.len()).map(|at| edges.needs(at)).collect();
    let follow = turned(&needs);
    let mut found = Vec::new();
    for knot in knots(&needs, &follow) {
        found.extend(shortest_in(&knot, &follow));
    }
    found.sort_by_key(|cycle: &Vec<usize>| cycle.iter().min().copied());
    found
}

/// The sets of nodes that all need each other (Kosaraju), those of one node only where it needs itself. Each node
/// carries the number of its knot.
fn knots(needs: &[Vec<usize>], follow: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut taken = vec![false; needs.len()];
    let mut knots = Vec::new();
    for &root in post_order(needs, |_| false).iter().rev() {
        let (mut knot, mut todo) = (Vec::new(), vec![root]);
        while let Some(at) = todo.pop() {
            if !std::mem::replace(&mut taken[at], true) {
                knot.push(at);
                todo.extend(follow[at].iter().copied().filter(|&it| !taken[it]));
            }
        }
        knot.sort_unstable();
        if knot.len() > 1 || knot.iter().any(|&at| needs[at].contains(&at)) {
            knots.push(knot);
        }
    }
    knots
}

/// The shortest cycle in a knot, by searches from those nodes that two edges of the knot lead to: unless the knot is
/// one ring, every cycle in it has such a node.
fn shortest_in(knot: &[usize], follow: &[Vec<usize>]) -> Option<Vec<usize>> {
    let inside = |at: usize| knot.binary_search(&at).ok();
    let edges: Vec<Vec<usize>> =
        knot.iter().map(|&at| follow[at].iter().filter_map(|&next| inside(next)).collect()).collect();
    let mut starts: Vec<usize> = (0..knot.len()).collect();
    let entries = turned(&edges);
    starts.retain(|&at| entries[at].len() > 1);
    if starts.is_empty() {
        starts.push(0);
    }
    let mut best: Option<Vec<usize>> = None;
    let mut walked = 0;
    for start in starts {
        let limit = best.as_ref().map_or(usize::MAX, Vec::len);
        if let Some(cycle) = ring(start, &edges, limit, &mut walked) {
            best = Some(cycle);
        }
        if walked > PATIENCE {
            break;
        }
    }
    best.map(|cycle| cycle.into_iter().map(|at| knot[at]).collect())
}

/// The shortest way from a node back to itself, if it is shorter than `limit` nodes: breadth first.
fn ring(start: usize, edges: &[Vec<usize>], limit: usize, walked: &mut usize) -> Option<Vec<usize>> {
    let mut before: Vec<Option<usize>> = vec![None; edges.len()];
    let mut todo = VecDeque::from([(start, 1)]);
    while let Some((at, length)) = todo.pop_front() {
        if length >= limit {
            return None;
        }
        for &next in &edges[at] {
            *walked += 1;
            if next == start {
                let mut cycle = vec![at];
                while let Some(&last) = cycle.last()
                    && last != start
                    && let Some(from) = before[last]
                {
                    cycle.push(from);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if before[next].is_none() {
                before[next] = Some(at);
                todo.push_back((next, length + 1));
            }
        }
    }
    None
}
