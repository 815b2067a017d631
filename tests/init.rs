//! `limbeck init`: what it would write, that it writes that and no more, and that the result is one that works.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

fn limbeck(here: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_limbeck")).args(arguments).current_dir(here).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn repository(second: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("back.end/alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join("back.end/alembic.ini"), "[alembic]\nscript_location = alembic\n").unwrap();
    fs::write(folder.path().join("back.end/alembic/env.py"), "").unwrap();
    let head = "from alembic import op\nimport sqlalchemy as sa\n\nrevision = ";
    let first = format!(
        "{head}\"a1\"\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table(\"t\", sa.Column(\"c\", sa.Text()))\n\n\n\
         def downgrade():\n    op.drop_table(\"t\")\n"
    );
    let second = format!(
        "{head}\"b2\"\ndown_revision = \"a1\"\n\n\ndef upgrade():\n    {second}\n\n\ndef downgrade():\n    {second}\n"
    );
    fs::write(versions.join("a1.py"), first).unwrap();
    fs::write(versions.join("b2.py"), second).unwrap();
    folder
}

const SICK: &str = "op.create_index(\"i\", \"t\", [\"c\"])";
const WELL: &str = "op.execute(\"SELECT 1\")";

#[test]
fn it_shows_first_and_writes_when_told() {
    let folder = repository(SICK);
    assert_eq!(limbeck(folder.path(), &["check"]).status.code(), Some(1));
    let shown = limbeck(folder.path(), &["init"]);
    assert!(shown.status.success(), "{shown:?}");
    let text = out(&shown);
    for line in
        ["+++ limbeck.toml", "+++ .pre-commit-config.yaml", "+++ .github/workflows/limbeck.yml", "+since = \"b2\""]
    {
        assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
    }
    assert!(!folder.path().join("limbeck.toml").exists(), "nothing is written unasked");

    let written = limbeck(folder.path(), &["init", "--write"]);
    assert_eq!(out(&written), text, "what is shown is what is written");
    for (path, count) in [("limbeck.toml", 1), (".pre-commit-config.yaml", 1), (".github/workflows/limbeck.yml", 1)] {
        let written = fs::read_to_string(folder.path().join(path)).unwrap();
        let added: Vec<String> = written.lines().map(|it| format!("+{it}\n")).collect();
        assert_eq!(text.matches(&added.concat()).count(), count, "{path}");
    }
    // The configuration is one, and the old faults are left behind.
    let check = limbeck(folder.path(), &["check"]);
    assert!(check.status.success(), "{check:?}");
    let hook = fs::read_to_string(folder.path().join(".pre-commit-config.yaml")).unwrap();
    assert!(hook.contains("        files: '^back\\.end/alembic/.*\\.py$'\n"), "{hook}");

    let again = limbeck(folder.path(), &["init"]);
    assert_eq!((again.status.code(), out(&again).as_str()), (Some(0), ""), "all of it is there");
}

#[test]
fn where_nothing_is_wrong_nothing_is_left_behind() {
    let folder = repository(WELL);
    let text = out(&limbeck(folder.path(), &["init"]));
    assert!(text.contains("+# since = \"b2\"\n"), "{text}");
}

#[test]
fn a_hook_joins_the_list_that_is_there() {
    let folder = repository(WELL);
    let before = "# ours\nrepos:\n- repo: https://github.com/astral-sh/ruff-pre-commit\n  rev: v0.1\n  hooks:\n  - id: ruff\n\n\
                  # of the whole\nci:\n  autofix_prs: false\n";
    let path = folder.path().join(".pre-commit-config.yaml");
    fs::write(&path, before).unwrap();
    let shown = out(&limbeck(folder.path(), &["init", "--write"]));
    let after = fs::read_to_string(&path).unwrap();
    let expected = "  - id: ruff\n- repo: local\n  hooks:\n    - id: limbeck\n";
    assert!(after.contains(expected), "{after}");
    assert!(after.ends_with("\n\n# of the whole\nci:\n  autofix_prs: false\n"), "{after}");
    assert!(!shown.lines().any(|it| it.starts_with('-') && !it.starts_with("--- ")), "nothing is taken away:\n{shown}");
    // What is shown is a patch that makes the one of the other.
    fs::write(&path, before).unwrap();
    let patch = folder.path().join("p");
    let part = shown.split("--- ").find(|it| it.starts_with(".pre-commit")).unwrap();
    fs::write(&patch, format!("--- {part}")).unwrap();
    let applied =
        Command::new("git").args(["apply", "-p0", "--unidiff-zero", "p"]).current_dir(folder.path()).output().unwrap();
    assert!(applied.status.success(), "{applied:?}\n{part}");
    assert_eq!(fs::read_to_string(&path).unwrap(), after);
}

#[test]
fn a_configuration_that_is_there_stays() {
    let folder = repository(SICK);
    fs::write(folder.path().join("pyproject.toml"), "[tool.limbeck]\npostgres = 16\n").unwrap();
    let text = out(&limbeck(folder.path(), &["init"]));
    assert!(!text.contains("limbeck.toml"), "{text}");
}

#[test]
fn without_a_history_nothing_begins() {
    let folder = tempfile::tempdir().unwrap();
    let output = limbeck(folder.path(), &["init"]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""));
}

#[test]
fn shells_and_manuals_know_every_command() {
    let here = Path::new(".");
    let help = out(&limbeck(here, &["--help"]));
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands: Vec<&str> =
        commands.lines().map_while(|it| it.strip_prefix("  ")?.split(' ').next()).filter(|it| !it.is_empty()).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = out(&limbeck(here, &["completions", shell]));
        assert!(commands.iter().all(|it| text.contains(it)), "{shell}");
    }
    let page = out(&limbeck(here, &["man"]));
    assert!(
        page.contains(".TH limbeck 1") && commands.iter().all(|it| page.contains(&it.replace('-', "\\-"))),
        "{page}"
    );
    assert!(out(&limbeck(here, &["man", "check"])).contains("\\-\\-fail\\-on"));
    assert_eq!(limbeck(here, &["man", "chek"]).status.code(), Some(2));
}
