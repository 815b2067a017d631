//! What tells a finding from all others, whatever line it stands on.
//!
//! Invariant: the same subject has the same fingerprint in every version of the tool, since baselines that others
//! keep (GitHub's alerts) are known by it. A change of the recipe is a change of [`RECIPE`].

use super::Row;
use crate::finding::{Direction, Subject};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Write};

/// The name of the recipe: SARIF's key of the fingerprint.
pub(super) const RECIPE: &str = "limbeck/v1";

/// Gives every row its fingerprint. Rows of an equal subject are told apart by their order, so the rows have to
/// be sorted.
pub(super) fn fill(rows: &mut [Row<'_>]) {
    let mut seen: BTreeMap<(&str, &Subject, String), u32> = BTreeMap::new();
    for row in rows {
        let finding = row.finding;
        // What belongs to no revision (half a file, a mistake in the configuration) is known by its file.
        let file = if finding.subject.revision.is_none() { row.source.path.clone() } else { String::new() };
        let ordinal = seen.entry((finding.rule, &finding.subject, file.clone())).or_default();
        row.fingerprint = of(finding.rule, &finding.subject, &file, *ordinal);
        *ordinal += 1;
    }
}

/// 128 bits of SHA-256 in hexadecimal. Every part goes in with its length, so that no two lists of parts are the
/// same text.
fn of(rule: &str, subject: &Subject, file: &str, ordinal: u32) -> String {
    let Subject { environment, revision, direction, object } = subject;
    let direction = direction.map_or("", Direction::word);
    let ordinal = ordinal.to_string();
    let mut hash = Sha256::new();
    for part in [RECIPE, rule, environment, revision.as_deref().unwrap_or(""), direction, object, file, &ordinal] {
        hash.update(format!("{}:{part};", part.len()));
    }
    hash.finalize().iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
