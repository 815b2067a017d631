//! See `rules/stale-baseline.md`.

use crate::{
    finding::Severity,
    rule::{Check, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Style, default: true, check: Check::Elsewhere };
