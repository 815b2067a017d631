//! See `rules/rewriting-table.md`.

use crate::{
    finding::Severity,
    lock::{Effect, Work},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Kind, Name, Upkeep},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Rewrite, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    match &site.statement.kind {
        Kind::AlterTable { table, actions, .. } => {
            for action in actions {
                if let Some((what, like)) = storage(action) {
                    told(site, table, (what, &site.effect_of(action)), &copy(table, &like), findings);
                }
            }
        }
        Kind::Upkeep(Upkeep::Cluster { table: Some(table) }) => {
            told(site, table, ("CLUSTER", site.effect()), &repack(table), findings);
        }
        // Inside a transaction the server refuses it.
        Kind::Upkeep(Upkeep::Vacuum { tables, full: true }) if !site.in_transaction => {
            for table in tables {
                told(site, table, ("VACUUM FULL", site.effect()), &repack(table), findings);
            }
            if tables.is_empty() {
                every(site, "VACUUM FULL", findings);
            }
        }
        Kind::Upkeep(Upkeep::Cluster { table: None }) if !site.in_transaction => every(site, "CLUSTER", findings),
        _ => {}
    }
}

/// What is asked for, and how a table that is made so says it.
fn storage(action: &Action) -> Option<(&'static str, String)> {
    Some(match action {
        Action::SetLogged => ("SET LOGGED", String::new()),
        Action::SetUnlogged => ("SET UNLOGGED", String::new()),
        Action::SetTablespace { tablespace } => {
            ("SET TABLESPACE", format!(" TABLESPACE {}", code::identifier(tablespace)))
        }
        Action::SetAccessMethod { method } => {
            let using = method.as_deref().map(|it| format!(" USING {}", code::identifier(it)));
            ("SET ACCESS METHOD", using.unwrap_or_default())
        }
        _ => return None,
    })
}

fn told(site: &Site<'_>, table: &Name, what: (&str, &Effect), help: &str, findings: &mut Findings<'_>) {
    let (word, effect) = what;
    if site.in_use(table) == Known::No || site.drops_later(table) || site.has_emptied(table, None) {
        return;
    }
    let Some(sentence) = effect.sentence(table).filter(|_| effect.work() == Work::Rewrite) else { return };
    let doubt = effect.on(table).and_then(|it| it.doubt.as_ref());
    let unless = doubt.map_or_else(String::new, |it| format!(", though {it}"));
    let finding = findings.report(site.statement.place(&table.name), format!("`{word}` {sentence}{unless}"));
    let severity = if doubt.is_some() { Severity::Warning } else { Severity::Error };
    finding.severity = site.graded(severity, Severity::Warning);
    finding.object(&table.name).help(help);
    if let Known::Yes(made) = site.in_use(table) {
        finding.note(made, format!("`{table}` is in use since it was made here"));
    }
}

fn every(site: &Site<'_>, word: &str, findings: &mut Findings<'_>) {
    let message =
        format!("`{word}` without a table blocks reads and writes on one table after the other while it is rewritten");
    let finding = findings.report(site.statement.span, message);
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.help(code::autocommit(&code::execute("VACUUM (ANALYZE)")));
}

fn repack(table: &Name) -> String {
    format!(
        "# room for new rows, under a lock that neither reads nor writes wait for; pg_repack does the rest outside of Alembic\n{}",
        code::autocommit(&code::execute(&format!("VACUUM (ANALYZE) {}", code::table(table))))
    )
}

fn copy(table: &Name, like: &str) -> String {
    let new = code::table(&table.renamed(code::fitting(format!("{}_new", table.name))));
    format!(
        "{}\n# in a later revision, in batches: INSERT INTO {new} SELECT … FROM {}; then they swap their names",
        code::execute(&format!("CREATE TABLE {new} (LIKE {} INCLUDING ALL){like}", code::table(table))),
        code::table(table),
    )
}
