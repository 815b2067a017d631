//! `limbeck baseline`, and what `check` makes of its file.

use super::{Exit, World, project::Project};
use crate::{
    check::Report,
    cli, config, discover, fault,
    finding::{Finding, Severity},
    output::{self, baseline::Baseline},
    source::Span,
};
use miette::Result;
use std::{collections::BTreeSet, path::Path};

/// The rule that tells of accepted findings which are gone.
const STALE: &str = "stale-baseline";

/// Writes every finding of the whole history into a file.
pub(super) fn run(args: &cli::Baseline, world: &mut World<'_>) -> Result<Exit> {
    let project = Project::read(&args.place, None, world)?;
    let report = project.check(&project.config.policy, None)?;
    let baseline = Baseline::of(&report, &project.sources);
    let mut bytes = Vec::new();
    baseline.write(&mut bytes).map_err(fault::unwritten)?;
    let shown = args.output.to_string_lossy();
    discover::write_outside(&world.here.join(&args.output), &shown, &bytes)?;
    let count = baseline.accepted.len();
    let findings = if count == 1 { "finding is" } else { "findings are" };
    writeln!(world.err, "limbeck: {count} {findings} accepted in `{shown}`").map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

/// Takes what is in the file as accepted. Where the whole history was judged, what no longer occurs is reported.
pub(super) fn apply(project: &Project, file: &Path, here: &Path, whole: bool, report: &mut Report) -> Result<()> {
    let shown = file.to_string_lossy().into_owned();
    let path = here.join(file);
    let text = discover::outside_text(&path, &shown)?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| {
        fault::helped(format!("`{shown}` is no baseline: {error}"), "`limbeck baseline` writes one")
    })?;
    let accepted: BTreeSet<&str> = baseline.accepted.iter().map(|it| it.fingerprint.as_str()).collect();
    let known = output::fingerprints(report, &project.sources);
    let places = known.iter().enumerate().filter(|(_, it)| accepted.contains(it.as_str())).map(|(at, _)| at).collect();
    let applies = crate::rules::find(STALE).is_some_and(|rule| project.config.policy.applies(rule));
    if whole && applies {
        let there: BTreeSet<&str> = known.iter().map(String::as_str).collect();
        let path = path.canonicalize().ok().and_then(|real| project.checkout.relative(&real)).unwrap_or(shown);
        let source = project.sources.add(path, text.clone());
        for gone in baseline.accepted.iter().filter(|it| !there.contains(it.fingerprint.as_str())) {
            let at = text.find(&gone.fingerprint).unwrap_or(0);
            let [start, end] = [at, at + gone.fingerprint.len()].map(|it| u32::try_from(it).unwrap_or(u32::MAX));
            let of = gone.revision.as_ref().map_or_else(String::new, |it| format!(" of `{it}`"));
            let message =
                format!("nothing{of} breaks `{}` any more: `{}` need not be accepted", gone.rule, gone.object);
            let mut finding = Finding::new(STALE, Severity::Warning, Span { source, start, end }, message);
            finding.object(gone.fingerprint.clone()).help("limbeck baseline  # writes the file anew");
            report.findings.push(finding);
        }
    }
    report.accept(&places);
    Ok(())
}

/// The file that the flag or the configuration names.
pub(super) fn file(args: &cli::Check, config: &config::Config) -> Option<std::path::PathBuf> {
    args.baseline.clone().or_else(|| config.baseline.clone())
}
