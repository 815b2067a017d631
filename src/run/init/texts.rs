//! The texts that `limbeck init` writes.

use crate::{history::History, policy::DEFAULT_POSTGRES};
use std::{collections::BTreeSet, fmt::Write};

/// What `actions/checkout` is pinned to: v4.2.2.
const CHECKOUT: &str = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2";

/// A `limbeck.toml`; `since` is set where there is something to leave behind.
pub(super) fn config(histories: &[&History], faults: usize) -> String {
    let mut text = String::from(
        "# How limbeck checks this project. Every key: docs/configuration.md of limbeck, or `limbeck config-schema`.\n\n",
    );
    // Writing to a string cannot fail.
    let heads: Vec<&str> = histories.iter().flat_map(|it| it.heads()).map(|it| it.id.id.as_str()).collect();
    match heads[..] {
        [head] if faults > 0 => {
            let _ = write!(
                text,
                "# The head of the day on which this began: only what came after it is told of.\n\
                 # Without this line there would be {}, errors and warnings.\n",
                count(faults, "finding")
            );
            let _ = writeln!(text, "since = {}", quoted(head));
        }
        [head] => {
            text +=
                "# Only what came after this revision is told of. Nothing is wrong today, so that it is not needed.\n";
            let _ = writeln!(text, "# since = {}", quoted(head));
        }
        _ => {
            text +=
                "# Only what came after this revision is told of. There are several heads, of which it can name one.\n";
            let _ = writeln!(text, "# since = {}", quoted(heads.first().copied().unwrap_or("")));
        }
    }
    let _ = write!(
        text,
        "\n# The lowest major version of PostgreSQL that the migrations are run on.\npostgres = {DEFAULT_POSTGRES}\n\n\
         # Rules, or groups of rules, that do not fit this project: `limbeck rules` lists them.\n# ignore = \
         [\"missing-downgrade\"]\n\n# Schemas, one of which every table has to name.\n# schemas = [\"app\"]\n\n\
         # How bad a rule is here: error, warning, note or off.\n# [severity]\n# multiple-bases = \"note\"\n\n\
         # Files in which some rules are not applied.\n# [per-file-ignores]\n\
         # \"alembic/versions/2019*\" = [\"non-concurrent-index\"]\n"
    );
    text
}

/// An entry for the list of a `.pre-commit-config.yaml`, two blanks deep.
pub(super) fn hook(histories: &[&History]) -> String {
    let folders: Vec<String> = folders(histories).iter().map(|it| pattern(it)).collect();
    let files = if folders.iter().any(String::is_empty) {
        r"\.py$".to_owned()
    } else {
        let folders = if let [one] = &folders[..] { one.clone() } else { format!("({})", folders.join("|")) };
        format!(r"^{folders}/.*\.py$")
    };
    format!(
        "  - repo: local\n    hooks:\n      - id: limbeck\n        name: limbeck\n        \
         entry: limbeck check --staged\n        language: system\n        \
         files: '{}'\n        pass_filenames: false\n",
        files.replace('\'', "''")
    )
}

/// The configuration with the entry at the end of its `repos:`; `None` where there is no such list.
pub(super) fn with_hook(before: &str, hook: &str) -> Option<String> {
    let lines: Vec<&str> = before.lines().collect();
    let top = |line: &&str| !line.is_empty() && !line.starts_with([' ', '#', '-', '\t']);
    let start = lines.iter().position(|line| line.trim_end() == "repos:")?;
    let rest = lines.get(start + 1..)?;
    let mut end = start + 1 + rest.iter().position(top).unwrap_or(rest.len());
    // Blank lines and comments before the next key are that key's.
    while end > start + 1 && lines.get(end - 1).is_some_and(|it| it.trim().is_empty() || it.starts_with('#')) {
        end -= 1;
    }
    let entry = lines.get(start + 1..end)?.iter().find(|line| line.trim_start().starts_with('-'));
    let indent = entry.map_or(2, |line| line.len() - line.trim_start().len());
    let moved = hook.lines().map(|line| format!("{}{}\n", " ".repeat(indent), line.get(2..).unwrap_or("")));
    let mut after = String::new();
    for line in lines.get(..end)? {
        after.extend([line, "\n"]);
    }
    after.extend(moved);
    for line in lines.get(end..)? {
        after.extend([line, "\n"]);
    }
    Some(after)
}

/// A workflow for pull requests that touch the migrations.
pub(super) fn workflow(histories: &[&History], action: &str) -> String {
    let paths: Vec<String> = folders(histories)
        .iter()
        .map(|it| if it == "." { "\"**\"".to_owned() } else { quoted(&format!("{it}/**")) })
        .collect();
    let note = if action == crate::cli::ACTION {
        "      # The repository of limbeck that you trust, and the commit of it that you have read.\n"
    } else {
        ""
    };
    format!(
        "name: limbeck\non:\n  pull_request:\n    paths: [{}]\npermissions:\n  contents: read\njobs:\n  migrations:\n    \
         runs-on: ubuntu-latest\n    steps:\n      - uses: {CHECKOUT}\n        with:\n          \
         persist-credentials: false\n{note}      - uses: {action}\n",
        paths.join(", ")
    )
}

/// The script folders, and version locations outside of them.
fn folders(histories: &[&History]) -> Vec<String> {
    let mut folders = BTreeSet::new();
    for environment in histories.iter().map(|it| &it.environment) {
        // What is said of an engine in brackets is no part of the folder.
        let folder = environment.folder.split(" (").next().unwrap_or("");
        folders.insert(folder.to_owned());
        let outside = |it: &&String| folder != "." && **it != folder && !it.starts_with(&format!("{folder}/"));
        folders.extend(environment.version_locations.iter().filter(outside).cloned());
    }
    folders.into_iter().collect()
}

/// A path in a regular expression of Python's; empty for the root.
fn pattern(path: &str) -> String {
    if path == "." {
        return String::new();
    }
    let mut text = String::new();
    for letter in path.chars() {
        if letter.is_ascii_punctuation() && !matches!(letter, '/' | '_' | '-') {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

/// A string of TOML, JSON and YAML alike.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
