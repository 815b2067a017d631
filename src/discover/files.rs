//! The revision files of version locations, chosen as Alembic chooses them, and their texts.

use super::checkout::{Checkout, Content, content, join, unreadable};
use crate::{
    fault,
    finding::{Finding, Severity},
    source::{SourceId, Sources, Span},
};
use miette::Result;
use std::{collections::BTreeMap, fs, io, path::PathBuf};

/// How deep version folders are looked into.
const MAX_DEPTH: usize = 40;
/// How many files one history may have.
const MAX_FILES: usize = 100_000;

/// How files are chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    /// `recursive_version_locations`.
    pub(super) recursive: bool,
    /// `sourceless`: compiled files count where the source is not there.
    pub(super) sourceless: bool,
}

/// The files found, by path relative to the root; each once, however many links lead to it.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Revision files: real path relative to the root, and absolute.
    pub(super) sources: BTreeMap<String, PathBuf>,
    /// Compiled revisions without a source.
    pub(super) compiled: BTreeMap<String, PathBuf>,
    /// What was left out, and why.
    pub(super) talk: Vec<String>,
}

/// `Script._list_py_dir` and `Script._from_path` for each location that exists.
///
/// # Errors
/// A folder that cannot be read: part of a history is not sold as the whole.
pub(super) fn list(checkout: &Checkout, locations: &[String], choice: Choice) -> Result<Files> {
    let mut files = Files::default();
    for location in locations.iter().filter(|it| checkout.is_folder(it)) {
        let mut stack = vec![(location.clone(), 0)];
        while let Some((folder, depth)) = stack.pop() {
            let inner = list_one(checkout, &folder, choice, &mut files)?;
            if depth >= MAX_DEPTH && choice.recursive && !inner.is_empty() {
                return Err(fault::plain(format!("`{}` has folders nested too deep", checkout.shown(location))));
            }
            if choice.recursive {
                stack.extend(inner.into_iter().map(|folder| (folder, depth + 1)));
            }
            if files.sources.len() > MAX_FILES {
                let shown = checkout.shown(location);
                return Err(fault::plain(format!("`{shown}` has more than {MAX_FILES} files")));
            }
        }
    }
    // `Script._from_path` prefers the source; so do caches, whose names begin with that of the module.
    let sources = &files.sources;
    files.compiled.retain(|path, _| !sources.contains_key(&source_of(path)));
    Ok(files)
}

/// Adds the files of one folder and answers the folders in it.
fn list_one(checkout: &Checkout, folder: &str, choice: Choice, files: &mut Files) -> Result<Vec<String>> {
    let path = checkout.absolute(folder);
    let entries = fs::read_dir(&path)
        .and_then(Iterator::collect::<io::Result<Vec<fs::DirEntry>>>)
        .map_err(|error| unreadable(&checkout.shown(folder), &error))?;
    let cache = folder.ends_with("__pycache__");
    let real = path.canonicalize().map_err(|error| unreadable(&checkout.shown(folder), &error))?;
    let mut folders = Vec::new();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let inner = join(folder, &name);
        let kind = entry.file_type().map_err(|error| unreadable(&checkout.shown(&inner), &error))?;
        if kind.is_dir() {
            folders.push(inner);
        } else if (!cache || choice.sourceless) && is_revision(&name, choice.sourceless) {
            // What is no link is where it seems to be.
            let real = if kind.is_file() { Ok(real.join(entry.file_name())) } else { entry.path().canonicalize() };
            let real = real.map_err(|error| unreadable(&checkout.shown(&inner), &error))?;
            if kind.is_file() || !real.is_dir() {
                add(checkout, real, &inner, files);
            }
        }
    }
    Ok(folders)
}

fn add(checkout: &Checkout, real: PathBuf, inner: &str, files: &mut Files) {
    let Some(path) = checkout.relative(&real) else {
        let why = if real.starts_with(checkout.root()) {
            "has a name that is not Unicode"
        } else {
            "is a symbolic link that leaves the repository"
        };
        files.talk.push(format!("`{}` {why}, so it was not read", checkout.shown(inner)));
        return;
    };
    // A link's target counts, not its own name.
    let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
    if !is_revision(name, true) {
        return;
    }
    let compiled = !is_revision(name, false);
    let list = if compiled { &mut files.compiled } else { &mut files.sources };
    list.insert(path, real);
}

/// Alembic's `_only_source_rev_file`, and `_sourceless_rev_file` where compiled files count.
fn is_revision(name: &str, sourceless: bool) -> bool {
    // Case counts, on every system.
    let source = match name.rsplit_once('.') {
        Some((_, "py")) => true,
        Some((_, "pyc" | "pyo")) => sourceless,
        _ => false,
    };
    source && !name.starts_with(".#") && !name.starts_with("__init__")
}

/// Where the source of a compiled file would stand.
fn source_of(compiled: &str) -> String {
    let (folder, name) = compiled.rsplit_once('/').unwrap_or((".", compiled));
    let stem = name.split('.').next().unwrap_or(name);
    join(folder.strip_suffix("/__pycache__").unwrap_or(folder), &format!("{stem}.py"))
}

/// Puts the texts among the sources and says what could not be read as Python text.
///
/// # Errors
/// A file that the system refuses to read.
pub(super) fn read(
    checkout: &Checkout,
    sources: &Sources,
    files: &Files,
    environment: &str,
    findings: &mut Vec<Finding>,
) -> Result<Vec<SourceId>> {
    let mut ids = Vec::new();
    let mut refuse = |id: SourceId, at: usize, message: String| {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span { source: id, start: at, end: at };
        let mut finding = Finding::new("python-syntax", Severity::Error, span, message);
        environment.clone_into(&mut finding.subject.environment);
        finding.subject.object.clone_from(&sources.get(id).path);
        findings.push(finding);
    };
    for (path, real) in &files.sources {
        if let Some(text) = checkout.unsaved(path) {
            ids.push(sources.add(path.clone(), text));
            continue;
        }
        match content(real).map_err(|error| unreadable(&checkout.shown(path), &error))? {
            Content::Text(text) => ids.push(sources.add(path.clone(), text)),
            Content::Lossy(text, at) => {
                let id = sources.add(path.clone(), text);
                ids.push(id);
                refuse(id, at, format!("`{path}` is not UTF-8 (byte {at})"));
            }
            Content::Refused(why) => refuse(sources.add(path.clone(), ""), 0, format!("`{path}` {why}")),
        }
    }
    for path in files.compiled.keys() {
        refuse(sources.add(path.clone(), ""), 0, format!("`{path}` is a compiled revision without its source"));
    }
    for id in &ids {
        checkout.remember(&sources.get(*id).path, *id);
    }
    Ok(ids)
}
