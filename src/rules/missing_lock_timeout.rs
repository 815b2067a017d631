//! See `rules/missing-lock-timeout.md`.

use crate::{
    environment::LockTimeout,
    finding::Severity,
    history::History,
    policy::Target,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Transaction, default: false, check: Check::History(check) };

/// What to write in `env.py`.
const HELP: &str = "connectable = engine_from_config(
    ...,
    connect_args={\"options\": \"-c lock_timeout=5s\"},
)";

fn check(history: &History, _: &Target, findings: &mut Findings<'_>) {
    let LockTimeout::Absent(place) = history.environment.stack.lock_timeout else { return };
    let message = "no `lock_timeout` is set: a revision that waits for a long query makes every later query wait too";
    findings.report(place, message).object("lock_timeout").help(HELP);
}
