//! See `rules/missing-dependency.md`.

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
    for (at, (revision, dependency)) in history.broken_dependencies().into_iter().enumerate() {
        // A file that could not be read is reported itself; nothing is missing if it may be the one.
        if history.unread.iter().any(|file| file.may_be(&dependency.id)) {
            continue;
        }
        let (id, name) = (&revision.id.id, &dependency.id);
        let message = format!("`{id}` depends on `{name}`, which is neither an id nor a branch label");
        let finding = findings.report(dependency.span, message);
        finding.subject.revision = History::filed_under(id, &settled);
        finding.object(name);
        // `shop@head` and the beginning of an id are only understood on the command line.
        let label = name.split('@').next().and_then(|label| history.labelled(label));
        if let Some(meant) = label.filter(|_| name.contains('@')) {
            finding.help(format!("depends_on = \"{}\"  # or a later revision of that branch", meant.id.id));
        } else if let Some(meant) = history.similar(name).filter(|_| at < SUGGESTIONS) {
            finding.help(format!("depends_on = \"{meant}\"  # if that was meant"));
        } else {
            finding.help("name an existing revision by its whole id, or leave `depends_on` out");
        }
    }
}

/// A search through all ids is worth its time for the first few only.
const SUGGESTIONS: usize = 100;
