//! See `rules/referenced-table-drop.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::DropTable { tables, cascade: false, .. } = &site.statement.kind else { return };
    for table in tables {
        let mut keys = site.schema.references_to(table);
        keys.retain(|(other, _)| !tables.contains(&other.name));
        let Some((other, key)) = keys.first() else { continue };
        let message = format!(
            "PostgreSQL always refuses to drop `{table}` while `{}` refers to it by `{}`",
            other.name, key.name
        );
        let finding = findings.report(site.statement.place(&table.name), message);
        finding.object(table.to_string());
        for (other, key) in &keys {
            finding.note(key.made.span, format!("`{}` refers to `{table}` since here", other.name));
        }
        let drops = keys.iter().map(|(other, key)| {
            format!(
                "op.drop_constraint({}, {}, type_=\"foreignkey\"{})\n",
                code::quoted(&key.name),
                code::quoted(&other.name.name),
                code::schema(&other.name)
            )
        });
        let drops: String = drops.collect();
        finding.help(format!("{drops}op.drop_table({}{})", code::quoted(&table.name), code::schema(table)));
    }
}
