//! See `rules/data-dependent-schema.md`.

use crate::{
    finding::Severity,
    op::Question,
    reason::Class,
    rule::{Check, Findings, Group, Site, Spec},
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let statement = site.statement;
    let rows =
        matches!(statement.kind, Kind::Insert(_) | Kind::Update(_) | Kind::Delete { .. } | Kind::Truncate { .. });
    if rows || statement.is_idle() || matches!(statement.kind, Kind::Do | Kind::Other { .. }) {
        return;
    }
    let asks = |question: &Question| matches!(question, Question::Unknown(reason) if reason.class == Class::Data);
    let Some(guard) = statement.guards.iter().find(|it| asks(&it.question)) else { return };
    // What follows under the same condition is the same fault.
    if site.earlier.iter().any(|it| it.guards.contains(guard) && !it.is_idle()) {
        return;
    }
    let message = "what the database answers decides whether the schema changes here, so that two databases of one \
                   version may differ";
    let finding = findings.report(statement.called, message);
    finding.object(guard.text.clone());
    finding.note(guard.span, format!("it is asked here: `{}`", guard.text));
}
