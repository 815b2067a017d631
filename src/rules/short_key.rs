//! See `rules/short-key.md`.

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
        let message = format!("`{}` is a key of four bytes or fewer, which a table can outgrow", column.name);
        let span = site.place_of_column(&column.name);
        findings.report(span, message).object(format!("{}.{}", table.name, column.name)).help("sa.BigInteger()");
    }
}

fn is_meant(column: &Column) -> bool {
    let short = matches!(column.kind.name.as_str(), "int4" | "int2" | "serial" | "serial4" | "smallserial" | "serial2");
    let key = column.constraints.iter().any(|it| matches!(it.rule, crate::statement::Demand::PrimaryKey { .. }));
    short && (key || column.generated)
}
