//! What `--fix` writes: the finding is gone, nothing else is worse, and every other byte is as it was.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use limbeck::rules;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

fn limbeck(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_limbeck")).args(arguments).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// A revision of a block in a document, without its marks.
fn revision(number: usize, block: &str) -> String {
    let parent = if number == 1 { "None".to_owned() } else { format!("\"r{}\"", number - 1) };
    let body: Vec<&str> = block.lines().map(|line| line.trim_end_matches("# here").trim_end()).collect();
    format!(
        "from alembic import op\nimport sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\n\n\
         revision = \"r{number}\"\ndown_revision = {parent}\n\n\n{}\n",
        body.join("\n")
    )
}

/// A history of revisions, by number; the head is the last.
fn history(revisions: &[String]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    for (at, text) in revisions.iter().enumerate() {
        fs::write(versions.join(format!("r{}.py", at + 1)), text).unwrap();
    }
    folder
}

fn text(folder: &Path, number: usize) -> String {
    fs::read_to_string(folder.join(format!("alembic/versions/r{number}.py"))).unwrap()
}

fn findings(folder: &Path, flags: &[&str]) -> Vec<Value> {
    let output = limbeck(folder, &[&["check", "--format", "json"], flags].concat());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = report["findings"].as_array().unwrap();
    all.iter().filter(|it| it["suppressed"] == false).cloned().collect()
}

/// The histories of a rule's examples of what is wrong, each as revisions.
fn examples(document: &str) -> Vec<Vec<String>> {
    let (mut given, mut all, mut open) = (Vec::new(), Vec::new(), None::<(String, String)>);
    for line in document.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), String::new())),
            (Some(_), Some(_)) => {
                let (info, text) = open.take().unwrap();
                match info.as_str() {
                    "python given" => given.push(text),
                    "python bad" => {
                        let bodies = given.iter().chain([&text]).enumerate();
                        all.push(bodies.map(|(at, body)| revision(at + 1, body)).collect());
                    }
                    _ => {}
                }
            }
            (Some((_, text)), None) => text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    all
}

/// The rules that have repairs, and how many of their documents' examples they mend whole.
fn mended(newline: &str) -> BTreeMap<&'static str, usize> {
    let mut mended = BTreeMap::new();
    for rule in rules::ALL {
        for revisions in examples(rule.doc) {
            let revisions: Vec<String> = revisions.iter().map(|it| it.replace('\n', newline)).collect();
            let folder = history(&revisions);
            let head = revisions.len();
            let since = format!("r{}", head - 1);
            let mut flags = if head > 1 { vec!["--since", since.as_str()] } else { vec!["--unsafe-fixes"] };
            if !rule.spec.default {
                flags.extend(["--select", rule.name]);
            }
            let before = findings(folder.path(), &flags);
            let own = |it: &&Value| it["rule"] == rule.name && it["fix"].is_array();
            let promised = before.iter().filter(own).count();
            if promised == 0 {
                continue;
            }
            let (_, talk, _) = said(&limbeck(folder.path(), &[&["check", "--fix"], flags.as_slice()].concat()));
            let after = findings(folder.path(), &flags);
            if talk.contains("is not fixed") {
                continue;
            }
            let left = after.iter().filter(|it| it["rule"] == rule.name).count();
            let all = before.iter().filter(|it| it["rule"] == rule.name).count();
            assert!(left + promised <= all, "{}: {talk}\n{}", rule.name, text(folder.path(), head));
            let kinds = |all: &[Value]| all.iter().map(|it| it["rule"].to_string()).collect::<BTreeSet<_>>();
            assert!(kinds(&after).is_subset(&kinds(&before)), "{}: {after:?}", rule.name);
            // Of an old revision not a byte is another, and a second time nothing is left to do.
            for (at, old) in revisions.iter().enumerate().take(head - 1) {
                assert_eq!(&text(folder.path(), at + 1), old, "{}", rule.name);
            }
            let once = text(folder.path(), head);
            assert!(!once.replace(newline, "").contains(['\r', '\n']), "{}: {once:?}", rule.name);
            limbeck(folder.path(), &[&["check", "--fix"], flags.as_slice()].concat());
            assert_eq!(text(folder.path(), head), once, "{}", rule.name);
            *mended.entry(rule.name).or_default() += 1;
        }
    }
    mended
}

