//! The base of a pull request: which revisions git has there, and which of them are others now.

use super::project::{Project, Story};
use crate::{
    base::{Base, Described, Part},
    check,
    git::{Commit, Git},
    history::{History, is_revision_file},
    python::{self, Modules, Settings, Trees, alike, alike_without},
    render::Dialect,
    revision::{Reference, Revision},
    source::SourceId,
    statement::Way,
};
use miette::Result;
use std::collections::{BTreeMap, BTreeSet};

/// A base as git knows it.
pub(super) struct Gate {
    name: String,
    git: Git,
    tip: Commit,
    fork: Option<Commit>,
}

/// The texts of a history at a commit, by path.
type Texts = BTreeMap<String, Option<String>>;

impl Gate {
    /// Looks the base up.
    ///
    /// # Errors
    /// No git, no repository, no such commit.
    pub(super) fn open(project: &Project, name: &str) -> Result<Self> {
        let git = Git::open(project.checkout.root())?;
        let tip = git.commit(name)?;
        let fork = git.fork(&tip)?;
        Ok(Self { name: name.to_owned(), git, tip, fork })
    }

    /// As the user named it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What there is to say of how the base was found.
    pub(super) fn talk(&self) -> Option<String> {
        self.fork.is_none().then(|| {
            format!(
                "git does not know where this left `{}` (a shallow clone?): a revision is new that is not there, and \
                 edits and deletions are not looked for",
                self.name
            )
        })
    }

    /// The base of one history.
    ///
    /// # Errors
    /// git fails on the way.
    pub(super) fn base(&self, project: &Project, story: &Story) -> Result<Base> {
        let now = &story.history;
        let here = now.revisions.iter().map(|it| (now.path(it.source), it)).collect();
        let mut reading =
            Reading { project, now, here, known: BTreeMap::new(), trees: Trees::default(), engine: story.engine() };
        let fork = match &self.fork {
            Some(fork) => Some(reading.history(self.texts(fork, now)?)),
            None => None,
        };
        let tip = reading.history(self.texts(&self.tip, now)?);
        let edits = fork
            .as_ref()
            .map(|fork| project.speaking(story, |dialect| reading.edits(fork, dialect)))
            .unwrap_or_default();
        let mut base = Base::new(self.name.clone(), (fork, tip), edits, now, &project.sources);
        if let Some(fork) = &self.fork {
            let within = format!("{}/", story.folder().trim_end_matches('/'));
            let mut outside = self.git.changed(fork)?;
            let names: BTreeSet<&str> = now.revisions.iter().map(|it| file_name(now.path(it.source))).collect();
            // What has moved with its folder is no code beside the revisions either.
            let is_revision = |path: &str| now.environment.holds(path) || names.contains(file_name(path));
            outside.retain(|path| !path.starts_with(&within) && !is_revision(path));
            outside.sort();
            base.outside = outside;
        }
        Ok(base)
    }

    /// The revisions' texts at a commit. Which folders a setting named there is not asked: what lies in today's folders
    /// is compared, and where there is nothing in them, files of the same names wherever they lay.
    fn texts(&self, commit: &Commit, now: &History) -> Result<Texts> {
        let here = |path: &str| now.environment.holds(path) && is_revision_file(file_name(path));
        let found = self.git.texts(commit, &now.environment.version_locations, here)?;
        if !found.is_empty() {
            return Ok(found);
        }
        let names: BTreeSet<&str> = now.revisions.iter().map(|it| file_name(now.path(it.source))).collect();
        self.git.texts(commit, &[".".to_owned()], |path| names.contains(file_name(path)))
    }

    /// The project's models, now and at the fork; none where nothing of them is changed and nothing is new.
    ///
    /// # Errors
    /// git fails on the way.
    pub(super) fn described(&self, project: &Project, base: &Base, now: &History) -> Result<Option<Described>> {
        let Some(fork) = &self.fork else { return Ok(None) };
        let outside: BTreeSet<&str> = base
            .outside
            .iter()
            .map(String::as_str)
            .filter(|it| it.rsplit_once('.').is_some_and(|(_, it)| it == "py"))
            .collect();
        let is_new = now.revisions.iter().any(|it| !base.landed().contains(&it.id.id));
        if outside.is_empty() && !is_new {
            return Ok(None);
        }
        let (imports, trees, sources) = (project.imports(), Trees::default(), &project.sources);
        let mut files = BTreeSet::new();
        // `Column(` and `mapped_column(`.
        for word in ["olumn(", "SQLModel"] {
            files.extend(imports.mentioning(word));
        }
        files.retain(|source| !now.environment.holds(&sources.get(*source).path));
        let before = self.git.texts(fork, &[".".to_owned()], |path| outside.contains(path))?;
        let mut described = Described::default();
        for source in files {
            let models = python::models(sources, source, &trees);
            let path = sources.get(source).path.clone();
            if outside.contains(path.as_str()) {
                described.changed.insert(source);
            } else {
                described.fork.extend(models.tables.iter().cloned());
            }
            described.now.extend(models.tables);
            described.columns.extend(models.columns);
        }
        for (path, text) in before {
            let Some(text) = text else { return Ok(None) };
            described.fork.extend(python::models(sources, sources.add(path, text), &trees).tables);
        }
        Ok(Some(described))
    }
}

