//! See `rules/disabled-trigger.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Kind, Name, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::DataLoss, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, .. } = &site.statement.kind else { return };
    if !switches(site.statement, table, "DISABLE TRIGGER") || site.in_use(table) == Known::No {
        return;
    }
    if site.later.iter().any(|it| switches(it, table, "ENABLE TRIGGER")) {
        return;
    }
    let sql = site.statement.sql.as_str();
    let all = sql.to_ascii_uppercase().contains("TRIGGER ALL");
    let keys = if all { ", and foreign keys are not checked" } else { "" };
    let message = format!("triggers of `{table}` stay switched off behind this revision{keys}");
    let at = sql.to_ascii_uppercase().find("DISABLE TRIGGER").unwrap_or(0);
    let back = format!("{}ENABLE{}", &sql[..at], &sql[at + "DISABLE".len()..]);
    findings
        .report(site.statement.span, message)
        .object(&table.name)
        .help(format!("{}  # at the end", code::execute(&back)));
}

fn switches(statement: &Statement, table: &Name, words: &str) -> bool {
    let Kind::AlterTable { table: of, actions, .. } = &statement.kind else { return false };
    of == table
        && actions.contains(&Action::SwitchTrigger)
        && statement.sql.as_str().to_ascii_uppercase().contains(words)
}
