//! See `rules/unindexed-foreign-key.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Migration, Spec, code},
    schema::Known,
    statement::{Demand, Kind, Name},
};
use std::collections::BTreeSet;

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Style, default: false, check: Check::Migration(check) };

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let touched: BTreeSet<&Name> = migration.upgrade.statements.iter().flat_map(|it| it.tables()).collect();
    for name in touched {
        let Known::Yes(table) = migration.after.table(name) else { continue };
        for constraint in table.constraints().filter(|it| it.made.run == migration.run) {
            let Demand::ForeignKey { columns, .. } = &constraint.rule else { continue };
            let Some(first) = columns.first() else { continue };
            let by_key = table.constraints().any(|it| match &it.rule {
                Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } => columns.first() == Some(first),
                _ => false,
            });
            // An index of another revision is asked for by what the run itself builds alone: a miss, no false alarm.
            let built = migration.upgrade.statements.iter().any(|it| match &it.kind {
                Kind::CreateIndex(create) => {
                    create.table == *name && create.columns.first() == Some(&Some(first.clone()))
                }
                _ => false,
            });
            let known = migration.before.table(name).yes().is_some_and(|it| it.columns().any(|(it, _)| it == first));
            if by_key || built || known {
                continue;
            }
            let message =
                format!("no index begins with `{first}` of `{name}`: deleting what it refers to reads all of it");
            findings.report(constraint.made.span, message).object(format!("{}.{first}", name.name)).help(format!(
                "op.create_index({}, {}, [{}]{})",
                code::quoted(&code::fitting(format!("ix_{}_{first}", name.name))),
                code::quoted(&name.name),
                code::quoted(first),
                code::schema(name)
            ));
        }
    }
}
