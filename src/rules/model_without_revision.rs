//! See `rules/model-without-revision.md`.

use crate::{
    base::Base,
    finding::Severity,
    history::History,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::History, default: true, check: Check::Base(check) };

fn check(_: &History, base: &Base, findings: &mut Findings<'_>) {
    for part in base.apart.iter().filter(|it| it.revision.is_none()) {
        let what = part.what();
        let finding =
            findings.report(part.span, format!("{what} is in the models with this change, and no revision makes it"));
        finding.object(what);
        finding.help(format!("alembic revision --autogenerate -m \"{}\"", part.table));
    }
}
