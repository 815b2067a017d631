//! See `rules/opaque-operation.md`.

use crate::{
    finding::Severity,
    rule::{Check, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Alembic, default: true, check: Check::Elsewhere };
