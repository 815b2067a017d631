//! Where each revision stands when the newest is on top: lines go down from a revision to its parents, side by side.

use crate::history::History;
use serde::Serialize;

/// One revision of the drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::output) struct Row {
    /// Its place in [`History::revisions`].
    pub(in crate::output) revision: usize,
    /// Its column, from the left.
    pub(in crate::output) lane: usize,
    /// A line comes from above in its own lane: it is no head.
    pub(in crate::output) above: bool,
    /// A line goes on below in its own lane: it has a parent.
    pub(in crate::output) below: bool,
    /// Other lanes, to the right of its own, whose lines end here: a branch point has one for each further child.
    pub(in crate::output) joins: Vec<usize>,
    /// Lanes, to the right of its own, that begin here: a merge has one for each further parent.
    pub(in crate::output) forks: Vec<usize>,
    /// Lanes that pass by.
    pub(in crate::output) passing: Vec<usize>,
}

/// A row for each revision, the newest first. A parent that does not exist, or that a cycle has put above its child,
/// gets no line.
pub(in crate::output) fn rows(history: &History) -> Vec<Row> {
    let mut rows = Vec::new();
    // What each lane waits for.
    let mut lanes: Vec<Option<usize>> = Vec::new();
    for at in (0..history.revisions.len()).rev() {
        let waiting: Vec<usize> = (0..lanes.len()).filter(|&lane| lanes[lane] == Some(at)).collect();
        let above = !waiting.is_empty();
        let lane = waiting.first().copied().unwrap_or_else(|| free(&mut lanes, 0));
        for &done in &waiting {
            lanes[done] = None;
        }
        let parents = history.parents(&history.revisions[at].id.id);
        let mut below = parents.iter().filter_map(|it| history.position(&it.id.id)).filter(|&parent| parent < at);
        lanes[lane] = below.next();
        let passing = (0..lanes.len()).filter(|&it| it != lane && lanes[it].is_some()).collect();
        let mut forks = Vec::new();
        for parent in below {
            let fork = free(&mut lanes, lane + 1);
            lanes[fork] = Some(parent);
            forks.push(fork);
        }
        let joins = waiting.into_iter().skip(1).collect();
        rows.push(Row { revision: at, lane, above, below: lanes[lane].is_some(), joins, forks, passing });
        while lanes.last().is_some_and(Option::is_none) {
            lanes.pop();
        }
    }
    rows
}

/// The first empty lane from one on, made where there is none.
fn free(lanes: &mut Vec<Option<usize>>, from: usize) -> usize {
    if let Some(lane) = (from..lanes.len()).find(|&lane| lanes[lane].is_none()) {
        return lane;
    }
    while lanes.len() < from {
        lanes.push(None);
    }
    lanes.push(None);
    lanes.len() - 1
}
