//! See `rules/incomplete-downgrade.md`.

use super::destructive_downgrade;
use crate::{
    finding::{Direction, Severity},
    op::Op,
    rule::{Check, Findings, Group, Migration, Spec},
    schema::{Difference, How, Made, Piece, Sort},
    source::Span,
    statement::{Definition, Name, mentions},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Reversal, default: true, check: Check::Migration(check) };

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    if !is_understood(migration) {
        return;
    }
    let body = &migration.revision.downgrade;
    let differences = migration.before.differences(migration.back, migration.touched);
    for it in &differences {
        if told_elsewhere(it, migration)
            || destructive_downgrade::is_destroyed(it, migration)
            || it.how == How::Lost && came_back(it, &differences)
        {
            continue;
        }
        report(it, body.span, migration, findings);
    }
}

/// A downgrade that does nothing, or that raises, has a rule of its own; what is not understood may do the rest.
pub(super) fn is_understood(migration: &Migration<'_>) -> bool {
    let (body, down) = (&migration.revision.downgrade, migration.downgrade);
    let raises = body.steps.iter().any(|step| matches!(step.op, Op::Raise { .. }));
    let unsure = !down.unresolved.is_empty() || !down.rejected.is_empty() || migration.undecided;
    body.defined && !body.empty && !raises && !unsure
}

/// A type that is left has a rule of its own, and so has one that is gone and that the downgrade asks for.
fn told_elsewhere(it: &Difference, migration: &Migration<'_>) -> bool {
    match (&it.what, &it.how) {
        (Piece::Object(Sort::Enum, _), How::Left) => true,
        (Piece::Object(sort @ (Sort::Schema | Sort::Extension), name), how) => {
            *how != How::Left || !makes(migration, *sort, name)
        }
        (Piece::Object(Sort::Enum, name), How::Lost) => {
            migration.downgrade.statements.iter().any(|it| mentions(it.sql.as_str(), &name.name))
        }
        _ => false,
    }
}

/// The upgrade fails where it is there already. One that is made only where it is missing may have been there before.
fn makes(migration: &Migration<'_>, sort: Sort, name: &Name) -> bool {
    let made = migration.upgrade.statements.iter().filter(|it| it.guards.is_empty());
    let mut made = made.filter_map(|it| it.definition.as_deref());
    made.any(|it| {
        matches!(it, Definition::Make(make) if make.sort == sort && make.name == *name && !make.if_not_exists && !make.replace)
    })
}

/// A thing of the same table is lost and another is left: it has come back under another name.
fn came_back(it: &Difference, all: &[Difference]) -> bool {
    all.iter().any(|other| match (&it.what, &other.what) {
        (Piece::Constraint(table, _), Piece::Constraint(same, _)) | (Piece::Index(_, table), Piece::Index(_, same)) => {
            other.how == How::Left && table == same
        }
        _ => false,
    })
}

fn report(it: &Difference, whole: Span, migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let name = it.what.words();
    let other = migration.before.changed(&it.what);
    let back = migration.back.changed(&it.what);
    let by = |made: Option<Made>, direction| {
        made.filter(|it| it.run.direction == direction && it.run.revision() == migration.place).map(|it| it.span)
    };
    // The statement of the downgrade that does it, else the downgrade as a whole.
    let span = by(back, Direction::Downgrade).unwrap_or(whole);
    let message = match &it.how {
        How::Lost => {
            format!("after the downgrade the {name} is gone: the upgrade has dropped it, and nothing makes it again")
        }
        How::Left => format!("the downgrade leaves the {name} behind"),
        How::Changed(aspect, was, is) => {
            format!("the downgrade does not restore the {aspect} of the {name}: it was `{was}`, and is `{is}` now")
        }
    };
    let finding = findings.report(span, message);
    finding.subject.direction = Some(Direction::Downgrade);
    finding.object(it.what.object());
    if let Some(up) = by(migration.after.changed(&it.what), Direction::Upgrade).filter(|up| *up != span) {
        finding.note(up, "the upgrade does this");
    }
    if let Some(made) = other {
        finding.note(made.span, "this is what was there before");
    }
}
