//! See `rules/public-grant.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec, code},
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Security, default: true, check: Check::Statement(check) };

/// What `GRANT … ON` says where it is not about tables.
const OTHERS: [&str; 13] = [
    "DATABASE",
    "DOMAIN",
    "FOREIGN",
    "FUNCTION",
    "LANGUAGE",
    "LARGE",
    "PARAMETER",
    "PROCEDURE",
    "ROUTINE",
    "SCHEMA",
    "SEQUENCE",
    "TABLESPACE",
    "TYPE",
];

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    if site.statement.kind != (Kind::Other { tag: "GRANT" }) || site.run.direction == Direction::Downgrade {
        return;
    }
    let sql = site.statement.sql.as_str().to_ascii_uppercase();
    let words: Vec<&str> =
        sql.split(|it: char| it.is_ascii_whitespace() || it == ',').filter(|it| !it.is_empty()).collect();
    let Some(on) = words.iter().position(|it| *it == "ON") else { return };
    let (rights, rest) = words.split_at(on);
    let writes = rights.iter().any(|it| matches!(*it, "ALL" | "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE"));
    let of_tables = rest.get(1).is_some_and(|it| !OTHERS.contains(it))
        && !(rest.get(1) == Some(&"ALL") && rest.get(2) != Some(&"TABLES"));
    let public = rest.windows(2).any(|pair| pair == ["TO", "PUBLIC"]);
    if rights.first() != Some(&"GRANT") || !writes || !of_tables || !public {
        return;
    }
    let message = "every role of the database may write this from here on, also those that are yet to come";
    let narrow = site.statement.sql.as_str();
    let at = sql.rfind("PUBLIC").unwrap_or(narrow.len());
    let help = code::execute(&format!("{}the_role_of_the_application", &narrow[..at]));
    findings.report(site.statement.span, message).object("PUBLIC").help(help);
}
