//! The gate of pull requests, on real git repositories that the tests make.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use limbeck::{rule::Check, rules};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// A repository with one Alembic environment.
struct Repository {
    _folder: TempDir,
    root: PathBuf,
}

const HEAD: &str = "from alembic import op\nimport sqlalchemy as sa\n\n";

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"])
        .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn plain(id: &str, parent: &str) -> String {
    let parent = if parent.is_empty() { "None".to_owned() } else { format!("\"{parent}\"") };
    format!(
        "revision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
    )
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        git(&root, &["init", "-q"]);
        let made = Self { _folder: folder, root };
        made.put("m/env.py", "");
        made
    }

    fn put(&self, path: &str, text: &str) -> &Self {
        let file = self.root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self
    }

    fn revision(&self, file: &str, id: &str, parent: &str) -> &Self {
        self.put(&format!("m/versions/{file}"), &plain(id, parent))
    }

    fn commit(&self) -> &Self {
        git(&self.root, &["add", "-A"]);
        git(&self.root, &["commit", "-q", "--allow-empty", "-m", "a step"]);
        self
    }

    fn git(&self, arguments: &[&str]) -> &Self {
        git(&self.root, arguments);
        self
    }

    fn check(&self, arguments: &[&str]) -> Outcome {
        check(&self.root, arguments)
    }
}

/// What a run found that is not suppressed, and what it said beside.
struct Outcome {
    /// Rule, file and line.
    found: BTreeSet<(String, String, u64)>,
    report: Value,
    said: String,
}

impl Outcome {
    fn rules(&self) -> Vec<&str> {
        self.found.iter().map(|(rule, _, _)| rule.as_str()).collect()
    }

