//! See `rules/missing-schema-prefix.md`.

use crate::{
    finding::Severity,
    op::Op,
    rule::{Check, Findings, Group, Site, Spec, code, mend},
    schema::{Known, Sort},
    statement::{Kind, Name},
};
use std::collections::BTreeSet;

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let mut seen: Vec<&Name> = Vec::new();
    let statement = site.statement;
    for table in statement.tables().into_iter().chain(statement.referred()) {
        if table.schema.is_some() || table.name == "alembic_version" || seen.contains(&table) {
            continue;
        }
        seen.push(table);
        let Some((schema, why)) = meant(site, table) else { continue };
        let finding =
            findings.report(statement.place(&table.name), format!("`{table}` is named without a schema, {why}"));
        finding.object(table.to_string());
        let named = Name::within(schema, &table.name);
        if let Known::Yes(known) = site.schema.table(&named)
            && let Some(made) = known.made
        {
            finding.note(made.span, format!("`{named}` was made here"));
        }
        mend::within_schema(site, table, &named, finding.help(help(site, &named)));
    }
    if let Kind::DropIndex { indexes, .. } = &statement.kind {
        for index in indexes.iter().filter(|it| it.schema.is_none()) {
            dropped_index(site, index, findings);
        }
    }
}

/// An index is of its table's schema: dropped without it, the server looks for another one.
fn dropped_index(site: &Site<'_>, index: &Name, findings: &mut Findings<'_>) {
    if site.schema.index(index).yes().is_some() {
        return;
    }
    let schemas: BTreeSet<&str> = site.schema.tables().filter_map(|it| it.name.schema.as_deref()).collect();
    let mut found = schemas.iter().filter_map(|it| site.schema.index(&Name::within(*it, &index.name)).yes());
    let (Some(known), None) = (found.next(), found.next()) else { return };
    let Some(schema) = known.table.schema.clone() else { return };
    let message = format!("index `{index}` is named without a schema, while the history has it in `{schema}`");
    let named = Name::within(schema, &index.name);
    let finding = findings.report(site.statement.place(&index.name), message);
    finding.object(index.to_string()).note(known.made.span, format!("`{named}` was made here"));
    finding.help(match site.step().map(|it| &it.op) {
        Some(Op::DropIndex { .. }) => {
            format!("op.drop_index({}, …{})", code::quoted(&index.name), code::schema(&named))
        }
        _ => named.to_string(),
    });
}

/// The schema that is missing, and how that is known.
fn meant(site: &Site<'_>, table: &Name) -> Option<(String, String)> {
    if let Some(first) = site.context.target.schemas.first() {
        let known = site.context.names.schemas_of(&table.name);
        let schema = known.first().map_or_else(|| first.clone(), |it| (*it).to_owned());
        return Some((schema, "which the configuration asks for".to_owned()));
    }
    // What was made without a schema is rightly named without one.
    let made = site.schema.table(table).yes().is_some_and(|it| it.made.is_some());
    let view = site.schema.object(Sort::View, table).yes().is_some();
    if made || view {
        return None;
    }
    // A table that is made here may be another one of the same name.
    let creates = matches!(site.statement.kind, Kind::CreateTable(_) | Kind::CreateTableAs { .. });
    if let [schema] = site.context.names.schemas_of(&table.name).as_slice()
        && !creates
    {
        return (*schema != "public")
            .then(|| ((*schema).to_owned(), format!("while the history has it in `{schema}`")));
    }
    let schema = site.context.names.others_than(&table.name)?;
    (schema != "public")
        .then(|| (schema.to_owned(), format!("while all other tables of the history are in `{schema}`")))
}

/// The call with the schema.
fn help(site: &Site<'_>, named: &Name) -> String {
    let argument = format!("{}{}", code::quoted(&named.name), ", …");
    let schema = code::schema(named);
    match site.step().map(|it| &it.op) {
        Some(Op::AddColumn { .. }) => format!("op.add_column({argument}{schema})"),
        Some(Op::DropColumn { .. }) => format!("op.drop_column({argument}{schema})"),
        Some(Op::AlterColumn(_)) => format!("op.alter_column({argument}{schema})"),
        Some(Op::CreateTable(_)) => format!("op.create_table({argument}{schema})"),
        Some(Op::DropTable { .. }) => format!("op.drop_table({}{schema})", code::quoted(&named.name)),
        Some(Op::CreateIndex(index)) => {
            let name = index.name.as_ref().map_or("…", |it| it.text.as_str());
            format!("op.create_index({}, {argument}{schema})", code::quoted(name))
        }
        Some(Op::Query(_)) => format!("sa.table({argument}{schema})"),
        _ => format!("{named}"),
    }
}
