//! Every sick history gives exactly the findings that are marked in it, in exactly the words that are kept beside it;
//! every healthy one is silent.
//!
//! After a change that is wanted, `UPDATE_REPORTS=1 cargo test --test fixtures` writes the reports anew.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// File, line and rule, with how often.
type Expected = BTreeMap<(String, u64, String), usize>;

fn limbeck(folder: &Path, format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["check", "--format", format])
        .arg(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{}: {talk}", folder.display());
    String::from_utf8(output.stdout).unwrap()
}

fn folders(of: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.is_dir());
    all.sort();
    assert!(!all.is_empty());
    all
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The rules of a `# finding: a, b` in a line.
fn marker(line: &str) -> Option<Vec<String>> {
    let (_, rules) = line.split_once("# finding:")?;
    Some(rules.split(',').map(|rule| rule.trim().to_owned()).collect())
}

fn expected(folder: &Path) -> Expected {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let mut expected = Expected::new();
    for path in paths.iter().filter(|path| path.file_name().unwrap() != "report.txt") {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let mut waiting: Vec<String> = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let own_line = line.trim_start().starts_with("# finding:");
            let planned = line.trim_start().starts_with("# planned:");
            let mut rules = marker(line).unwrap_or_default();
            if own_line {
                waiting.append(&mut rules);
                continue;
            }
            if planned {
                continue;
            }
            rules.append(&mut waiting);
            for rule in rules {
                *expected.entry((path.display().to_string(), number, rule)).or_default() += 1;
            }
        }
    }
    expected
}

fn found(folder: &Path) -> Expected {
    let report: Value = serde_json::from_str(&limbeck(folder, "json")).unwrap();
    let mut found = Expected::new();
    for finding in report["findings"].as_array().unwrap() {
        if finding["suppressed"] == true {
            continue;
        }
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        *found.entry((text("file"), finding["line"].as_u64().unwrap(), text("rule"))).or_default() += 1;
    }
    found
}

#[test]
fn each_fixture_gives_what_is_marked_in_it() {
    let mut wrong = Vec::new();
    for folder in folders("fixtures") {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let (expected, found) = (expected(&folder), found(&folder));
        // A file that cannot hold a marker is told by its report alone.
        if expected != found && !(name.starts_with("bad-input-") && expected.is_empty() && !found.is_empty()) {
            wrong.push(format!("{name}:\n  marked {expected:?}\n  found  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_fixture_gives_its_report() {
    let mut wrong = Vec::new();
    for folder in folders("fixtures") {
        let report = limbeck(&folder, "human");
        let kept = folder.join("report.txt");
        if env::var_os("UPDATE_REPORTS").is_some() {
            fs::write(&kept, &report).unwrap();
        } else if fs::read_to_string(&kept).unwrap_or_default() != report {
            wrong.push(format!("{} differs:\n{report}", kept.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_healthy_histories_are_silent() {
    let histories = folders("migrations");
    assert_eq!(histories.len(), 5);
    for folder in histories {
        let report: Value = serde_json::from_str(&limbeck(&folder, "json")).unwrap();
        assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{}: {}", folder.display(), report["findings"]);
        assert!(report["summary"]["revisions"].as_u64().unwrap() >= 8, "{}", folder.display());
        assert_eq!(report["summary"]["unresolved"], 0, "{}", folder.display());
    }
}

/// A good line made bad: where it stands, what is replaced by what, and the rule that must say so.
const SPOILED: &[(&str, &str, &str, &str)] = &[
    ("postgresql_concurrently=True", "postgresql_concurrently=False", "create_index", "non-concurrent-index"),
    ("postgresql_concurrently=True", "postgresql_concurrently=False", "drop_index", "non-concurrent-index-drop"),
    ("with op.get_context().autocommit_block():", "if True:", "autocommit_block", "concurrent-index-in-transaction"),
    ("schema='app'", "schema=None", "", "missing-schema-prefix"),
    ("down_revision = ", "down_revision = 'gone'  #", "", "missing-parent"),
    ("\ndef downgrade()", "\ndef gone()", "", "missing-downgrade"),
];

/// Every good line of these kinds, in every healthy history, is loud when it is made bad.
#[test]
fn the_healthy_histories_are_loud_when_a_line_is_spoiled() {
    let mut spoiled = BTreeMap::<&str, usize>::new();
    for history in folders("migrations") {
        let copy = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        files(&history, &mut paths);
        for path in &paths {
            let to = copy.path().join(path.strip_prefix(&history).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(path, to).unwrap();
        }
        for path in paths.iter().filter(|path| path.extension().is_some_and(|it| it == "py")) {
            let text = fs::read_to_string(path).unwrap();
            let to = copy.path().join(path.strip_prefix(&history).unwrap());
            for (good, bad, near, rule) in SPOILED {
                for (at, _) in text.match_indices(good) {
                    // The call that the line belongs to begins before it; a block begins before its first call.
                    let before = &text[..at + good.len()];
                    let call = before.rfind("op.").map_or("", |start| &before[start..]);
                    let block =
                        text[at..].lines().take_while(|line| !line.is_empty()).any(|line| line.contains("oncurrently"));
                    if !call.contains(near) || (near.contains("index") || near.contains("autocommit")) && !block {
                        continue;
                    }
                    // A revision that changes nothing needs no way back.
                    if *rule == "missing-downgrade" && text[..at].trim_end().ends_with("pass") {
                        continue;
                    }
                    // An enum's schema is not a table's.
                    if text[..at].lines().next_back().is_some_and(|line| line.contains("ENUM")) {
                        continue;
                    }
                    fs::write(&to, format!("{}{bad}{}", &text[..at], &text[at + good.len()..])).unwrap();
                    let report: Value = serde_json::from_str(&limbeck(copy.path(), "json")).unwrap();
                    let heard = report["findings"].as_array().unwrap().iter().any(|finding| finding["rule"] == *rule);
                    assert!(heard, "{} byte {at}: {rule} says nothing of `{bad}`", path.display());
                    *spoiled.entry(rule).or_default() += 1;
                }
            }
            fs::write(&to, text).unwrap();
        }
    }
    assert_eq!(spoiled.len(), SPOILED.len(), "{spoiled:?}");
}
