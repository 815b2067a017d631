//! See `rules/contract-with-code.md`.

use crate::{
    finding::Severity,
    rule::{Check, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::BreaksOldCode, default: false, check: Check::Elsewhere };
