//! See `rules/money-column.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    statement::Column,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Style, default: false, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let said = "is a `money`, which means something else under another locale";
    site.report_columns(findings, is_meant, said, "sa.Numeric(12, 2)");
}

fn is_meant(column: &Column) -> bool {
    column.kind.name == "money"
}
