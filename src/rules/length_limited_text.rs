//! See `rules/length-limited-text.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    statement::Column,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Style, default: false, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let said = "is a `varchar` with a length: `text` stores the same";
    site.report_columns(findings, is_meant, said, "sa.Text(), and a CHECK where the length matters");
}

fn is_meant(column: &Column) -> bool {
    column.kind.name == "varchar" && !column.kind.modifiers.is_empty()
}
