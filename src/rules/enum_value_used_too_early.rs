//! See `rules/enum-value-used-too-early.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    statement::{Action, Kind, Name, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Transaction, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    if !site.in_transaction {
        return;
    }
    for ((kind, value), deed) in &site.transaction.values {
        let literal = format!("'{}'", value.replace('\'', "''"));
        if !reads(site.statement) || !site.statement.sql.as_str().contains(&literal) || !concerns(site, kind) {
            continue;
        }
        let message =
            format!("this always fails: `{value}` of `{kind}` cannot be used in the transaction that adds it");
        let add = format!("ALTER TYPE {} ADD VALUE {literal}", code::table(kind));
        let finding = findings.report(site.statement.span, message);
        finding.object(format!("{}.{value}", kind.name)).note(deed.span, "it is added here");
        finding.help(if deed.run == site.run {
            format!("# in a revision before this one\n{}", code::autocommit(&code::execute(&add)))
        } else {
            code::autocommit(&code::execute(&add))
        });
    }
}

/// Statements in which a literal becomes a value of the type.
fn reads(statement: &Statement) -> bool {
    match &statement.kind {
        Kind::Insert(_) | Kind::Update(_) | Kind::Delete { .. } | Kind::Select | Kind::CreateIndex(_) => true,
        Kind::AlterTable { actions, .. } => actions.iter().any(|it| match it {
            Action::SetDefault { .. } | Action::AddConstraint(_) => true,
            Action::AddColumn { column, .. } => column.default.is_some(),
            _ => false,
        }),
        _ => false,
    }
}

/// The statement names the type, or is about a table that has a column of it.
fn concerns(site: &Site<'_>, kind: &Name) -> bool {
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    if site.statement.sql.as_str().split(|it: char| !is_word(it)).any(|word| word == kind.name) {
        return true;
    }
    let tables = site.statement.tables();
    let mut known = tables.iter().filter_map(|it| site.schema.table(it).yes());
    known.any(|table| {
        table
            .columns()
            .any(|(_, column)| column.kind.as_ref().is_some_and(|it| it.dimensions == 0 && it.name == kind.name))
    })
}
