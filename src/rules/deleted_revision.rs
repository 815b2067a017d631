//! See `rules/deleted-revision.md`.

use crate::{
    base::Base,
    finding::Severity,
    history::History,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::History, default: true, check: Check::Base(check) };

fn check(history: &History, base: &Base, findings: &mut Findings<'_>) {
    for lost in base.lost(history) {
        let (id, name, path) = (&lost.id.id, &base.name, base.path(lost.source));
        // The file may be there still and say another id.
        let renamed = history.revisions.iter().find(|it| history.path(it.source) == path);
        let (span, what) = match renamed {
            Some(other) => (other.id.span, format!("is called `{}` now", other.id.id)),
            None => (lost.id.span, "is deleted here".to_owned()),
        };
        let finding = findings.report(
            span,
            format!("`{id}` has landed on `{name}` and {what}: Alembic cannot start from a database that is at `{id}`"),
        );
        finding.subject.revision = Some(id.clone());
        finding.object(id.clone());
        finding.help(format!("git checkout {name} -- {path}"));
    }
}
