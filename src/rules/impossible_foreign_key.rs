//! See `rules/impossible-foreign-key.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    schema::{Known, Piece, primary_key},
    statement::{Action, Column, Constraint, Demand, Kind, Name, Type},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

/// Types of which none is compared with one of another row (`=` has no such pair, and no cast is implicit).
const APART: [&[&str]; 6] = [
    &["int2", "int4", "int8", "serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"],
    &["text", "varchar"],
    &["uuid"],
    &["bool"],
    &["date", "timestamp", "timestamptz"],
    &["bytea"],
];

/// A foreign key that the statement makes.
struct Key<'a> {
    /// The table that it is on, and the columns that the statement gives it.
    table: &'a Name,
    new: Vec<&'a Column>,
    /// The statement makes the table.
    makes: bool,
    constraint: &'a Constraint,
}

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    if !site.statement.guards.is_empty() || site.statement.checkfirst {
        return;
    }
    for key in keys(&site.statement.kind) {
        let Demand::ForeignKey { columns, table: to, referred } = &key.constraint.rule else { continue };
        let Some(why) = refusal(site, &key, columns, to, referred) else { continue };
        let message = format!("PostgreSQL always refuses this foreign key of `{}`: {why}", key.table);
        let severity = site.graded(findings.severity(), Severity::Warning);
        let finding = findings.report(site.statement.place(&to.name), message);
        finding.severity = severity;
        let name = key.constraint.name.clone().unwrap_or_else(|| columns.join(", "));
        finding.object(format!("{}.{name}", key.table));
        if let Some(made) = site.schema.changed(&Piece::Table(to.clone())) {
            finding.note(made.span, format!("`{to}` was made or last changed here"));
        }
    }
}

fn keys(kind: &Kind) -> Vec<Key<'_>> {
    let foreign = |it: &&Constraint| matches!(it.rule, Demand::ForeignKey { .. });
    match kind {
        Kind::CreateTable(create) if !create.if_not_exists && create.whole => {
            let of_columns = create.columns.iter().flat_map(|it| &it.constraints);
            let all = of_columns.chain(&create.constraints).filter(foreign);
            let new = || create.columns.iter().collect();
            all.map(|constraint| Key { table: &create.table, new: new(), makes: true, constraint }).collect()
        }
        Kind::AlterTable { table, actions, .. } => {
            let new: Vec<&Column> = actions
                .iter()
                .filter_map(|it| match it {
                    Action::AddColumn { column, if_not_exists: false } => Some(column.as_ref()),
                    _ => None,
                })
                .collect();
            let added = actions.iter().filter_map(|it| match it {
                Action::AddConstraint(constraint) => Some(constraint.as_ref()),
                _ => None,
            });
            let all = new.iter().flat_map(|it| &it.constraints).chain(added).filter(foreign);
            all.map(|constraint| Key { table, new: new.clone(), makes: false, constraint }).collect()
        }
        _ => Vec::new(),
    }
}

/// Why the server refuses the key, if it surely does.
fn refusal(site: &Site<'_>, key: &Key<'_>, columns: &[String], to: &Name, referred: &[String]) -> Option<String> {
    let schema = site.schema;
    let own = |name: &str| key.new.iter().find(|it| it.name == name).map(|it| &it.kind);
    if let Some(column) = columns.iter().find(|it| own(it).is_none() && is_missing(site, key, it)) {
        return Some(format!("it has no column `{column}`"));
    }
    if !referred.is_empty() && referred.len() != columns.len() {
        return Some(format!("it is of {} columns and refers to {}", columns.len(), referred.len()));
    }
    // What a table says of itself is all in one statement.
    if to == key.table {
        let lost = referred.iter().find(|it| own(it).is_none() && is_missing(site, key, it));
        return lost.map(|column| format!("it has no column `{column}` to refer to"));
    }
    let table = match schema.table(to) {
        Known::No => return Some(format!("there is no table `{to}` here")),
        Known::Unknown => return None,
        Known::Yes(table) => table,
    };
    if let Some(column) = referred.iter().find(|it| matches!(schema.column(to, it), Known::No)) {
        return Some(format!("`{to}` has no column `{column}`"));
    }
    if schema.can_be_referred_to(table, referred) == Some(false) {
        return Some(match referred {
            [] => format!("`{to}` has no primary key"),
            _ => {
                format!("no primary key, unique constraint or unique index of `{to}` is of `{}`", referred.join("`, `"))
            }
        });
    }
    let referred = if referred.is_empty() { primary_key(table)? } else { referred };
    columns.iter().zip(referred).find_map(|(from, into)| {
        let known = schema.column(key.table, from).yes().and_then(|it| it.kind.as_ref());
        let (from_kind, into_kind) = (own(from).or(known)?, schema.column(to, into).yes()?.kind.as_ref()?);
        are_apart(from_kind, into_kind)
            .then(|| format!("`{from}` is `{from_kind}`, and `{to}.{into}` is `{into_kind}`: they are not compared"))
    })
}

fn is_missing(site: &Site<'_>, key: &Key<'_>, column: &str) -> bool {
    key.makes || matches!(site.schema.column(key.table, column), Known::No)
}

fn are_apart(left: &Type, right: &Type) -> bool {
    let row = |it: &Type| {
        let plain = it.dimensions == 0 && it.schema.is_none();
        APART.iter().position(|row| plain && row.contains(&it.name.as_str()))
    };
    matches!((row(left), row(right)), (Some(left), Some(right)) if left != right)
}
