//! What is kept from one check of a checkout to the next, for a server.
//!
//! What a file is read as is a function of its text, of what the user said, and of the answers that it got where it asked
//! for other files; the SQL of a revision is one of how it was read and of the dialect. All of these are compared, so
//! that what is taken as it was is what reading it again would give.

#[cfg(test)]
mod tests;

use super::project::Imports;
use crate::{
    check::{self, Case, Migrated, Past, Report},
    config::Config,
    environment::{Environment, Naming},
    op::Literal,
    python::{Modules, Read, Trees},
    render::Dialect,
    revision::Revision,
    source::{SourceId, Sources},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How many bytes of text that is out of date are kept at most, beside as much as there was to begin with.
const STALE: usize = 8 << 20;

/// What is kept of a checkout.
pub(super) struct Memory {
    pub(super) sources: Sources,
    pub(super) trees: Trees,
    kept: Mutex<Kept>,
    /// How many files were read since the beginning, and how many revisions were rendered, and judged.
    anew: [AtomicUsize; 3],
}

#[derive(Default)]
struct Kept {
    /// `[assume]` and `[types]`.
    said: (BTreeMap<String, Literal>, BTreeMap<String, String>),
    /// By script folder and text.
    files: BTreeMap<(String, SourceId), File>,
    /// By script folder.
    dialects: BTreeMap<String, Spoken>,
    /// The last check, by script folder.
    pasts: BTreeMap<String, Past>,
    /// The bytes of the first check.
    first: Option<usize>,
}

struct File {
    read: Arc<Read>,
    asked: Asked,
    migrated: Option<Migrated>,
}

/// What the SQL of a history depends on beside its revisions.
#[derive(PartialEq)]
struct Spoken {
    sqlalchemy: (u32, u32),
    naming: Naming,
    asked: Asked,
}

/// What was asked of the project's files, and the answers.
pub(super) type Asked = BTreeMap<Question, Vec<SourceId>>;

/// Something that the reader asks of a checkout.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// A module by its dotted name, and the file that imports it.
    Module(String, String),
    File(String),
    Mentioning(String),
}

impl Question {
    fn ask(&self, modules: &dyn Modules) -> Vec<SourceId> {
        match self {
            Self::Module(dotted, from) => modules.module(dotted, from).into_iter().collect(),
            Self::File(path) => modules.file(path).into_iter().collect(),
            Self::Mentioning(word) => modules.mentioning(word),
        }
    }
}

/// Writes down what is asked.
pub(super) struct Recorder<'a> {
    modules: &'a dyn Modules,
    asked: Mutex<Asked>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(modules: &'a dyn Modules) -> Self {
        Self { modules, asked: Mutex::default() }
    }

    pub(super) fn asked(&self) -> Asked {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, question: Question) -> Vec<SourceId> {
        let answer = question.ask(self.modules);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(question, answer.clone());
        answer
    }
}

impl Modules for Recorder<'_> {
    fn module(&self, dotted: &str, from: &str) -> Option<SourceId> {
        self.note(Question::Module(dotted.to_owned(), from.to_owned())).first().copied()
    }

    fn file(&self, path: &str) -> Option<SourceId> {
        self.note(Question::File(path.to_owned())).first().copied()
    }

    fn mentioning(&self, word: &str) -> Vec<SourceId> {
        self.note(Question::Mentioning(word.to_owned()))
    }
}

/// The questions get the answers that they got before.
fn still_so(asked: &Asked, modules: &dyn Modules) -> bool {
    asked.iter().all(|(question, answer)| question.ask(modules) == *answer)
}

