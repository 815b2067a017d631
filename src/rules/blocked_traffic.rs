//! See `rules/blocked-traffic.md`.

use crate::{
    finding::Severity,
    rule::{Check, Group, Spec},
};

pub(super) static SPEC: Spec = Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Run };
