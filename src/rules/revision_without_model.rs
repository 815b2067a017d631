//! See `rules/revision-without-model.md`.

use crate::{
    base::Base,
    finding::{Direction, Severity},
    history::History,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::History, default: true, check: Check::Base(check) };

fn check(_: &History, base: &Base, findings: &mut Findings<'_>) {
    for part in base.apart.iter().filter(|it| it.revision.is_some()) {
        let what = part.what();
        let message = match part.model {
            Some(_) => format!("{what} is dropped here, and the models still have it"),
            None => format!("{what} is made here, and no model has it"),
        };
        let finding = findings.report(part.span, message);
        finding.subject.revision.clone_from(&part.revision);
        finding.subject.direction = Some(Direction::Upgrade);
        finding.object(what);
        if let Some(model) = part.model {
            finding.note(model, "the model asks for it in every query");
            finding.help("take it out of the model, deploy that, and drop it then");
        } else {
            finding.help("alembic check  # says what else of the models and the history is apart");
        }
    }
}
