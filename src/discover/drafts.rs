//! Environments before their files are read: one for each script folder and what is set for it.

use super::{
    Wish,
    checkout::{Checkout, join, parent, within},
    given::Given,
    locate::{Locator, Where, list},
    settings::{Origin, Settings},
    walk::Tree,
};
use crate::{
    fault::{self, Fault},
    source::{SourceId, Sources, Span},
};
use miette::Result;
use std::collections::BTreeSet;

/// An environment to be.
#[derive(Debug)]
pub(super) struct Draft {
    /// The script folder.
    pub(super) folder: String,
    /// Existing folders with revisions.
    pub(super) version_locations: Vec<String>,
    pub(super) settings: Settings,
    /// The folder of the settings.
    pub(super) origin: Option<String>,
    /// The ini file of the settings.
    pub(super) ini: Option<SourceId>,
    /// What `prepend_sys_path` comes to, and `base`.
    pub(super) import_roots: Vec<String>,
    /// The folder that Alembic is run in.
    pub(super) base: Option<String>,
    pub(super) talk: Vec<String>,
}

impl Draft {
    /// The folders that belong to it.
    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.folder.as_str()).chain(self.version_locations.iter().map(String::as_str))
    }
}

/// For each draft: the whole of it was asked for, by a folder around it, in it, or by the file of its settings.
/// A folder inside of several script folders means the innermost, and one around some means just those.
pub(super) fn whole(given: &Given, drafts: &[Draft]) -> Vec<bool> {
    let around = |draft: &Draft, folder: &str| {
        draft.places().any(|place| within(place, folder)) || draft.origin.as_ref().is_some_and(|it| within(it, folder))
    };
    let depth = |draft: &Draft, folder: &str| {
        draft
            .places()
            .filter(|place| within(folder, place))
            .map(|place| if place == "." { 0 } else { place.len() })
            .max()
    };
    let by_folder = |draft: &Draft, folder: &String| {
        if drafts.iter().any(|it| around(it, folder)) {
            return around(draft, folder);
        }
        let deepest = drafts.iter().filter_map(|it| depth(it, folder)).max();
        deepest.is_some() && depth(draft, folder) == deepest
    };
    let by_file = |draft: &Draft, file: &String| {
        let settings = |it: &String| *file == join(it, "alembic.ini") || *file == join(it, "pyproject.toml");
        *file == join(&draft.folder, "env.py") || draft.origin.as_ref().is_some_and(settings)
    };
    let asked = |draft: &Draft| {
        given.folders.iter().any(|folder| by_folder(draft, folder))
            || given.files.iter().any(|file| by_file(draft, file))
    };
    drafts.iter().map(asked).collect()
}

/// The search for environments among the settings and folders of a tree.
pub(super) struct Search<'a> {
    given: &'a Given,
    wish: &'a Wish,
    tree: &'a Tree,
    sources: &'a Sources,
    pub(super) drafts: Vec<Draft>,
    pub(super) origins: Vec<Origin>,
    pub(super) talk: Vec<String>,
}

impl<'a> Search<'a> {
    pub(super) fn new(given: &'a Given, wish: &'a Wish, tree: &'a Tree, sources: &'a Sources) -> Self {
        Self { given, wish, tree, sources, drafts: Vec::new(), origins: Vec::new(), talk: Vec::new() }
    }

