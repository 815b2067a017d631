//! See `rules/file-name-mismatch.md`.

use crate::{
    finding::Severity,
    history::{DEFAULT_TEMPLATE, History, fits_template, named_by},
    policy::Target,
    revision::Revision,
    rule::{Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::History, default: true, check: Check::History(check) };

/// The whole command, where the docstring tells what the template asks for.
fn help(history: &History, revision: &Revision, template: &str) -> String {
    let path = history.path(revision.source);
    let date = revision.docstring.create_date.as_ref().map(|it| it.id.as_str());
    let Some(named) = named_by(template, &revision.id.id, revision.docstring.message.as_deref(), date) else {
        let shown = template.replace("%%(", "%(");
        return format!("# give {path} the name that `{shown}` makes with the id `{}`", revision.id.id);
    };
    let folders = template.trim().trim_start_matches("./").matches('/').count();
    let at = path.rmatch_indices('/').nth(folders).map_or(0, |(at, _)| at + 1);
    let to = format!("{}{named}", &path[..at]);
    let moved = format!("git mv {} {}", quoted(path), quoted(&to));
    match to.rsplit_once('/').filter(|_| folders > 0) {
        Some((folder, _)) => format!("mkdir -p {}\n{moved}", quoted(folder)),
        None => moved,
    }
}

/// A word of a shell.
fn quoted(path: &str) -> String {
    let plain = path.chars().all(|it| it.is_alphanumeric() || "/._-".contains(it));
    if plain { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

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
        finding.help(help(history, revision, template));
    }
}
