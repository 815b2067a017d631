//! See `rules/unique-default.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Column, Demand, Expr, Kind, Name},
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
    let unique =
        column.constraints.iter().any(|it| matches!(it.rule, Demand::Unique { .. } | Demand::PrimaryKey { .. }));
    if unique && column.default.as_ref().is_some_and(is_constant) && site.in_use(table) != Known::No {
        report(site, table, &column.name, findings);
    }
}

/// A column that this run has added with a default, and nothing has been written to since.
fn later(site: &Site<'_>, table: &Name, column: &str, findings: &mut Findings<'_>) {
    let Known::Yes(known) = site.schema.column(table, column) else { return };
    let made = known.made.is_some_and(|it| it.run == site.run);
    let written = site.earlier.iter().any(|it| match &it.kind {
        Kind::Update(update) => update.table == *table,
        Kind::Delete { table: of, .. } => of == table,
        Kind::Truncate { tables, .. } => tables.contains(table),
        _ => false,
    });
    let constant = known.default.as_ref().is_some_and(is_constant);
    if made && constant && !written && site.hidden().is_none() && site.in_use(table) != Known::No {
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

/// The same in every row, and not NULL.
fn is_constant(default: &Expr) -> bool {
    match default {
        Expr::Constant(_) | Expr::Current => true,
        Expr::Cast { inner, .. } => is_constant(inner),
        Expr::Call { function, args } => function == "now" && args.is_empty(),
        _ => false,
    }
}