    fn checkout(&self) -> &'a Checkout {
        &self.given.checkout
    }

    /// Environments that an `alembic.ini` or a `pyproject.toml` names.
    ///
    /// # Errors
    /// Settings that Alembic refuses, in what was given or above it; no section of the wished name.
    pub(super) fn settings(&mut self) -> Result<()> {
        let folders: BTreeSet<&String> = self.tree.inis.union(&self.tree.pyprojects).collect();
        for folder in folders {
            match Origin::read(self.checkout(), self.sources, folder) {
                Ok(origin) => self.origins.extend(origin),
                Err(error) => self.pass(folder, error)?,
            }
        }
        let origins = std::mem::take(&mut self.origins);
        for origin in &origins {
            for section in self.sections(origin) {
                if let Err(error) = self.section(origin, &section) {
                    self.pass(&origin.folder, error)?;
                }
            }
        }
        self.origins = origins;
        self.check_name()
    }

    /// An error elsewhere in the repository than in what was given is only mentioned.
    fn pass(&mut self, folder: &str, error: miette::Report) -> Result<()> {
        if self.given.concerns(folder) && self.wish.environment.is_none() {
            return Err(error);
        }
        let folder = self.checkout().shown(folder);
        self.talk.push(format!("the settings in `{folder}` were passed over: {error}"));
        Ok(())
    }

    fn sections(&self, origin: &Origin) -> Vec<String> {
        match &self.wish.name {
            None => origin.sections(),
            Some(name) => {
                let there = origin.ini.as_ref().is_some_and(|(_, ini)| ini.section(name).is_some());
                there.then(|| name.clone()).into_iter().collect()
            }
        }
    }

    fn section(&mut self, origin: &Origin, section: &str) -> Result<()> {
        let mut settings = origin.settings(self.checkout(), self.sources, section)?;
        if settings.script_location.is_none() && section != "alembic" {
            // It only overrides things like the URL: the history is the main one.
            settings = origin.settings(self.checkout(), self.sources, "alembic")?;
        }
        let tree = self.tree;
        let locator = Locator { checkout: self.checkout(), tree, folder: &origin.folder, prepend: &settings.prepend };
        let (folder, base) = match &settings.script_location {
            Some((location, span)) => match locator.script(location) {
                Where::Inside { folder, base } => (folder, base),
                Where::Nowhere(why) => return self.lost(origin, location, *span, &why),
            },
            // Flask-Migrate sets the location in Python, to the folder of the ini file.
            None if origin.ini.is_some() && self.checkout().is_file(&join(&origin.folder, "env.py")) => {
                (origin.folder.clone(), origin.folder.clone())
            }
            None => return Ok(()),
        };
        let mut talk = Vec::new();
        let mut version_locations = Vec::new();
        for location in &settings.version_locations {
            match locator.versions(location, &base) {
                Where::Inside { folder, .. } if version_locations.contains(&folder) => {}
                Where::Inside { folder, .. } => version_locations.push(folder),
                Where::Nowhere(why) => talk.push(format!("version location `{location}` {why}, so it was not read")),
            }
        }
        if settings.version_locations.is_empty() {
            version_locations.extend(versions_of(self.checkout(), &folder));
        }
        let mut import_roots = locator.import_roots(&base);
        import_roots.push(base.clone());
        let ini = origin.ini.as_ref().map(|(id, _)| *id);
        let origin = Some(origin.folder.clone());
        self.add(Draft { folder, version_locations, settings, origin, ini, import_roots, base: Some(base), talk });
        Ok(())
    }

    /// A script location that is not here. A script folder below its settings is then found by its `env.py`, and one
    /// that was given needs none.
    fn lost(&mut self, origin: &Origin, location: &str, span: Span, why: &str) -> Result<()> {
        let message = format!("script location `{location}` {why}");
        let found = self.tree.script_folders.iter().any(|folder| within(folder, &origin.folder));
        if found || !self.given.holds(&origin.folder) {
            let source = self.sources.get(span.source);
            let (line, _) = source.line_column(span.start);
            let path = self.checkout().shown(&source.path);
            self.talk.push(format!("{path}:{line}: {message}; script folders are found by their `env.py` instead"));
            return Ok(());
        }
        let source = self.sources.get(span.source);
        let fault = Fault::new(span.start as usize..span.end as usize, message).with_help(
            "name the script folder on the command line, or exclude these settings with `exclude` in `limbeck.toml`",
        );
        Err(fault.report(&self.checkout().shown(&source.path), &source.text))
    }

    /// Two settings for one history are one history; the first, which is that of `[alembic]`, counts.
    fn add(&mut self, draft: Draft) {
        let same = |it: &Draft| it.folder == draft.folder && it.version_locations == draft.version_locations;
        if !self.drafts.iter().any(same) {
            self.drafts.push(draft);
        }
    }

    /// Environments that no settings name: an `env.py` beside `versions`, or what the user pointed at.
    pub(super) fn folders(&mut self) {
        if self.wish.name.is_some() {
            return;
        }
        for folder in &self.tree.script_folders {
            if let Some(versions) = versions_of(self.checkout(), folder) {
                self.add_bare(folder, &versions);
            }
        }
        for start in self.given.starts() {
            if let Some(versions) = versions_of(self.checkout(), &start) {
                self.add_bare(&start, &versions);
            } else if self.holds_revisions(&start) {
                let named = start.ends_with("/versions") || start == "versions";
                let folder = if named { parent(&start) } else { start.clone() };
                self.add_bare(&folder, &start);
            }
        }
    }

    fn add_bare(&mut self, folder: &str, versions: &str) {
        let Some(versions) = self.checkout().resolve(versions) else { return };
        let taken = |it: &Draft| {
            it.folder == folder
                || it
                    .version_locations
                    .iter()
                    .any(|place| *place == versions || it.settings.recursive && within(&versions, place))
        };
        if self.drafts.iter().any(taken) {
            return;
        }
        self.drafts.push(Draft {
            folder: folder.to_owned(),
            version_locations: vec![versions],
            settings: Settings::default(),
            origin: None,
            ini: None,
            import_roots: Vec::new(),
            base: None,
            talk: Vec::new(),
        });
    }

    /// A folder with a Python file that says which revision it is.
    fn holds_revisions(&self, folder: &str) -> bool {
        let Ok(entries) = std::fs::read_dir(self.checkout().absolute(folder)) else { return false };
        let mut names: Vec<String> = entries.flatten().filter_map(|it| it.file_name().into_string().ok()).collect();
        names.sort();
        let says = |name: &String| {
            let text = self.checkout().read(&join(folder, name)).ok().flatten().unwrap_or_default();
            let begins = |word: &str| text.lines().any(|line| line.starts_with(word));
            begins("revision") && begins("down_revision")
        };
        names.iter().filter(|name| name.to_lowercase().ends_with(".py")).any(says)
    }

    fn check_name(&self) -> Result<()> {
        let Some(name) = &self.wish.name else { return Ok(()) };
        let mut sections = BTreeSet::new();
        for (_, ini) in self.origins.iter().filter_map(|origin| origin.ini.as_ref()) {
            if ini.section(name).is_some() {
                return Ok(());
            }
            sections.extend(ini.sections.iter().map(|section| section.name.clone()));
        }
        let files: BTreeSet<String> =
            self.tree.inis.iter().map(|it| self.checkout().shown(&join(it, "alembic.ini"))).collect();
        if files.is_empty() {
            return Err(fault::plain(format!("there is no `alembic.ini` with a section `[{name}]`")));
        }
        let message = format!("no section is called `[{name}]` in {}", list(&files));
        let prefixed = format!("alembic:{name}");
        if sections.contains(&prefixed) {
            let help = format!("there is `[{prefixed}]`, whose whole name is `{prefixed}`: `-n {prefixed}`");
            return Err(fault::helped(message, help));
        }
        let noise = ["loggers", "handlers", "formatters", "post_write_hooks"];
        sections.retain(|it| !noise.contains(&it.as_str()) && !it.starts_with("logger_"));
        sections.retain(|it| !it.starts_with("handler_") && !it.starts_with("formatter_"));
        Err(fault::helped(message, format!("sections there are: {}", list(&sections))))
    }
}

/// The folder of a script folder's revisions. A `versions` with nothing but a folder for each kind of database leaves
/// the choice to env.py, which sets `context.script.version_locations`: on PostgreSQL it is that one.
fn versions_of(checkout: &Checkout, folder: &str) -> Option<String> {
    let versions = checkout.resolve(&join(folder, "versions")).filter(|it| checkout.is_folder(it))?;
    let (mut dialects, mut others) = (BTreeSet::new(), false);
    for entry in std::fs::read_dir(checkout.absolute(&versions)).into_iter().flatten().flatten() {
        match entry.file_name().to_str() {
            Some(name) if DIALECTS.contains(&name) => {
                dialects.insert(name.to_owned());
            }
            Some("__pycache__" | "__init__.py") => {}
            _ => others = true,
        }
    }
    let ours = dialects.iter().find(|name| name.starts_with("postgres"));
    match ours {
        Some(ours) if !others => checkout.resolve(&join(&versions, ours)),
        _ => Some(versions),
    }
}

/// What folders for one kind of database are called.
const DIALECTS: [&str; 8] = ["postgresql", "postgres", "sqlite", "mysql", "mariadb", "mssql", "oracle", "cockroachdb"];
