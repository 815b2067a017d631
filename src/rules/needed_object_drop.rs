//! See `rules/needed-object-drop.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    schema::{Piece, Sort},
    statement::{Action, Definition, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    // A condition may look for what needs it.
    if !site.statement.guards.is_empty() || site.statement.checkfirst {
        return;
    }
    let dropped = dropped(site);
    for piece in &dropped {
        let mut needs = site.schema.needs(piece);
        needs.retain(|it| !goes(site, &it.who, &dropped));
        let Some(first) = needs.first() else { continue };
        let message =
            format!("PostgreSQL always refuses to drop the {}: the {} {}", piece.words(), first.who.words(), first.why);
        let severity = site.graded(findings.severity(), Severity::Warning);
        let finding = findings.report(site.statement.place(word(piece)), message);
        finding.severity = severity;
        finding.object(piece.object());
        for need in &needs {
            if let Some(made) = need.made(site.schema) {
                finding.note(made.span, format!("the {} {} since here", need.who.words(), need.why));
            }
        }
        let first = first.who.words();
        finding.help(format!("drop what needs it by its name before: the {first}"));
    }
}

/// What the statement drops without `CASCADE`.
fn dropped(site: &Site<'_>) -> Vec<Piece> {
    if let Some(Definition::Drop { sort, names, cascade: false, .. }) = site.statement.definition.as_deref() {
        return names.iter().map(|name| Piece::Object(*sort, name.clone())).collect();
    }
    match &site.statement.kind {
        Kind::DropTable { tables, cascade: false, .. } => tables.iter().cloned().map(Piece::Table).collect(),
        Kind::AlterTable { table, actions, .. } => {
            let parts = actions.iter().filter_map(|it| match it {
                Action::DropColumn { column, cascade: false, .. } => Some(Piece::Column(table.clone(), column.clone())),
                Action::DropConstraint { constraint, cascade: false, .. } => {
                    Some(Piece::Constraint(table.clone(), constraint.clone()))
                }
                _ => None,
            });
            parts.collect()
        }
        _ => Vec::new(),
    }
}

/// It is dropped by the same statement, or is a part of what is.
fn goes(site: &Site<'_>, who: &Piece, dropped: &[Piece]) -> bool {
    let of_table = |name: &Name| dropped.contains(&Piece::Table(name.clone()));
    match who {
        Piece::Column(table, _) | Piece::Constraint(table, _) => dropped.contains(who) || of_table(table),
        Piece::Object(sort @ Sort::Trigger, name) => {
            let on = site.schema.object(*sort, name).yes().and_then(|it| it.on.clone());
            dropped.contains(who) || on.is_some_and(|it| of_table(&it))
        }
        _ => dropped.contains(who),
    }
}

fn word(piece: &Piece) -> &str {
    match piece {
        Piece::Object(_, name) | Piece::Table(name) | Piece::Index(name, _) => &name.name,
        Piece::Column(_, name) | Piece::Constraint(_, name) => name,
    }
}
