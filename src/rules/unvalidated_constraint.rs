//! See `rules/unvalidated-constraint.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Migration, Spec, code},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::FailsOnData, default: true, check: Check::Migration(check) };

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let line = migration.context.line;
    if !line.ends_with(migration.revision) {
        return;
    }
    for table in migration.after.tables() {
        // What the head itself adds is validated by the one that comes next.
        for constraint in
            table.constraints().filter(|it| !it.valid && it.made.run.revision() != migration.run.revision())
        {
            let name = &table.name;
            let message =
                format!("`{}` of `{name}` is never validated: rows from before it may break it", constraint.name);
            let finding = findings.report(constraint.made.span, message);
            finding.subject.revision = line.id(constraint.made.run.revision()).map(str::to_owned);
            finding.subject.direction = Some(Direction::Upgrade);
            finding.object(format!("{}.{}", name.name, constraint.name)).help(format!(
                "# in a new revision\n{}",
                code::execute(&format!(
                    "ALTER TABLE {} VALIDATE CONSTRAINT {}",
                    code::table(name),
                    code::identifier(&constraint.name)
                ))
            ));
        }
    }
}
