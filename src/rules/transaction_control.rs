//! See `rules/transaction-control.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    statement::{Kind, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Transaction, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    // Outside Alembic's transaction a revision may have one of its own.
    if site.statement.autocommit {
        return;
    }
    let ends = |it: &Statement| it.kind == Kind::End;
    match site.statement.kind {
        Kind::End if !site.earlier.iter().any(ends) => {}
        // One that is ended again is told of there.
        Kind::Begin if !site.earlier.iter().chain(site.later).any(ends) => {
            let message = "this begins nothing: Alembic has begun a transaction, and PostgreSQL only warns";
            findings.report(site.statement.span, message).object("BEGIN").help("leave it out");
            return;
        }
        _ => return,
    }
    let message = "this ends Alembic's transaction: what came before is committed without its revision, and in what \
                   transaction the rest runs is up to the driver";
    findings.report(site.statement.span, message).object("COMMIT").help(instead(site));
}

/// What follows, outside the transaction in Alembic's own way.
fn instead(site: &Site<'_>) -> String {
    let ends = |it: &&Statement| !matches!(it.kind, Kind::Begin | Kind::End);
    let body: Vec<String> =
        site.later.iter().take_while(ends).take(3).map(|it| code::execute(it.sql.as_str())).collect();
    if body.is_empty() { "leave it out: Alembic commits".to_owned() } else { code::autocommit(&body.join("\n")) }
}
