//! See `rules/non-concurrent-index-drop.md`.

use crate::{
    finding::Severity,
    op::Op,
    rule::{Check, Findings, Group, Site, Spec, code, mend},
    schema::Known,
    statement::{Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Lock, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::DropIndex { indexes, concurrently: false, if_exists, cascade } = &site.statement.kind else { return };
    for index in indexes {
        let known = site.schema.index(index);
        let table = match known {
            Known::Yes(found) if site.is_new(found.made.run) => continue,
            Known::Yes(found) => Some(found.table.clone()),
            Known::No => continue,
            Known::Unknown => asked(site, index),
        };
        if let Some(table) = &table
            && (site.drops_later(table) || site.in_use(table) == Known::No)
        {
            continue;
        }
        let of = table.as_ref().map_or_else(|| "its table".to_owned(), |it| format!("`{it}`"));
        let message = format!("dropping index `{index}` locks out reads and writes of {of}");
        let finding = findings.report(site.statement.place(&index.name), message);
        finding.object(index.name.clone()).help(code::concurrent_drop(index, table.as_ref(), *if_exists));
        if let Known::Yes(found) = known {
            finding.note(found.made.span, format!("`{index}` was made here"));
            // Concurrently one index is dropped, and nothing with it.
            if mend::takes_concurrent(site, &found.table) && indexes.len() == 1 && !cascade {
                mend::concurrently(site, finding);
            }
        }
    }
}

/// The table that `op.drop_index` names: PostgreSQL's own statement does not.
fn asked(site: &Site<'_>, index: &Name) -> Option<Name> {
    match &site.step()?.op {
        Op::DropIndex { table: Some(table), .. } => Some(index.renamed(table.text.clone())),
        _ => None,
    }
}
