//! See `rules/lost-local-setting.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Transaction, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::Set(setting) = &site.statement.kind else { return };
    if !setting.local || site.in_transaction {
        return;
    }
    let name = &setting.name;
    let message =
        format!("this sets nothing: `SET LOCAL` of `{name}` ends with its transaction, and there is none here");
    let value = setting.value.as_deref().unwrap_or("DEFAULT").replace('\'', "''");
    findings.report(site.statement.span, message).object(name).help(format!(
        "{}\n...\n{}",
        code::execute(&format!("SET {name} = '{value}'")),
        code::execute(&format!("RESET {name}"))
    ));
}
