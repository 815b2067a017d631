//! The project's Python files that have a word in them: for what no import leads to.

use super::{
    checkout::{Checkout, Content, content, join},
    walk::{is_foreign, skipped},
};
use rayon::prelude::*;
use std::{
    fs,
    sync::{Arc, PoisonError},
};

/// How many files are looked into.
const MAX_FILES: usize = 20_000;
/// How deep folders are looked into.
const MAX_DEPTH: usize = 40;

impl Checkout {
    /// The Python files of the project, tests apart, whose text has the word; none in the folders of `skip`. Sorted.
    #[must_use]
    pub fn mentioning(&self, word: &str, skip: &[String]) -> Vec<String> {
        let files = self.listed(skip);
        let mut found: Vec<String> = files.par_iter().filter(|path| self.speaks_of(path, word)).cloned().collect();
        found.sort();
        found
    }

    /// The text of a file that was listed has the word.
    fn speaks_of(&self, path: &str, word: &str) -> bool {
        match self.unsaved(path) {
            Some(text) => text.contains(word),
            None => matches!(content(&self.absolute(path)), Ok(Content::Text(text)) if text.contains(word)),
        }
    }

    /// The files that are looked into, listed once however many words are asked for. No link leads to any of them.
    fn listed(&self, skip: &[String]) -> Arc<Vec<String>> {
        let mut known = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(skip.to_vec()).or_insert_with(|| Arc::new(self.list(skip))))
    }

    fn list(&self, skip: &[String]) -> Vec<String> {
        let mut files = Vec::new();
        let mut stack = vec![(".".to_owned(), 0)];
        while let Some((folder, depth)) = stack.pop() {
            let Ok(entries) = fs::read_dir(self.absolute(&folder)) else { continue };
            for entry in entries.flatten() {
                let Ok(name) = entry.file_name().into_string() else { continue };
                let (path, Ok(kind)) = (join(&folder, &name), entry.file_type()) else { continue };
                if kind.is_dir() {
                    let aside = matches!(name.as_str(), "tests" | "test") || skip.contains(&path);
                    if depth < MAX_DEPTH && !aside && !skipped(&name) && !is_foreign(&entry.path()) {
                        stack.push((path, depth + 1));
                    }
                } else if kind.is_file()
                    && name.rsplit_once('.').is_some_and(|(_, it)| it == "py")
                    && !name.starts_with("test_")
                {
                    if files.len() >= MAX_FILES {
                        break;
                    }
                    files.push(path);
                }
            }
        }
        files
    }
}
