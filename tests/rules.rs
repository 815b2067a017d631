//! Every document in `rules/` holds: its examples are run.
//!
//! A `given` block is a revision of its own before the example; a `bad` block is found by this rule alone, on exactly
//! the lines that end in `# here`; a `good` block is clean under all rules. The documents of the graph, whose blocks
//! are several files, are run by `tests/history.rs`; their shape is held here too.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use limbeck::{
    rule::{Check, Group, Rule},
    rules,
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// Language, kind and text of a block.
struct Block {
    language: String,
    kind: String,
    text: String,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in document.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let (language, kind) = info.split_once(' ').unwrap_or((info, ""));
                open = Some(Block { language: language.to_owned(), kind: kind.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// A revision of a block; the lines of its head are counted off again in the findings.
fn revision(number: usize, block: &str) -> (String, u64) {
    let parent = if number == 1 { "None".to_owned() } else { format!("\"r{}\"", number - 1) };
    let head = format!(
        "from alembic import op\nimport sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\n\n\
         revision = \"r{number}\"\ndown_revision = {parent}\n\n\n"
    );
    let lines = u64::try_from(head.lines().count()).unwrap();
    let body: Vec<&str> = block.lines().map(|line| line.trim_end_matches("# here").trim_end()).collect();
    (format!("{head}{}\n", body.join("\n")), lines)
}

fn marked(block: &str, first: u64) -> BTreeSet<u64> {
    block.lines().zip(first + 1..).filter(|(line, _)| line.trim_end().ends_with("# here")).map(|(_, at)| at).collect()
}

/// File name, line and rule of what is found and not suppressed.
fn found(folder: &Path, flags: &[&str]) -> BTreeSet<(String, u64, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
    command.args(["check", ".", "--format", "json"]).args(flags).current_dir(folder);
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["suppressed"] == false);
    findings
        .map(|finding| {
            let file = finding["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (file, finding["line"].as_u64().unwrap(), finding["rule"].as_str().unwrap().to_owned())
        })
        .collect()
}

/// What a Python block gives after the blocks that are given before it, and what it is marked to give.
fn run_python(rule: &Rule, given: &[String], block: &Block) {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    for (index, text) in given.iter().enumerate() {
        let (text, _) = revision(index + 1, text);
        fs::write(versions.join(format!("r{}.py", index + 1)), text).unwrap();
    }
    let last = given.len() + 1;
    let (text, head) = revision(last, &block.text);
    fs::write(versions.join(format!("r{last}.py")), text).unwrap();
    let expected: BTreeSet<_> =
        marked(&block.text, head).into_iter().map(|line| (format!("r{last}.py"), line, rule.name.to_owned())).collect();
    assert_eq!(expected.is_empty(), block.kind == "good", "{}: marks in a {} block", rule.name, block.kind);
    let all = found(folder.path(), &[]);
    if !rule.spec.default {
        // What is off by default is asked for by its name, and nothing else speaks of it.
        assert!(all.is_empty(), "{}, {}: {all:?}\n{}", rule.name, block.kind, block.text);
        let asked = found(folder.path(), &["--select", rule.name]);
        assert_eq!(asked, expected, "{}, {}:\n{}", rule.name, block.kind, block.text);
        return;
    }
    if given.is_empty() {
        assert_eq!(all, expected, "{}, {}:\n{}", rule.name, block.kind, block.text);
        return;
    }
    // As in a pull request: what is given has been deployed. Some rules speak of nothing else.
    let new = found(folder.path(), &["--since", &format!("r{}", given.len())]);
    assert_eq!(new, expected, "{}, {}, where it is new:\n{}", rule.name, block.kind, block.text);
    assert!(all == expected || all.is_empty(), "{}, {}: {all:?}\n{}", rule.name, block.kind, block.text);
}

/// The same for a block of several files, each of which begins with `# file: NAME`: a whole history.
fn run_files(rule: &Rule, block: &Block) {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    let head = "from alembic import op\nimport sqlalchemy as sa\n\n";
    let lines = u64::try_from(head.lines().count()).unwrap();
    let mut expected = BTreeSet::new();
    for file in block.text.split("# file: ").skip(1) {
        let (name, text) = file.split_once('\n').unwrap();
        expected.extend(marked(text, lines).into_iter().map(|line| (name.to_owned(), line, rule.name.to_owned())));
        let body: Vec<&str> = text.lines().map(|line| line.trim_end_matches("# here").trim_end()).collect();
        fs::write(versions.join(name), format!("{head}{}\n", body.join("\n"))).unwrap();
    }
    assert_eq!(expected.is_empty(), block.kind == "files good", "{}: marks in a {} block", rule.name, block.kind);
    assert_eq!(found(folder.path(), &[]), expected, "{}, {}:\n{}", rule.name, block.kind, block.text);
}

/// The same for a block of `env.py`.
fn run_env(rule: &Rule, block: &Block) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("alembic/versions")).unwrap();
    let revision =
        "revision = \"r1\"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n";
    fs::write(folder.path().join("alembic/versions/r1.py"), revision).unwrap();
    let text: Vec<&str> = block.text.lines().map(|line| line.trim_end_matches("# here").trim_end()).collect();
    fs::write(folder.path().join("alembic/env.py"), text.join("\n")).unwrap();
    let expected: BTreeSet<_> =
        marked(&block.text, 0).into_iter().map(|line| ("env.py".to_owned(), line, rule.name.to_owned())).collect();
    assert_eq!(expected.is_empty(), block.kind == "env good", "{}: marks in a {} block", rule.name, block.kind);
    assert_eq!(found(folder.path(), &["--select", rule.name]), expected, "{}, {}", rule.name, block.kind);
}

/// The same for a block of `alembic.ini`.
fn run_ini(rule: &Rule, block: &Block) {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("migrations/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("migrations/env.py"), "").unwrap();
    let revision =
        "revision = \"r1\"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n";
    fs::write(versions.join("r1.py"), revision).unwrap();
    let text: Vec<&str> = block.text.lines().map(|line| line.trim_end_matches("# here").trim_end()).collect();
    fs::write(folder.path().join("alembic.ini"), text.join("\n")).unwrap();
    let lines: BTreeSet<u64> = found(folder.path(), &[])
        .into_iter()
        .map(|(file, line, name)| {
            assert_eq!((file.as_str(), name.as_str()), ("alembic.ini", rule.name));
            line
        })
        .collect();
    if block.kind == "good" {
        assert!(lines.is_empty(), "{}: {lines:?}", rule.name);
    } else {
        let marks = marked(&block.text, 0);
        assert!(!lines.is_empty() && (marks.is_empty() || marks == lines), "{}: {lines:?}", rule.name);
    }
}

#[test]
fn the_documents_hold() {
    let mut run = 0;
    // What only a run shows is run by `tests/roundtrip.rs`.
    let read = rules::ALL.iter().filter(|rule| !matches!(rule.spec.check, Check::Run));
    for rule in read.filter(|rule| rule.spec.group != Group::History) {
        let all = blocks(rule.doc);
        let mut given = Vec::new();
        for block in &all {
            match (block.language.as_str(), block.kind.as_str()) {
                ("python", "given") => given.push(block.text.clone()),
                ("python", "bad" | "good") => run_python(rule, &given, block),
                ("python", "files bad" | "files good") => run_files(rule, block),
                ("python", "env bad" | "env good") => run_env(rule, block),
                ("ini", "bad" | "good") => run_ini(rule, block),
                _ => continue,
            }
            run += 1;
        }
    }
    assert!(run >= 40, "only {run} blocks were run");
}

#[test]
fn the_documents_have_one_shape() {
    for rule in rules::ALL {
        let mut lines = rule.doc.lines();
        assert_eq!(lines.next(), Some(format!("# {}", rule.name).as_str()), "the title is the name");
        let summary = rule.summary();
        assert!(
            summary.ends_with('.') && !summary.contains(". "),
            "{}: the summary is one sentence: {summary}",
            rule.name
        );
        let headings: Vec<&str> = rule.doc.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, ["Why", "Bad", "Good", "When to ignore it"], "{}", rule.name);
        let kinds: BTreeSet<String> = blocks(rule.doc).into_iter().map(|block| block.kind).collect();
        let has = |word: &str| kinds.iter().any(|kind| kind.ends_with(word));
        assert!(has("bad") && has("good"), "{}: {kinds:?}", rule.name);
        if let Check::Elsewhere | Check::Run = rule.spec.check {
            // What is a project's own policy is off until the project asks for it.
            let is_policy = rule.name == "contract-with-code";
            assert!(rule.spec.default != is_policy, "{}: what is found elsewhere is on", rule.name);
        }
    }
}

/// What `rules/README.md` says of a rule is what the rule says of itself, and every rule stands there.
#[test]
fn the_catalogue_holds() {
    let text = fs::read_to_string("rules/README.md").unwrap();
    let (mut hazards, mut named) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| hazard")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [hazard, what, decision, rule, why] = cells.as_slice() else { panic!("five cells: {line}") };
        assert!(hazards.insert(*hazard) && !what.is_empty(), "{line}");
        let name = rule.trim_matches('`');
        let known = rules::find(name);
        match *decision {
            "on" | "off" => {
                let known = known.unwrap_or_else(|| panic!("there is no rule `{name}`: {line}"));
                assert_eq!(known.spec.default, *decision == "on", "{line}");
                named.insert(name);
            }
            "part" => assert!(known.is_some(), "there is no rule `{name}`: {line}"),
            // What has landed since says so when somebody next comes by.
            "planned" => {
                assert!(!name.is_empty(), "{line}");
                named.insert(name);
            }
            "left out" => assert!(name.is_empty() && !why.is_empty(), "a reason, and no rule: {line}"),
            _ => panic!("no such decision: {line}"),
        }
    }
    assert!(hazards.len() >= 200, "only {} hazards", hazards.len());
    for rule in rules::ALL {
        assert!(named.contains(rule.name), "give `{}` a row of its own in rules/README.md", rule.name);
    }
}
