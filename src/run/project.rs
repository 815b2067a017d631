//! From the texts of a checkout to histories that can be judged: each file by itself, in parallel.

use super::{
    World,
    gate::Gate,
    memory::{Memory, Recorder},
    settle::settle,
};
use crate::{
    base::Base,
    check::{self, Case, Migrated, Report, Summary},
    cli::Place,
    config::{self, Config},
    discover::{Checkout, Discovered},
    environment::{Dump, Environment},
    fault,
    finding::Finding,
    history::History,
    policy::Policy,
    python::{self, Listening, Modules, Read, Settings, Trees, Used},
    render::Dialect,
    source::{SourceId, Sources, Span},
};
use miette::Result;
use rayon::prelude::*;
use std::{collections::BTreeSet, sync::Arc};

/// A checkout as far as a command needs it.
pub(super) struct Project {
    pub(super) config: Config,
    pub(super) checkout: Checkout,
    pub(super) sources: Sources,
    /// The histories, by folder.
    pub(super) stories: Vec<Story>,
    /// What is wrong with settings and with files that are no text.
    pub(super) findings: Vec<Finding>,
    /// What is kept for the next check of it, where there will be one.
    memory: Option<Arc<Memory>>,
}

/// One history, and what reading it came to.
pub(super) struct Story {
    pub(super) history: History,
    found: Vec<Finding>,
    comments: Vec<Span>,
    /// What the user gave and how often revisions asked for it.
    pub(super) used: Used,
    /// The engine whose history it is, where several share their files.
    engine: Option<String>,
}

/// What the files of a checkout are read with.
struct Reading<'a> {
    config: &'a Config,
    checkout: &'a Checkout,
    sources: &'a Sources,
    trees: &'a Trees,
    memory: Option<&'a Memory>,
}

/// The project's own modules, as revisions import them.
pub(super) struct Imports<'a> {
    pub(super) checkout: &'a Checkout,
    pub(super) sources: &'a Sources,
    /// Folders with revisions.
    pub(super) revisions: &'a [String],
}

impl Modules for Imports<'_> {
    fn module(&self, dotted: &str, from: &str) -> Option<SourceId> {
        let folder = from.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let path = self.checkout.module(dotted, folder)?;
        self.checkout.source(self.sources, &path).ok().flatten()
    }

    fn file(&self, path: &str) -> Option<SourceId> {
        self.checkout.source(self.sources, path).ok().flatten()
    }

    fn mentioning(&self, word: &str) -> Vec<SourceId> {
        let paths = self.checkout.mentioning(word, self.revisions);
        paths.iter().filter_map(|path| self.checkout.source(self.sources, path).ok().flatten()).collect()
    }
}

impl Story {
    /// The engine whose history it is.
    pub(super) fn engine(&self) -> Option<&str> {
        self.engine.as_deref()
    }

    /// The script folder, without the engine.
    pub(super) fn folder(&self) -> &str {
        let folder = self.history.environment.folder.as_str();
        match &self.engine {
            Some(engine) => folder.strip_suffix(&format!(" ({engine})")).unwrap_or(folder),
            None => folder,
        }
    }

    /// What keeps Python from reading one of the files.
    pub(super) fn unreadable(&self) -> Option<&Finding> {
        self.found.iter().find(|it| it.rule == "python-syntax")
    }
}

impl Project {
    /// Reads the configuration and the histories.
    pub(super) fn read(place: &Place, sqlalchemy: Option<(u32, u32)>, world: &mut World<'_>) -> Result<Self> {
        Self::read_again(place, sqlalchemy, world, None)
    }

    /// As [`Self::read`]; what has not changed since the last time is taken from a memory.
    pub(super) fn read_again(
        place: &Place,
        sqlalchemy: Option<(u32, u32)>,
        world: &mut World<'_>,
        memory: Option<Arc<Memory>>,
    ) -> Result<Self> {
        let known = memory.as_ref().map_or_else(Sources::default, |it| it.sources.clone());
        let (config, discovered) = super::gather(place, known, world)?;
        let Discovered { checkout, sources, environments, findings, .. } = discovered;
        let (mut stories, own) = (Vec::new(), Trees::default());
        let kept = memory.as_deref();
        if let Some(memory) = kept {
            memory.begin(&config);
        }
        let trees = kept.map_or(&own, |it| &it.trees);
        let reading = Reading { config: &config, checkout: &checkout, sources: &sources, trees, memory: kept };
        let dump = dump(&config, &checkout, &sources, environments.len())?;
        for mut environment in environments {
            environment.dump.clone_from(&dump);
            settle(&mut environment, &config, sqlalchemy, &checkout, &sources, trees);
            let engines = python::engines(&sources, &environment.files, &environment.databases);
            if engines.is_empty() {
                stories.push(Story::read(environment, None, &reading));
                continue;
            }
            // Each engine has a history of its own: the same graph, other SQL.
            for engine in engines {
                let folder = format!("{} ({engine})", environment.folder);
                let own = Environment { folder, ..environment.clone() };
                stories.push(Story::read(own, Some(&engine), &reading));
            }
        }
        let project = Self { config, checkout, sources, stories, findings, memory };
        if let Some((_, Some(behind))) = &project.config.schema_dump {
            project.knows(behind, None)?;
        }
        Ok(project)
    }

