//! The project's models beside its history: what the work at hand has put into the one and not into the other.

use super::Migrated;
use crate::{
    base::{Apart, Base, Described},
    history::History,
    python::Model,
    schema::{Known, Schema},
    source::Span,
    statement::{Action, Kind, Name},
};

/// Where the models and the history have parted with the work at hand; by place.
#[must_use]
pub fn apart(history: &History, migrations: &[Migrated], base: &Base, models: &Described, left: &Schema) -> Vec<Apart> {
    let mut found = Vec::new();
    if !left.is_blurred() {
        for model in models.now.iter().filter(|it| models.changed.contains(&it.span.source)) {
            unmade(model, models, left, &mut found);
        }
    }
    for (revision, migrated) in history.revisions.iter().zip(migrations) {
        if base.landed().contains(&revision.id.id) {
            continue;
        }
        for statement in migrated.upgrade.statements.iter().filter(|it| it.guards.is_empty()) {
            unasked(&statement.kind, statement.span, models, left, &mut |part| {
                found.push(Apart { revision: Some(revision.id.id.clone()), ..part });
            });
        }
    }
    found.sort_by_key(|it| (it.span.source, it.span.start));
    found
}

/// What a model has got that no revision makes.
fn unmade(model: &Model, models: &Described, left: &Schema, found: &mut Vec<Apart>) {
    let name = name_of(model);
    let before = models.fork.iter().filter(|it| name_of(it) == name).collect::<Vec<_>>();
    let part = |column: Option<&str>, span: Span| Apart {
        table: shown(&name),
        column: column.map(str::to_owned),
        span,
        model: None,
        revision: None,
    };
    match left.table(&name) {
        Known::Yes(_) => {
            for (column, span) in &model.columns {
                let old = before.iter().any(|it| it.columns.contains_key(column));
                if !old && matches!(left.column(&name, column), Known::No) {
                    found.push(part(Some(column), *span));
                }
            }
        }
        // A history that makes tables would make this one.
        Known::No | Known::Unknown if before.is_empty() && left.tables().any(|it| it.made.is_some()) => {
            found.push(part(None, model.span));
        }
        Known::No | Known::Unknown => {}
    }
}

/// What a new revision does that the models know nothing of.
fn unasked(kind: &Kind, span: Span, models: &Described, left: &Schema, report: &mut dyn FnMut(Apart)) {
    let of = |table: &Name| models.now.iter().find(|it| name_of(it) == *table);
    let mut tell = |table: &Name, column: Option<&str>, model: Option<Span>| {
        let column = column.map(str::to_owned);
        report(Apart { table: shown(table), column, span, model, revision: None });
    };
    match kind {
        Kind::DropTable { tables, .. } => {
            for table in tables {
                if let (Some(model), Known::No) = (of(table), left.table(table)) {
                    tell(table, None, Some(model.span));
                }
            }
        }
        Kind::AlterTable { table, actions, .. } => {
            let Some(model) = of(table) else { return };
            for action in actions {
                match action {
                    Action::DropColumn { column, .. } if matches!(left.column(table, column), Known::No) => {
                        if let Some(there) = model.columns.get(column) {
                            tell(table, Some(column), Some(*there));
                        }
                    }
                    Action::AddColumn { column, .. }
                        if !models.columns.contains(&column.name)
                            && matches!(left.column(table, &column.name), Known::Yes(_)) =>
                    {
                        tell(table, Some(&column.name), None);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn name_of(model: &Model) -> Name {
    Name { schema: model.schema.clone(), name: model.table.clone() }
}

fn shown(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    }
}
