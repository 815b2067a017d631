//! See `rules/stale-parent.md`.

use crate::{
    base::Base,
    finding::Severity,
    history::History,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::History, default: true, check: Check::Base(check) };

fn check(history: &History, base: &Base, findings: &mut Findings<'_>) {
    for stale in base.stale(history) {
        let (start, theirs, name) = (stale.start, stale.theirs, &base.name);
        let span = start.parents.first().map_or(start.id.span, |it| it.span);
        let finding = findings.report(
            span,
            format!("the merge into `{name}` will have two heads, `{}` and `{}`", stale.head.id.id, theirs.id.id),
        );
        finding.subject.revision = Some(start.id.id.clone());
        finding.object(start.id.id.clone());
        finding.note(theirs.id.span, format!("`{}` is the head of `{name}`", theirs.id.id));
        let path = history.path(start.source);
        finding.help(if start.parents.len() == 1 {
            format!("# in {path}, or by `limbeck rebase --base {name} --write`:\ndown_revision = \"{}\"", theirs.id.id)
        } else {
            format!("git merge {name}\nalembic merge -m \"merge heads\" {} {}", stale.head.id.id, theirs.id.id)
        });
    }
}
