//! See `rules/missing-revision-id.md`.

use crate::{
    finding::Severity,
    history::History,
    policy::Target,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::History, default: true, check: Check::History(check) };

fn check(history: &History, _: &Target, findings: &mut Findings<'_>) {
    for file in &history.unread {
        let path = &file.path;
        let message = if file.sets_revision {
            format!("the `revision` of `{path}` cannot be read from the text, so the file has no place in the history")
        } else if file.named_by_file {
            format!("`{path}` sets no `revision`: Alembic takes the id from its name, as it did before 0.2")
        } else {
            format!("`{path}` lies among the revisions and sets no `revision`: Alembic refuses to run at all")
        };
        let finding = findings.report(file.span, message);
        finding.object(path.rsplit('/').next().unwrap_or(path));
        finding.help(if file.sets_revision || file.named_by_file {
            "revision = \"…\"  # the id itself, as one string"
        } else {
            "move the file out of the versions folder, or give it `revision` and `down_revision`"
        });
    }
}
