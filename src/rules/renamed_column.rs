//! See `rules/renamed-column.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::RenameColumn { table, column, to } = &site.statement.kind else { return };
    if !site.is_deployed_now() || site.in_use(table) == Known::No || site.is_new_column(table, column) {
        return;
    }
    let span = site.statement.place_after(&[&table.name], column);
    let message =
        format!("code that uses `{column}` of `{table}` fails from here on, and code that uses `{to}` before");
    let kind = site.schema.column(table, column).yes().and_then(|it| it.kind.as_ref()).and_then(code::sqlalchemy);
    let (name, schema) = (code::quoted(&table.name), code::schema(table));
    let (old, new) = (code::quoted(column), code::quoted(to));
    findings.report(span, message).object(format!("{}.{column}", table.name)).help(format!(
        "# now; then deploy code that writes both, and fill the new column\n\
         op.add_column({name}, sa.Column({new}, {}, nullable=True){schema})\n\
         # in a later revision, deployed after code that uses the new column alone\n\
         op.drop_column({name}, {old}{schema})",
        kind.as_deref().unwrap_or("...")
    ));
}
