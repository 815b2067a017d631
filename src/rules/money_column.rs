//! See `rules/money-column.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    statement::Column,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Style, default: false, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    for (table, column) in site.new_columns() {
        if !is_meant(column) {
            continue;
        }
        let message = format!("`{}` is a `money`, which means something else under another locale", column.name);
        let span = site.place_of_column(&column.name);
        findings.report(span, message).object(format!("{}.{}", table.name, column.name)).help("sa.Numeric(12, 2)");
    }
}

fn is_meant(column: &Column) -> bool {
    column.kind.name == "money"
}
