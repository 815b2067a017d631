//! See `rules/cascading-drop.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::DataLoss, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    if !site.is_deployed_now() {
        return;
    }
    let (what, name) = match &site.statement.kind {
        Kind::DropTable { tables, cascade: true, .. } => {
            let Some(table) = tables.iter().find(|it| site.in_use(it) != Known::No) else { return };
            (format!("`{table}`"), table.name.clone())
        }
        Kind::DropType { names, cascade: true, .. } => (list(names), first(names)),
        Kind::DropView { views, cascade: true, .. } => (list(views), first(views)),
        Kind::DropSchema { schemas, cascade: true, .. } => {
            (format!("the schema `{}`", schemas.join("`, `")), schemas.first().cloned().unwrap_or_default())
        }
        Kind::AlterTable { table, actions, .. } if site.in_use(table) != Known::No => {
            let dropped = actions.iter().find_map(|it| match it {
                Action::DropColumn { column, cascade: true, .. } => Some(column),
                Action::DropConstraint { constraint, cascade: true, .. } => Some(constraint),
                _ => None,
            });
            let Some(part) = dropped else { return };
            (format!("`{part}` of `{table}`"), format!("{}.{part}", table.name))
        }
        _ => return,
    };
    let message = format!("`CASCADE` drops {what}, and whatever depends on it by then, without naming it");
    let finding = findings.report(site.statement.span, message);
    finding.object(name);
    for (span, text) in dependants(site) {
        finding.note(span, text);
    }
    let sql = site.statement.sql.as_str();
    let bare = sql.len().checked_sub("CASCADE".len()).and_then(|at| Some((sql.get(..at)?, sql.get(at..)?)));
    if let Some((head, _)) = bare.filter(|(_, tail)| tail.eq_ignore_ascii_case("CASCADE")) {
        finding.help(format!(
            "# after what depends on it has been dropped by its name\n{}",
            code::execute(head.trim_end())
        ));
    }
}

/// What the history knows to go with a table.
fn dependants(site: &Site<'_>) -> Vec<(crate::source::Span, String)> {
    let Kind::DropTable { tables, .. } = &site.statement.kind else { return Vec::new() };
    let links = tables.iter().flat_map(|table| site.schema.references_to(table));
    links
        .filter(|(other, _)| !tables.contains(&other.name))
        .map(|(other, it)| (it.made.span, format!("the foreign key `{}` of `{}` goes too", it.name, other.name)))
        .collect()
}

fn list(names: &[Name]) -> String {
    let names: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
    names.join(", ")
}

fn first(names: &[Name]) -> String {
    names.first().map(|it| it.name.clone()).unwrap_or_default()
}
