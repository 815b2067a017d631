//! See `rules/missing-downgrade.md`.

use crate::{
    finding::{Direction, Repair, Severity},
    op::Op,
    rule::{Check, Findings, Group, Migration, Spec, code},
    statement::{Action, Kind, Statement, Way},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Reversal, default: true, check: Check::Migration(check) };

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let up = migration.upgrade;
    let changes = up.statements.iter().any(|it| !it.is_idle()) || !up.unresolved.is_empty() || !up.rejected.is_empty();
    if !changes {
        return;
    }
    let body = &migration.revision.downgrade;
    let raised = body.steps.iter().find_map(|step| match &step.op {
        Op::Raise { what } if step.when.is_empty() => Some((step.span, what)),
        _ => None,
    });
    let (span, message, severity) = if !body.defined {
        (
            migration.revision.upgrade.span,
            "the upgrade cannot be taken back: there is no `downgrade()`".to_owned(),
            None,
        )
    } else if body.empty {
        let message = "the downgrade does nothing, so that what the upgrade has done stays while the version goes back";
        (body.span, message.to_owned(), None)
    } else if let Some((span, what)) = raised
        && is_nothing(migration.downgrade)
    {
        // An exception with a message is a decision that whoever runs it is told of.
        let told = what.contains(": ");
        (span, format!("the downgrade only raises `{what}`"), told.then_some(Severity::Note))
    } else {
        return;
    };
    let finding = findings.report(span, message);
    finding.severity = severity.unwrap_or(finding.severity);
    finding.subject.direction = Some(Direction::Downgrade);
    if raised.is_none()
        && let Some(code) = inverse(up)
    {
        let body: Vec<String> = code.lines().map(|line| format!("    {line}")).collect();
        finding.help(format!("def downgrade():\n{}", body.join("\n")));
        if up.statements.iter().all(is_always_run) {
            finding.repair(Repair::Downgrade { code });
        }
    }
}

fn is_nothing(way: &Way) -> bool {
    way.statements.iter().all(Statement::is_idle) && way.unresolved.is_empty() && way.rejected.is_empty()
}

/// The downgrade, where each statement of the upgrade has a plain opposite.
fn inverse(up: &Way) -> Option<String> {
    if !up.unresolved.is_empty() || !up.rejected.is_empty() {
        return None;
    }
    let mut lines = Vec::new();
    for statement in up.statements.iter().rev().filter(|it| !it.is_idle()) {
        lines.push(opposite(statement, up)?);
    }
    lines.retain(|line| !line.is_empty());
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What it makes was not there before: the opposite takes away no more than that.
fn is_always_run(statement: &Statement) -> bool {
    let makes = match &statement.kind {
        Kind::CreateTable(create) => !create.if_not_exists,
        Kind::CreateIndex(create) => !create.if_not_exists,
        Kind::AlterTable { if_exists, actions, .. } => {
            !if_exists && actions.iter().all(|it| !matches!(it, Action::AddColumn { if_not_exists: true, .. }))
        }
        _ => true,
    };
    makes && statement.guards.is_empty() && !statement.checkfirst
}

fn opposite(statement: &Statement, up: &Way) -> Option<String> {
    Some(match &statement.kind {
        Kind::CreateTable(create) => {
            format!("op.drop_table({}{})", code::quoted(&create.table.name), code::schema(&create.table))
        }
        Kind::CreateEnum { name, .. } => code::execute(&format!("DROP TYPE {}", code::table(name))),
        Kind::CreateIndex(create) => {
            let new = |it: &Statement| matches!(&it.kind, Kind::CreateTable(made) if made.table == create.table);
            if up.statements.iter().any(new) {
                return Some(String::new());
            }
            code::concurrent_drop(&create.table.renamed(create.index.clone()?), Some(&create.table), false)
        }
        Kind::AlterTable { table, actions, .. } => {
            let mut lines = Vec::new();
            for action in actions.iter().rev() {
                let (call, argument, rest) = match action {
                    Action::AddColumn { column, .. } => ("drop_column", column.name.clone(), ""),
                    Action::SetNotNull { column } => ("alter_column", column.clone(), ", nullable=True"),
                    _ => return None,
                };
                let (table, schema) = (code::quoted(&table.name), code::schema(table));
                lines.push(format!("op.{call}({table}, {}{rest}{schema})", code::quoted(&argument)));
            }
            lines.join("\n")
        }
        _ => return None,
    })
}
