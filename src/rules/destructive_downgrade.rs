//! See `rules/destructive-downgrade.md`.

use super::incomplete_downgrade;
use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Migration, Spec},
    schema::{Difference, How, Known, Piece},
    statement::{Action, Kind, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Reversal, default: true, check: Check::Migration(check) };

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    if !incomplete_downgrade::is_understood(migration) {
        return;
    }
    let differences = migration.before.differences(migration.back, migration.touched);
    for it in differences.iter().filter(|it| is_destroyed(it, migration)) {
        let Some(dropped) = migration.downgrade.statements.iter().rev().find(|of| drops(of, &it.what)) else {
            continue;
        };
        let what = match &it.what {
            Piece::Table(_) => "its rows are",
            _ => "its values are",
        };
        let message =
            format!("the downgrade drops the {}, which was there before the upgrade: {what} gone", it.what.words());
        let finding = findings.report(dropped.span, message);
        finding.subject.direction = Some(Direction::Downgrade);
        finding.object(it.what.object());
        if let Some(made) = migration.before.changed(&it.what) {
            finding.note(made.span, "this is what was there before");
        }
        finding.help("# take back only what the upgrade has made: leave this drop out");
    }
}

/// A table or column that the upgrade has found and left is gone behind the downgrade.
pub(super) fn is_destroyed(it: &Difference, migration: &Migration<'_>) -> bool {
    let left = match &it.what {
        Piece::Table(table) => matches!(migration.after.table(table), Known::Yes(_)),
        Piece::Column(table, column) => matches!(migration.after.column(table, column), Known::Yes(_)),
        _ => false,
    };
    let made = migration.after.changed(&it.what).is_some_and(|made| {
        made.run == migration.run && migration.upgrade.statements.iter().any(|of| drops(of, &it.what))
    });
    // What the upgrade has dropped and made anew is another one, without the old rows.
    it.how == How::Lost && left && !made && migration.downgrade.statements.iter().any(|of| drops(of, &it.what))
}

fn drops(statement: &Statement, what: &Piece) -> bool {
    match (&statement.kind, what) {
        (Kind::DropTable { tables, .. }, Piece::Table(table)) => tables.contains(table),
        (Kind::AlterTable { table: of, actions, .. }, Piece::Column(table, name)) => {
            of == table && actions.iter().any(|it| matches!(it, Action::DropColumn { column, .. } if column == name))
        }
        _ => false,
    }
}
