//! See `rules/dropped-default.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Kind},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    if !site.is_deployed_now() || site.in_use(table) == Known::No || site.drops_later(table) {
        return;
    }
    for action in actions {
        let Action::DropDefault { column } = action else { continue };
        let Known::Yes(known) = site.schema.column(table, column) else { continue };
        let Known::Yes(required) = known.not_null else { continue };
        // What this run has made is another matter: old code does not know it at all.
        if known.default.is_none() || known.generated || known.made.is_some_and(|it| site.is_new(it.run)) {
            continue;
        }
        if gets_another(site, column) {
            continue;
        }
        let span = site.statement.place_after(&[&table.name], column);
        let message =
            format!("code that leaves `{column}` of `{table}` to its default fails from here on: it is `NOT NULL`");
        findings
            .report(span, message)
            .object(format!("{}.{column}", table.name))
            .note(required.span, "it is `NOT NULL` since here")
            .help(format!(
                "# in a revision of its own, deployed after code that always gives a value\n\
                 op.alter_column({}, {}, server_default=None{})",
                code::quoted(&table.name),
                code::quoted(column),
                code::schema(table)
            ));
    }
}

/// The run goes on to give the column another default, lets it be NULL, or drops it.
fn gets_another(site: &Site<'_>, name: &str) -> bool {
    let actions = site.later.iter().filter_map(|it| match (&it.kind, &site.statement.kind) {
        (Kind::AlterTable { table, actions, .. }, Kind::AlterTable { table: own, .. }) if table == own => Some(actions),
        _ => None,
    });
    actions.flatten().any(|it| match it {
        Action::SetDefault { column, .. }
        | Action::DropNotNull { column }
        | Action::DropColumn { column, .. }
        | Action::AddIdentity { column, .. } => column == name,
        _ => false,
    })
}
