//! See `rules/dropped-table.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::DropTable { tables, cascade: false, .. } = &site.statement.kind else { return };
    if !site.is_deployed_now() {
        return;
    }
    for table in tables {
        // One that others refer to is not dropped at all.
        if site.in_use(table) == Known::No || !site.schema.references_to(table).is_empty() {
            continue;
        }
        let again =
            site.later.iter().find(|it| matches!(&it.kind, Kind::CreateTable(create) if create.table == *table));
        let message = if again.is_some() {
            format!("`{table}` is dropped and made again: every row of it is lost")
        } else {
            format!("code that still uses `{table}` fails from here on, and every row of it is lost")
        };
        let finding = findings.report(site.statement.place(&table.name), message);
        finding.object(&table.name);
        if let Some(again) = again {
            finding
                .note(again.span, "it is made again here")
                .help("change the table with `op.alter_column`, `op.add_column` and their like");
        } else {
            finding.help(format!(
                "# in a revision of its own, deployed after code that does not use the table\nop.drop_table({}{})",
                code::quoted(&table.name),
                code::schema(table)
            ));
        }
    }
}
