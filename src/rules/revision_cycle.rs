//! See `rules/revision-cycle.md`.

use crate::{
    finding::Severity,
    history::History,
    policy::Target,
    revision::{Reference, Revision},
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::History, default: true, check: Check::History(check) };

fn check(history: &History, target: &Target, findings: &mut Findings<'_>) {
    let settled = target.settled(history);
    for cycle in history.cycles() {
        let Some(at) = history.foremost(&cycle, &settled) else { continue };
        let mut ids: Vec<&str> = cycle.iter().map(|it| it.id.id.as_str()).collect();
        ids.extend(ids.first().copied());
        let path = ids.join(" -> ");
        let before = |at: usize| cycle[(at + cycle.len() - 1) % cycle.len()];
        let (here, how) = link(history, cycle[at], before(at));
        let finding = findings.report(here.span, format!("these revisions need each other: `{path}`"));
        finding.subject.revision = History::filed_under(&cycle[at].id.id, &settled);
        finding.object(path);
        for other in (0..cycle.len()).filter(|&other| other != at) {
            let (reference, how) = link(history, cycle[other], before(other));
            finding.note(reference.span, format!("`{}` {how} `{}`", cycle[other].id.id, before(other).id.id));
        }
        finding.help(format!("name an earlier revision here: `{}` {how} `{}`", cycle[at].id.id, before(at).id.id));
    }
}

/// Where a revision names the one before it in the cycle, and as what.
fn link<'a>(history: &History, revision: &'a Revision, before: &Revision) -> (&'a Reference, &'static str) {
    if let Some(parent) = revision.parents.iter().find(|it| it.id == before.id.id) {
        return (parent, "follows");
    }
    let means =
        |it: &&Reference| it.id == before.id.id || history.labelled(&it.id).is_some_and(|it| it.id == before.id);
    (revision.depends_on.iter().find(means).unwrap_or(&revision.id), "depends on")
}
