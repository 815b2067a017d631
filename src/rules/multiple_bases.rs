//! See `rules/multiple-bases.md`.

use crate::{
    finding::Severity,
    history::History,
    policy::Target,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::History, default: true, check: Check::History(check) };

fn check(history: &History, target: &Target, findings: &mut Findings<'_>) {
    let bases = history.bases();
    let settled = target.settled(history);
    let Some(at) = history.foremost(&bases, &settled) else { return };
    if bases.len() < 2 || history.are_roots(&bases) {
        return;
    }
    let (count, base) = (bases.len(), bases[at]);
    let names = History::names(&bases);
    let finding = findings.report(base.id.span, format!("the history begins {count} times, with {names}"));
    finding.subject.revision = Some(base.id.id.clone());
    let mut ids: Vec<&str> = bases.iter().map(|it| it.id.id.as_str()).collect();
    for other in bases.iter().filter(|it| it.id != base.id) {
        finding.note(other.id.span, format!("`{}` has no `down_revision` either", other.id.id));
    }
    let follows = bases.iter().find(|it| it.id != base.id).map_or("", |it| it.id.id.as_str());
    finding.help(format!(
        "down_revision = \"{follows}\"  # or a revision after it\n# or, for a branch of its own:\nbranch_labels = (\"…\",)"
    ));
    ids.sort_unstable();
    finding.object(ids.join(" "));
}
