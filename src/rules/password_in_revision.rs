//! See `rules/password-in-revision.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Security, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let sql = site.statement.sql.as_str();
    let mut words = sql.split_ascii_whitespace().map(str::to_ascii_uppercase);
    let head = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if !matches!(head.0.as_str(), "CREATE" | "ALTER") || !matches!(head.1.as_str(), "ROLE" | "USER") {
        return;
    }
    let rest: Vec<String> = words.collect();
    let given = rest.windows(2).any(|pair| pair[0] == "PASSWORD" && pair[1].starts_with('\'') && pair[1] != "''");
    if !given {
        return;
    }
    let message = "this password is in the repository's history, and in the server's log where it logs statements";
    findings
        .report(site.statement.span, message)
        .object("PASSWORD")
        .help("create the role with NOLOGIN here, and give it a password where secrets are kept");
}