impl Memory {
    pub(super) fn new() -> Self {
        let anew = [0; 3].map(AtomicUsize::new);
        Self { sources: Sources::lasting(), trees: Trees::default(), kept: Mutex::default(), anew }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is so much in it that is out of date that one had better begin with an empty one.
    pub(super) fn is_full(&self) -> bool {
        let bytes = self.sources.bytes();
        let first = *self.kept().first.get_or_insert(bytes);
        bytes > 2 * first + STALE
    }

    /// A check begins: with another configuration nothing holds.
    pub(super) fn begin(&self, config: &Config) {
        let mut kept = self.kept();
        if kept.said.0 != config.assume || kept.said.1 != config.types {
            kept.said = (config.assume.clone(), config.types.clone());
            kept.files.clear();
        }
    }

    /// What a file is read as; `read` is called with the modules that it is to ask.
    pub(super) fn read(
        &self,
        folder: &str,
        id: SourceId,
        imports: &Imports<'_>,
        read: impl Fn(SourceId, &dyn Modules) -> Read,
    ) -> Read {
        let key = (folder.to_owned(), id);
        let known = self.kept().files.get(&key).map(|file| (file.asked.clone(), Arc::clone(&file.read)));
        if let Some((_, read)) = known.filter(|(asked, _)| still_so(asked, imports)) {
            return Read::clone(&read);
        }
        self.anew[0].fetch_add(1, Ordering::Relaxed);
        let recorder = Recorder::new(imports);
        let read = read(id, &recorder);
        let file = File { read: Arc::new(read.clone()), asked: recorder.asked(), migrated: None };
        self.kept().files.insert(key, file);
        read
    }

    /// Drops what is kept of texts that the history no longer has.
    pub(super) fn forget_others(&self, folder: &str, files: &[SourceId]) {
        let files: BTreeSet<SourceId> = files.iter().copied().collect();
        self.kept().files.retain(|(of, id), _| of != folder || files.contains(id));
    }

    /// The SQL of a history is about to be asked for: what was rendered in another dialect is dropped.
    pub(super) fn spoken(&self, environment: &Environment, imports: &Imports<'_>) {
        let (folder, stack) = (&environment.folder, &environment.stack);
        let asked = self.kept().dialects.get(folder).map(|it| it.asked.clone()).unwrap_or_default();
        let holds = still_so(&asked, imports);
        let now = Spoken { sqlalchemy: stack.sqlalchemy.value, naming: stack.naming.clone(), asked };
        let mut kept = self.kept();
        if !holds || kept.dialects.get(folder) != Some(&now) {
            for (_, file) in kept.files.iter_mut().filter(|((of, _), _)| of == folder) {
                file.migrated = None;
            }
            kept.dialects.insert(folder.clone(), Spoken { asked: Asked::new(), ..now });
        }
    }

    /// Adds what was asked while the SQL was made.
    pub(super) fn asked(&self, folder: &str, asked: Asked) {
        if let Some(dialect) = self.kept().dialects.get_mut(folder) {
            dialect.asked.extend(asked);
        }
    }

    /// A revision as SQL.
    pub(super) fn migrated(&self, folder: &str, revision: &Revision, dialect: &Dialect) -> Migrated {
        let key = (folder.to_owned(), revision.source);
        let known = self.kept().files.get(&key).and_then(|file| file.migrated.clone());
        if let Some(known) = known {
            return known;
        }
        self.anew[1].fetch_add(1, Ordering::Relaxed);
        let migrated = check::migrate(revision, dialect);
        if let Some(file) = self.kept().files.get_mut(&key) {
            file.migrated = Some(migrated.clone());
        }
        migrated
    }

    /// Judges a history.
    pub(super) fn judged(&self, case: Case<'_>) -> Report {
        let folder = case.history.environment.folder.clone();
        let mut past = self.kept().pasts.remove(&folder).unwrap_or_default();
        let report = check::check_again(case, &mut past);
        self.anew[2].fetch_add(past.anew(), Ordering::Relaxed);
        self.kept().pasts.insert(folder, past);
        report
    }

    /// How many files were read, and how many revisions rendered and judged since the last question.
    #[cfg(test)]
    pub(super) fn anew(&self) -> [usize; 3] {
        [0, 1, 2].map(|what: usize| self.anew[what].swap(0, Ordering::Relaxed))
    }
}
