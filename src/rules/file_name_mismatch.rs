//! See `rules/file-name-mismatch.md`.

use crate::{
    finding::Severity,
    history::{DEFAULT_TEMPLATE, History, fits_template},
    policy::Target,
    revision::Revision,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::History, default: true, check: Check::History(check) };

fn check(history: &History, target: &Target, findings: &mut Findings<'_>) {
    if !target.knows_new() {
        return;
    }
    let settled = target.settled(history);
    let (old, new): (Vec<_>, Vec<_>) = history.revisions.iter().partition(|it| settled.contains(it.id.id.as_str()));
    let set = history.environment.file_template.as_ref();
    let template = set.map_or(DEFAULT_TEMPLATE, |(template, _)| template.as_str());
    let fits = |it: &&&Revision| fits_template(template, &it.id.id, history.path(it.source));
    // Without a setting the template may still be set by code; the older files tell whether Alembic's is in force.
    if set.is_none() && old.iter().filter(fits).count() * 10 < old.len() * 9 {
        return;
    }
    for revision in new.iter().filter(|it| !fits(it)) {
        let name = history.path(revision.source).rsplit('/').next().unwrap_or("");
        let shown = template.replace("%%(", "%(");
        let message = format!("the file name `{name}` is none that `file_template` makes: `{shown}`");
        let finding = findings.report(revision.id.span, message);
        finding.subject.revision = Some(revision.id.id.clone());
        finding.object(name);
        if let Some((_, Some(span))) = set {
            finding.note(*span, "the template in force is set here");
        }
        let path = history.path(revision.source);
        finding.help(format!("git mv {path} …  # as `{shown}.py` with the id `{}`", revision.id.id));
    }
}
