//! See `rules/index-replacement-gap.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Transaction, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::DropIndex { indexes, concurrently: true, .. } = &site.statement.kind else { return };
    if site.run.direction == Direction::Downgrade {
        return;
    }
    for index in indexes {
        let Known::Yes(old) = site.schema.index(index) else { continue };
        if site.in_use(&old.table) == Known::No {
            continue;
        }
        let leading = |columns: &[Option<String>]| columns.first().cloned().flatten();
        let new = site.later.iter().find_map(|it| match &it.kind {
            Kind::CreateIndex(create) if create.table == old.table => {
                let same = create.index.as_deref() == Some(index.name.as_str())
                    || leading(&create.columns).is_some_and(|it| leading(&old.columns) == Some(it));
                same.then_some((create, it))
            }
            _ => None,
        });
        let Some((create, statement)) = new else { continue };
        let message = format!("queries on `{}` have neither index from here until the new one is built", old.table);
        let finding = findings.report(site.statement.place(&index.name), message);
        finding.object(&index.name).note(statement.span, "it is built here");
        if create.index.as_deref() == Some(index.name.as_str()) {
            finding.help("build the new index under another name first, then drop the old one and rename the new");
        } else {
            let build = code::concurrent_index(create, statement.sql.as_str());
            let drop = code::concurrent_drop(index, Some(&old.table), false);
            let drop = drop.lines().skip(1).collect::<Vec<_>>().join("\n");
            finding.help(format!("{build}\n{drop}"));
        }
    }
}