/// The rules whose documents say that `--fix` knows them; one of the history has a test of its own.
fn told() -> BTreeSet<&'static str> {
    let told = rules::ALL.iter().filter(|rule| rule.doc.contains("`limbeck check --fix`")).map(|rule| rule.name);
    told.filter(|name| *name != "docstring-mismatch").collect()
}

#[test]
fn the_examples_of_the_documents_are_mended() {
    let mended = mended("\n");
    assert_eq!(mended.keys().copied().collect::<BTreeSet<_>>(), told());
}

#[test]
fn line_ends_of_windows_stay() {
    assert_eq!(mended("\r\n").keys().copied().collect::<BTreeSet<_>>(), told());
}

const TABLE: &str = "def upgrade():\n    op.create_table(\"t\", sa.Column(\"id\", sa.BigInteger(), sa.Identity(), primary_key=True), \
     sa.Column(\"a\", sa.Text()), sa.Column(\"b\", sa.Text()))\n\n\ndef downgrade():\n    op.drop_table(\"t\")\n";
const INDEXES: &str = "def upgrade():\n    # ours\n    op.create_index(\n        \"ix_a\",  # the first\n        \"t\",\n        [\"a\"],\n    )\n    \
     op.create_index(\"ix_b\", \"t\", [\"b\"], postgresql_where=sa.text(\"\"\"a\nIS NULL\"\"\"))  # why\n\n\ndef downgrade():\n    \
     op.drop_index(\"ix_b\", table_name=\"t\")\n    op.drop_index(\"ix_a\", \"t\")\n";
const MENDED: &str = "def upgrade():\n    # ours\n    with op.get_context().autocommit_block():\n        op.create_index(\n            \"ix_a\",  # the first\n            \
     \"t\",\n            [\"a\"],\n            postgresql_concurrently=True,\n        )\n        \
     op.create_index(\"ix_b\", \"t\", [\"b\"], postgresql_where=sa.text(\"\"\"a\nIS NULL\"\"\"), postgresql_concurrently=True)  # why\n\n\ndef downgrade():\n    \
     with op.get_context().autocommit_block():\n        op.drop_index(\"ix_b\", table_name=\"t\", postgresql_concurrently=True)\n        \
     op.drop_index(\"ix_a\", \"t\", postgresql_concurrently=True)\n";

#[test]
fn a_diff_writes_nothing_and_is_what_fix_writes() {
    let before = revision(2, INDEXES);
    let folder = history(&[revision(1, TABLE), before.clone()]);
    let (diff, _, code) = said(&limbeck(folder.path(), &["check", "--diff", "--since", "r1"]));
    assert_eq!((text(folder.path(), 2), code), (before, Some(1)));
    fs::write(folder.path().join("a.diff"), &diff).unwrap();
    let (talk, errors, code) = said(&limbeck(folder.path(), &["check", "--fix", "--since", "r1"]));
    assert_eq!(code, Some(0), "{talk}");
    assert!(errors.contains("4 findings are fixed in 1 file\n"), "{errors}");
    let fixed = text(folder.path(), 2);
    assert_eq!(fixed, revision(2, MENDED));
    let (nothing, _, code) = said(&limbeck(folder.path(), &["check", "--diff", "--since", "r1"]));
    assert_eq!((nothing.as_str(), code), ("", Some(0)));
    // `git apply` makes of the old text what `--fix` has made of it.
    fs::write(folder.path().join("alembic/versions/r2.py"), revision(2, INDEXES)).unwrap();
    let applied = Command::new("git").args(["apply", "-p0", "a.diff"]).current_dir(folder.path()).status().unwrap();
    assert!(applied.success(), "{diff}");
    assert_eq!(text(folder.path(), 2), fixed);
}

