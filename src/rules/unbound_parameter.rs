//! See `rules/unbound-parameter.md`.

use crate::{
    finding::Severity,
    op::Op,
    rule::{Asked, Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Operation(check) };

fn check(asked: &Asked<'_>, findings: &mut Findings<'_>) {
    let Some(parameter) = asked.unresolved.and_then(|it| it.unbound.as_ref()) else { return };
    let (name, span) = (&parameter.text, parameter.span);
    let effect = match asked.step.op {
        Op::Execute(_) | Op::Query(_) => "it always fails here",
        _ => "PostgreSQL gets `NULL` in its place",
    };
    let message = format!("SQLAlchemy takes `:{name}` for a parameter, and as nobody gives it a value {effect}");
    let finding = findings.report(span.unwrap_or(asked.step.span), message);
    finding.object(format!(":{name}"));
    finding.help(format!("\\\\:{name}"));
}
