//! See `rules/leaking-setting.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    statement::{Kind, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Transaction, default: true, check: Check::Statement(check) };

/// Settings under which later statements find other objects, act as somebody else, or read values in another way.
const TELLING: &[&str] = &[
    "check_function_bodies",
    "datestyle",
    "default_table_access_method",
    "default_tablespace",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "intervalstyle",
    "role",
    "row_security",
    "search_path",
    "session_authorization",
    "session_replication_role",
    "standard_conforming_strings",
    "timezone",
];

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::Set(setting) = &site.statement.kind else { return };
    let Some(value) = setting.value.as_deref().filter(|_| !setting.local) else { return };
    let name = &setting.name;
    if !TELLING.contains(&name.as_str()) {
        return;
    }
    let same = |it: &Statement| match &it.kind {
        Kind::Set(other) => !other.local && (other.name == *name || other.name == "all"),
        _ => false,
    };
    // A second one puts back what the first has changed.
    if site.earlier.iter().chain(site.later).any(same) {
        return;
    }
    let message =
        format!("`{name}` stays `{value}` for every revision that is run after this one on the same connection");
    let finding = findings.report(site.statement.span, message);
    finding.object(name);
    let value = value.replace('\'', "''");
    finding.help(if site.in_transaction {
        code::execute(&format!("SET LOCAL {name} = '{value}'"))
    } else {
        format!("{}  # at the end", code::execute(&format!("RESET {name}")))
    });
}
