//! `limbeck check --fix` and `--diff`: repairs that have been looked at before they are written.
//!
//! All repairs at once are tried in memory, and the histories judged again. Where one of them does not keep its promise
//! (see [`fix::hold`]), they are halved until it is found, and it is left out.

use super::{Exit, World, baseline, gate::Gate, memory::Memory, project::Project};
use crate::{
    check::Report,
    cli::{Check, Place},
    discover, fault,
    finding::{Edit, Finding},
    fix, output,
};
use miette::Result;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::PathBuf,
    sync::Arc,
};

/// What is fixed by one round may let another be fixed; so many rounds are made.
const ROUNDS: usize = 10;

/// A repair that may be made.
struct Candidate<'a> {
    finding: &'a Finding,
    file: PathBuf,
    edits: Vec<Edit>,
}

/// Texts by absolute path.
type Texts = BTreeMap<PathBuf, String>;

struct Fixer<'a> {
    args: &'a Check,
    here: PathBuf,
    memory: Arc<Memory>,
}

/// What a round has left out.
#[derive(Default)]
struct Left {
    /// Words about each.
    refused: BTreeSet<String>,
    /// In revisions that are not known to be new.
    old: usize,
}

/// Makes the repairs, or shows them; `None` where what is left is to be reported.
///
/// # Errors
/// As a check, and a file that cannot be written.
pub(super) fn run(args: &Check, world: &mut World<'_>) -> Result<Option<Exit>> {
    let fixer = Fixer { args, here: world.here.clone(), memory: Arc::new(Memory::new()) };
    let (mut texts, mut count, mut left) = (Texts::new(), 0, Left::default());
    for _ in 0..ROUNDS {
        let (project, report) = fixer.look(&texts)?;
        left = Left::default();
        let candidates = fixer.candidates(&project, &report, &mut left);
        let mut round = Round { fixer: &fixer, project: &project, before: &report, candidates, accepted: Vec::new() };
        let all: Vec<usize> = (0..round.candidates.len()).collect();
        round.settle(&all, &texts, &mut left)?;
        if round.accepted.is_empty() {
            break;
        }
        count += round.accepted.len();
        texts = round.texts(&round.accepted, &texts);
    }
    for line in &left.refused {
        writeln!(world.err, "limbeck: {line}").map_err(fault::unwritten)?;
    }
    if left.old > 0 {
        let findings =
            if left.old == 1 { "1 finding that could be fixed stands" } else { "findings that could be fixed stand" };
        let number = if left.old == 1 { String::new() } else { format!("{} ", left.old) };
        writeln!(
            world.err,
            "limbeck: {number}{findings} in revisions that are not known to be new: `--base`, `--staged` or `since` says \
             which are, --unsafe-fixes changes the others too"
        )
        .map_err(fault::unwritten)?;
    }
    let changed = fixer.finish(&texts, world)?;
    if changed == 0 && left.refused.is_empty() && left.old == 0 {
        writeln!(world.err, "limbeck: nothing to fix").map_err(fault::unwritten)?;
    }
    if args.diff {
        return Ok(Some(if changed > 0 { Exit::Findings } else { Exit::Clean }));
    }
    if changed > 0 {
        let (one, files) =
            (if count == 1 { "finding is" } else { "findings are" }, if changed == 1 { "file" } else { "files" });
        writeln!(world.err, "limbeck: {count} {one} fixed in {changed} {files}").map_err(fault::unwritten)?;
    }
    Ok(None)
}

