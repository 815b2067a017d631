//! See `rules/serial-column.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    statement::{Column, Generation},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Style, default: false, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let said = "is a `serial`: an identity column needs no right on a sequence";
    site.report_columns(findings, is_meant, said, "sa.Column(..., sa.BigInteger(), sa.Identity(), ...)");
}

fn is_meant(column: &Column) -> bool {
    column.generation == Some(Generation::Serial)
}
