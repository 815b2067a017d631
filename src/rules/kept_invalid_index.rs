//! See `rules/kept-invalid-index.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{CreateIndex, Kind},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Transaction, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::CreateIndex(create) = &site.statement.kind else { return };
    let Some(index) = create.index.as_deref().filter(|_| create.concurrently && create.if_not_exists) else { return };
    let name = create.table.renamed(index);
    let dropped =
        site.earlier.iter().any(|it| matches!(&it.kind, Kind::DropIndex { indexes, .. } if indexes.contains(&name)));
    // Whether one is there is known then, and told by `invalid-leftover`.
    let known = site.context.target.stats.is_some();
    if dropped || known || site.in_use(&create.table) == Known::No {
        return;
    }
    let message =
        format!("where an attempt has failed before, this does nothing: its invalid `{index}` is there, and stays");
    let drop = code::concurrent_drop(&name, Some(&create.table), true);
    let again = CreateIndex { if_not_exists: false, ..(**create).clone() };
    let body = code::concurrent_index(&again, &without(site.statement.sql.as_str()));
    let body = body.lines().skip(1).collect::<Vec<_>>().join("\n");
    findings.report(site.statement.place(index), message).object(index).help(format!("{drop}\n{body}"));
}

/// The statement without its `CONCURRENTLY IF NOT EXISTS`.
fn without(sql: &str) -> String {
    let mut words: Vec<&str> = sql.split(' ').collect();
    let drop: [&[&str]; 2] = [&["IF", "NOT", "EXISTS"], &["CONCURRENTLY"]];
    for phrase in drop {
        let at =
            words.windows(phrase.len()).position(|it| it.iter().zip(phrase).all(|(a, b)| a.eq_ignore_ascii_case(b)));
        if let Some(at) = at {
            words.drain(at..at + phrase.len());
        }
    }
    words.join(" ")
}
