//! See `rules/validation-under-lock.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Demand, Kind},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Transaction, default: true, check: Check::Waiting(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    if !site.in_transaction || site.in_use(table) == Known::No {
        return;
    }
    for action in actions {
        let Action::ValidateConstraint { constraint } = action else { continue };
        let Some(deed) = site.transaction.unvalidated.get(&(table.clone(), constraint.clone())) else { continue };
        let known = site.schema.constraint(table, constraint).yes().map(|it| &it.rule);
        let who = match known {
            Some(Demand::ForeignKey { .. }) => "every write to",
            _ => "every read and write of",
        };
        let message = format!(
            "{who} `{table}` waits while all its rows are checked: the lock that adding `{constraint}` took is still held"
        );
        let validate = code::execute(&format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            code::table(table),
            code::identifier(constraint)
        ));
        let help = if deed.run == site.run {
            format!("# in the next revision, deployed by itself\n{validate}")
        } else {
            "context.configure(..., transaction_per_migration=True)  # in env.py: each revision by itself".to_owned()
        };
        let finding = findings.report(site.statement.place(constraint), message);
        finding.severity = site.graded(Severity::Error, Severity::Warning);
        finding.object(format!("{}.{constraint}", table.name)).note(deed.span, "the lock is taken here").help(help);
    }
}
