//! See `rules/blocking-reindex.md`.

use crate::{
    finding::Severity,
    lock::Part,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Kind, Upkeep},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let effect = site.effect();
    let (name, table, word) = match &site.statement.kind {
        Kind::Upkeep(Upkeep::ReindexIndex { index, concurrently: false }) => {
            let table = effect.locks.iter().find(|it| it.part == Part::IndexTable).map(|it| &it.relation);
            (Some(index), table, "INDEX")
        }
        Kind::Upkeep(Upkeep::ReindexTable { table, concurrently: false }) => (Some(table), Some(table), "TABLE"),
        // Inside a transaction the server refuses it.
        Kind::Upkeep(Upkeep::ReindexAll { concurrently: false }) if !site.in_transaction => (None, None, ""),
        _ => return,
    };
    if table.is_some_and(|it| site.in_use(it) == Known::No || site.drops_later(it)) {
        return;
    }
    let sentence = table.and_then(|it| effect.sentence(it));
    let (span, help) = match name {
        Some(name) => (
            site.statement.place(&name.name),
            code::autocommit(&code::execute(&format!("REINDEX {word} CONCURRENTLY {}", code::table(name)))),
        ),
        None => (site.statement.span, "name the tables, with CONCURRENTLY".to_owned()),
    };
    let message = match (sentence, name) {
        (Some(sentence), _) => format!("`REINDEX` {sentence}, and every query that is planned meanwhile"),
        (None, Some(name)) => {
            format!("rebuilding `{name}` blocks writes on its table, and every query that is planned meanwhile")
        }
        (None, None) => {
            "`REINDEX` blocks writes on one table after the other, and every query that is planned meanwhile".to_owned()
        }
    };
    let finding = findings.report(span, message);
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.help(help);
    if let Some(name) = name {
        finding.object(&name.name);
    }
    if let Some((table, Known::Yes(made))) = table.map(|it| (it, site.in_use(it))) {
        finding.note(made, format!("`{table}` is in use since it was made here"));
    }
}
