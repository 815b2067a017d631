//! See `rules/concurrent-build-under-timeout.md`.

use crate::{
    environment::LockTimeout,
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    source::Span,
    statement::{Kind, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Transaction, default: true, check: Check::Statement(check) };

/// A transaction that keeps the build waiting for so long is rare, in milliseconds.
const LONG_WAIT: u64 = 120_000;
/// An index of a table that needs `CONCURRENTLY` may well take as long as this, in milliseconds.
const LONG_BUILD: u64 = 600_000;

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::CreateIndex(create) = &site.statement.kind else { return };
    let built = |it: &Statement| matches!(&it.kind, Kind::CreateIndex(create) if create.concurrently);
    if !create.concurrently || site.in_transaction || site.earlier.iter().any(built) {
        return;
    }
    let project = match site.context.stack.lock_timeout {
        LockTimeout::Milliseconds(it) => Some((it, None)),
        _ => None,
    };
    let wait = set(site, "lock_timeout").or(project);
    let build = set(site, "statement_timeout");
    let short = |found: Option<(u64, Option<Span>)>, least| found.filter(|(it, _)| *it > 0 && *it < least);
    let (name, (value, place)) = match (short(wait, LONG_WAIT), short(build, LONG_BUILD)) {
        (Some(found), _) => ("lock_timeout", found),
        (None, Some(found)) => ("statement_timeout", found),
        (None, None) => return,
    };
    let index = create.index.as_deref().unwrap_or(&create.table.name);
    let message = format!(
        "a `{name}` of {value} ms cancels this build where it has to wait, and leaves `{index}` invalid: it serves no query"
    );
    let finding = findings.report(site.statement.place(index), message);
    finding.object(index);
    if let Some(place) = place {
        finding.note(place, "it is set here");
    }
    let sql = site.statement.sql.as_str();
    let body =
        [format!("SET {name} = 0"), sql.to_owned(), format!("RESET {name}")].map(|it| code::execute(&it)).join("\n");
    finding.help(code::autocommit(&body));
}

/// What the run has set last, in milliseconds.
fn set(site: &Site<'_>, name: &str) -> Option<(u64, Option<Span>)> {
    let last = site.earlier.iter().rev().find_map(|it| match &it.kind {
        Kind::Set(setting) if setting.name == name && !setting.local => Some((setting, it.span)),
        _ => None,
    })?;
    Some((last.0.milliseconds()?, Some(last.1)))
}
