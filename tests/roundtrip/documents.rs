//! The documents of the rules that only a run can find.

use super::{HEAD, add, found_in, programs, report};
use limbeck::{rule::Check, rules};
use std::collections::BTreeSet;

/// Kind and text of each Python block.
fn blocks(document: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in document.lines() {
        match line.strip_prefix("```") {
            Some(info) => {
                open = !open;
                if open {
                    blocks.push((info.trim_start_matches("python ").to_owned(), String::new()));
                }
            }
            None if open => {
                let (_, text) = blocks.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    blocks
}

#[test]
fn the_documents_hold_on_a_server() {
    if programs().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut run = Vec::new();
    for rule in rules::ALL.iter().filter(|rule| matches!(rule.spec.check, Check::Run)) {
        let mut given: Vec<String> = Vec::new();
        for (kind, text) in blocks(rule.doc) {
            let plain: Vec<&str> = text.lines().map(|line| line.trim_end_matches("# here").trim_end()).collect();
            let plain = plain.join("\n") + "\n";
            if kind == "given" {
                given.push(plain);
                continue;
            }
            let bodies: Vec<&str> = given.iter().chain([&plain]).map(String::as_str).collect();
            let own = folder.path().join((run.len() + 100).to_string());
            add(&own, &bodies);
            let file = format!("r{}.py", bodies.len());
            let lines = text.lines().zip(HEAD + 1..).filter(|(line, _)| line.ends_with("# here"));
            let expected: BTreeSet<_> = lines.map(|(_, line)| (file.clone(), line, rule.name.to_owned())).collect();
            assert_eq!(expected.is_empty(), kind == "good", "{}: marks in a {kind} block", rule.name);
            run.push((rule.name, text, expected));
        }
    }
    assert!(run.len() >= 8, "only {} blocks were run", run.len());
    let report = report(folder.path(), &[]).unwrap();
    for (number, (rule, text, expected)) in (100..).zip(run) {
        let found: BTreeSet<_> = found_in(&report, number).into_iter().collect();
        assert_eq!(found, expected, "{rule}:\n{text}\n{report}");
    }
}
