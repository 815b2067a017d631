//! See `rules/refused-with-rows.md`.

use crate::{
    finding::Severity,
    rule::{Check, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::FailsOnData, default: true, check: Check::Run };
