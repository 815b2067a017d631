//! See `rules/missing-object.md`.

use crate::{
    finding::Severity,
    op::Op,
    rule::{Check, Findings, Group, Site, Spec},
    schema::{Known, Piece, Sort},
    statement::{Action, Definition, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    // What is sent under a condition is sent where it is there.
    if !site.statement.guards.is_empty() || site.statement.checkfirst {
        return;
    }
    for piece in asked(site) {
        if !is_missing(site, &piece) {
            continue;
        }
        let message = format!("PostgreSQL always refuses this: there is no {} here", piece.words());
        let severity = site.graded(findings.severity(), Severity::Warning);
        let finding = findings.report(site.statement.place(word(&piece)), message);
        finding.severity = severity;
        finding.object(piece.object());
    }
}

/// The word in the SQL that names it.
fn word(piece: &Piece) -> &str {
    match piece {
        Piece::Object(_, name) | Piece::Table(name) | Piece::Index(name, _) => &name.name,
        Piece::Column(_, name) | Piece::Constraint(_, name) => name,
    }
}

fn is_missing(site: &Site<'_>, piece: &Piece) -> bool {
    let schema = site.schema;
    let view = |name: &Name| matches!(schema.object(Sort::View, name), Known::Yes(_));
    match piece {
        Piece::Table(name) => matches!(schema.table(name), Known::No) && !view(name),
        Piece::Index(name, table) => {
            (matches!(schema.index(name), Known::No) || never_made(site, name, table)) && !is_key(site, name)
        }
        Piece::Column(table, name) => {
            // Each table has the system's own columns.
            let own = matches!(name.as_str(), "ctid" | "xmin" | "xmax" | "cmin" | "cmax" | "tableoid");
            matches!(schema.table(table), Known::Yes(_)) && matches!(schema.column(table, name), Known::No) && !own
        }
        Piece::Constraint(table, name) => {
            // From version 18 each NOT NULL has a name, which the history need not give.
            let of_column = name.ends_with("_not_null");
            matches!(schema.table(table), Known::Yes(_))
                && matches!(schema.constraint(table, name), Known::No)
                && !of_column
        }
        Piece::Object(Sort::Enum, name) => {
            let types = [Sort::Enum, Sort::Domain, Sort::Composite].map(|sort| schema.object(sort, name));
            types.iter().all(|it| !matches!(it, Known::Yes(_))) && types.iter().any(|it| matches!(it, Known::No))
        }
        Piece::Object(sort, name) => matches!(schema.object(*sort, name), Known::No),
    }
}

/// The table of an index, which Alembic is told and does not send.
fn told_table(site: &Site<'_>) -> Option<Name> {
    let Op::DropIndex { index, table: Some(table), .. } = &site.step()?.op else { return None };
    Some(Name { schema: index.schema.as_ref().map(|it| it.text.clone()), name: table.text.clone() })
}

/// An index of this name was never met, and all that happened to the table is known.
fn never_made(site: &Site<'_>, name: &Name, table: &Name) -> bool {
    matches!(site.schema.index(name), Known::Unknown)
        && matches!(site.schema.table(table), Known::Yes(known) if site.schema.is_whole(known))
}

/// The index of a key is not among the indexes.
fn is_key(site: &Site<'_>, name: &Name) -> bool {
    site.schema
        .tables()
        .any(|table| table.name.home() == name.home() && table.constraints().any(|it| it.name == name.name))
}

/// What the statement takes to be there.
fn asked(site: &Site<'_>) -> Vec<Piece> {
    if let Some(definition) = site.statement.definition.as_deref() {
        return match definition {
            Definition::Drop { sort, names, if_exists: false, .. } if *sort != Sort::Function => {
                names.iter().map(|name| Piece::Object(*sort, name.clone())).collect()
            }
            Definition::Change { sort, name, .. } if *sort != Sort::Function => {
                vec![Piece::Object(*sort, name.clone())]
            }
            _ => Vec::new(),
        };
    }
    match &site.statement.kind {
        Kind::DropTable { tables, if_exists: false, .. } => tables.iter().cloned().map(Piece::Table).collect(),
        Kind::DropIndex { indexes, if_exists: false, .. } => {
            let table = told_table(site);
            indexes.iter().map(|it| Piece::Index(it.clone(), table.clone().unwrap_or_else(|| it.clone()))).collect()
        }
        Kind::RenameIndex { index, .. } => vec![Piece::Index(index.clone(), index.clone())],
        Kind::RenameTable { table, .. } | Kind::MoveTable { table, .. } => vec![Piece::Table(table.clone())],
        Kind::RenameColumn { table, column, .. } => of_table(table, Piece::Column(table.clone(), column.clone())),
        Kind::RenameConstraint { table, constraint, .. } => {
            of_table(table, Piece::Constraint(table.clone(), constraint.clone()))
        }
        Kind::CreateIndex(create) => {
            let columns = create.columns.iter().flatten().map(|it| Piece::Column(create.table.clone(), it.clone()));
            [Piece::Table(create.table.clone())].into_iter().chain(columns).collect()
        }
        Kind::AlterTable { table, if_exists: false, actions, .. } => {
            let mut pieces = vec![Piece::Table(table.clone())];
            let mut new: Vec<&str> = Vec::new();
            for action in actions {
                if let Action::AddColumn { column, .. } = action {
                    new.push(&column.name);
                }
                let piece = of_action(table, action);
                pieces.extend(piece.filter(|it| !matches!(it, Piece::Column(_, name) if new.contains(&name.as_str()))));
            }
            pieces
        }
        _ => Vec::new(),
    }
}

fn of_table(table: &Name, piece: Piece) -> Vec<Piece> {
    vec![Piece::Table(table.clone()), piece]
}

fn of_action(table: &Name, action: &Action) -> Option<Piece> {
    let column = |name: &String| Some(Piece::Column(table.clone(), name.clone()));
    match action {
        Action::DropColumn { column: name, if_exists: false, .. }
        | Action::SetNotNull { column: name }
        | Action::DropNotNull { column: name }
        | Action::SetDefault { column: name, .. }
        | Action::DropDefault { column: name }
        | Action::SetType { column: name, .. } => column(name),
        Action::DropConstraint { constraint, if_exists: false, .. } | Action::ValidateConstraint { constraint } => {
            Some(Piece::Constraint(table.clone(), constraint.clone()))
        }
        _ => None,
    }
}
