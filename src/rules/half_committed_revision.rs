//! See `rules/half-committed-revision.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec},
    statement::{Action, Kind, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Transaction, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let statement = site.statement;
    let fails = |it: &Statement| it.autocommit && may_fail(it);
    if !fails(statement) || site.earlier.iter().any(fails) || site.run.direction == Direction::Downgrade {
        return;
    }
    let Some(done) = site.earlier.iter().find(|it| !it.autocommit && !is_repeatable(it)) else { return };
    let message =
        "where this fails, what stands before it stays and the revision is not stamped: it cannot be run again";
    findings
        .report(statement.span, message)
        .object("autocommit_block")
        .note(done.span, "this is committed by then, and fails the second time")
        .help("put what is outside the transaction into a revision of its own");
}

/// It fails now and then: at a timeout, a deadlock, a row that does not fit.
fn may_fail(statement: &Statement) -> bool {
    match &statement.kind {
        Kind::CreateIndex(create) => create.concurrently,
        Kind::AlterTable { actions, .. } => {
            actions.iter().any(|it| matches!(it, Action::ValidateConstraint { .. } | Action::SetNotNull { .. }))
        }
        _ => false,
    }
}

/// Running it again does no harm.
fn is_repeatable(statement: &Statement) -> bool {
    if statement.is_idle() || statement.checkfirst || !statement.guards.is_empty() {
        return true;
    }
    match &statement.kind {
        Kind::Update(_) | Kind::Delete { .. } | Kind::Truncate { .. } => true,
        Kind::CreateTable(create) => create.if_not_exists,
        Kind::CreateIndex(create) => create.if_not_exists,
        Kind::DropTable { if_exists, .. } | Kind::DropIndex { if_exists, .. } => *if_exists,
        Kind::AlterTable { actions, .. } => actions.iter().all(|it| match it {
            Action::AddColumn { if_not_exists, .. } => *if_not_exists,
            Action::DropColumn { if_exists, .. } | Action::DropConstraint { if_exists, .. } => *if_exists,
            Action::AddConstraint(_) => false,
            _ => true,
        }),
        Kind::CreateEnum { .. }
        | Kind::RenameTable { .. }
        | Kind::RenameColumn { .. }
        | Kind::RenameConstraint { .. }
        | Kind::RenameIndex { .. }
        | Kind::RenameType { .. }
        | Kind::RenameEnumValue { .. } => false,
        // What is not known well enough is not told of.
        _ => true,
    }
}
