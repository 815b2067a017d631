//! See `rules/long-revision-id.md`.

use crate::{
    finding::Severity,
    history::History,
    policy::Target,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::History, default: true, check: Check::History(check) };

fn check(history: &History, _: &Target, findings: &mut Findings<'_>) {
    for revision in history.revisions.iter().chain(&history.dropped) {
        let id = &revision.id.id;
        let length = id.chars().count();
        if length <= WIDTH {
            continue;
        }
        let message = format!("the id `{id}` is {length} characters long, `alembic_version.version_num` holds {WIDTH}");
        let finding = findings.report(revision.id.span, message);
        finding.subject.revision = Some(id.clone());
        finding.object(id);
        for child in history.children(id) {
            if let Some(parent) = child.parents.iter().find(|it| it.id == *id) {
                finding.note(parent.span, format!("`{}` names it as its parent", child.id.id));
            }
        }
        let short: String = id.chars().take(WIDTH).collect();
        finding.help(format!("revision = \"{}\"", short.trim_end_matches('_')));
    }
}

/// `version_num VARCHAR(32)` (Alembic's `DefaultImpl.version_table_impl`).
const WIDTH: usize = 32;
