//! See `rules/unique-default.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Column, Demand, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::FailsOnData, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    match &site.statement.kind {
        Kind::CreateIndex(create) if create.unique => {
            if let [Some(column)] = create.columns.as_slice() {
                later(site, &create.table, column, findings);
            }
        }
        Kind::AlterTable { table, actions, .. } => {
            for action in actions {
                match action {
                    Action::AddColumn { column, .. } => inline(site, table, column, findings),
                    Action::AddConstraint(it) => {
                        if let Demand::Unique { columns, using: None } | Demand::PrimaryKey { columns, using: None } =
                            &it.rule
                            && let [column] = columns.as_slice()
                        {
                            later(site, table, column, findings);
                        }
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// `ADD COLUMN … DEFAULT … UNIQUE`.
fn inline(site: &Site<'_>, table: &Name, column: &Column, findings: &mut Findings<'_>) {
    if column.repeats_unique_default() && site.in_use(table) != Known::No {
        report(site, table, &column.name, findings);
    }
}

/// A column that this run has added with a default, and nothing has been written to since.
fn later(site: &Site<'_>, table: &Name, column: &str, findings: &mut Findings<'_>) {
    if site.holds_one_default(table, column) && site.in_use(table) != Known::No {
        report(site, table, column, findings);
    }
}

fn report(site: &Site<'_>, table: &Name, column: &str, findings: &mut Findings<'_>) {
    let span = site.statement.place_after(&[&table.name], column);
    let message = format!("this fails as soon as `{table}` has two rows: both have the default of `{column}`");
    let finding = findings.report(span, message);
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(format!("{}.{column}", table.name)).help(format!(
        "# without a default; make it unique when every row has a value of its own\n\
         op.add_column({}, sa.Column({}, ..., nullable=True){})",
        code::quoted(&table.name),
        code::quoted(column),
        code::schema(table)
    ));
}