#[test]
fn what_may_have_been_run_stays_as_it_is() {
    let (table, indexes) = (revision(1, TABLE), revision(2, INDEXES));
    let folder = history(&[table.clone(), indexes.clone()]);
    let (_, talk, code) = said(&limbeck(folder.path(), &["check", "--fix"]));
    assert_eq!((text(folder.path(), 2), code), (indexes.clone(), Some(1)));
    assert!(talk.contains("4 findings that could be fixed stand in revisions that are not known to be new"), "{talk}");
    let git = |arguments: &[&str]| {
        let base = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false"];
        assert!(
            Command::new("git")
                .args(base)
                .args(arguments)
                .current_dir(folder.path())
                .output()
                .unwrap()
                .status
                .success()
        );
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "one"]);
    // An edited revision is reported on, and no more.
    fs::write(folder.path().join("alembic/versions/r2.py"), indexes.replace("ix_a", "ix_c")).unwrap();
    fs::write(folder.path().join("alembic/versions/r3.py"), revision(3, &INDEXES.replace("ix_", "iy_"))).unwrap();
    limbeck(folder.path(), &["check", "--fix", "--base", "HEAD"]);
    assert_eq!(text(folder.path(), 1), table);
    assert_eq!(text(folder.path(), 2), indexes.replace("ix_a", "ix_c"));
    assert_eq!(text(folder.path(), 3), revision(3, &MENDED.replace("ix_", "iy_")));
}

#[test]
fn a_fix_that_would_bring_something_else_is_not_made() {
    let body = "def upgrade():\n    op.create_index(\"ix_a\", \"t\", [\"a\"], if_not_exists=True)\n\n\n\
        def downgrade():\n    op.drop_index(\"ix_a\", \"t\")\n";
    let folder = history(&[revision(1, TABLE), revision(2, body)]);
    let (_, talk, code) = said(&limbeck(folder.path(), &["check", "--fix", "--since", "r1"]));
    let why = "r2.py:10: `non-concurrent-index` is not fixed, since that would bring `kept-invalid-index`";
    assert!(talk.contains(why), "{talk}");
    assert_eq!(code, Some(1));
    let fixed = text(folder.path(), 2);
    assert!(fixed.contains("        op.drop_index(\"ix_a\", \"t\", postgresql_concurrently=True)\n"), "{fixed}");
    assert!(fixed.contains("    op.create_index(\"ix_a\", \"t\", [\"a\"], if_not_exists=True)\n"), "{fixed}");
}

/// What would be committed before a later statement fails, and what ends with the transaction, keeps it whole.
#[test]
fn a_transaction_that_holds_something_together_stays_whole() {
    let down = "\n\n\ndef downgrade():\n    with op.get_context().autocommit_block():\n        \
        op.drop_index(\"ix_a\", \"t\", postgresql_concurrently=True)\n";
    let index = "    op.create_index(\"ix_a\", \"t\", [\"a\"])";
    for beside in [
        "    op.add_column(\"t\", sa.Column(\"c\", sa.Text()))",
        "    op.execute(\"SET LOCAL lock_timeout = '5s'\")",
        "    op.execute(\"LOCK TABLE t\")",
        "    op.execute(\"SELECT set_config('lock_timeout', '5s', true)\")",
        "    op.execute(something_else())",
    ] {
        for lines in [[beside, index], [index, beside]] {
            let body = format!("def upgrade():\n{}{down}", lines.join("\n"));
            let before = revision(2, &body);
            let folder = history(&[revision(1, TABLE), before.clone()]);
            limbeck(folder.path(), &["check", "--fix", "--since", "r1"]);
            assert_eq!(text(folder.path(), 2), before, "{body}");
        }
    }
    let body = format!("def upgrade():\n    op.execute(\"COMMENT ON TABLE t IS 'x'\")\n{index}{down}");
    let folder = history(&[revision(1, TABLE), revision(2, &body)]);
    limbeck(folder.path(), &["check", "--fix", "--since", "r1"]);
    assert!(text(folder.path(), 2).contains("[\"a\"], postgresql_concurrently=True)"), "{body}");
}

