//! See `rules/new-required-column.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Migration, Spec, code},
    schema::Known,
    statement::{Action, Kind, Name},
};
use std::collections::BTreeSet;

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Migration(check) };

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    if !migration.context.is_deployed_now(migration.run) {
        return;
    }
    let touched: BTreeSet<&Name> = migration.upgrade.statements.iter().flat_map(|it| it.tables()).collect();
    for name in touched {
        let is_new = |at: usize| migration.context.fresh.is_some_and(|it| it.get(at) == Some(&true));
        let Known::Yes(table) = migration.after.table(name) else { continue };
        if table.made.is_some_and(|it| it.run == migration.run || is_new(it.run.revision())) {
            continue;
        }
        for (column, known) in table.columns() {
            let (Some(made), Known::Yes(required)) = (known.made, known.not_null) else { continue };
            let new = made.run == migration.run || is_new(made.run.revision());
            let now = made.run == migration.run || required.run == migration.run;
            if !new || !now || known.default.is_some() || known.generated || fails(migration, name, column) {
                continue;
            }
            let message = format!(
                "`{column}` of `{name}` must be given and has no default: code that does not know it cannot insert any more"
            );
            let finding = findings.report(required.span, message);
            finding.subject.direction = Some(Direction::Upgrade);
            finding.object(format!("{}.{column}", name.name)).help(format!(
                "# keep a default as long as old code runs; drop it in a later revision\n\
                 op.alter_column({}, {}, server_default=...{})",
                code::quoted(&name.name),
                code::quoted(column),
                code::schema(name)
            ));
            if made.span != required.span {
                finding.note(made.span, "it is added here");
            }
        }
    }
}

/// It is added `NOT NULL` and without a default: that fails where there are rows, which `not-null-without-backfill` says.
fn fails(migration: &Migration<'_>, name: &Name, added: &str) -> bool {
    let actions = migration.upgrade.statements.iter().filter_map(|it| match &it.kind {
        Kind::AlterTable { table, actions, .. } if table == name => Some(actions),
        _ => None,
    });
    actions.flatten().any(|it| match it {
        Action::AddColumn { column, .. } => column.name == added && column.not_null && column.default.is_none(),
        _ => false,
    })
}
