//! What limbeck exists for: on a history of 500 revisions it finds the 499 hazards and nothing else.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write, fs, path::Path, process::Command};

/// What a revision does to the table of the revision before.
#[derive(Clone, Copy, PartialEq)]
enum Index {
    /// It blocks the writes to a table that is in use.
    Blocking,
    /// It is built concurrently.
    Concurrent,
    /// None is built.
    None,
}

/// A revision of a straight line.
fn revision(n: usize, sick: bool) -> String {
    let before: Vec<usize> = (1..n).next_back().into_iter().collect();
    table(n, &before, 1, if sick { Index::Blocking } else { Index::None })
}

/// Revision `n` makes a table (the base as many as are asked for) with an index (harmless: nobody uses it yet) and an
/// index on the table of its first parent, which is in use.
fn table(n: usize, parents: &[usize], tables: usize, index: Index) -> String {
    let names: Vec<String> = parents.iter().map(|it| format!("\"r{it:04}\"")).collect();
    let parent = match &names[..] {
        [] => "None".to_owned(),
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    let (mut first, mut upgrade, mut downgrade) = (String::new(), String::new(), String::new());
    for more in 2..=tables {
        writeln!(upgrade, "    op.create_table(\"t{n}_{more}\", sa.Column(\"id\", sa.Integer(), primary_key=True))")
            .unwrap();
        writeln!(upgrade, "    op.create_index(\"ix_t{n}_{more}_id\", \"t{n}_{more}\", [\"id\"])").unwrap();
        writeln!(downgrade, "    op.drop_table(\"t{n}_{more}\")").unwrap();
    }
    if let (Some(before), true) = (parents.first(), index != Index::None) {
        if index == Index::Blocking {
            writeln!(upgrade, "    op.create_index(\"ix_t{before}_{n}\", \"t{before}\", [\"b\"])").unwrap();
        } else {
            // Before anything else: what stands before the block would be committed without its stamp.
            writeln!(first, "    with op.get_context().autocommit_block():").unwrap();
            let concurrently = "postgresql_concurrently=True";
            writeln!(first, "        op.create_index(\"ix_t{before}_{n}\", \"t{before}\", [\"b\"], {concurrently})")
                .unwrap();
        }
        writeln!(downgrade, "    with op.get_context().autocommit_block():").unwrap();
        writeln!(
            downgrade,
            "        op.drop_index(\"ix_t{before}_{n}\", table_name=\"t{before}\", postgresql_concurrently=True)"
        )
        .unwrap();
    }
    format!(
        "\"\"\"table {n}\n\nRevision ID: r{n:04}\nRevises: \n\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\n\
         revision = \"r{n:04}\"\ndown_revision = {parent}\nbranch_labels = None\ndepends_on = None\n\n\n\
         def upgrade() -> None:\n{first}    op.create_table(\n        \"t{n}\",\n        sa.Column(\"id\", sa.Integer(), primary_key=True),\n        \
         sa.Column(\"a\", sa.String(), nullable=False),\n        sa.Column(\"b\", sa.String()),\n    )\n    \
         op.create_index(\"ix_t{n}_a\", \"t{n}\", [\"a\"])\n{upgrade}\n\n\
         def downgrade() -> None:\n{downgrade}    op.drop_table(\"t{n}\")\n"
    )
}

fn history(folder: &Path, revisions: usize, sick: bool) {
    let versions = folder.join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.join("alembic/env.py"), "").unwrap();
    for n in 1..=revisions {
        fs::write(versions.join(format!("r{n:04}_table.py")), revision(n, sick)).unwrap();
    }
}

fn check(folder: &Path) -> (Vec<u8>, Value) {
    check_path(folder, ".")
}

fn check_path(folder: &Path, path: &str) -> (Vec<u8>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["check", path, "--format", "json"])
        .current_dir(folder)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.stdout, report)
}

#[test]
fn the_499_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path(), 500, true);
    let (bytes, report) = check(folder.path());
    assert_eq!(report["summary"]["revisions"], 500);
    assert_eq!(report["summary"]["unresolved"], 0);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 499);
    for (index, finding) in findings.iter().enumerate() {
        let n = index + 2;
        assert_eq!(finding["rule"], "non-concurrent-index");
        assert_eq!(finding["direction"], "upgrade");
        assert_eq!(finding["revision"], format!("r{n:04}"));
        assert_eq!(finding["line"], 23, "{finding}");
        let note = &finding["notes"][0];
        assert_eq!(note["file"], format!("alembic/versions/r{:04}_table.py", n - 1), "the table's maker is named");
    }
    assert_eq!(check(folder.path()).0, bytes, "two runs give the same bytes");
    // The files made in another order, so that the folder lists them otherwise.
    let other = tempfile::tempdir().unwrap();
    let versions = other.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    for n in (1..=500).rev() {
        fs::write(versions.join(format!("r{n:04}_table.py")), revision(n, true)).unwrap();
    }
    fs::write(other.path().join("alembic/env.py"), "").unwrap();
    assert_eq!(check(other.path()).0, bytes, "the order of the files does not matter");
}

#[test]
fn the_same_history_without_the_hazard_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path(), 500, false);
    let (_, report) = check(folder.path());
    assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{}", report["findings"][0]);
    assert_eq!(report["summary"]["statements"], 1500);
}

/// Each tenth revision forks: the next two follow it, and the one after these merges them. The base stands for what
/// was squashed: thirty tables.
fn forked(folder: &Path, revisions: usize, index: Index) {
    let versions = folder.join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.join("alembic/env.py"), "").unwrap();
    for n in 1..=revisions {
        let parents: Vec<usize> = match n {
            1 => Vec::new(),
            n if n > 10 && n % 10 == 2 => vec![n - 2],
            n if n > 10 && n % 10 == 3 => vec![n - 1, n - 2],
            n => vec![n - 1],
        };
        let tables = if n == 1 { 30 } else { 1 };
        fs::write(versions.join(format!("r{n:04}_table.py")), table(n, &parents, tables, index)).unwrap();
    }
}

#[test]
fn the_499_of_a_history_that_forks_and_merges() {
    let folder = tempfile::tempdir().unwrap();
    forked(folder.path(), 500, Index::Blocking);
    let (_, report) = check(folder.path());
    let findings = report["findings"].as_array().unwrap();
    let found: BTreeSet<(&str, &str)> =
        (findings.iter()).map(|it| (it["rule"].as_str().unwrap(), it["revision"].as_str().unwrap())).collect();
    let all: Vec<String> = (2..=500).map(|n| format!("r{n:04}")).collect();
    assert_eq!(found, all.iter().map(|id| ("non-concurrent-index", id.as_str())).collect());
    assert_eq!(findings.len(), 499);
}

#[test]
fn its_twin_with_concurrent_indexes_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    forked(folder.path(), 500, Index::Concurrent);
    let (_, report) = check(folder.path());
    assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{}", report["findings"][0]);
    assert_eq!(report["summary"]["unresolved"], 0);
}

/// Single files, as pre-commit gives them: the whole history is read, and only they are reported on.
#[test]
fn a_single_file_is_judged_by_its_history_and_reported_alone() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path(), 9, true);
    // What is wrong elsewhere is not theirs.
    fs::write(folder.path().join("alembic/versions/r0001_table.py"), format!("{}x = (\n", revision(1, true))).unwrap();
    let (_, report) = check_path(folder.path(), "alembic/versions/r0007_table.py");
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["revision"], "r0007");
    assert_eq!(findings[0]["rule"], "non-concurrent-index");
}
