//! See `rules/edited-revision.md`.

use crate::{
    base::{Base, Part},
    finding::{Direction, Severity},
    history::History,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::History, default: true, check: Check::Base(check) };

fn check(history: &History, base: &Base, findings: &mut Findings<'_>) {
    for (id, parts) in &base.edits {
        let (Some(revision), Some(first)) = (history.find(id), parts.first()) else { continue };
        let name = &base.name;
        let (span, what, severity) = match first {
            Part::Parents => {
                let place =
                    revision.parents.first().or(revision.depends_on.first()).map_or(revision.id.span, |it| it.span);
                (place, "comes after other revisions now", Severity::Error)
            }
            Part::Labels => {
                let place = revision.labels.first().map_or(revision.id.span, |it| it.span);
                (place, "has other branch labels now", Severity::Note)
            }
            Part::Upgrade => (
                revision.upgrade.span,
                "has another upgrade now, which a database that has run it will not run",
                Severity::Error,
            ),
            Part::Downgrade => (revision.downgrade.span, "has another downgrade now", Severity::Warning),
        };
        let finding = findings.report(span, format!("`{id}` has landed on `{name}` and {what}"));
        finding.severity = severity;
        finding.subject.revision = Some(id.clone());
        finding.object(id.clone());
        match first {
            Part::Upgrade => finding.subject.direction = Some(Direction::Upgrade),
            Part::Downgrade => finding.subject.direction = Some(Direction::Downgrade),
            Part::Parents | Part::Labels => {}
        }
        for new in base.passed_over(history, id) {
            finding.note(new.id.span, format!("a database at `{id}` never runs `{}`, which is new", new.id.id));
        }
        let path = history.path(revision.source);
        finding.help(format!(
            "git checkout {name} -- {path}\n# and put the change into a revision of its own:\nalembic revision -m \"…\""
        ));
    }
}
