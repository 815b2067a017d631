//! See `rules/multiple-heads.md`.

use crate::{
    finding::Severity,
    history::History,
    policy::Target,
    revision::Revision,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::History, default: true, check: Check::History(check) };

fn check(history: &History, target: &Target, findings: &mut Findings<'_>) {
    let mut heads = history.heads();
    // A file that could not be read may well be the child that is missed.
    heads.retain(|head| !history.unread.iter().any(|file| file.may_follow(&head.id.id)));
    let settled = target.settled(history);
    let Some(at) = history.foremost(&heads, &settled) else { return };
    if heads.len() < 2 || history.are_branches(&heads) {
        return;
    }
    let (count, head) = (heads.len(), heads[at]);
    let names = History::names(&heads);
    let finding = findings.report(head.id.span, format!("the history has {count} heads, {names}"));
    finding.subject.revision = Some(head.id.id.clone());
    let ids: std::collections::BTreeSet<&str> = heads.iter().map(|it| it.id.id.as_str()).collect();
    finding.object(ids.iter().copied().collect::<Vec<_>>().join(" "));
    for other in heads.iter().filter(|it| it.id != head.id) {
        finding.note(other.id.span, format!("`{}` is a head as well", other.id.id));
    }
    finding.help(advice(history, &heads, at));
}

/// A merge, and for two heads that no database has seen together the other way: one branch after the other.
fn advice(history: &History, heads: &[&Revision], at: usize) -> String {
    let ids: Vec<&str> = heads.iter().map(|it| it.id.id.as_str()).collect();
    let merge = format!("alembic merge -m \"merge heads\" {}", ids.join(" "));
    let start = history.branch_start(heads, at).filter(|start| heads.len() == 2 && start.parents.len() == 1);
    let Some(start) = start else { return merge };
    let (file, other) = (history.path(start.source), ids[1 - at]);
    format!("{merge}\n# or, while no database has run it, in {file}:\ndown_revision = \"{other}\"")
}