impl Fixer<'_> {
    /// The histories with these texts in place of those on the disk, and what is found in them.
    fn look(&self, texts: &Texts) -> Result<(Project, Report)> {
        let (mut out, mut err) = (io::sink(), io::sink());
        let mut world = World { here: self.here.clone(), colored: false, out: &mut out, err: &mut err };
        let place = Place { unsaved: texts.clone(), ..self.args.place.clone() };
        let project = Project::read_again(&place, self.args.sqlalchemy, &mut world, Some(Arc::clone(&self.memory)))?;
        let policy = super::policy(self.args, &project)?;
        let gate = self.args.against().map(|name| Gate::open(&project, name)).transpose()?;
        let mut report = project.check(&policy, gate.as_ref())?;
        if let Some(file) = baseline::file(self.args, &project.config) {
            baseline::apply(&project, &file, &self.here, false, &mut report)?;
        }
        Ok((project, report))
    }

    /// The repairs that may be made, none in the way of another.
    fn candidates<'r>(&self, project: &Project, report: &'r Report, left: &mut Left) -> Vec<Candidate<'r>> {
        let mut candidates: Vec<Candidate<'r>> = Vec::new();
        for finding in report.findings.iter().filter(|it| !it.suppressed) {
            let Some(edits) = fix::of(finding, &project.sources) else { continue };
            if !self.args.unsafe_fixes && !is_new(project, report, finding) {
                left.old += 1;
                continue;
            }
            let file = project.checkout.absolute(&project.sources.get(finding.span.source).path);
            if candidates.iter().all(|it| it.file != file || !fix::collide(&it.edits, &edits)) {
                candidates.push(Candidate { finding, file, edits });
            }
        }
        candidates
    }

    /// Shows or writes what has become of the files; the number of those that are another.
    fn finish(&self, texts: &Texts, world: &mut World<'_>) -> Result<usize> {
        let (project, _) = self.look(&Texts::new())?;
        let mut changed = 0;
        for (file, after) in texts {
            let Some(path) = project.checkout.relative(file) else { continue };
            let shown = project.shown(&path);
            let before = fs::read(file).ok().and_then(|it| String::from_utf8(it).ok());
            // In another encoding the text is not the bytes, and meanwhile somebody may have written.
            let known = project.checkout.source(&project.sources, &path)?.map(|id| project.sources.get(id));
            let (Some(before), Some(known)) = (before, known) else {
                writeln!(world.err, "limbeck: `{shown}` is not UTF-8, and stays as it is").map_err(fault::unwritten)?;
                continue;
            };
            if before != known.text || before == *after {
                continue;
            }
            changed += 1;
            if self.args.diff {
                let diff = output::diff::unified(&shown, Some(&before), after);
                world.out.write_all(diff.as_bytes()).map_err(fault::unwritten)?;
            } else {
                discover::write_outside(file, &shown, after.as_bytes())?;
            }
        }
        Ok(changed)
    }
}

/// The file is a revision's that is known to be new, in every history that it is of.
fn is_new(project: &Project, report: &Report, finding: &Finding) -> bool {
    let mut known = project.stories.iter().zip(&report.fresh).filter_map(|(story, fresh)| {
        let revision = story.history.revisions.iter().find(|it| it.source == finding.span.source)?;
        Some(fresh.as_ref().is_some_and(|it| it.contains(&revision.id.id)))
    });
    known.next() == Some(true) && known.all(|it| it)
}

/// One look at the histories, and what of its repairs holds.
struct Round<'a> {
    fixer: &'a Fixer<'a>,
    project: &'a Project,
    before: &'a Report,
    candidates: Vec<Candidate<'a>>,
    accepted: Vec<usize>,
}

impl Round<'_> {
    /// Accepts of some repairs all that hold together with those that are accepted already.
    fn settle(&mut self, some: &[usize], texts: &Texts, left: &mut Left) -> Result<()> {
        if some.is_empty() {
            return Ok(());
        }
        let all = [self.accepted.as_slice(), some].concat();
        let (_, after) = self.fixer.look(&self.texts(&all, texts))?;
        let fixed: Vec<&Finding> = all.iter().map(|at| self.candidates[*at].finding).collect();
        match fix::hold(self.before, &after, &fixed) {
            Ok(()) => self.accepted = all,
            Err(why) if some.len() == 1 => {
                let finding = self.candidates[some[0]].finding;
                let line = self.project.sources.place(finding.span).line;
                let shown = self.project.shown(&self.project.sources.get(finding.span.source).path);
                left.refused.insert(format!("{shown}:{line}: `{}` is not fixed, since {why}", finding.rule));
            }
            Err(_) => {
                let (first, second) = some.split_at(some.len() / 2);
                self.settle(first, texts, left)?;
                self.settle(second, texts, left)?;
            }
        }
        Ok(())
    }

    /// All texts that are another with these repairs.
    fn texts(&self, repairs: &[usize], texts: &Texts) -> Texts {
        let mut edits: BTreeMap<&PathBuf, Vec<Edit>> = BTreeMap::new();
        for candidate in repairs.iter().map(|at| &self.candidates[*at]) {
            edits.entry(&candidate.file).or_default().extend(candidate.edits.iter().cloned());
        }
        let mut texts = texts.clone();
        for (file, mut edits) in edits {
            edits.sort_by_key(|it| (it.span.start, it.span.end));
            let Some(source) = edits.first().map(|it| self.project.sources.get(it.span.source)) else { continue };
            texts.insert(file.clone(), fix::applied(&source.text, &edits));
        }
        texts
    }
}
