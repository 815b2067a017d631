//! See `rules/duplicate-revision.md`.

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
    for dropped in &history.dropped {
        let Some(kept) = history.find(&dropped.id.id) else { continue };
        let (file, winner) = (history.path(dropped.source), history.path(kept.source));
        // The two share an id, so only the selection of files can prefer one of them.
        let place = if history.foremost(&[dropped, kept], &settled) == Some(0) { dropped } else { kept };
        let other = if place.source == dropped.source { kept } else { dropped };
        let id = &dropped.id.id;
        let message = format!("two files have the id `{id}`: Alembic runs `{winner}` and drops `{file}`");
        let finding = findings.report(place.id.span, message);
        finding.subject.revision = History::filed_under(id, &settled);
        finding.object(file);
        finding.note(other.id.span, format!("`{id}` is used here too"));
        finding.help(
            "revision = \"…\"  # a new id for the newer file, from `alembic revision`, and where its children name it",
        );
    }
}
