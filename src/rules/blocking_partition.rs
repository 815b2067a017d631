//! See `rules/blocking-partition.md`.

use crate::{
    finding::Severity,
    lock::{Effect, Part, Work},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Demand, Kind, Name, mentions},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    match &site.statement.kind {
        Kind::AlterTable { table, actions, .. } => {
            for action in actions {
                match action {
                    Action::AttachPartition { partition, .. } => {
                        scanned(
                            site,
                            (table, partition),
                            &format!("attaching `{partition}`"),
                            &site.effect_of(action),
                            findings,
                        );
                    }
                    Action::DetachPartition { partition, concurrently: false } => {
                        detached(site, table, partition, &site.effect_of(action), findings);
                    }
                    _ => {}
                }
            }
        }
        Kind::CreateTable(create) => {
            let Some(of) = &create.partition_of else { return };
            let what = format!("making the partition `{}`", create.table);
            scanned(site, (&of.parent, &create.table), &what, site.effect(), findings);
        }
        _ => {}
    }
}

/// Rows are held against the bound, of the new partition or of the default one.
fn scanned(
    site: &Site<'_>,
    (parent, partition): (&Name, &Name),
    what: &str,
    effect: &Effect,
    findings: &mut Findings<'_>,
) {
    let read = effect.locks.iter().filter(|it| it.work == Work::Scan);
    let read = read.filter(|it| matches!(it.part, Part::Partition | Part::DefaultPartition));
    let told = |it: &&Name| {
        site.in_use(it) != Known::No
            && !site.drops_later(it)
            && !site.has_emptied(it, None)
            && !is_checked(site, parent, it)
    };
    // The default one is read by others for certain.
    let Some(name) = read.map(|it| &it.relation).rfind(told) else { return };
    let Some(sentence) = effect.sentence(name) else { return };
    let finding = findings.report(site.statement.place(&partition.name), format!("{what} {sentence}"));
    let known = site.in_use(name);
    // Of a table that the history has not made nobody knows its CHECKs.
    let severity = if matches!(known, Known::Yes(_)) { Severity::Error } else { Severity::Warning };
    finding.severity = site.graded(severity, Severity::Warning);
    let check = code::quoted(&code::fitting(format!("{}_bound", name.name)));
    let (on, schema) = (code::quoted(&name.name), code::schema(name));
    let condition = if name == partition { "the bound, and that its columns are NOT NULL" } else { "NOT the bound" };
    finding.object(&partition.name).help(format!(
        "# a valid CHECK says the same beforehand; in place of … {condition}:\n\
         op.create_check_constraint({check}, {on}, \"…\", postgresql_not_valid=True{schema})\n\
         # in a later revision:\n{}\n# and in one after that: {}",
        code::execute(&format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            code::table(name),
            code::identifier(&code::fitting(format!("{}_bound", name.name)))
        )),
        site.statement.sql.as_str().split_whitespace().collect::<Vec<_>>().join(" "),
    ));
    if let Known::Yes(made) = known {
        finding.note(made, format!("`{name}` may hold rows since it was made here"));
    }
}

/// A valid CHECK may say already what the bound says; one that leaves out a column of the partition key cannot.
fn is_checked(site: &Site<'_>, parent: &Name, table: &Name) -> bool {
    let key = site.schema.table(parent).yes().and_then(|it| it.partition_by.as_deref()).unwrap_or("");
    let Some(known) = site.schema.table(table).yes() else { return false };
    let keys: Vec<&str> = known.columns().map(|(name, _)| name).filter(|it| mentions(key, it)).collect();
    known.constraints().any(|it| match &it.rule {
        Demand::Check(_) => it.valid && keys.iter().all(|key| mentions(&it.definition(), key)),
        _ => false,
    })
}

fn detached(site: &Site<'_>, table: &Name, partition: &Name, effect: &Effect, findings: &mut Findings<'_>) {
    // Beside a default partition the server refuses CONCURRENTLY.
    let scans = effect.work() >= Work::Scan;
    if site.in_use(table) == Known::No
        || site.drops_later(table)
        || (!scans && site.schema.default_partition(table).is_some())
    {
        return;
    }
    let Some(sentence) = effect.sentence(table) else { return };
    let finding = findings.report(site.statement.place(&partition.name), format!("detaching `{partition}` {sentence}"));
    let severity = if scans { Severity::Error } else { Severity::Warning };
    finding.severity = site.graded(severity, Severity::Note);
    finding.object(&partition.name).help(code::autocommit(&code::execute(&format!(
        "ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY",
        code::table(table),
        code::table(partition)
    ))));
    if let Known::Yes(made) = site.in_use(table) {
        finding.note(made, format!("`{table}` is in use since it was made here"));
    }
}
