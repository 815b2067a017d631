//! See `rules/dropped-column.md`.

use crate::{
    finding::{Direction, Finding, Severity},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    source::Span,
    statement::{Action, Column, Demand, Kind, Name, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    if site.run.direction == Direction::Downgrade || site.in_use(table) == Known::No || site.drops_later(table) {
        return;
    }
    for action in actions {
        let Action::DropColumn { column, cascade: false, .. } = action else { continue };
        if site.is_new_column(table, column) {
            continue;
        }
        let other = substitute(site, table, column);
        if other.is_some() || site.is_deployed_now() {
            report(site, table, column, other, findings);
        }
    }
}

/// The one column that the same run adds to the table, where it drops no other one: one that this is copied to, or
/// one of the same type.
fn substitute<'a>(site: &Site<'a>, table: &Name, column: &str) -> Option<(&'a Column, Span)> {
    let dropped = site.earlier.iter().chain(std::iter::once(site.statement)).chain(site.later);
    let count = dropped.flat_map(|it| actions(it, table)).filter(|it| matches!(it, Action::DropColumn { .. })).count();
    let other = added(site, table).filter(|_| count == 1)?;
    let known = site.schema.column(table, column).yes().and_then(|it| it.kind.as_ref());
    (is_copied(site, table, column, other.0) || known.is_some_and(|it| *it == other.0.kind)).then_some(other)
}

fn actions<'a>(statement: &'a Statement, of: &Name) -> &'a [Action] {
    match &statement.kind {
        Kind::AlterTable { table, actions, .. } if table == of => actions,
        _ => &[],
    }
}

fn is_copied(site: &Site<'_>, table: &Name, column: &str, to: &Column) -> bool {
    site.earlier.iter().any(|it| match &it.kind {
        Kind::Update(update) if update.table == *table => {
            update.set.iter().any(|(name, value)| *name == to.name && value.mentions(column))
        }
        _ => false,
    })
}

fn added<'a>(site: &Site<'a>, table: &Name) -> Option<(&'a Column, Span)> {
    let all = site.earlier.iter().chain(site.later);
    let mut added = all.flat_map(|statement| {
        actions(statement, table).iter().filter_map(|action| match action {
            Action::AddColumn { column, .. } => Some((&**column, statement.span)),
            _ => None,
        })
    });
    let only = added.next()?;
    added.next().is_none().then_some(only)
}

fn report(site: &Site<'_>, table: &Name, column: &str, other: Option<(&Column, Span)>, findings: &mut Findings<'_>) {
    let span = site.statement.place_after(&[&table.name], column);
    let named = format!("`{column}` of `{table}`");
    let Some((added, place)) = other else {
        let message = format!("code that still uses {named} fails from here on, and what the column holds is lost");
        let finding = findings.report(span, message);
        help(finding, table, column);
        notes(site, table, column, finding);
        return;
    };
    let copied = is_copied(site, table, column, added);
    let message = if copied {
        format!(
            "{named} goes in the revision that copies it to `{}`: old code fails at once, and nobody can check the copy",
            added.name
        )
    } else {
        format!("{named} goes and `{}` comes: what the column holds is lost, and old code fails", added.name)
    };
    let finding = findings.report(span, message);
    help(finding, table, column);
    if !copied {
        finding.help(format!(
            "op.alter_column({}, {}, new_column_name={}{})  # if it is the same column under another name",
            code::quoted(&table.name),
            code::quoted(column),
            code::quoted(&added.name),
            code::schema(table),
        ));
    }
    finding.note(place, format!("`{}` is added here", added.name));
    notes(site, table, column, finding);
}

fn help(finding: &mut Finding, table: &Name, column: &str) {
    finding.object(format!("{}.{column}", table.name));
    let drop =
        format!("op.drop_column({}, {}{})", code::quoted(&table.name), code::quoted(column), code::schema(table));
    finding.help(format!("# in a revision of its own, deployed after code that does not use the column\n{drop}"));
}

/// Constraints of several columns, which PostgreSQL drops with the column without a word.
fn notes(site: &Site<'_>, table: &Name, column: &str, finding: &mut Finding) {
    let Some(known) = site.schema.table(table).yes() else { return };
    for constraint in known.constraints() {
        let (Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } | Demand::ForeignKey { columns, .. }) =
            &constraint.rule
        else {
            continue;
        };
        if columns.len() > 1 && columns.iter().any(|it| it == column) {
            finding.note(constraint.made.span, format!("`{}` goes with the column", constraint.name));
        }
    }
}
