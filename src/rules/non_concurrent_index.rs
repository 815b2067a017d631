//! See `rules/non-concurrent-index.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code, mend},
    schema::{Known, Piece},
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::CreateIndex(create) = &site.statement.kind else { return };
    // `ON ONLY` makes the index of a partitioned table's parent without building any.
    if create.concurrently || create.only || site.drops_later(&create.table) {
        return;
    }
    let made = match site.in_use(&create.table) {
        Known::Yes(made) => Some(made),
        Known::No => return,
        Known::Unknown => None,
    };
    let (table, index) = (&create.table, create.index.as_deref());
    if index.is_some_and(|it| site.is_there(&Piece::Index(table.renamed(it), table.clone()))) {
        return;
    }
    let span = index.map_or(site.statement.span, |it| site.statement.place(it));
    let named = index.map_or_else(|| "an index".to_owned(), |it| format!("index `{it}`"));
    let finding = findings.report(span, format!("building {named} blocks every write to `{table}` until it is done"));
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(index.unwrap_or(&table.name));
    if let Some(made) = made {
        finding.note(made, format!("`{table}` is in use since it was made here"));
    }
    let partitioned = site.schema.table(table).yes().is_some_and(|it| it.partitioned);
    finding.help(if partitioned {
        format!(
            "build it with CONCURRENTLY on each partition, then attach those to one made by `CREATE INDEX … ON ONLY {}`",
            code::table(table)
        )
    } else {
        code::concurrent_index(create, site.statement.sql.as_str())
    });
    if mend::takes_concurrent(site, table) {
        mend::concurrently(site, finding);
    }
}