    fn message(&self) -> &str {
        self.report["findings"][0]["message"].as_str().unwrap()
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["check", ".", "--format", "json"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn check(folder: &Path, arguments: &[&str]) -> Outcome {
    let output = run(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    let findings = report["findings"].as_array().unwrap().iter().filter(|it| it["suppressed"] == false);
    let found = findings
        .map(|it| {
            let file = it["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (it["rule"].as_str().unwrap().to_owned(), file, it["line"].as_u64().unwrap())
        })
        .collect();
    Outcome { found, report, said }
}

/// A main branch with `a1`, `b2`, and a branch that adds `c3` after `b2`.
fn two_lines() -> Repository {
    let repository = Repository::new();
    repository.revision("a1_users.py", "a1", "").revision("b2_email.py", "b2", "a1").commit();
    repository.git(&["checkout", "-q", "-b", "work"]).revision("c3_phone.py", "c3", "b2").commit();
    repository
}

/// The same, with `d4` after `b2` on main meanwhile.
fn two_lines_that_part() -> Repository {
    let repository = two_lines();
    repository.git(&["checkout", "-q", "main"]).revision("d4_fax.py", "d4", "b2").commit();
    repository.git(&["checkout", "-q", "work"]);
    repository
}

/// Two new revisions in the one transaction of Alembic's default, and a drop beside a change of the code.
#[test]
fn new_revisions_share_a_transaction_and_come_before_their_code() {
    let repository = Repository::new();
    let env = "with connectable.connect() as connection:\n    context.configure(connection=connection)\n";
    let make = format!(
        "{HEAD}revision = \"a1\"\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table(\"t\", sa.Column(\"a\", sa.Text()), sa.Column(\"b\", sa.Text()))\n\n\ndef downgrade():\n    op.drop_table(\"t\")\n"
    );
    repository.put("m/env.py", env).put("m/versions/a1_t.py", &make).put("app.py", "").commit();
    repository.git(&["checkout", "-q", "-b", "work"]);
    let step = |id: &str, parent: &str, line: &str, back: &str| {
        format!(
            "{HEAD}revision = \"{id}\"\ndown_revision = \"{parent}\"\n\n\ndef upgrade():\n    {line}\n\n\ndef downgrade():\n    {back}\n"
        )
    };
    let (nothing, drop) = ("op.execute(\"SELECT 1\")", "op.drop_constraint(\"k\", \"t\")");
    let check = "op.execute(\"ALTER TABLE t ADD CONSTRAINT k CHECK (a <> '') NOT VALID\")";
    repository.put("m/versions/b2_k.py", &step("b2", "a1", check, drop));
    repository
        .put("m/versions/c3_k.py", &step("c3", "b2", "op.execute(\"ALTER TABLE t VALIDATE CONSTRAINT k\")", nothing));
    repository.commit();
    assert_eq!(repository.check(&["--base", "main"]).rules(), ["shared-transaction", "validation-under-lock"]);
    repository.put("m/env.py", &env.replace("connection)", "connection, transaction_per_migration=True)"));
    assert_eq!(repository.check(&["--base", "main"]).rules(), Vec::<&str>::new());
    let back = "op.add_column(\"t\", sa.Column(\"b\", sa.Text()))";
    repository.put("m/versions/c3_k.py", &step("c3", "b2", "op.drop_column(\"t\", \"b\")", back)).commit();
    let asked = ["--base", "main", "--select", "dropped-column,contract-with-code"];
    assert_eq!(repository.check(&asked).rules(), ["dropped-column"]);
    repository.put("app.py", "b = None\n");
    assert_eq!(repository.check(&asked).rules(), ["contract-with-code", "dropped-column"]);
    assert_eq!(repository.check(&["--base", "main"]).rules(), ["dropped-column", "unvalidated-constraint"]);
}

/// `limbeck history --base` tells what is new, and what is found stands at its revision.
#[test]
fn the_tree_tells_what_is_new() {
    let repository = two_lines();
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["history", "--base", "main"])
        .current_dir(&repository.root)
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    let new: Vec<&str> = tree.lines().filter(|line| line.ends_with("  new")).collect();
    assert_eq!(new.len(), 1, "{tree}");
    assert!(new[0].contains(" c3 "), "{tree}");
}

#[test]
fn what_is_new_is_all_that_is_judged() {
    let repository = Repository::new();
    let index = |id: &str, parent: &str| {
        format!(
            "{HEAD}revision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    \
             op.create_index(\"i_{id}\", \"t\", [\"a\"])\n\n\ndef downgrade():\n    op.drop_index(\"i_{id}\", \"t\")\n"
        )
    };
    repository.put("m/versions/a1_old.py", &index("a1", "None")).commit();
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.put("m/versions/b2_new.py", &index("b2", "\"a1\""));
    let all: Vec<&str> = vec!["non-concurrent-index"; 2];
    let select = "--select=non-concurrent-index";
    assert_eq!(repository.check(&[select]).rules(), all);
    // Committed or not, what is in the work tree is what is judged.
    for _ in 0..2 {
        let outcome = repository.check(&["--base", "main", select]);
        assert_eq!(outcome.found.iter().map(|it| it.1.as_str()).collect::<Vec<_>>(), ["b2_new.py"]);
        repository.commit();
    }
    assert!(repository.check(&["--staged"]).found.is_empty());
}

#[test]
fn a_table_that_another_new_revision_makes_is_not_in_use() {
    let repository = Repository::new();
    let table = format!(
        "{HEAD}revision = \"b2\"\ndown_revision = \"a1\"\n\n\ndef upgrade():\n    \
         op.create_table(\"t\", sa.Column(\"a\", sa.Integer(), primary_key=True))\n\n\ndef downgrade():\n    op.drop_table(\"t\")\n"
    );
    let index = format!(
        "{HEAD}revision = \"c3\"\ndown_revision = \"b2\"\n\n\ndef upgrade():\n    \
         op.create_index(\"i\", \"t\", [\"a\"])\n\n\ndef downgrade():\n    op.drop_index(\"i\", \"t\")\n"
    );
    repository.revision("a1_first.py", "a1", "").commit().git(&["checkout", "-q", "-b", "work"]);
    repository.put("m/versions/b2_table.py", &table).put("m/versions/c3_index.py", &index).commit();
    assert!(repository.check(&["--base", "main"]).rules().iter().all(|it| *it != "non-concurrent-index"));
    assert!(repository.check(&[]).rules().contains(&"non-concurrent-index"));
}

#[test]
fn an_edited_revision_is_told_from_one_that_was_only_laid_out_anew() {
    let text = |body: &str| {
        format!(
            "{HEAD}revision = \"a1\"\ndown_revision = None\n\n\n{body}\n\n\ndef downgrade():\n    op.drop_table(\"t\")\n"
        )
    };
    let before = text("def upgrade():\n    op.execute(\"CREATE TABLE t (a INT)\")");
    let repository = Repository::new();
    repository.put("m/versions/a1_t.py", &before).commit().git(&["checkout", "-q", "-b", "work"]);
    for same in [
        "def upgrade() -> None:\n    \"\"\"Makes t.\"\"\"\n    # a table\n    op.execute('CREATE TABLE t (a INT)')",
        "TABLE = \"t\"\n\n\ndef make(name):\n    op.execute(f\"CREATE TABLE {name} (a INT)\")\n\n\ndef upgrade():\n    make(TABLE)",
    ] {
        repository.put("m/versions/a1_t.py", &text(same));
        assert!(repository.check(&["--base", "main"]).found.is_empty(), "{same}");
    }
    for other in [
        "def upgrade():\n    op.execute(\"CREATE TABLE t (a BIGINT)\")",
        "def upgrade():\n    pass",
        "def upgrade():\n    op.execute(unknown())",
    ] {
        repository.put("m/versions/a1_t.py", &text(other));
        let outcome = repository.check(&["--base", "main", "--select", "edited-revision"]);
        assert_eq!(outcome.rules(), ["edited-revision"], "{other}");
        assert!(outcome.message().contains("another upgrade"), "{}", outcome.message());
        assert_eq!(outcome.report["findings"][0]["severity"], "error");
    }
    let downgrade = before.replace("op.drop_table(\"t\")", "op.execute(\"DROP TABLE t CASCADE\")");
    repository.put("m/versions/a1_t.py", &downgrade);
    let outcome = repository.check(&["--base", "main", "--select", "edited-revision"]);
    assert_eq!(outcome.report["findings"][0]["severity"], "warning");
    assert_eq!(outcome.report["findings"][0]["direction"], "downgrade");
    // What nobody can read and nobody has touched is no edit.
    let unread = text("def upgrade():\n    op.execute(unknown())");
    repository.put("m/versions/a1_t.py", &unread).commit().git(&["branch", "-f", "main"]);
    repository.put("m/versions/a1_t.py", &unread.replace("op.drop_table(\"t\")", "op.drop_table(\"u\")"));
    let outcome = repository.check(&["--base", "main", "--select", "edited-revision"]);
    assert_eq!(outcome.report["findings"][0]["direction"], "downgrade");
}

#[test]
fn a_revision_that_is_put_before_a_landed_one_is_passed_over() {
    let repository = two_lines();
    repository.revision("a15_between.py", "a15", "a1").revision("b2_email.py", "b2", "a15");
    let outcome = repository.check(&["--base", "main"]);
    assert_eq!(outcome.rules(), ["edited-revision"]);
    let notes = outcome.report["findings"][0]["notes"].as_array().unwrap();
    assert!(notes.iter().any(|it| it["message"].as_str().unwrap().contains("never runs `a15`")), "{notes:?}");
}

#[test]
fn a_deleted_revision_is_missed_and_a_renamed_file_is_not() {
    let repository = two_lines();
    fs::remove_file(repository.root.join("m/versions/b2_email.py")).unwrap();
    repository.revision("c3_phone.py", "c3", "a1");
    let outcome = repository.check(&["--base", "main"]);
    assert_eq!(outcome.rules(), ["deleted-revision"]);
    repository.revision("b2_mail.py", "b2", "a1").revision("c3_phone.py", "c3", "b2");
    assert!(repository.check(&["--base", "main"]).found.is_empty());
    // Deleted on the base as well: that is the base's own affair.
    let repository = two_lines();
    fs::remove_file(repository.root.join("m/versions/c3_phone.py")).unwrap();
    fs::remove_file(repository.root.join("m/versions/b2_email.py")).unwrap();
    repository.commit().git(&["checkout", "-q", "main"]).git(&["rm", "-q", "m/versions/b2_email.py"]).commit();
    assert!(repository.git(&["checkout", "-q", "work"]).check(&["--base", "main"]).found.is_empty());
}

#[test]
fn a_file_that_cannot_be_read_is_not_deleted() {
    let repository = two_lines();
    repository.put("m/versions/b2_email.py", "revision = \"b2\"\ndown_revision = (\n");
    assert!(!repository.check(&["--base", "main"]).rules().contains(&"deleted-revision"));
}

#[test]
fn a_stale_parent_is_found_until_it_is_changed() {
    let repository = two_lines_that_part();
    let outcome = repository.check(&["--base", "main"]);
    assert_eq!(outcome.found, BTreeSet::from([("stale-parent".to_owned(), "c3_phone.py".to_owned(), 2)]));
    assert!(outcome.report["findings"][0]["help"].as_str().unwrap().contains("down_revision = \"d4\""));
    // After the base is merged the two heads are here, and are told as such, once.
    repository.git(&["merge", "-q", "--no-edit", "main"]);
    assert_eq!(repository.check(&["--base", "main"]).rules(), ["multiple-heads"]);
    repository.revision("c3_phone.py", "c3", "d4");
    assert!(repository.check(&["--base", "main"]).found.is_empty());
}

#[test]
fn a_rebased_branch_is_clean_and_a_merge_of_heads_too() {
    let repository = two_lines_that_part();
    repository.git(&["rebase", "-q", "main"]).revision("c3_phone.py", "c3", "d4").commit();
    assert!(repository.check(&["--base", "main"]).found.is_empty());
    let repository = two_lines_that_part();
    repository.git(&["merge", "-q", "--no-edit", "main"]);
    let merge = "revision = \"e5\"\ndown_revision = (\"c3\", \"d4\")\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n";
    repository.put("m/versions/e5_merge.py", merge);
    assert!(repository.check(&["--base", "main"]).found.is_empty());
}

#[test]
fn a_shallow_clone_says_what_it_cannot_know() {
    let repository = two_lines_that_part();
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", repository.root.display());
    git(clone.path(), &["clone", "-q", "--depth", "1", "--branch", "work", "--no-single-branch", &url, "c"]);
    let folder = clone.path().join("c");
    let outcome = check(&folder, &["--base", "origin/main"]);
    assert!(outcome.said.contains("git does not know where this left `origin/main`"), "{}", outcome.said);
    assert_eq!(outcome.rules(), ["stale-parent"]);
}

#[test]
fn a_worktree_a_submodule_and_a_project_below_the_root_are_repositories() {
    let repository = two_lines_that_part();
    let other = tempfile::tempdir().unwrap();
    let tree = other.path().join("tree");
    repository.git(&["worktree", "add", "-q", "--detach", tree.to_str().unwrap(), "work"]);
    assert_eq!(check(&tree, &["--base", "main"]).rules(), ["stale-parent"]);
    assert_eq!(check(&tree.join("m"), &["--base", "main"]).rules(), ["stale-parent"]);
    git(other.path(), &["init", "-q", "outer"]);
    let outer = other.path().join("outer");
    let url = repository.root.to_str().unwrap().to_owned();
    git(&outer, &["submodule", "add", "-q", "-b", "work", &url, "inner"]);
    assert_eq!(check(&outer.join("inner"), &["--base", "origin/main"]).rules(), ["stale-parent"]);
}

#[test]
fn names_with_spaces_and_quotes_are_names() {
    let repository = Repository::new();
    let odd = "a1_it's \"ö\" $(x).py";
    repository.revision(odd, "a1", "").commit().git(&["checkout", "-q", "-b", "it's-work"]);
    repository
        .put(&format!("m/versions/{odd}"), &plain("a1", "").replace("pass\n\n\ndef d", "raise SystemExit\n\n\ndef d"));
    let outcome = repository.check(&["--base", "main", "--select", "edited-revision,deleted-revision"]);
    assert!(outcome.found.is_empty(), "nothing is sent before or after");
    repository.put(&format!("m/versions/{odd}"), &plain("a9", ""));
    assert_eq!(repository.check(&["--base", "main", "--select", "deleted-revision"]).rules(), ["deleted-revision"]);
}

#[test]
fn without_git_or_a_commit_nothing_is_claimed() {
    let repository = two_lines();
    let output = run(&repository.root, &["--base", "no-such-branch"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && String::from_utf8_lossy(&output.stderr).contains("`no-such-branch`"));
    for hostile in ["--upload-pack=touch x", "-h", ""] {
        let base = format!("--base={hostile}");
        assert_eq!(run(&repository.root, &[&base]).status.code(), Some(2), "{hostile}");
    }
    let bare = tempfile::tempdir().unwrap();
    fs::create_dir_all(bare.path().join("m/versions")).unwrap();
    fs::write(bare.path().join("m/env.py"), "").unwrap();
    fs::write(bare.path().join("m/versions/a1_x.py"), plain("a1", "")).unwrap();
    let output = run(bare.path(), &["--base", "main"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("in no git repository"), "{output:?}");
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["check", ".", "--base", "main"])
        .env("PATH", "/nonexistent")
        .current_dir(&repository.root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no `git` on the path"));
}

/// The files of a document's block: `# base: NAME` is on the base from the start, `# tip: NAME` came to it later,
/// `# file: NAME` is in the work at hand.
fn documented(block: &str) -> (Repository, BTreeSet<(String, u64)>) {
    let mut files: Vec<(String, String, String)> = Vec::new();
    let mut marks = BTreeSet::new();
    for line in block.lines() {
        if let Some((kind @ ("base" | "tip" | "file"), name)) =
            line.strip_prefix("# ").and_then(|it| it.split_once(": "))
        {
            files.push((kind.to_owned(), name.to_owned(), HEAD.to_owned()));
            continue;
        }
        let (_, name, text) = files.last_mut().unwrap();
        if line.ends_with("# here") {
            let base = name.rsplit('/').next().unwrap().to_owned();
            marks.insert((base, text.lines().count() as u64 + 1));
        }
        *text += line.trim_end_matches("# here").trim_end();
        text.push('\n');
    }
    let repository = Repository::new();
    let put = |kind: &str| {
        for (_, name, text) in files.iter().filter(|it| it.0 == kind) {
            repository.put(&format!("m/versions/{name}"), text);
        }
        repository.commit();
    };
    put("base");
    repository.git(&["branch", "work"]);
    put("tip");
    repository.git(&["checkout", "-q", "work"]);
    // What the work at hand does not have is gone from it; what the tip added comes by a merge.
    if files.iter().any(|it| it.0 == "tip" && files.iter().any(|other| other.0 == "file" && other.1 == it.1)) {
        repository.git(&["merge", "-q", "--no-edit", "main"]);
    }
    fs::remove_dir_all(repository.root.join("m/versions")).unwrap();
    put("file");
    (repository, marks)
}

#[test]
fn the_documents_of_the_gate_hold() {
    let mut count = 0;
    for rule in rules::ALL.iter().filter(|it| matches!(it.spec.check, Check::Base(_))) {
        for part in rule.doc.split("```python ").skip(1) {
            let (kind, rest) = part.split_once('\n').unwrap();
            let (repository, marks) = documented(rest.split_once("```").unwrap().0);
            let expected: BTreeSet<_> =
                marks.into_iter().map(|(file, line)| (rule.name.to_owned(), file, line)).collect();
            assert_eq!(repository.check(&["--base", "main"]).found, expected, "{kind} of {}", rule.name);
            assert_eq!(kind == "bad", !expected.is_empty(), "{}", rule.name);
            count += 1;
        }
    }
    assert!(count >= 6, "only {count} blocks");
}

fn rebase(folder: &Path, arguments: &[&str]) -> (String, Output) {
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["rebase", "--base", "main"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (String::from_utf8(output.stdout.clone()).unwrap(), output)
}

#[test]
fn rebase_shows_the_lines_and_writes_them_when_told() {
    let repository = two_lines_that_part();
    let path = repository.root.join("m/versions/c3_phone.py");
    let text = format!("\"\"\"phone\n\nRevision ID: c3\nRevises: b2\n\"\"\"\n{}", plain("c3", "b2"));
    repository.put("m/versions/c3_phone.py", &text).commit();
    for merged in [false, true] {
        if merged {
            repository.git(&["merge", "-q", "--no-edit", "main"]);
        }
        let (shown, output) = rebase(&repository.root, &[]);
        let changed: Vec<&str> = shown
            .lines()
            .filter(|it| it.starts_with(['-', '+']) && !it.starts_with("---") && !it.starts_with("+++"))
            .collect();
        assert_eq!(
            changed,
            ["-Revises: b2", "+Revises: d4", "-down_revision = \"b2\"", "+down_revision = \"d4\""],
            "{output:?}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "nothing is written unasked");
        assert_eq!(String::from_utf8_lossy(&output.stderr).contains("comes with the merge"), !merged);
    }
    let (_, output) = rebase(&repository.root, &["--write"]);
    assert!(output.status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), text.replace("b2", "d4"));
    assert!(repository.check(&["--base", "main"]).found.is_empty());
    let (shown, output) = rebase(&repository.root, &["--write"]);
    assert!(shown.is_empty() && output.status.success(), "there is nothing left to do: {output:?}");
}

#[test]
fn rebase_leaves_what_it_cannot_change() {
    let repository = two_lines_that_part();
    let text = plain("c3", "b2").replace("\"b2\"", "\"b\" + \"2\"");
    repository.put("m/versions/c3_phone.py", &text);
    let (shown, output) = rebase(&repository.root, &["--write"]);
    assert_eq!((shown.as_str(), output.status.code()), ("", Some(2)));
    assert!(String::from_utf8_lossy(&output.stderr).contains("set it to \"d4\" by hand"), "{output:?}");
    assert_eq!(fs::read_to_string(repository.root.join("m/versions/c3_phone.py")).unwrap(), text);
}

/// The script of the step `Check` in `action.yml`.
fn script() -> String {
    let action = fs::read_to_string("action.yml").unwrap();
    let (_, step) = action.split_once("    - name: Check\n").unwrap();
    let step = step.split("\n    - name: ").next().unwrap();
    let (_, lines) = step.split_once("run: |\n").unwrap();
    lines.lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_action_finds_the_base_of_a_pull_request_by_itself() {
    let repository = two_lines_that_part();
    // What a runner checks out: the merge of the branch into the base, one commit deep.
    repository.git(&["checkout", "-q", "--detach", "main"]).git(&["merge", "-q", "--no-edit", "--no-ff", "work"]);
    repository.git(&["update-ref", "refs/pull/1/merge", "HEAD"]).git(&[
        "config",
        "uploadpack.allowAnySHA1InWant",
        "true",
    ]);
    let runner = tempfile::tempdir().unwrap();
    let folder = runner.path().join("w");
    let url = format!("file://{}", repository.root.display());
    git(runner.path(), &["init", "-q", "w"]);
    git(&folder, &["remote", "add", "origin", &url]);
    git(&folder, &["fetch", "-q", "--depth=1", "origin", "+refs/pull/1/merge:refs/remotes/pull/1/merge"]);
    git(&folder, &["checkout", "-q", "refs/remotes/pull/1/merge"]);
    let output = Command::new("bash")
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &script()])
        .current_dir(&folder)
        .envs([("BINARY", env!("CARGO_BIN_EXE_limbeck")), ("CHECKED", "."), ("SINCE", ""), ("BASE", "")])
        .envs([("FAIL_ON", "error"), ("ACTION_PATH", "/nonexistent"), ("GITHUB_BASE_REF", "main")])
        .env("RUNNER_TEMP", runner.path())
        .env("GITHUB_OUTPUT", runner.path().join("output"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said.contains("multiple-heads") && said.lines().count() == 1, "{said}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("git does not know"), "{output:?}");
    assert!(runner.path().join("limbeck.sarif").exists());
}

#[test]
fn a_history_that_moved_is_the_same_history() {
    let repository = Repository::new();
    repository.put("m/env.py", "").revision("a1_users.py", "a1", "").revision("b2_mail.py", "b2", "a1").commit();
    repository.git(&["checkout", "-q", "-b", "work"]).git(&["mv", "m", "db"]).commit();
    repository.put("db/versions/c3_new.py", &plain("c3", "b2")).commit();
    let outcome =
        repository.check(&["--base", "main", "--select", "deleted-revision,edited-revision,missing-downgrade"]);
    assert_eq!(outcome.rules(), Vec::<&str>::new(), "{}", outcome.report["findings"]);
    let tree = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["history", "--base", "main", "--format", "json"])
        .current_dir(&repository.root)
        .output()
        .unwrap();
    let tree: Value = serde_json::from_slice(&tree.stdout).unwrap();
    let revisions = tree["revisions"].as_array().unwrap();
    let new: Vec<&str> =
        revisions.iter().filter(|it| it["new"] == true).map(|it| it["revision"].as_str().unwrap()).collect();
    assert_eq!(new, ["c3"], "{tree}");
}

#[test]
fn each_engine_of_several_has_a_base_of_its_own() {
    let repository = Repository::new();
    let ini = "[alembic]\nscript_location = m\ndatabases = one, two\n";
    let revision = |id: &str, parent: &str, one: &str| {
        format!(
            "{HEAD}revision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade(engine_name):\n    \
             globals()[f\"upgrade_{{engine_name}}\"]()\n\n\ndef downgrade(engine_name):\n    \
             globals()[f\"downgrade_{{engine_name}}\"]()\n\n\ndef upgrade_one():\n    {one}\n\n\ndef downgrade_one():\n    \
             pass\n\n\ndef upgrade_two():\n    op.execute(\"SELECT 2\")\n\n\ndef downgrade_two():\n    pass\n"
        )
    };
    repository
        .put("alembic.ini", ini)
        .put("m/env.py", "")
        .put("m/versions/a1.py", &revision("a1", "None", "op.execute(\"SELECT 1\")"));
    repository.commit().git(&["checkout", "-q", "-b", "work"]);
    let asked = ["--base", "main", "--select", "edited-revision"];
    assert_eq!(repository.check(&asked).rules(), Vec::<&str>::new());
    // Only the one engine's part is another.
    repository.put("m/versions/a1.py", &revision("a1", "None", "op.execute(\"SELECT 3\")"));
    let outcome = repository.check(&asked);
    assert_eq!(outcome.rules(), ["edited-revision"]);
    let told = outcome.report["findings"].as_array().unwrap();
    assert!(told.iter().all(|it| it["environment"] == "m (one)"), "{told:?}");
}

#[test]
fn what_models_do_not_say_by_themselves_is_not_missed() {
    let repository = Repository::new();
    let table = "op.create_table(\"users\", sa.Column(\"id\", sa.BigInteger(), primary_key=True), schema=\"app\")";
    let revision = |id: &str, parent: &str, line: &str| {
        format!(
            "{HEAD}revision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    {line}\n\n\ndef downgrade():\n    pass\n"
        )
    };
    let model = |more: &str| {
        format!(
            "class Stamped:\n    made_at: Mapped[datetime] = mapped_column()\n\n\nclass User(Stamped, Base):\n    \
             __tablename__ = \"users\"\n    __table_args__ = (Index(\"i\", \"id\"), {{\"schema\": \"app\"}})\n    \
             id: Mapped[int] = mapped_column(primary_key=True)\n    posts: Mapped[list[\"Post\"]] = relationship()\n{more}"
        )
    };
    repository.put("m/env.py", "").put("m/versions/a1.py", &revision("a1", "None", table)).put("app.py", &model(""));
    repository.commit().git(&["checkout", "-q", "-b", "work"]);
    let asked = ["--base", "main", "--select", "model-without-revision,revision-without-model"];
    let told = |more: &str, line: &str| {
        repository.put("app.py", &model(more)).put("m/versions/b2.py", &revision("b2", "\"a1\"", line));
        let outcome = repository.check(&asked);
        let findings = outcome.report["findings"].as_array().unwrap().clone();
        findings.iter().map(|it| it["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let add = |name: &str| format!("op.add_column(\"users\", sa.Column(\"{name}\", sa.Text()), schema=\"app\")");
    let none = Vec::<String>::new();
    // What a mixin has, a relationship, and a property are no columns that a revision has to make.
    assert_eq!(told("", &add("made_at")), none);
    assert_eq!(
        told("    others = relationship(\"User\")\n    full: ClassVar[str] = \"x\"\n", "op.execute(\"SELECT 1\")"),
        none
    );
    // The column's own name counts, not the attribute's.
    assert_eq!(told("    mail: Mapped[str] = mapped_column(\"email\")\n", &add("email")), none);
    assert_eq!(
        told("    mail: Mapped[str] = mapped_column(\"email\")\n", &add("mail")),
        [
            "the column `app.users.email` is in the models with this change, and no revision makes it",
            "the column `app.users.mail` is made here, and no model has it"
        ]
    );
    let posts = "\n\nposts = Table(\"posts\", metadata, Column(\"id\", Integer))\n";
    assert_eq!(
        told(posts, "op.execute(\"SELECT 1\")"),
        ["the table `posts` is in the models with this change, and no revision makes it"]
    );
    assert_eq!(
        told("", "op.drop_table(\"users\", schema=\"app\")"),
        ["the table `app.users` is dropped here, and the models still have it"]
    );
    // Where something is not understood, it may have made the column.
    assert_eq!(told("    age: Mapped[int]\n", "op.execute(make())"), none);
}
