//! `limbeck stats`, and what `check` makes of its file.

use super::{Exit, World, project::Project};
use crate::{
    check::Report,
    cli, discover, fault,
    finding::Finding,
    policy::Policy,
    roundtrip, rules,
    source::Span,
    stats::{FORM, Stats},
};
use miette::Result;
use std::{path::Path, sync::Arc};

/// The rule that tells of a database which the history does not know.
const UNKNOWN: &str = "unknown-stamp";

/// Asks a database and prints what it is.
pub(super) fn run(args: &cli::Stats, world: &mut World<'_>) -> Result<Exit> {
    let stats = roundtrip::stats(&args.database_url)?;
    let text = serde_json::to_string_pretty(&stats).map_err(|error| fault::plain(error.to_string()))?;
    writeln!(world.out, "{text}").map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

/// The file of `--stats`.
pub(super) struct Given {
    path: std::path::PathBuf,
    shown: String,
    text: String,
    stats: Stats,
}

impl Given {
    /// Reads it.
    ///
    /// # Errors
    /// There is none, or it is of another form.
    pub(super) fn read(file: &Path, here: &Path) -> Result<Self> {
        let shown = file.to_string_lossy().into_owned();
        let path = here.join(file);
        let text = discover::outside_text(&path, &shown)?;
        let odd =
            |why: String| fault::helped(format!("`{shown}` is no file of sizes: {why}"), "`limbeck stats` writes one");
        let stats: Stats = serde_json::from_str(&text).map_err(|error| odd(error.to_string()))?;
        if stats.limbeck_stats != FORM {
            return Err(odd(format!("it has the form {}, and this program reads {FORM}", stats.limbeck_stats)));
        }
        Ok(Self { path, shown, text, stats })
    }

    /// What is judged is what would be run on that database, by that server.
    pub(super) fn take(&self, project: &Project, version: bool, policy: &mut Policy) {
        if version {
            policy.target.postgres = self.stats.server.major;
            policy.target.postgres_told = true;
        }
        let mut stats = self.stats.clone();
        // The version table of something else that lives in the same database.
        stats.stamps.retain(|it| it.revisions.iter().any(|id| is_known(project, id)) || self.is_only_ours());
        policy.target.stats = Some(Arc::new(stats));
    }

    fn is_only_ours(&self) -> bool {
        self.stats.stamps.len() == 1
    }

    /// Tells of revisions that the database has, and no history.
    pub(super) fn tell(&self, project: &Project, policy: &Policy, report: &mut Report) {
        let Some(rule) = rules::find(UNKNOWN).filter(|rule| policy.applies(rule)) else { return };
        let kept = policy.target.stats.iter().flat_map(|it| &it.stamps);
        let unknown =
            kept.flat_map(|it| it.revisions.iter().map(move |id| (it, id))).filter(|(_, id)| !is_known(project, id));
        let real = self.path.canonicalize().ok().and_then(|real| project.checkout.relative(&real));
        let source = project.sources.add(real.unwrap_or_else(|| self.shown.clone()), self.text.clone());
        let mut found = Vec::new();
        for (stamp, id) in unknown {
            let at = self.text.find(&format!("\"{id}\"")).map_or(0, |at| at + 1);
            let [start, end] = [at, at + id.len()].map(|it| u32::try_from(it).unwrap_or(u32::MAX));
            let message = format!(
                "`{}.{}` of the database has the revision `{id}`, which no history has: Alembic does not start there, and \
                 what it would run is not known",
                stamp.schema, stamp.table
            );
            let mut finding = Finding::new(UNKNOWN, rule.spec.severity, Span { source, start, end }, message);
            if let Some(severity) = policy.severity.get(UNKNOWN) {
                finding.severity = *severity;
            }
            finding.object(id).help("check out the code that was deployed there, with the file of that revision");
            found.push(finding);
        }
        report.add(found, false);
    }
}

fn is_known(project: &Project, id: &str) -> bool {
    project.stories.iter().any(|story| story.history.find(id).is_some())
}
