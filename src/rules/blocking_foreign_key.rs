//! See `rules/blocking-foreign-key.md`.

use crate::{
    finding::Severity,
    lock::Work,
    rule::{Check, Findings, Group, Site, Spec, Wait, code, in_two_steps},
    schema::Known,
    statement::{Action, Column, Constraint, Demand, Kind, Name},
};
use std::fmt::Write;

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    for action in actions {
        match action {
            Action::AddConstraint(constraint) if is_key(constraint) => {
                if let Some(wait) = site.wait(table, action, Work::Scan) {
                    report(site, table, constraint, None, &wait, findings);
                }
            }
            Action::AddColumn { column, .. } => {
                // That its default is written into every row is another matter.
                let Some(constraint) = column.constraints.iter().find(|it| is_key(it)) else { continue };
                if !column.constraints.iter().any(|it| matches!(it.rule, Demand::Check(_)))
                    && let Some(wait) = site.wait(table, action, Work::Scan)
                    && (column.default.is_some() || column.generation.is_some())
                {
                    report(site, table, constraint, Some(column), &wait, findings);
                }
            }
            _ => {}
        }
    }
}

fn is_key(constraint: &Constraint) -> bool {
    matches!(constraint.rule, Demand::ForeignKey { .. })
}

fn report(
    site: &Site<'_>,
    table: &Name,
    constraint: &Constraint,
    column: Option<&Column>,
    wait: &Wait,
    findings: &mut Findings<'_>,
) {
    let Demand::ForeignKey { columns, table: referenced, referred } = &constraint.rule else { return };
    let columns = column.map_or_else(|| columns.clone(), |it| vec![it.name.clone()]);
    let made_up = code::fitting(format!("{}_{}_fkey", table.name, columns.join("_")));
    let name = constraint.name.as_deref().unwrap_or(&made_up);
    let named =
        constraint.name.as_ref().map_or_else(|| "a foreign key".to_owned(), |it| format!("the foreign key `{it}`"));
    let span = match column {
        Some(column) => site.statement.place_after(&[&table.name], &column.name),
        None => constraint.name.as_deref().map_or(site.statement.span, |it| site.statement.place(it)),
    };
    let too = referenced != table && site.in_use(referenced) != Known::No && wait.effect.on(referenced).is_some();
    let too = if too { format!("; writes on `{referenced}` wait as long") } else { String::new() };
    let finding = findings.report(span, format!("adding {named} {}{too}", wait.sentence));
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(format!("{}.{name}", table.name));
    site.tell_of_use(table, finding);
    let list = |names: &[String]| names.iter().map(|it| code::identifier(it)).collect::<Vec<_>>().join(", ");
    let mut rule = format!("FOREIGN KEY ({}) REFERENCES {}", list(&columns), code::table(referenced));
    if !referred.is_empty() {
        let _ = write!(rule, " ({})", list(referred));
    }
    if !constraint.sql.is_empty() {
        let _ = write!(rule, " {}", constraint.sql);
    }
    let steps = in_two_steps(table, name, &rule);
    let partitioned = site.schema.table(table).yes().is_some_and(|it| it.partitioned);
    finding.help(if partitioned && site.context.target.postgres < 18 {
        let parts = site.schema.partitions(table).into_iter().filter(|it| it != table);
        let parts: Vec<String> = parts.map(|it| in_two_steps(&it, name, &rule) + "\n").collect();
        let whole = format!("ALTER TABLE {} ADD CONSTRAINT {} {rule}", code::table(table), code::identifier(name));
        format!(
            "# on each partition, as the table itself takes no NOT VALID before PostgreSQL 18:\n{}\
             # then on the table: what its partitions have validated is not checked again\n{}",
            parts.concat(),
            code::execute(&whole)
        )
    } else if column.is_some() {
        format!("# the column without its REFERENCES, and then:\n{steps}")
    } else {
        steps
    });
}
