//! See `rules/lost-values.md`.

use crate::{
    finding::Severity,
    rule::{Check, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::DataLoss, default: true, check: Check::Run };
