//! See `rules/serial-column.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    statement::{Column, Generation},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Style, default: false, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    for (table, column) in site.new_columns() {
        if !is_meant(column) {
            continue;
        }
        let message = format!("`{}` is a `serial`: an identity column needs no right on a sequence", column.name);
        let span = site.place_of_column(&column.name);
        findings
            .report(span, message)
            .object(format!("{}.{}", table.name, column.name))
            .help("sa.Column(..., sa.BigInteger(), sa.Identity(), ...)");
    }
}

fn is_meant(column: &Column) -> bool {
    column.generation == Some(Generation::Serial)
}
