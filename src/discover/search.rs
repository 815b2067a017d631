//! The project's Python files that have a word in them: for what no import leads to.

use super::{
    checkout::{Checkout, join},
    walk::{is_foreign, skipped},
};
use std::fs;

/// How many files are looked into.
const MAX_FILES: usize = 20_000;
/// How deep folders are looked into.
const MAX_DEPTH: usize = 40;

impl Checkout {
    /// The Python files of the project, tests apart, whose text has the word; none in the folders of `skip`. Sorted.
    #[must_use]
    pub fn mentioning(&self, word: &str, skip: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        let mut files = 0;
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
                    files += 1;
                    if files > MAX_FILES {
                        break;
                    }
                    if self.read(&path).ok().flatten().is_some_and(|text| text.contains(word)) {
                        found.push(path);
                    }
                }
            }
        }
        found.sort();
        found
    }
}
