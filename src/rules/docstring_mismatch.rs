//! See `rules/docstring-mismatch.md`.

use crate::{
    finding::{Repair, Severity},
    history::History,
    policy::Target,
    revision::{Reference, Revision},
    rule::{Check, Findings, Group, Spec},
};
use std::collections::BTreeSet;

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::History, default: true, check: Check::History(check) };

fn check(history: &History, target: &Target, findings: &mut Findings<'_>) {
    if !target.knows_new() {
        return;
    }
    let settled = target.settled(history);
    for revision in history.revisions.iter().filter(|it| !settled.contains(it.id.id.as_str())) {
        compare(revision, findings);
    }
}

fn compare(revision: &Revision, findings: &mut Findings<'_>) {
    let (id, docstring) = (&revision.id, &revision.docstring);
    if let Some(said) = docstring.revision.as_ref().filter(|said| said.id != id.id) {
        let message = format!("the docstring calls this revision `{}`, `revision` is `{}`", said.id, id.id);
        let finding = findings.report(said.span, message);
        finding.subject.revision = Some(id.id.clone());
        finding.object("Revision ID").note(id.span, "this is the id that Alembic uses");
        finding.help(format!("Revision ID: {}", id.id));
        finding.repair(Repair::Replace { span: said.span, old: said.id.clone(), new: id.id.clone() });
    }
    let Some(said) = &docstring.revises else { return };
    // What Alembic and people have written for a base over the years.
    let said: Vec<Reference> =
        said.iter().filter(|it| !["None", "base", "<base>"].contains(&&*it.id)).cloned().collect();
    let ids = |all: &[Reference]| all.iter().map(|it| it.id.clone()).collect::<BTreeSet<_>>();
    if ids(&said) == ids(&revision.parents) {
        return;
    }
    let span = docstring.revises_span.or_else(|| said.first().map(|it| it.span)).unwrap_or(id.span);
    let words = |all: &[Reference]| all.iter().map(|it| it.id.as_str()).collect::<Vec<_>>().join(", ");
    let shown = |all: &[Reference]| if all.is_empty() { "nothing".to_owned() } else { format!("`{}`", words(all)) };
    let (says, is) = (shown(&said), shown(&revision.parents));
    let finding = findings.report(span, format!("the docstring says that it revises {says}, `down_revision` is {is}"));
    finding.subject.revision = Some(id.id.clone());
    finding.object("Revises");
    for parent in &revision.parents {
        finding.note(parent.span, "this is the parent that Alembic uses");
    }
    finding.help(format!("Revises: {}", words(&revision.parents)).trim_end());
    if let ([said], [parent]) = (said.as_slice(), revision.parents.as_slice()) {
        finding.repair(Repair::Replace { span: said.span, old: said.id.clone(), new: parent.id.clone() });
    }
}
