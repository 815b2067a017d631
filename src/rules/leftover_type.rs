//! See `rules/leftover-type.md`.

use crate::{
    finding::{Direction, Repair, Severity},
    op::Op,
    rule::{Check, Findings, Group, Migration, Spec, code},
    schema::{Known, Sort},
    statement::{Action, Kind, Name, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Reversal, default: true, check: Check::Migration(check) };

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let down = migration.downgrade;
    // What is not understood may drop it; a downgrade that does nothing has a rule of its own.
    if !down.unresolved.is_empty() || !down.rejected.is_empty() {
        return;
    }
    for made in &migration.upgrade.statements {
        let Kind::CreateEnum { name, .. } = &made.kind else { continue };
        let op = migration.revision.upgrade.steps.get(made.step).map(|it| &it.op);
        // `postgresql.ENUM` looks first whether the type is there, and `sa.Enum` may be told to.
        if matches!(op, Some(Op::CreateEnum(_)) | None)
            || !made.guards.is_empty()
            || migration.before.object(Sort::Enum, name).yes().is_some()
            || matches!(migration.after.object(Sort::Enum, name), Known::No | Known::Unknown)
            || down.statements.iter().any(|it| loses(it, name))
        {
            continue;
        }
        let Some(last) = down.statements.iter().rev().find(|it| takes_back(it, made, migration)) else { continue };
        let message = format!(
            "the downgrade leaves the type `{name}` behind, so that the next upgrade fails: it creates the type again"
        );
        let finding = findings.report(last.called, message);
        finding.subject.direction = Some(Direction::Downgrade);
        finding.object(name.to_string());
        finding.note(made.called, format!("the type `{name}` is made here"));
        let drop = code::execute(&format!("DROP TYPE {}", code::table(name)));
        finding.help(drop.clone()).repair(Repair::After { call: last.called, code: drop });
    }
}

/// The type is gone, or another one, after the statement.
fn loses(statement: &Statement, name: &Name) -> bool {
    match &statement.kind {
        Kind::DropType { names, .. } => names.contains(name),
        Kind::RenameType { name: renamed, .. } => renamed == name,
        Kind::DropSchema { schemas, .. } => schemas.iter().any(|it| it == name.home()),
        Kind::Select => true,
        _ => false,
    }
}

/// The statement drops the table that the type was made for, or one of its columns.
fn takes_back(statement: &Statement, made: &Statement, migration: &Migration<'_>) -> bool {
    let table = migration.upgrade.statements.iter().find_map(|it| match &it.kind {
        Kind::CreateTable(create) if it.step == made.step => Some(&create.table),
        _ => None,
    });
    match (&statement.kind, table) {
        (Kind::DropTable { tables, .. }, Some(table)) => tables.contains(table),
        (Kind::DropTable { .. }, None) => true,
        (Kind::AlterTable { actions, .. }, None) => actions.iter().any(|it| matches!(it, Action::DropColumn { .. })),
        _ => false,
    }
}
