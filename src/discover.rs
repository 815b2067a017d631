//! Paths to environments and their texts. The only room that reads the disk.
//!
//! Every rule is Alembic's own (`alembic/config.py`, `alembic/script/base.py`), but for the working folder, which
//! is not known here: relative locations are looked for from the settings' folder upwards.

mod checkout;
mod drafts;
mod files;
mod given;
mod ini;
mod locate;
mod pins;
mod pyproject;
mod search;
mod settings;
mod walk;

pub use checkout::{Checkout, MAX_BYTES};
pub(crate) use checkout::{ancestors, join, parent};
pub use given::Given;
pub use pins::Pins;

use crate::{
    environment::Environment,
    fault,
    finding::{Finding, Severity},
    source::{SourceId, Sources},
};
use checkout::Content;
use drafts::Draft;
use globset::GlobMatcher;
use locate::list;
use miette::Result;
use std::{collections::BTreeSet, path::Path};

/// Which of the environments are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// `-n NAME`: a section of `alembic.ini`.
    pub name: Option<String>,
    /// `--environment FOLDER`: a script folder, relative to the folder that the tool was started in or to the root.
    pub environment: Option<String>,
    /// Paths that are not reported on, and folders that are not searched; relative to the root.
    pub exclude: Vec<GlobMatcher>,
}

/// All that the disk has to say.
#[derive(Debug)]
pub struct Discovered {
    /// The repository: where imported modules and read files come from.
    pub checkout: Checkout,
    /// Every text that was read.
    pub sources: Sources,
    /// The histories, by folder; at least one, and at least one file in all of them together.
    pub environments: Vec<Environment>,
    /// What is wrong with settings, and with files that are not Python text.
    pub findings: Vec<Finding>,
    /// What the user may want to know of the search: sentences for stderr.
    pub talk: Vec<String>,
}

/// Finds the histories of what was given.
///
/// # Errors
/// Nothing found; settings that Alembic refuses; a file or folder that cannot be read.
pub fn discover(given: Given, wish: &Wish) -> Result<Discovered> {
    discover_among(given, wish, Sources::default())
}

/// As [`discover()`]; what is read is added to texts that are there already.
///
/// # Errors
/// As [`discover()`].
pub fn discover_among(given: Given, wish: &Wish, sources: Sources) -> Result<Discovered> {
    let tree = walk::walk(&given, &wish.exclude)?;
    let mut search = drafts::Search::new(&given, wish, &tree, &sources);
    search.settings()?;
    search.folders();
    let (drafts, origins) = (search.drafts, search.origins);
    let mut talk = tree.talk.clone();
    talk.extend(search.talk);
    let whole = drafts::whole(&given, &drafts);
    let mut found =
        Found { given, sources, environments: Vec::new(), import_roots: Vec::new(), findings: Vec::new(), talk };
    for (draft, whole) in drafts.iter().zip(whole) {
        if found.wanted(draft, wish) {
            found.take(draft, wish, whole)?;
        }
    }
    found.notes(&origins);
    if found.findings.is_empty() && found.environments.iter().all(|(environment, _)| environment.files.is_empty()) {
        return Err(found.nothing(wish, &tree, &drafts));
    }
    Ok(found.finish())
}

/// The text of a file that the user named, wherever it is. `shown` is what errors call it.
pub(crate) fn outside_text(path: &Path, shown: &str) -> Result<String> {
    match checkout::content(path).map_err(|error| checkout::unreadable(shown, &error))? {
        Content::Text(text) => Ok(text),
        Content::Lossy(_, at) => Err(fault::plain(format!("`{shown}` is not UTF-8 (byte {at})"))),
        Content::Refused(why) => Err(fault::plain(format!("`{shown}` {why}"))),
    }
}

/// Writes a file that the user named. `shown` is what errors call it.
pub(crate) fn write_outside(path: &Path, shown: &str, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| fault::plain(format!("`{shown}` cannot be written: {error}")))
}

/// The path, or a folder above it, is matched by one of the globs.
fn excluded(exclude: &[GlobMatcher], path: &str) -> bool {
    exclude.iter().any(|glob| glob.is_match(path))
}

/// The answer in the making.
struct Found {
    given: Given,
    sources: Sources,
    environments: Vec<(Environment, Option<SourceId>)>,
    import_roots: Vec<String>,
    findings: Vec<Finding>,
    talk: Vec<String>,
}

