//! See `rules/unsteady-upgrade.md`.

use crate::{
    finding::Severity,
    rule::{Check, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Reversal, default: true, check: Check::Run };
