//! See `rules/dropped-view.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Sort,
    statement::{Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::DropView { views, cascade: false, .. } = &site.statement.kind else { return };
    if !site.is_deployed_now() {
        return;
    }
    for view in views {
        let made = site.schema.object(Sort::View, view).yes().map(|it| it.made);
        if made.is_some_and(|it| site.is_new(it.run)) || taken_over(site, view) {
            continue;
        }
        let message = format!("code that still reads `{view}` fails from here on");
        let finding = findings.report(site.statement.place(&view.name), message);
        finding.object(&view.name).help(format!(
            "# in a revision of its own, deployed after code that does not read the view\n{}",
            code::execute(site.statement.sql.as_str())
        ));
        if let Some(made) = made {
            finding.note(made.span, format!("`{view}` is there since here"));
        }
    }
}

/// The same run gives the name to something else.
fn taken_over(site: &Site<'_>, name: &Name) -> bool {
    site.later.iter().any(|it| match &it.kind {
        Kind::CreateView { view, .. } => view == name,
        Kind::CreateTable(create) => create.table == *name,
        Kind::CreateTableAs { table, .. } => table == name,
        Kind::RenameTable { table, to } => table.renamed(to) == *name,
        _ => false,
    })
}
