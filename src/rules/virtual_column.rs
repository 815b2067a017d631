//! See `rules/virtual-column.md`.

use crate::{
    finding::Severity,
    op::{Column, Op},
    rule::{Asked, Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Alembic, default: true, check: Check::Operation(check) };

/// The first PostgreSQL with virtual columns.
const FIRST: u32 = 18;

fn check(asked: &Asked<'_>, findings: &mut Findings<'_>) {
    let context = &asked.context;
    // Before 2.1 SQLAlchemy itself says STORED, or refuses.
    if context.target.postgres >= FIRST || context.stack.sqlalchemy.value < (2, 1) {
        return;
    }
    let (table, columns): (_, &[Column]) = match &asked.step.op {
        Op::CreateTable(create) => (&create.table, &create.columns),
        Op::AddColumn { table, column, .. } => (table, std::slice::from_ref(column)),
        _ => return,
    };
    for column in columns {
        let Some(persisted) = column.computed.as_ref().map(|it| it.persisted) else { continue };
        let name = &column.name.text;
        let (message, severity) = match persisted {
            Some(true) => continue,
            Some(false) => (
                format!("SQLAlchemy always refuses the virtual column `{name}` on a server before PostgreSQL {FIRST}"),
                Severity::Error,
            ),
            None => (
                format!(
                    "`{name}` is stored before PostgreSQL {FIRST} and virtual from then on, as `persisted` is not given"
                ),
                Severity::Warning,
            ),
        };
        let finding = findings.report(column.span, message);
        finding.severity = severity;
        finding.object(format!("{}.{name}", table.name.text));
        finding.help("sa.Computed(…, persisted=True)");
    }
}
