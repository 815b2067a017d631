//! See `rules/renamed-enum-value.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Sort,
    statement::Kind,
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::BreaksOldCode, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::RenameEnumValue { name, from, to } = &site.statement.kind else { return };
    let made = site.schema.object(Sort::Enum, name).yes().map(|it| it.made.run);
    if !site.is_deployed_now() || made.is_some_and(|it| site.is_new(it)) {
        return;
    }
    let message = format!("code that writes `{from}` as a `{name}` fails from here on, and what reads gets `{to}`");
    let add = format!("ALTER TYPE {} ADD VALUE '{}'", code::table(name), to.replace('\'', "''"));
    findings.report(site.statement.span, message).object(format!("{}.{from}", name.name)).help(format!(
        "# now; then deploy code that reads both and writes the new one, and change the rows\n{}",
        code::autocommit(&code::execute(&add))
    ));
}
