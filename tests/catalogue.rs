//! What the catalogue of rules offers beside `check`: other tools' names, the list, the baseline, and which code a finding
//! breaks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use serde_json::Value;
use std::{fs, path::Path, process::Command};

const MAKES: &str =
    "op.create_table('users', sa.Column('id', sa.BigInteger(), primary_key=True), sa.Column('nick', sa.Text()))";
const DROPS: &str = "op.drop_column('users', 'nick')";

/// A project of two revisions: one that makes a table, and one of these lines.
fn project(lines: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    // The way back is no matter of these tests.
    fs::write(folder.path().join("limbeck.toml"), "ignore = [\"incomplete-downgrade\"]\n").unwrap();
    for (id, parent, body) in [("r1", "None", MAKES.to_owned()), ("r2", "'r1'", lines.join("\n    "))] {
        let text = format!(
            "from alembic import op\nimport sqlalchemy as sa\n\nrevision = '{id}'\ndown_revision = {parent}\n\n\n\
             def upgrade():\n    {body}\n\n\ndef downgrade():\n    op.execute('SELECT 1')\n"
        );
        fs::write(versions.join(format!("{id}.py")), text).unwrap();
    }
    folder
}

fn run(folder: &Path, args: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck")).args(args).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

fn report(folder: &Path, args: &[&str]) -> Value {
    let (out, err, _) = run(folder, &[&["check", ".", "--format", "json"], args].concat());
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {err}"))
}

/// The rules that are told, without suppressed findings.
fn rules(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter().filter(|it| it["suppressed"] == false);
    findings.map(|it| it["rule"].as_str().unwrap()).collect()
}

#[test]
fn what_has_been_deployed_breaks_no_code_any_more() {
    let folder = project(&[DROPS]);
    assert_eq!(rules(&report(folder.path(), &[])), Vec::<&str>::new());
    let new = report(folder.path(), &["--since", "r1"]);
    assert_eq!(rules(&new), ["dropped-column"]);
    assert_eq!(new["findings"][0]["breaks"], "old code");
}

#[test]
fn other_tools_names_mean_our_rules() {
    let folder = project(&[DROPS]);
    for name in ["ban-drop-column", "squawk:ban-drop-column", "strong_migrations:remove_column", "dropped-column"] {
        assert_eq!(rules(&report(folder.path(), &["--select", name])), ["dropped-column"], "{name}");
    }
    let (_, err, code) = run(folder.path(), &["check", ".", "--select", "squawk:remove_column"]);
    assert!(code == Some(2) && err.contains("squawk:remove_column"), "{err}");
    fs::write(folder.path().join("limbeck.toml"), "[severity]\n\"squawk:ban-drop-column\" = \"error\"\n").unwrap();
    assert_eq!(report(folder.path(), &["--since", "r1"])["findings"][0]["severity"], "error");
    let silenced = project(&["# limbeck: ignore[ban-drop-column] unused since 2.1", DROPS]);
    assert_eq!(rules(&report(silenced.path(), &["--since", "r1"])), Vec::<&str>::new());
    // Where nothing says what is new, the comment may well be of use.
    assert_eq!(rules(&report(silenced.path(), &[])), Vec::<&str>::new());
    let (document, ..) = run(folder.path(), &["explain", "ban-drop-column"]);
    assert!(document.starts_with("# dropped-column"), "{document}");
}

#[test]
fn the_list_is_filtered_and_searched() {
    let folder = tempfile::tempdir().unwrap();
    let names = |args: &[&str]| -> Vec<String> {
        let (out, ..) = run(folder.path(), &[&["rules", "--format", "json"], args].concat());
        let list: Value = serde_json::from_str(&out).unwrap();
        list["rules"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(&["--group", "security"]).contains(&"public-grant".to_owned()));
    assert!(!names(&["--group", "security"]).contains(&"dropped-column".to_owned()));
    assert_eq!(names(&["BAN-drop-column"]), ["dropped-column"]);
    let (_, err, code) = run(folder.path(), &["rules", "--group", "safety"]);
    assert!(code == Some(2) && err.contains("data-loss"), "{err}");
}

#[test]
fn a_baseline_hides_what_there_was_and_tells_what_is_gone() {
    let folder = project(&["op.create_index('ix', 'users', ['nick'])"]);
    assert_eq!(rules(&report(folder.path(), &[])), ["non-concurrent-index"]);
    let (_, err, code) = run(folder.path(), &["baseline", "."]);
    assert!(code == Some(0) && err.contains("1 finding is accepted"), "{err}");
    let flag = ["--baseline", "limbeck-baseline.json"];
    let known = report(folder.path(), &flag);
    assert_eq!(rules(&known), Vec::<&str>::new());
    assert_eq!((&known["summary"]["accepted"], &known["summary"]["errors"]), (&1.into(), &0.into()));
    // Lines that move change nothing; another fault is another finding.
    let page = folder.path().join("alembic/versions/r2.py");
    let text = fs::read_to_string(&page).unwrap();
    let more = text
        .replace("    op.create_index", "    # why\n    op.create_index('iy', 'users', ['id'])\n    op.create_index");
    fs::write(&page, more).unwrap();
    assert_eq!(rules(&report(folder.path(), &flag)), ["non-concurrent-index"]);
    fs::write(&page, text.replace("op.create_index('ix', 'users', ['nick'])", "op.execute('SELECT 1')")).unwrap();
    assert_eq!(rules(&report(folder.path(), &flag)), ["stale-baseline"]);
    assert_eq!(rules(&report(folder.path(), &[&flag[..], &["--since", "r1"]].concat())), Vec::<&str>::new());
    fs::write(folder.path().join("limbeck-baseline.json"), "[]").unwrap();
    let (_, err, code) = run(folder.path(), &["check", ".", "--baseline", "limbeck-baseline.json"]);
    assert!(code == Some(2) && err.contains("is no baseline"), "{err}");
}

#[test]
fn a_transaction_of_its_own_outside_alembics_is_one() {
    let block = |lines: &[&str]| {
        let inner: Vec<String> = lines.iter().map(|it| format!("    op.execute({it:?})")).collect();
        let mut all = vec!["with op.get_context().autocommit_block():"];
        all.extend(inner.iter().map(String::as_str));
        let folder = project(&all);
        let report = report(folder.path(), &[]);
        rules(&report).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(block(&["BEGIN", "SET LOCAL lock_timeout = '1s'", "COMMIT"]), Vec::<String>::new());
    assert_eq!(block(&["BEGIN", "COMMIT", "SET LOCAL lock_timeout = '1s'"]), ["lost-local-setting"]);
}
