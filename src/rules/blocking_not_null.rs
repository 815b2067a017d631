//! See `rules/blocking-not-null.md`.

use crate::{
    finding::Severity,
    lock::Work,
    op::Op,
    rule::{Check, Findings, Group, Site, Spec, Wait, not_null_in_two_steps},
    statement::{Action, Demand, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    for action in actions {
        let column = match action {
            Action::SetNotNull { column } => column,
            Action::AddConstraint(constraint) => match &constraint.rule {
                Demand::NotNull { column } => column,
                Demand::PrimaryKey { using: Some(index), .. } => {
                    if let Some(wait) = site.wait(table, action, Work::Scan) {
                        promoted(site, table, index, &wait, findings);
                    }
                    continue;
                }
                _ => continue,
            },
            _ => continue,
        };
        // Where it may fail, not-null-without-backfill tells of it.
        if !site.may_hold_null(table, column)
            && let Some(wait) = site.wait(table, action, Work::Scan)
        {
            set(site, table, column, &wait, findings);
        }
    }
}

fn set(site: &Site<'_>, table: &Name, column: &str, wait: &Wait, findings: &mut Findings<'_>) {
    let span = match site.step().map(|it| &it.op) {
        Some(Op::AlterColumn(alter)) => alter.nullable_span,
        _ => None,
    };
    let span = span.unwrap_or_else(|| site.statement.place_after(&[&table.name], column));
    let finding = findings.report(span, format!("making `{table}.{column}` NOT NULL {}", wait.sentence));
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(format!("{table}.{column}"));
    site.tell_of_use(table, finding);
    finding.help(not_null_in_two_steps(table, column));
}

/// `PRIMARY KEY USING INDEX`: the columns of the index become `NOT NULL`.
fn promoted(site: &Site<'_>, table: &Name, index: &str, wait: &Wait, findings: &mut Findings<'_>) {
    let columns = site.schema.index(&table.renamed(index)).yes().map(|it| it.columns.clone()).unwrap_or_default();
    let open = |column: &&String| {
        let part = Action::SetNotNull { column: (*column).clone() };
        site.wait(table, &part, Work::Scan).is_some()
    };
    let open: Vec<&String> = columns.iter().flatten().filter(open).collect();
    let names: Vec<String> = open.iter().map(|it| format!("`{it}`")).collect();
    let message = format!("the primary key makes {} NOT NULL, which {}", names.join(" and "), wait.sentence);
    let finding = findings.report(site.statement.place_after(&[&table.name], index), message);
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(format!("{table}.{index}"));
    site.tell_of_use(table, finding);
    let steps: Vec<String> = open.iter().map(|it| not_null_in_two_steps(table, it)).collect();
    finding.help(format!("# before the primary key:\n{}", steps.join("\n# and likewise:\n")));
}
