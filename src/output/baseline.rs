//! The baseline: findings that are accepted, as a file that is kept beside the code.

use super::fingerprints;
use crate::{check::Report, source::Sources};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// A file of accepted findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// By revision, rule and fingerprint.
    pub accepted: Vec<Accepted>,
}

/// A finding that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Accepted {
    /// The revision, where it has one.
    pub revision: Option<String>,
    /// The rule.
    pub rule: String,
    /// What it is about.
    pub object: String,
    /// What it is known by.
    pub fingerprint: String,
}

impl Baseline {
    /// Every finding of a report that no comment suppresses.
    #[must_use]
    pub fn of(report: &Report, sources: &Sources) -> Self {
        let known = fingerprints(report, sources);
        let shown = report.findings.iter().zip(known).filter(|(finding, _)| !finding.suppressed);
        let mut accepted: Vec<Accepted> = shown
            .map(|(finding, fingerprint)| Accepted {
                revision: finding.subject.revision.clone(),
                rule: finding.rule.to_owned(),
                object: finding.subject.object.clone(),
                fingerprint,
            })
            .collect();
        accepted.sort();
        Self { accepted }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Whatever the sink answers.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        super::json::print(self, out)
    }
}
