//! See `rules/removed-enum-value.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::{Known, Sort},
    statement::{Action, Kind, Name, Type},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    if !site.is_deployed_now() || site.in_use(table) == Known::No {
        return;
    }
    for action in actions {
        let Action::SetType { column, kind, .. } = action else { continue };
        let gone = gone(site, table, column, kind);
        if gone.is_empty() {
            continue;
        }
        let span = site.statement.place_after(&[&table.name], column);
        let message = format!(
            "`{column}` of `{table}` no longer takes `{}`: code that writes it fails, and so does this at a row that has it",
            gone.join("`, `")
        );
        let list: Vec<String> = gone.iter().map(|it| format!("'{}'", it.replace('\'', "''"))).collect();
        let finding = findings.report(span, message);
        site.tell_of_rewrite(table, action, finding);
        finding.object(format!("{}.{column}", table.name)).help(format!(
            "# in a revision before, deployed after code that does not write it\n{}",
            code::execute(&format!(
                "UPDATE {} SET {} = ... WHERE {} IN ({})",
                code::table(table),
                code::identifier(column),
                code::identifier(column),
                list.join(", ")
            ))
        ));
    }
}

/// The rule tells of the change where it is new.
pub(super) fn is_told(site: &Site<'_>, table: &Name, column: &str, kind: &Type) -> bool {
    !gone(site, table, column, kind).is_empty()
}

/// The values that the new type does not have.
fn gone<'a>(site: &Site<'a>, table: &Name, column: &str, kind: &Type) -> Vec<&'a str> {
    let old = site.schema.column(table, column).yes().and_then(|it| it.kind.as_ref());
    let (Some(old), Some(new)) = (old.and_then(|it| before(site, it)), labels(site, kind)) else { return Vec::new() };
    old.iter().filter(|it| !new.contains(it)).map(String::as_str).collect()
}

/// The values of a column's type, which the run may have given another name before.
fn before<'a>(site: &Site<'a>, kind: &Type) -> Option<&'a [String]> {
    let renamed = site.earlier.iter().rev().find_map(|it| match &it.kind {
        Kind::RenameType { name, to } if name.name == kind.name => Some(to),
        _ => None,
    });
    match renamed {
        Some(to) => labels(site, &Type { name: to.clone(), ..kind.clone() }),
        None => labels(site, kind),
    }
}

fn labels<'a>(site: &Site<'a>, kind: &Type) -> Option<&'a [String]> {
    let name = Name { schema: kind.schema.clone(), name: kind.name.clone() };
    site.schema.object(Sort::Enum, &name).yes().map(|it| it.labels.as_slice())
}
