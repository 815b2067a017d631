//! See `rules/ignored-argument.md`.

use crate::{
    finding::Severity,
    op::Op,
    rule::{Asked, Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Alembic, default: true, check: Check::Operation(check) };

fn check(asked: &Asked<'_>, findings: &mut Findings<'_>) {
    let Op::AlterColumn(alter) = &asked.step.op else { return };
    for (name, span) in &alter.ignored {
        let whole =
            if asked.statements.is_empty() && asked.unresolved.is_none() { ", so that this does nothing" } else { "" };
        let finding = findings.report(*span, format!("`op.alter_column` takes `{name}` and never looks at it{whole}"));
        finding.object(format!("{}.{}.{name}", alter.table.name.text, alter.column.text));
        if let Some(help) = help(name) {
            finding.help(help);
        }
    }
}

/// What is probably meant.
fn help(name: &str) -> Option<&'static str> {
    Some(match name {
        "default" => "server_default=…  # PostgreSQL's; the application's `default` belongs to the model",
        "type" => "type_=…",
        "new_name" => "new_column_name=…",
        "null" | "nulable" | "nullabe" => "nullable=…",
        "unique" => "op.create_unique_constraint(…)",
        "index" => "op.create_index(…)",
        "primary_key" => "op.create_primary_key(…)",
        _ => return None,
    })
}
