//! See `rules/shared-transaction.md`.

use crate::{
    base::Base,
    environment::Transactions,
    finding::{Direction, Severity},
    history::History,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Transaction, default: true, check: Check::Base(check) };

fn check(history: &History, base: &Base, findings: &mut Findings<'_>) {
    if history.environment.stack.transactions != Transactions::PerRun {
        return;
    }
    let mut new = history.revisions.iter().filter(|it| !base.landed().contains(&it.id.id));
    let (Some(first), Some(second)) = (new.next(), new.next()) else { return };
    let more = new.count();
    let others = if more > 0 { format!(", and {more} more,") } else { String::new() };
    let message = format!(
        "Alembic runs this{others} in one transaction with `{}`: each keeps the locks of those before it",
        first.id.id
    );
    let finding = findings.report(second.id.span, message);
    finding.subject.revision = Some(second.id.id.clone());
    finding.subject.direction = Some(Direction::Upgrade);
    finding
        .object("transaction_per_migration")
        .note(first.id.span, "the first of them")
        .help("context.configure(..., transaction_per_migration=True)  # in env.py");
}
