//! See `rules/padded-text.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    statement::Column,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Style, default: false, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let said = "is padded with blanks: it is a `char(n)`";
    site.report_columns(findings, is_meant, said, "sa.Text()");
}

fn is_meant(column: &Column) -> bool {
    column.kind.name == "bpchar"
}
