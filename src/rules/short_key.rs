//! See `rules/short-key.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    statement::Column,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Style, default: false, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let said = "is a key of four bytes or fewer, which a table can outgrow";
    site.report_columns(findings, is_meant, said, "sa.BigInteger()");
}

fn is_meant(column: &Column) -> bool {
    let short = matches!(column.kind.name.as_str(), "int4" | "int2" | "serial" | "serial4" | "smallserial" | "serial2");
    let key = column.constraints.iter().any(|it| matches!(it.rule, crate::statement::Demand::PrimaryKey { .. }));
    short && (key || column.generated)
}