impl Found {
    /// Reads the files of a draft, if it as a whole or one of its files was asked for.
    fn take(&mut self, draft: &Draft, wish: &Wish, whole: bool) -> Result<()> {
        let checkout = &self.given.checkout;
        let choice = files::Choice { recursive: draft.settings.recursive, sourceless: draft.settings.sourceless };
        let listed = files::list(checkout, &draft.version_locations, choice)?;
        let asked = |path: &str| whole || self.given.files.iter().any(|file| file == path);
        if !whole && !listed.sources.keys().chain(listed.compiled.keys()).any(|path| asked(path)) {
            return Ok(());
        }
        let mut findings = Vec::new();
        let files = files::read(checkout, &self.sources, &listed, &draft.folder, &mut findings)?;
        let reported = |id: SourceId| {
            let path = &self.sources.get(id).path;
            asked(path) && !excluded(&wish.exclude, path)
        };
        findings.retain(|finding| reported(finding.span.source));
        let selected: BTreeSet<SourceId> = files.iter().copied().filter(|id| reported(*id)).collect();
        let environment = Environment {
            folder: draft.folder.clone(),
            version_locations: draft.version_locations.clone(),
            recursive: draft.settings.recursive,
            file_template: draft.settings.file_template.clone().map(|(text, span)| (text, Some(span))),
            truncate_slug_length: draft.settings.truncate_slug_length,
            url: draft.settings.url.clone(),
            called_in: draft.base.clone(),
            settings: draft.ini.map(|id| self.sources.get(id).path.clone()),
            databases: databases(draft.settings.databases.as_deref()),
            selected: (selected.len() < files.len()).then_some(selected),
            files,
            ..Environment::default()
        };
        self.findings.extend(findings);
        self.talk.extend(listed.talk.into_iter().chain(draft.talk.iter().cloned()));
        self.import_roots.extend(draft.import_roots.iter().cloned());
        self.environments.push((environment, draft.ini));
        Ok(())
    }

    /// No glob and no `--environment` stands against the draft.
    fn wanted(&self, draft: &Draft, wish: &Wish) -> bool {
        if excluded(&wish.exclude, &draft.folder) {
            return false;
        }
        let Some(folder) = &wish.environment else { return true };
        let folder = folder.trim_end_matches('/').trim_start_matches("./");
        draft.folder == folder || self.given.checkout.shown(&draft.folder) == folder
    }

    /// Sections that `alembic -n` does not take by the name that their writer had in mind.
    fn notes(&mut self, origins: &[settings::Origin]) {
        for origin in origins {
            let Some((id, ini)) = &origin.ini else { continue };
            let path = &self.sources.get(*id).path;
            let Some((environment, _)) = self.environments.iter().find(|(_, ini)| *ini == Some(*id)) else { continue };
            if self.given.folders.is_empty() && !self.given.files.contains(path) {
                continue;
            }
            for section in &ini.sections {
                let Some(name) = section.name.strip_prefix("alembic:") else { continue };
                let message = format!("`alembic -n {name}` does not find section `[{}]`", section.name);
                let span = settings::span(*id, &section.range);
                let mut finding = Finding::new("unreachable-section", Severity::Note, span, message);
                finding.subject.environment.clone_from(&environment.folder);
                finding
                    .object(section.name.clone())
                    .help(format!("call the section `[{name}]`: `-n` takes the whole name between the brackets"));
                self.findings.push(finding);
            }
        }
    }

    fn finish(mut self) -> Discovered {
        let mut environments: Vec<Environment> = self.environments.into_iter().map(|(it, _)| it).collect();
        environments.sort_by(|a, b| (&a.folder, &a.version_locations).cmp(&(&b.folder, &b.version_locations)));
        let read: BTreeSet<String> =
            environments.iter().flat_map(|it| &it.files).map(|id| self.sources.get(*id).path.clone()).collect();
        let settings = |file: &str| ["alembic.ini", "pyproject.toml", "env.py"].iter().any(|name| file.ends_with(name));
        for file in self.given.files.iter().filter(|file| !read.contains(*file) && !settings(file)) {
            self.talk.push(format!("`{}` is not a revision that can be read", self.given.checkout.shown(file)));
        }
        self.talk.sort();
        self.talk.dedup();
        let mut checkout = self.given.checkout;
        let mut seen = BTreeSet::new();
        self.import_roots.retain(|root| seen.insert(root.clone()));
        checkout.set_import_roots(self.import_roots);
        Discovered { checkout, sources: self.sources, environments, findings: self.findings, talk: self.talk }
    }

    /// The error for a run that would say nothing: what was searched, and for what.
    fn nothing(&self, wish: &Wish, tree: &walk::Tree, drafts: &[Draft]) -> miette::Report {
        let checkout = &self.given.checkout;
        let given = self.given.folders.iter().chain(&self.given.files).map(|path| checkout.shown(path)).collect();
        let mut help = format!(
            "searched {} folder(s) for an `alembic.ini`, a `[tool.alembic]` in a `pyproject.toml`, \
             or an `env.py` beside `versions`",
            tree.folders.len()
        );
        let shown: BTreeSet<String> = drafts.iter().map(|draft| checkout.shown(&draft.folder)).collect();
        if !shown.is_empty() {
            help = format!("{help}\nscript folders in this checkout: {}", list(&shown));
        }
        for line in &self.talk {
            help = format!("{help}\n{line}");
        }
        let mut what = format!("there are no revisions in {}", list(&given));
        if let Some(folder) = &wish.environment {
            what = format!("{what} for the environment `{folder}`");
        }
        fault::helped(what, help)
    }
}

/// The names in `databases = engine1, engine2`, as the template's `env.py` splits them.
fn databases(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}
