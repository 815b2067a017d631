//! The documents of the rules that only a run can find.

use super::{HEAD, add, found_in, programs, report};
use limbeck::{rule::Check, rules};
use std::{collections::BTreeSet, fs};

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
    // Those that are run with rows.
    let (filled, mut rows) = (tempfile::tempdir().unwrap(), Vec::new());
    // Those that are run beside others.
    let (beside, mut busy) = (tempfile::tempdir().unwrap(), Vec::new());
    for rule in rules::ALL.iter().filter(|rule| matches!(rule.spec.check, Check::Run)) {
        let mut given: Vec<String> = Vec::new();
        // The database that the next block is upgraded on, stamped with its head.
        let mut dump: Option<String> = None;
        for (kind, text) in blocks(rule.doc) {
            let plain: Vec<&str> = text.lines().map(|line| line.trim_end_matches("# here").trim_end()).collect();
            let plain = plain.join("\n") + "\n";
            match kind.as_str() {
                "given" => {
                    given.push(plain);
                    continue;
                }
                "sql dump" => {
                    dump = Some(plain);
                    continue;
                }
                _ => {}
            }
            let bodies: Vec<&str> = given.iter().chain([&plain]).map(String::as_str).collect();
            let own = folder.path().join((run.len() + 100).to_string());
            let file = format!("r{}.py", bodies.len());
            let lines = text.lines().zip(HEAD + 1..).filter(|(line, _)| line.ends_with("# here"));
            let expected: BTreeSet<_> = lines.map(|(_, line)| (file.clone(), line, rule.name.to_owned())).collect();
            assert_eq!(expected.is_empty(), kind.ends_with("good"), "{}: marks in a {kind} block", rule.name);
            if kind.starts_with("rows ") {
                let own = filled.path().join((rows.len() + 100).to_string());
                add(&own, &bodies);
                rows.push((rule.name, text, expected));
                continue;
            }
            if kind.starts_with("contention ") {
                add(&beside.path().join((busy.len() + 100).to_string()), &bodies);
                busy.push((rule.name, text, expected));
                continue;
            }
            if let Some(dump) = dump.take() {
                let (folder, file) = (folder.path().join("dumped").join(run.len().to_string()), "schema.sql");
                add(&folder, &bodies);
                fs::write(folder.join(file), dump).unwrap();
                let given = format!("{}@r{}", folder.join(file).display(), bodies.len());
                let report = report(&folder, &["--baseline", &given]).unwrap();
                let found: BTreeSet<_> = super::found(&report).into_iter().collect();
                assert_eq!(found, expected, "{}:\n{text}\n{report}", rule.name);
                fs::remove_dir_all(&folder).unwrap();
                continue;
            }
            add(&own, &bodies);
            run.push((rule.name, text, expected));
        }
    }
    assert!(run.len() >= 8, "only {} blocks were run", run.len());
    for (folder, arguments, run) in [
        (folder.path(), &[][..], run),
        (filled.path(), &["--rows", "3"], rows),
        (beside.path(), &["--contention=400"], busy),
    ] {
        let report = report(folder, arguments).unwrap();
        for (number, (rule, text, expected)) in (100..).zip(run) {
            let found: BTreeSet<_> = found_in(&report, number).into_iter().collect();
            assert_eq!(found, expected, "{rule}:\n{text}\n{report}");
        }
    }
}
