//! The house rules that no compiler checks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Modules, lowest floor first: one may use its own floor and those before it.
const FLOORS: &[&[&str]] = &[
    &["source", "finding", "reason"],
    &["environment", "op", "revision", "statement", "stats"],
    &["python"],
    &["render"],
    &["sql"],
    &["history", "base", "schema"],
    &["lock"],
    &["policy", "rule", "rules", "suppress", "check", "fix"],
    &["output"],
    &["fault", "git", "discover", "config", "cli", "roundtrip", "run", "main"],
];

/// Rooms that do not know each other though their floors would let them.
const STRANGERS: &[(&str, &str)] =
    &[("render", "python"), ("sql", "python"), ("sql", "render"), ("history", "python"), ("schema", "render")];

/// Each foreign crate has its rooms.
const ROOMS: &[(&str, &[&str])] = &[
    ("pg_query::", &["sql"]),
    ("ruff_python_parser::", &["python"]),
    ("ruff_python_ast::", &["python"]),
    ("serde_sarif::", &["output"]),
    ("lsp_server::", &["run"]),
    ("httparse::", &["run"]),
    ("sqlx::", &["roundtrip"]),
    ("tokio::", &["roundtrip"]),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The sources with the room that each is in.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    files(Path::new("src"), &mut found);
    found
        .into_iter()
        .filter(|path| path != Path::new("src/lib.rs"))
        .map(|path| {
            let first = path.strip_prefix("src").unwrap().components().next().unwrap();
            let room = first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (room, path, text)
        })
        .collect()
}

fn floor(room: &str) -> usize {
    FLOORS
        .iter()
        .position(|floor| floor.contains(&room))
        .unwrap_or_else(|| panic!("the room `{room}` stands on no floor: add it to FLOORS"))
}

/// The modules of the crate that a text uses.
fn used(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for prefix in ["crate::", "limbeck::"] {
        for part in text.split(prefix).skip(1) {
            if let Some(list) = part.strip_prefix('{') {
                let mut depth = 0;
                let mut name = String::new();
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => name.clear(),
                        c if depth == 0 && (c.is_alphanumeric() || c == '_') => name.push(c),
                        ':' if depth == 0 && !name.is_empty() => {
                            names.insert(std::mem::take(&mut name));
                        }
                        _ => {}
                    }
                }
            } else {
                names.insert(part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            }
        }
    }
    let known: BTreeSet<&str> = FLOORS.iter().flat_map(|floor| floor.iter().copied()).collect();
    names.into_iter().filter(|name| known.contains(name.as_str())).collect()
}

#[test]
fn no_floor_looks_up() {
    let mut wrong = Vec::new();
    for (room, path, text) in sources() {
        for other in used(&text) {
            if floor(&other) > floor(&room) {
                wrong.push(format!("{} looks up to {other}", path.display()));
            }
            if STRANGERS.contains(&(room.as_str(), other.as_str())) {
                wrong.push(format!("{} knows {other}, which is a stranger to it", path.display()));
            }
        }
        for (krate, rooms) in ROOMS {
            if text.contains(krate) && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{} knows {krate}, which lives in {rooms:?}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let mut wrong = Vec::new();
    for (_, path, text) in sources() {
        let lines = text.lines().count();
        if lines > 760 {
            wrong.push(format!("{} has {lines} lines", path.display()));
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        if matches!(name, "mod" | "utils" | "helpers" | "common") {
            wrong.push(format!("{} says nothing by its name", path.display()));
        }
        if path.starts_with("src/rules") && lines > 150 {
            wrong.push(format!("{} is a rule of {lines} lines", path.display()));
        }
        for word in ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "XXX"] {
            if text.contains(word) {
                wrong.push(format!("{} has a {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A path between backticks in the house's documents is there.
#[test]
fn documents_name_what_exists() {
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"] {
        let text = fs::read_to_string(document).unwrap();
        for code in text.split('`').skip(1).step_by(2) {
            let is_path = ["src/", "tests/", "rules/", "migrations/", "fixtures/", "docs/", "benches/"]
                .iter()
                .any(|folder| code.starts_with(folder));
            let placeholder =
                code.contains(['*', '<', ' ']) || code.contains("a_b") || code.contains("a-b") || code.contains("my");
            if is_path && !placeholder {
                assert!(Path::new(code).exists(), "{document} names {code}, which is not there");
            }
        }
    }
}

/// What `docs/practices.md` says checks a practice is a rule, and the fixtures that it names are there.
#[test]
fn practices_name_rules_that_exist() {
    let text = fs::read_to_string("docs/practices.md").unwrap();
    let mut named = 0;
    for code in text.split('`').skip(1).step_by(2) {
        let like_a_rule =
            code.contains('-') && !code.starts_with('-') && code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if code.starts_with("fixtures/") || code.starts_with("migrations/") {
            assert!(Path::new(code).exists(), "{code} is not there");
        } else if like_a_rule && !matches!(code, "rule-name" | "migration-history" | "migration-current") {
            assert!(limbeck::rules::find(code).is_some(), "no rule is called {code}");
            named += 1;
        }
    }
    assert!(named > 50, "only {named} rules are named");
}