/// Reads texts of the base; what is the same text at the same path is the same revision.
struct Reading<'a> {
    project: &'a Project,
    now: &'a History,
    /// The revisions at hand, by path.
    here: BTreeMap<&'a str, &'a Revision>,
    known: BTreeMap<(String, String), Option<Revision>>,
    trees: Trees,
    /// The engine whose history it is.
    engine: Option<&'a str>,
}

impl Reading<'_> {
    fn history(&mut self, texts: Texts) -> History {
        let mut revisions = Vec::new();
        let mut files = Vec::new();
        for (path, text) in texts {
            let Some(text) = text else { continue };
            if let Some(revision) = self.revision(path, text) {
                files.push(revision.source);
                revisions.push(revision);
            }
        }
        let mut environment = self.now.environment.clone();
        environment.files = files;
        environment.selected = None;
        History::build(environment, revisions, &self.project.sources)
    }

    fn revision(&mut self, path: String, text: String) -> Option<Revision> {
        let sources = &self.project.sources;
        if let Some(same) = self.here.get(path.as_str()).filter(|it| sources.get(it.source).text == text) {
            return Some((*same).clone());
        }
        self.known
            .entry((path.clone(), text.clone()))
            .or_insert_with(|| {
                let config = &self.project.config;
                let imports = self.project.imports();
                let settings =
                    Settings { assume: &config.assume, types: &config.types, modules: &imports, trees: &self.trees };
                python::read_for(sources, sources.add(path, text), &settings, self.engine).revision
            })
            .clone()
    }

    /// What is another now of the revisions that the fork had.
    fn edits(&self, fork: &History, dialect: &Dialect) -> BTreeMap<String, BTreeSet<Part>> {
        let mut edits = BTreeMap::new();
        for before in &fork.revisions {
            let Some(after) = self.now.find(&before.id.id).filter(|it| it.source != before.source) else { continue };
            let parts = self.parts(before, after, dialect);
            if !parts.is_empty() {
                edits.insert(before.id.id.clone(), parts);
            }
        }
        edits
    }

    fn parts(&self, before: &Revision, after: &Revision, dialect: &Dialect) -> BTreeSet<Part> {
        let text = |source: SourceId| self.project.sources.get(source);
        let mut parts = BTreeSet::new();
        if alike(&text(before.source).text, &text(after.source).text) {
            return parts;
        }
        if ids(&before.parents) != ids(&after.parents) || ids(&before.depends_on) != ids(&after.depends_on) {
            parts.insert(Part::Parents);
        }
        if ids(&before.labels) != ids(&after.labels) {
            parts.insert(Part::Labels);
        }
        let (old, new) = (check::migrate(before, dialect), check::migrate(after, dialect));
        for (part, other, old, new) in [
            (Part::Upgrade, "downgrade", &old.upgrade, &new.upgrade),
            (Part::Downgrade, "upgrade", &old.downgrade, &new.downgrade),
        ] {
            let code = || alike_without(&text(before.source).text, &text(after.source).text, Some(other));
            if !sends_the_same(old, new) && !code() {
                parts.insert(part);
            }
        }
        parts
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn ids(references: &[Reference]) -> BTreeSet<&str> {
    references.iter().map(|it| it.id.as_str()).collect()
}

/// Both are known to their end, and send the same. What a condition decides, or nobody knows, may be anything.
fn sends_the_same(before: &Way, after: &Way) -> bool {
    let known = |way: &Way| way.unresolved.is_empty() && way.statements.iter().all(|it| it.guards.is_empty());
    let sent = |way: &Way| -> Vec<(String, bool)> {
        way.statements.iter().map(|it| (it.sql.as_str().to_owned(), it.autocommit)).collect()
    };
    let refused = |way: &Way| -> Vec<String> { way.rejected.iter().map(|it| it.sql.as_str().to_owned()).collect() };
    if known(before) && known(after) {
        return sent(before) == sent(after) && refused(before) == refused(after);
    }
    false
}
