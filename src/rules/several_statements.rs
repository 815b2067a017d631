//! See `rules/several-statements.md`.

use crate::{
    environment::Driver,
    finding::Severity,
    op::Op,
    rule::{Asked, Check, Findings, Group, Spec, code},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Operation(check) };

fn check(asked: &Asked<'_>, findings: &mut Findings<'_>) {
    let [_, second, ..] = asked.statements else { return };
    let bound = match &asked.step.op {
        Op::Execute(text) => !text.binds.is_empty(),
        Op::Driver(_) => false,
        _ => return,
    };
    let when = match asked.context.stack.driver.value {
        Driver::Asyncpg => "",
        Driver::Psycopg if bound => " with parameters",
        _ => return,
    };
    let driver = asked.context.stack.driver.value.word();
    let message = format!("{driver} always refuses more than one statement in one string{when}");
    let finding = findings.report(second.span, message);
    finding.object(format!("{} statements", asked.statements.len()));
    if !bound {
        let calls: Vec<String> = asked.statements.iter().map(|it| code::execute(it.sql.as_str().trim())).collect();
        finding.help(calls.join("\n"));
    }
}
