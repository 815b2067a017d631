//! See `rules/blocking-check.md`.

use crate::{
    finding::Severity,
    lock::{Part, Work},
    rule::{Check, Findings, Group, Site, Spec, Wait, code, in_two_steps},
    schema::Known,
    statement::{Action, Constraint, Demand, DomainChange, Expr, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    match &site.statement.kind {
        Kind::AlterTable { table, actions, .. } => {
            for action in actions {
                part(site, table, action, findings);
            }
        }
        Kind::AlterDomain { name, change } => domain(site, name, change, findings),
        _ => {}
    }
}

fn part(site: &Site<'_>, table: &Name, action: &Action, findings: &mut Findings<'_>) {
    match action {
        Action::AddConstraint(constraint) if is_check(constraint) => {
            if let Some(wait) = site.wait(table, action, Work::Scan) {
                report(site, table, constraint, None, &wait, findings);
            }
        }
        Action::AddColumn { column, .. } => {
            let Some(constraint) = column.constraints.iter().find(|it| is_check(it)) else { return };
            // Such a column fails on the first row, whatever is checked of it.
            let empty = column.default.as_ref().is_none_or(|it| *it == Expr::Null);
            if column.not_null && !column.generated && empty {
                return;
            }
            if let Some(wait) = site.wait(table, action, Work::Scan) {
                report(site, table, constraint, Some(&column.name), &wait, findings);
            }
        }
        _ => {}
    }
}

fn is_check(constraint: &Constraint) -> bool {
    matches!(constraint.rule, Demand::Check(_))
}

fn report(
    site: &Site<'_>,
    table: &Name,
    constraint: &Constraint,
    column: Option<&str>,
    wait: &Wait,
    findings: &mut Findings<'_>,
) {
    let what = match (column, &constraint.name) {
        (Some(column), _) => format!("`{column}` with its CHECK"),
        (None, Some(name)) => format!("the CHECK `{name}`"),
        (None, None) => "a CHECK".to_owned(),
    };
    let span = match (column, &constraint.name) {
        (Some(column), _) => site.statement.place_after(&[&table.name], column),
        (None, Some(name)) => site.statement.place(name),
        (None, None) => site.statement.span,
    };
    let within = column.map_or_else(String::new, |it| format!("_{it}"));
    let made_up = code::fitting(format!("{}{within}_check", table.name));
    let name = constraint.name.as_deref().unwrap_or(&made_up);
    let finding = findings.report(span, format!("adding {what} {}", wait.sentence));
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(format!("{}.{}", table.name, column.unwrap_or(name)));
    site.tell_of_use(table, finding);
    let first = column.map_or("", |_| "# the column without its CHECK, and then:\n");
    finding.help(format!("{first}{}", in_two_steps(table, name, &constraint.sql)));
}

/// What is demanded of a domain is demanded of the rows of every table that has a column of it.
fn domain(site: &Site<'_>, name: &Name, change: &DomainChange, findings: &mut Findings<'_>) {
    let what = match change {
        DomainChange::AddConstraint(Constraint { name: Some(it), .. }) => format!("adding the constraint `{it}`"),
        DomainChange::AddConstraint(_) => "adding a constraint".to_owned(),
        DomainChange::SetNotNull => "making it NOT NULL".to_owned(),
        _ => return,
    };
    let effect = site.effect();
    let users = effect.locks.iter().filter(|it| it.part == Part::DomainUser && it.work == Work::Scan);
    let Some(user) = users
        .map(|it| &it.relation)
        .find(|it| site.in_use(it) != Known::No && !site.has_emptied(it, None) && !site.drops_later(it))
    else {
        return;
    };
    let Some(sentence) = effect.sentence(user) else { return };
    let finding = findings.report(site.statement.span, format!("{what} to the domain `{name}` {sentence}"));
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(name.name.clone());
    site.tell_of_use(user, finding);
    let of = code::table(name);
    let (constraint, rule) = match change {
        DomainChange::AddConstraint(it) => (it.name.clone(), it.sql.clone()),
        _ => (None, "CHECK (VALUE IS NOT NULL)".to_owned()),
    };
    let constraint = code::identifier(&constraint.unwrap_or_else(|| code::fitting(format!("{}_check", name.name))));
    finding.help(format!(
        "{}\n# in a later revision, which is run while nobody writes:\n{}",
        code::execute(&code::escaped(&format!("ALTER DOMAIN {of} ADD CONSTRAINT {constraint} {rule} NOT VALID"))),
        code::execute(&format!("ALTER DOMAIN {of} VALIDATE CONSTRAINT {constraint}"))
    ));
}
