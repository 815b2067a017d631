//! See `rules/stale-dump.md`.

use crate::{
    finding::Severity,
    rule::{Check, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Run };
