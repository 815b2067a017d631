//! The fold: histories to a report.

use crate::finding::Finding;

/// What a run found, and how much it has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By place, then rule.
    pub findings: Vec<Finding>,
    /// The numbers of the summary line.
    pub summary: Summary,
}

/// The numbers of the summary line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Revisions that were read.
    pub revisions: u32,
    /// Statements that they send.
    pub statements: u32,
    /// Operations that were not understood.
    pub unresolved: u32,
    /// Findings that are errors, suppressed ones not among them.
    pub errors: u32,
    /// Findings that are warnings.
    pub warnings: u32,
    /// Findings that are notes.
    pub notes: u32,
}