    /// Revisions that are nowhere but here, by name; with no `env.py`, settings or packages beside them.
    pub(super) fn of_texts(checkout: Checkout, config: Config, files: Vec<(String, String)>) -> Self {
        let (sources, trees) = (Sources::default(), Trees::default());
        let files = files.into_iter().map(|(name, text)| sources.add(name, text)).collect();
        let mut environment = Environment { folder: "playground".to_owned(), files, ..Environment::default() };
        if let Some(value) = config.sqlalchemy {
            environment.stack.sqlalchemy.value = value;
        }
        if let Some(value) = config.driver {
            environment.stack.driver.value = value;
        }
        let reading = Reading { config: &config, checkout: &checkout, sources: &sources, trees: &trees, memory: None };
        let stories = vec![Story::read(environment, None, &reading)];
        Self { config, checkout, sources, stories, findings: Vec::new(), memory: None }
    }

    /// Where the revisions' imports are found.
    pub(super) fn imports(&self) -> Imports<'_> {
        Imports { checkout: &self.checkout, sources: &self.sources, revisions: &[] }
    }

    /// How a path of a source is shown to people: from where the tool was started.
    pub(super) fn shown(&self, path: &str) -> String {
        self.checkout.shown(path)
    }

    /// Only some files of a history are reported on.
    pub(super) fn is_part(&self) -> bool {
        self.stories.iter().any(|story| story.history.environment.selected.is_some())
    }

    /// One of the histories has such a revision.
    ///
    /// # Errors
    /// None has.
    pub(super) fn knows(&self, revision: &str, file: Option<&str>) -> Result<()> {
        if self.stories.iter().any(|story| story.history.resolve(revision).is_some()) {
            return Ok(());
        }
        let known = self.stories.iter().flat_map(|story| &story.history.revisions).map(|it| it.id.id.as_str());
        let help = match config::nearest_word(revision, known) {
            Some(near) => format!("`{near}` is the nearest that there is"),
            None => "`limbeck history` lists the revisions".to_owned(),
        };
        let from = file.map_or_else(String::new, |file| format!(", which `since` of `{}` names", self.shown(file)));
        Err(fault::helped(format!("there is no revision `{revision}`{from}"), help))
    }

    /// Does something with what the SQL of a history depends on beside the revisions.
    pub(super) fn speaking<T>(&self, story: &Story, act: impl FnOnce(&Dialect) -> T) -> T {
        let imports = self.imports();
        let (recorder, own) = (Recorder::new(&imports), Trees::default());
        let trees = self.memory.as_ref().map_or(&own, |it| &it.trees);
        let settings = Settings { assume: &self.config.assume, types: &self.config.types, modules: &recorder, trees };
        let stack = &story.history.environment.stack;
        if let Some(memory) = &self.memory {
            memory.spoken(&story.history.environment, &imports);
        }
        let naming = &stack.naming;
        let listening = Listening::new(&self.sources, &settings, &naming.listeners);
        let answer = act(&Dialect {
            sqlalchemy: stack.sqlalchemy.value,
            naming_convention: naming.templates.clone(),
            unknown_names: naming.unknown.clone(),
            listeners: (!naming.listeners.is_empty()).then_some(&listening),
        });
        if let Some(memory) = &self.memory {
            memory.asked(&story.history.environment.folder, recorder.asked());
        }
        answer
    }

    /// Each revision of a history as SQL, in its order.
    pub(super) fn migrate(&self, story: &Story) -> Vec<Migrated> {
        let folder = &story.history.environment.folder;
        self.speaking(story, |dialect| {
            let migrate = |revision| match &self.memory {
                Some(memory) => memory.migrated(folder, revision, dialect),
                None => check::migrate(revision, dialect),
            };
            story.history.revisions.par_iter().map(migrate).collect()
        })
    }

    /// Judges every history, each against its base where there is one; the report is one.
    ///
    /// # Errors
    /// What the base is asked of does not answer.
    pub(super) fn check(&self, policy: &Policy, gate: Option<&Gate>) -> Result<Report> {
        let mut whole = Report { own: policy.own.clone(), ..Report::default() };
        for (index, story) in self.stories.iter().enumerate() {
            let migrations = self.migrate(story);
            let mut base = gate.map(|gate| gate.base(self, story)).transpose()?;
            if let (Some(gate), Some(base)) = (gate, &mut base)
                && let Some(models) = gate.described(self, base, &story.history)?
            {
                let heads: Vec<String> = story.history.heads().iter().map(|it| it.id.id.clone()).collect();
                let left = check::replayed(&story.history, &migrations, &heads).schema;
                base.apart = check::apart(&story.history, &migrations, base, &models, &left);
            }
            let mut policy = policy.clone();
            policy.target.landed = base.as_ref().map(|base| base.landed().clone());
            let mut found = story.found.clone();
            if index == 0 {
                found.extend(self.findings.iter().cloned());
            }
            let case = Case { found, ..story.case(&self.sources, migrations, &policy, base.as_ref()) };
            let report = match &self.memory {
                Some(memory) => memory.judged(case),
                None => check::check(case),
            };
            whole.add(report.findings, story.engine.is_some());
            whole.environments.extend(report.environments);
            whole.summary = whole.summary.and(Summary { errors: 0, warnings: 0, notes: 0, ..report.summary });
            whole.coverage.extend(report.coverage);
            whole.reported.extend(report.reported);
            whole.fresh.extend(report.fresh);
        }
        Ok(whole)
    }
}

