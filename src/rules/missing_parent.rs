//! See `rules/missing-parent.md`.

use crate::{
    finding::Severity,
    history::History,
    policy::Target,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::History, default: true, check: Check::History(check) };

fn check(history: &History, target: &Target, findings: &mut Findings<'_>) {
    let settled = target.settled(history);
    for (at, (revision, parent)) in history.broken_parents().into_iter().enumerate() {
        // A file that could not be read is reported itself; nothing is missing if it is the parent.
        if history.unread.iter().any(|file| file.may_be(&parent.id)) {
            continue;
        }
        let (id, name) = (&revision.id.id, &parent.id);
        let finding =
            findings.report(parent.span, format!("`{id}` follows `{name}`, which no file of the history has"));
        finding.subject.revision = History::filed_under(id, &settled);
        finding.object(name);
        if let Some(labelled) = history.labelled(name) {
            finding.note(labelled.id.span, format!("`{name}` is a branch label of this revision"));
            finding.help(format!("down_revision = \"{}\"", labelled.id.id));
        } else if let Some(meant) = history.similar(name).filter(|_| at < SUGGESTIONS) {
            finding.help(format!("down_revision = \"{meant}\"  # if that was meant"));
        } else {
            finding.help("bring back the file with that id, or name the revision before it as `down_revision`");
        }
    }
}

/// A search through all ids is worth its time for the first few only.
const SUGGESTIONS: usize = 100;
