//! What the user pointed at, and the repository around it.

use super::checkout::{Checkout, parent, unreadable, within};
use crate::fault;
use miette::Result;
use std::path::{Path, PathBuf};

/// The paths of the command line, and the checkout that they are in.
#[derive(Debug)]
pub struct Given {
    /// The repository, or what stands for one.
    pub checkout: Checkout,
    /// The root is that of a repository: all of it may be searched for settings.
    pub(super) repository: bool,
    /// The folders that were given, relative to the root.
    pub(super) folders: Vec<String>,
    /// The files that were given, relative to the root.
    pub(super) files: Vec<String>,
}

impl Given {
    /// Looks at the paths, each relative to `here`, the folder that the tool was started in (absolute).
    /// The root is the nearest folder above them with a `.git`. Without one it is `here` where that holds them,
    /// else the nearest folder above that looks like a project's, else what was given.
    ///
    /// # Errors
    /// A path that does not exist or cannot be reached, or one outside of the repository of the others.
    pub fn new(here: &Path, paths: &[PathBuf]) -> Result<Self> {
        let here = here.canonicalize().map_err(|error| unreadable(&here.to_string_lossy(), &error))?;
        let mut real = Vec::new();
        for path in paths {
            let shown = path.to_string_lossy();
            let found = here.join(path).canonicalize().map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => fault::plain(format!("`{shown}` does not exist")),
                _ => unreadable(&shown, &error),
            })?;
            real.push(found);
        }
        if real.is_empty() {
            real.push(here.clone());
        }
        let roots: Vec<(PathBuf, bool)> = real.iter().map(|path| root_of(path, &here)).collect();
        let Some((root, repository)) =
            roots.iter().find(|(root, _)| real.iter().all(|path| path.starts_with(root))).cloned()
        else {
            let first = paths.first().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
            return Err(fault::helped(
                format!("the paths are not all in the repository of `{first}`"),
                "run limbeck once for each repository",
            ));
        };
        let checkout = Checkout::new(root, here);
        let mut given = Self { checkout, repository, folders: Vec::new(), files: Vec::new() };
        for path in &real {
            let Some(relative) = given.checkout.relative(path) else {
                return Err(fault::plain(format!("the name of `{}` is not Unicode", path.to_string_lossy())));
            };
            if path.is_dir() { given.folders.push(relative) } else { given.files.push(relative) }
        }
        Ok(given)
    }

    /// The folder that the first path is, or is in: where the search for a configuration begins.
    #[must_use]
    pub fn start(&self) -> String {
        let first = self.folders.first().cloned();
        first.or_else(|| self.files.first().map(|file| parent(file))).unwrap_or_else(|| ".".to_owned())
    }

    /// The folders that were given, and those of the files.
    pub(super) fn starts(&self) -> Vec<String> {
        let mut all: Vec<String> = self.folders.iter().cloned().chain(self.files.iter().map(|it| parent(it))).collect();
        all.sort();
        all.dedup();
        all
    }

    /// What is wrong in this folder matters: it is inside of what was given, or above it.
    pub(super) fn concerns(&self, folder: &str) -> bool {
        self.starts().iter().any(|start| within(folder, start) || within(start, folder))
    }

    /// The folder lies inside of one that was given.
    pub(super) fn holds(&self, folder: &str) -> bool {
        self.folders.iter().any(|given| within(folder, given))
    }
}

/// The root for one path, and whether it is a repository's.
fn root_of(path: &Path, here: &Path) -> (PathBuf, bool) {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let above = |marks: &[&str]| {
        folder.ancestors().find(|it| marks.iter().any(|mark| it.join(mark).exists())).map(Path::to_path_buf)
    };
    if let Some(root) = above(&[".git"]) {
        return (root, true);
    }
    if folder.starts_with(here) {
        return (here.to_path_buf(), false);
    }
    if let Some(root) =
        above(&["alembic.ini", "pyproject.toml", "setup.py", "setup.cfg"]).or_else(|| above(&["limbeck.toml"]))
    {
        return (root, false);
    }
    let holder = folder.parent().filter(|it| it.join("env.py").exists() || folder.ends_with("versions"));
    (holder.unwrap_or(folder).to_path_buf(), false)
}