/// The schema that the configuration says a history finds.
fn dump(config: &Config, checkout: &Checkout, sources: &Sources, histories: usize) -> Result<Option<Dump>> {
    let Some((path, behind)) = &config.schema_dump else { return Ok(None) };
    let shown = checkout.shown(path);
    if histories > 1 {
        let help = "say which history is meant: `limbeck check FOLDER`";
        return Err(fault::helped(
            format!("`schema-dump` is of one database, and there are {histories} histories"),
            help,
        ));
    }
    let unread = |why: String| fault::plain(format!("the dump `{shown}` cannot be read: {why}"));
    let source = match checkout.source(sources, path) {
        Ok(Some(source)) => source,
        Ok(None) => return Err(unread("there is no such file in the repository".to_owned())),
        Err(error) => return Err(unread(format!("{error:?}"))),
    };
    let read = check::dumped(&sources.get(source).text, source, behind.clone());
    read.map(Some).map_err(|(line, why)| unread(format!("line {line}: {why}")))
}

impl Story {
    fn read(mut environment: Environment, engine: Option<&str>, reading: &Reading<'_>) -> Self {
        let Reading { config, checkout, sources, trees, memory } = *reading;
        let imports = Imports { checkout, sources, revisions: &environment.version_locations };
        let read = |id: SourceId, modules: &dyn Modules| {
            let settings = Settings { assume: &config.assume, types: &config.types, modules, trees };
            python::read_for(sources, id, &settings, engine)
        };
        let one = |id: &SourceId| match memory {
            Some(memory) => memory.read(&environment.folder, *id, &imports, read),
            None => read(*id, &imports),
        };
        let reads: Vec<Read> = environment.files.par_iter().map(one).collect();
        if let Some(memory) = memory {
            memory.forget_others(&environment.folder, &environment.files);
        }
        let (mut revisions, mut found, mut comments) = (Vec::new(), Vec::new(), Vec::new());
        let mut used = Used::default();
        let mut listeners = BTreeSet::new();
        for read in reads {
            listeners.extend(read.listeners);
            used.add(&read.used);
            revisions.extend(read.revision);
            comments.extend(read.comments);
            found.extend(read.findings.into_iter().map(|mut finding| {
                finding.subject.environment.clone_from(&environment.folder);
                finding
            }));
        }
        // Alembic loads every revision before it runs one: what one of them brings along holds for all.
        environment.stack.naming.listeners = listeners;
        let engine = engine.map(str::to_owned);
        Self { history: History::build(environment, revisions, sources), found, comments, used, engine }
    }

    /// All that is judged together, without what was found on the way.
    pub(super) fn case<'a>(
        &'a self,
        sources: &'a Sources,
        migrations: Vec<Migrated>,
        policy: &'a Policy,
        base: Option<&'a Base>,
    ) -> Case<'a> {
        let (history, comments) = (&self.history, self.comments.as_slice());
        Case { history, sources, migrations, found: Vec::new(), comments, policy, base }
    }
}
