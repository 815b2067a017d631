//! See `rules/existing-object.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    schema::{Piece, Sort},
    statement::{Action, Definition, Kind},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    // What is sent under a condition is sent where it is not there yet.
    if !site.statement.guards.is_empty() || site.statement.checkfirst {
        return;
    }
    for piece in made(site) {
        // What came about before something that is not understood may be gone since.
        let Some(there) = site.schema.surely(&piece) else { continue };
        let message = format!("PostgreSQL always refuses this: there is a {} already", piece.words());
        let severity = site.graded(findings.severity(), Severity::Warning);
        let finding = findings.report(site.statement.span, message);
        finding.severity = severity;
        finding.object(piece.object());
        finding.note(there.span, "it is there since here");
    }
}

/// What the statement makes, and must not be there.
fn made(site: &Site<'_>) -> Vec<Piece> {
    if let Some(definition) = site.statement.definition.as_deref() {
        return match definition {
            // Types have a rule of their own.
            Definition::Make(make) if !make.replace && !make.if_not_exists && make.sort != Sort::Enum => {
                vec![Piece::Object(make.sort, make.name.clone())]
            }
            _ => Vec::new(),
        };
    }
    match &site.statement.kind {
        Kind::CreateTable(create) if !create.if_not_exists && !create.temporary => {
            vec![Piece::Table(create.table.clone())]
        }
        Kind::CreateTableAs { table, if_not_exists: false, temporary: false } => vec![Piece::Table(table.clone())],
        Kind::CreateIndex(create) if !create.if_not_exists => {
            let name = create.index.as_ref().map(|it| create.table.renamed(it));
            name.map(|name| Piece::Index(name, create.table.clone())).into_iter().collect()
        }
        Kind::RenameTable { table, to } => vec![Piece::Table(table.renamed(to))],
        Kind::RenameColumn { table, to, .. } => vec![Piece::Column(table.clone(), to.clone())],
        Kind::AlterTable { table, actions, .. } => {
            let dropped = |name: &String| {
                actions.iter().any(|it| match it {
                    Action::DropColumn { column, .. } => column == name,
                    Action::DropConstraint { constraint, .. } => constraint == name,
                    _ => false,
                })
            };
            let made = actions.iter().filter_map(|action| match action {
                Action::AddColumn { column, if_not_exists: false } if !dropped(&column.name) => {
                    Some(Piece::Column(table.clone(), column.name.clone()))
                }
                Action::AddConstraint(it) if !it.name.as_ref().is_some_and(dropped) => {
                    Some(Piece::Constraint(table.clone(), it.name.clone()?))
                }
                _ => None,
            });
            made.collect()
        }
        _ => Vec::new(),
    }
}
