//! See `rules/unknown-stamp.md`. It is found where the file of `--stats` is read.

use crate::{
    finding::Severity,
    rule::{Check, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Elsewhere };
