//! The search of a folder tree for settings and script folders. Symbolic links are not followed, so it ends.

use super::{
    checkout::{Checkout, join, unreadable},
    excluded,
    given::Given,
};
use crate::fault;
use globset::GlobMatcher;
use miette::Result;
use std::{collections::BTreeSet, fs, io};

/// How deep folders are looked into.
const MAX_DEPTH: usize = 40;
/// How many folders are looked into.
const MAX_FOLDERS: usize = 200_000;

/// What was found, each relative to the root.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Folders with an `alembic.ini`.
    pub(super) inis: BTreeSet<String>,
    /// Folders with a `pyproject.toml`.
    pub(super) pyprojects: BTreeSet<String>,
    /// Folders with an `env.py` and a `versions` folder.
    pub(super) script_folders: BTreeSet<String>,
    /// Every folder that was looked into.
    pub(super) folders: BTreeSet<String>,
    /// What could not be looked into.
    pub(super) talk: Vec<String>,
}

/// Searches the whole repository and what was given; without a repository only what was given, and the folders
/// right above it.
pub(super) fn walk(given: &Given, exclude: &[GlobMatcher]) -> Result<Tree> {
    let mut tree = Tree::default();
    let mut starts = given.starts();
    if given.repository {
        starts.push(".".to_owned());
    }
    let mut stack: Vec<(String, usize)> = starts.iter().map(|start| (start.clone(), 0)).collect();
    while let Some((folder, depth)) = stack.pop() {
        if !tree.folders.insert(folder.clone()) {
            continue;
        }
        if tree.folders.len() > MAX_FOLDERS {
            return Err(fault::helped(
                format!("there are more than {MAX_FOLDERS} folders to search"),
                "name the folder that holds `alembic.ini`, or exclude the others in `limbeck.toml`",
            ));
        }
        let is_start = starts.contains(&folder);
        let Some(names) = look(given, &folder, is_start, exclude, &mut tree)? else {
            tree.folders.remove(&folder);
            continue;
        };
        for name in names {
            let inner = join(&folder, &name);
            if depth >= MAX_DEPTH {
                if is_foreign(&given.checkout.absolute(&inner)) {
                    continue;
                }
                tree.talk.push(format!("`{}` lies too deep and was not searched", given.checkout.shown(&inner)));
            } else if !excluded(exclude, &inner) {
                stack.push((inner, depth + 1));
            }
        }
    }
    for start in given.starts() {
        for folder in super::checkout::ancestors(&start) {
            if !tree.folders.contains(&folder) {
                mark(&given.checkout, &folder, exclude, &mut tree);
            }
        }
    }
    Ok(tree)
}

/// Notes what a folder is, and answers the names of the folders in it that are worth a look. `None`: it holds other
/// people's code, and nobody has pointed at it.
fn look(
    given: &Given,
    folder: &str,
    is_start: bool,
    exclude: &[GlobMatcher],
    tree: &mut Tree,
) -> Result<Option<Vec<String>>> {
    let path = given.checkout.absolute(folder);
    let listing = fs::read_dir(&path).and_then(Iterator::collect::<io::Result<Vec<fs::DirEntry>>>);
    let entries = match listing {
        Ok(entries) => entries,
        Err(error) => {
            let report = unreadable(&given.checkout.shown(folder), &error);
            // What the user pointed at is read whole or not at all; elsewhere only settings are looked for.
            if given.holds(folder) || given.starts().iter().any(|start| start == folder) {
                return Err(report);
            }
            tree.talk.push(format!("{report}, so it was not searched"));
            return Ok(Some(Vec::new()));
        }
    };
    // A look at the names spares a question to the system for each; some systems do not tell great letters from small.
    let named = |wanted: &[&str]| {
        entries.iter().any(|entry| wanted.iter().any(|name| entry.file_name().eq_ignore_ascii_case(name)))
    };
    if !is_start && named(&FOREIGN) && is_foreign(&path) {
        return Ok(None);
    }
    if named(&MARKS) {
        mark(&given.checkout, folder, exclude, tree);
    }
    let mut names = Vec::new();
    for entry in &entries {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        match entry.file_name().into_string() {
            Ok(name) if is_folder && !skipped(&name) => names.push(name),
            Err(name) if is_folder => {
                let name = name.to_string_lossy();
                tree.talk.push(format!("the name of folder `{name}` is not Unicode, so it was not searched"));
            }
            _ => {}
        }
    }
    names.sort();
    Ok(Some(names))
}

/// What a folder is known by.
const MARKS: [&str; 3] = ["alembic.ini", "pyproject.toml", "env.py"];

fn mark(checkout: &Checkout, folder: &str, exclude: &[GlobMatcher], tree: &mut Tree) {
    let has = |name: &str| {
        let path = join(folder, name);
        checkout.is_file(&path) && !excluded(exclude, &path)
    };
    if has("alembic.ini") {
        tree.inis.insert(folder.to_owned());
    }
    if has("pyproject.toml") {
        tree.pyprojects.insert(folder.to_owned());
    }
    if has("env.py") && checkout.is_folder(&join(folder, "versions")) {
        tree.script_folders.insert(folder.to_owned());
    }
}

/// Folders that hold other people's code.
pub(super) fn skipped(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "node_modules" | "venv" | "__pycache__" | "site-packages" | "dist-packages")
}

/// What marks other people's code.
const FOREIGN: [&str; 2] = ["pyvenv.cfg", "CACHEDIR.TAG"];

/// A virtual environment under any name, or a folder that its tool marks as a cache (Cargo's `target` is one).
pub(super) fn is_foreign(folder: &std::path::Path) -> bool {
    FOREIGN.iter().any(|name| folder.join(name).exists())
}