#[test]
fn what_is_silenced_or_in_another_encoding_stays() {
    let silenced = INDEXES
        .replace("    # ours", "    # limbeck: ignore[non-concurrent-index] small")
        .replace("# why", "# limbeck: ignore[non-concurrent-index] small");
    let folder = history(&[revision(1, TABLE), revision(2, &silenced)]);
    limbeck(folder.path(), &["check", "--fix", "--since", "r1"]);
    assert!(text(folder.path(), 2).contains("small\n    op.create_index(\n"), "{}", text(folder.path(), 2));
    let mut bytes = b"# coding: latin-1\n# caf\xe9\n".to_vec();
    bytes.extend(revision(2, INDEXES).bytes());
    let path = folder.path().join("alembic/versions/r2.py");
    fs::write(&path, &bytes).unwrap();
    let (_, talk, _) = said(&limbeck(folder.path(), &["check", "--fix", "--since", "r1"]));
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert!(talk.contains("r2.py` is not UTF-8, and stays as it is"), "{talk}");
    assert!(!talk.contains("are fixed"), "{talk}");
}

#[test]
fn the_docstring_follows_the_variables() {
    let header = |id: &str, revises: &str| format!("\"\"\"Two.\n\nRevision ID: {id}\nRevises: {revises}\n\"\"\"\n");
    let body = revision(2, "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n");
    let folder = history(&[revision(1, TABLE), header("r9", "r0") + &body]);
    limbeck(folder.path(), &["check", "--fix", "--since", "r1"]);
    assert_eq!(text(folder.path(), 2), header("r2", "r1") + &body);
}

/// The text with one edit: lines and columns from 1, columns as the format counts them.
fn edited(text: &str, start: (u64, u64), end: (u64, u64), new: &str) -> String {
    let at = |(line, column): (u64, u64)| {
        let lines: usize = text.split_inclusive('\n').take(usize::try_from(line).unwrap() - 1).map(str::len).sum();
        lines + usize::try_from(column).unwrap() - 1
    };
    format!("{}{new}{}", &text[..at(start)], &text[at(end)..])
}

#[test]
fn the_formats_tell_the_edits() {
    let up = INDEXES.split("\n\n\n").next().unwrap();
    let before = revision(2, &up[..up.find("    op.create_index(\"ix_b").unwrap()]);
    let down = "\n\ndef downgrade():\n    op.drop_index(\"ix_a\", \"t\", postgresql_concurrently=True)\n";
    let before = before + &down.replace("    op", "    with op.get_context().autocommit_block():\n        op");
    let folder = history(&[revision(1, TABLE), before.clone()]);
    let read = |format: &str| -> Value {
        let output = limbeck(folder.path(), &["check", "--since", "r1", "--format", format]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (json, sarif, rdjson) = (read("json"), read("sarif"), read("rdjson"));
    limbeck(folder.path(), &["check", "--fix", "--since", "r1"]);
    let fixed = text(folder.path(), 2);
    assert_ne!(fixed, before);
    let pair = |it: &Value, line: &str, column: &str| (it[line].as_u64().unwrap(), it[column].as_u64().unwrap());
    let mut by_json = before.clone();
    for it in json["findings"][0]["fix"].as_array().unwrap().iter().rev() {
        let (start, end) = (pair(it, "line", "column"), pair(it, "end_line", "end_column"));
        by_json = edited(&by_json, start, end, it["text"].as_str().unwrap());
    }
    assert_eq!(by_json, fixed);
    let mut by_sarif = before.clone();
    let change = &sarif["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "alembic/versions/r2.py");
    for it in change["replacements"].as_array().unwrap().iter().rev() {
        let region = &it["deletedRegion"];
        let (start, end) = (pair(region, "startLine", "startColumn"), pair(region, "endLine", "endColumn"));
        by_sarif = edited(&by_sarif, start, end, it["insertedContent"]["text"].as_str().unwrap());
    }
    assert_eq!(by_sarif, fixed);
    let all = rdjson["diagnostics"][0]["suggestions"].as_array().unwrap();
    let ([one], range) = (all.as_slice(), &all[0]["range"]) else { panic!("{all:?}") };
    let (start, end) = (pair(&range["start"], "line", "column"), pair(&range["end"], "line", "column"));
    assert_eq!(edited(&before, start, end, one["text"].as_str().unwrap()), fixed);
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    let folder = history(&[revision(1, TABLE)]);
    for flags in [["--fix", "--diff"], ["--diff", "--format=json"], ["--fix", "--stats=x"]] {
        let (_, talk, code) = said(&limbeck(folder.path(), &["check", flags[0], flags[1]]));
        assert_eq!(code, Some(2), "{talk}");
    }
}
