//! The steps of `action.yml`, run as a runner runs them: bash, inputs in the environment, files for what is handed on.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

/// A step that runs a script: its environment and the script.
struct Step {
    env: Vec<(String, String)>,
    script: String,
}

fn action() -> String {
    fs::read_to_string("action.yml").unwrap()
}

fn step(name: &str) -> Step {
    let action = action();
    let (_, step) = action.split_once(&format!("    - name: {name}\n")).unwrap();
    let step = step.split("\n    - name: ").next().unwrap();
    let (head, script) = step.split_once("run: |\n").unwrap();
    let env = head.split_once("env:\n").unwrap().1.lines().map_while(|line| line.strip_prefix("        "));
    let env = env.map(|line| line.split_once(": ").unwrap()).map(|(key, value)| (key.to_owned(), value.to_owned()));
    let script = script.lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect::<Vec<_>>();
    Step { env: env.collect(), script: script.join("\n") }
}

/// The default of an input.
fn default(input: &str) -> String {
    let action = action();
    let (_, rest) = action.split_once(&format!("\n  {input}:\n")).unwrap();
    rest.split_once("    default: ").unwrap().1.lines().next().unwrap().trim_matches('"').to_owned()
}

struct Runner {
    folder: TempDir,
    outputs: BTreeMap<String, String>,
}

impl Runner {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), outputs: BTreeMap::new() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a step in a workspace; `inputs` are those that the workflow gives, `extra` is more of the environment.
    fn run(&mut self, name: &str, workspace: &Path, inputs: &[(&str, &str)], extra: &[(&str, &str)]) -> Output {
        let step = step(name);
        let value = |expression: &str| -> String {
            let Some(inner) = expression.strip_prefix("${{ ").and_then(|it| it.strip_suffix(" }}")) else {
                return expression.to_owned();
            };
            if let Some(input) = inner.strip_prefix("inputs.") {
                let given = inputs.iter().find(|(name, _)| *name == input);
                return given.map_or_else(|| default(input), |(_, value)| (*value).to_owned());
            }
            let handed = inner.strip_prefix("steps.check.outputs.").or(inner.strip_prefix("steps.roundtrip.outputs."));
            if let Some(output) = handed {
                return self.outputs.get(output).cloned().unwrap_or_default();
            }
            assert_eq!(inner, "github.action_path");
            env!("CARGO_MANIFEST_DIR").to_owned()
        };
        let output = self.path("output");
        fs::write(&output, "").unwrap();
        let result = Command::new("bash")
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &step.script])
            .current_dir(workspace)
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .envs(step.env.iter().map(|(key, expression)| (key, value(expression))))
            .env("RUNNER_TEMP", self.folder.path())
            .env("GITHUB_OUTPUT", &output)
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .envs(extra.iter().copied())
            .output()
            .unwrap();
        let handed = fs::read_to_string(&output).unwrap();
        let pairs = handed.lines().map(|line| line.split_once('=').unwrap());
        self.outputs.extend(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
        result
    }

    fn check(&mut self, workspace: &Path, inputs: &[(&str, &str)]) -> Output {
        let mut all = vec![("binary", env!("CARGO_BIN_EXE_limbeck"))];
        all.extend(inputs);
        self.run("Check", workspace, &all, &[])
    }

    fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    fn summary(&self) -> String {
        fs::read_to_string(self.path("summary")).unwrap_or_default()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn inputs_reach_scripts_through_the_environment_only() {
    for (number, line) in action().lines().enumerate() {
        let in_script = line.starts_with("        ") && !line.trim_start().starts_with("sarif_file:");
        let in_env = line
            .trim_start()
            .split_once(": ")
            .is_some_and(|(key, _)| key.chars().all(|it| it.is_ascii_uppercase() || it == '_'));
        assert!(!line.contains("${{") || !in_script || in_env, "line {}: {line}", number + 1);
    }
    for line in action().lines().filter(|it| it.contains("uses: ")) {
        let (_, pin) = line.split_once('@').unwrap();
        assert!(pin.split(' ').next().unwrap().len() == 40, "{line} is not pinned to a commit");
    }
}

#[test]
fn findings_become_annotations_a_summary_and_outputs() {
    let mut runner = Runner::new();
    let output = runner.check(Path::new("fixtures/non-concurrent-index"), &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said(&output).starts_with("::error file=fixtures/non-concurrent-index/"), "{}", said(&output));
    assert_eq!(runner.output("exit-code"), "1");
    assert!(runner.output("errors").parse::<u32>().unwrap() > 0);
    assert_eq!((runner.output("warnings").is_empty(), runner.output("notes").is_empty()), (false, false));
    for file in ["sarif", "json"] {
        let text = fs::read_to_string(runner.output(file)).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{file}");
    }
    assert!(runner.summary().contains("| <code>non-concurrent-index</code> |"), "{}", runner.summary());
    assert!(runner.summary().contains("```mermaid\nflowchart BT\n"));

    let mut quiet = Runner::new();
    let output = quiet.check(Path::new("fixtures/non-concurrent-index"), &[("fail-on", "never"), ("summary", "false")]);
    assert_eq!((output.status.code(), quiet.summary().as_str()), (Some(0), ""));
}

#[test]
fn a_healthy_history_is_silent() {
    let folder = history(0);
    let mut runner = Runner::new();
    let output = runner.check(folder.path(), &[]);
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), ""));
    assert_eq!((runner.output("errors"), runner.output("exit-code")), ("0", "0"));
    assert!(runner.summary().starts_with("## limbeck: 0 errors, 0 warnings, 0 notes"));
}

/// A history in which a later revision makes so many indexes.
fn history(indexes: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("m/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join("m/env.py"), "").unwrap();
    let revision = |id: &str, parent: &str, up: &str, down: &str| {
        let text = format!(
            "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"{id}\"\ndown_revision = {parent}\n\n\n\
             def upgrade():\n{up}\n\n\ndef downgrade():\n{down}\n"
        );
        fs::write(versions.join(format!("{id}.py")), text).unwrap();
    };
    revision("a", "None", "    op.create_table(\"t\", sa.Column(\"c\", sa.Integer()))", "    op.drop_table(\"t\")");
    if indexes > 0 {
        let line = |at: usize| format!("    op.create_index(\"i{at}\", \"t\", [\"c\"])");
        let up: Vec<String> = (0..indexes).map(line).collect();
        let down = |at: usize| {
            format!(
                "    with op.get_context().autocommit_block():\n        \
                 op.drop_index(\"i{at}\", postgresql_concurrently=True)"
            )
        };
        let down: Vec<String> = (0..indexes).map(down).collect();
        revision("b", "\"a\"", &up.join("\n"), &down.join("\n"));
    }
    folder
}

#[test]
fn no_more_annotations_than_github_shows() {
    let folder = history(14);
    let mut runner = Runner::new();
    let output = runner.check(folder.path(), &[]);
    let said = said(&output);
    assert_eq!(said.lines().filter(|it| it.starts_with("::error ")).count(), 10, "{said}");
    assert!(said.ends_with(" more: see the summary of this step\n"), "{said}");
    assert!(runner.summary().matches("| <code>non-concurrent-index</code> |").count() >= 14);
}

#[test]
fn inputs_are_words_and_never_code() {
    let folder = history(1);
    for inputs in [
        [("path", "$(touch out)"), ("since", "")],
        [("path", "--help"), ("since", "")],
        [("path", "."), ("since", "`touch out`; touch out")],
        [("path", "."), ("fail-on", "never --format json=out")],
        [("path", "."), ("base", "--output=out")],
    ] {
        let output = Runner::new().check(folder.path(), &inputs);
        assert_eq!(output.status.code(), Some(2), "{inputs:?}: {output:?}");
        assert!(!folder.path().join("out").exists(), "{inputs:?}");
    }
}

/// A `gh api` on comments that lie in a folder, a file each: it answers in pages of two, takes `--jq` where there is a
/// `jq`, and refuses what GitHub refuses.
const GH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
echo "$*" >>"$ISSUE/asked"
[ "$1" = api ] && shift
[ "$GH_TOKEN" = secret ] || { echo "HTTP 401" >&2; exit 1; }
method=GET path= filter=. body=
while [ $# -gt 0 ]; do
    case $1 in
    --paginate) ;;
    --jq) filter=$2; shift ;;
    -X) method=$2; shift ;;
    -F) body=${2#body=@}; shift ;;
    *) path=$1 ;;
    esac
    shift
done
comment() { jq -n --arg id "$1" --arg login "$2" --arg type "$3" --rawfile body "$4" \
    '{id: ($id | tonumber), user: {login: $login, type: $type}, body: $body}' >"$ISSUE/$1.json"; }
case "$method $path" in
"GET repos/o/r/issues/7/comments") find "$ISSUE" -name "*.json" | sort | xargs -r -n 2 jq -s '.' | jq -r "$filter" ;;
"POST repos/o/r/issues/7/comments") [ "$(wc -c <"$body")" -le 65536 ] && comment 99 'github-actions[bot]' Bot "$body" ;;
"PATCH repos/o/r/issues/comments/"*) id=${path##*/}; [ -f "$ISSUE/$id.json" ] && comment "$id" 'github-actions[bot]' Bot "$body" ;;
"DELETE repos/o/r/issues/comments/"*) rm "$ISSUE/${path##*/}.json" ;;
*) echo "HTTP 404 $method $path" >&2; exit 1 ;;
esac
"#;

/// A pull request with comments, by id: who wrote them, of which type, and what.
struct Issue {
    runner: Runner,
}

impl Issue {
    fn new(comments: &[(u32, &str, &str, &str)]) -> Self {
        let runner = Runner::new();
        fs::create_dir(runner.path("issue")).unwrap();
        fs::create_dir(runner.path("bin")).unwrap();
        let gh = runner.path("bin/gh");
        fs::write(&gh, GH).unwrap();
        assert!(Command::new("chmod").arg("+x").arg(gh).status().unwrap().success());
        for (id, login, kind, body) in comments {
            let comment = serde_json::json!({ "id": id, "user": { "login": login, "type": kind }, "body": body });
            fs::write(runner.path(&format!("issue/{id}.json")), comment.to_string()).unwrap();
        }
        Self { runner }
    }

    /// Checks a history with so many indexes and runs the step; the comments are then these.
    fn comments(&mut self, indexes: usize, reference: &str) -> BTreeMap<u32, String> {
        let folder = history(indexes);
        self.runner.check(folder.path(), &[]);
        let path = format!("{}:{}", self.runner.path("bin").display(), std::env::var("PATH").unwrap());
        let issue = self.runner.path("issue");
        let extra = [
            ("PATH", path.as_str()),
            ("ISSUE", issue.to_str().unwrap()),
            ("GITHUB_REF", reference),
            ("GITHUB_REPOSITORY", "o/r"),
        ];
        let output = self.runner.run("Comment", folder.path(), &[("token", "secret")], &extra);
        assert!(output.status.success(), "{output:?}");
        let files = fs::read_dir(issue).unwrap().map(|it| it.unwrap().path());
        let comments = files.filter(|it| it.extension().is_some_and(|it| it == "json")).map(|file| {
            let comment: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            (u32::try_from(comment["id"].as_u64().unwrap()).unwrap(), comment["body"].as_str().unwrap().to_owned())
        });
        comments.collect()
    }
}

const MARK: &str = "<!-- limbeck -->";
const PULL: &str = "refs/pull/7/merge";

/// GitHub's runners have `jq`, and so has CI.
fn has_jq() -> bool {
    let there = Command::new("jq").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "there is no jq");
    there
}

#[test]
fn the_comment_is_made_changed_and_taken_away() {
    if !has_jq() {
        return;
    }
    // Somebody else's words stay, even where they quote ours.
    let others = [
        (1, "somebody", "User", "<!-- limbeck --> is what it says"),
        (2, "other[bot]", "Bot", "see <!-- limbeck -->"),
        (3, "somebody", "User", "well"),
    ];
    let mut issue = Issue::new(&others);
    assert_eq!(issue.comments(0, PULL).len(), 3, "nothing to say, nothing there");
    let made = issue.comments(1, PULL);
    assert_eq!(made.len(), 4, "{made:?}");
    assert!(made[&99].starts_with(&format!("{MARK}\n## limbeck: 1 error")), "{made:?}");
    let changed = issue.comments(2, PULL);
    assert_eq!(changed.len(), 4, "one comment, however often it runs: {changed:?}");
    assert!(changed[&99].starts_with(&format!("{MARK}\n## limbeck: 2 errors")), "{changed:?}");
    assert_eq!(issue.comments(0, "refs/heads/main").len(), 4, "no pull request, no word");
    let left = issue.comments(0, PULL);
    assert_eq!(left.keys().copied().collect::<Vec<_>>(), [1, 2, 3], "the last finding takes it away");
}

#[test]
fn a_comment_is_no_longer_than_github_takes() {
    if !has_jq() {
        return;
    }
    let mut issue = Issue::new(&[]);
    let folder = history(1);
    issue.runner.check(folder.path(), &[]);
    let path = issue.runner.path("limbeck.md");
    let long = format!("{}{}", fs::read_to_string(&path).unwrap(), "x".repeat(70_000));
    fs::write(&path, long).unwrap();
    let bin = format!("{}:{}", issue.runner.path("bin").display(), std::env::var("PATH").unwrap());
    let place = issue.runner.path("issue");
    let extra = [
        ("PATH", bin.as_str()),
        ("ISSUE", place.to_str().unwrap()),
        ("GITHUB_REF", PULL),
        ("GITHUB_REPOSITORY", "o/r"),
    ];
    let output = issue.runner.run("Comment", folder.path(), &[("token", "secret")], &extra);
    assert!(output.status.success(), "{output:?}");
    let comment = fs::read_to_string(place.join("99.json")).unwrap();
    assert!(comment.contains("1 error") && comment.len() < 1000, "{comment}");
}

/// Without PostgreSQL's programs there is nothing to run on; in CI that is a failure.
#[test]
fn the_round_trip_is_run_where_it_is_asked_for() {
    let folder = history(0);
    let mut runner = Runner::new();
    let binary = ("binary", env!("CARGO_BIN_EXE_limbeck"));
    runner.check(folder.path(), &[]);
    let output = runner.run("Round trip", folder.path(), &[binary], &[]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(2) && error.contains("PostgreSQL") && std::env::var_os("CI").is_none() {
        return;
    }
    assert_eq!((output.status.code(), runner.output("found")), (Some(0), "0"), "{output:?}");
    assert!(runner.summary().contains("## limbeck roundtrip: 0 errors"), "{}", runner.summary());
    assert!(runner.summary().contains("| fresh | passed |"), "{}", runner.summary());

    let versions = folder.path().join("m/versions");
    let broken = "from alembic import op\n\nrevision = \"b\"\ndown_revision = \"a\"\n\n\n\
        def upgrade():\n    op.execute(\"ALTER TABLE t ADD CHECK (nothing > 1)\")\n\n\ndef downgrade():\n    pass\n";
    fs::write(versions.join("b.py"), broken).unwrap();
    let mut runner = Runner::new();
    runner.check(folder.path(), &[("fail-on", "never")]);
    let output = runner.run("Round trip", folder.path(), &[binary], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said(&output).contains("title=failing-statement"), "{}", said(&output));
    assert_ne!(runner.output("found"), "0");
}

#[test]
fn the_summary_says_what_locks_what() {
    let mut runner = Runner::new();
    runner.check(history(1).path(), &[]);
    let row = "| <code>b</code> | 9 | SHARE | <code>t</code> | writes | index build |";
    assert!(runner.summary().contains("What locks what") && runner.summary().contains(row), "{}", runner.summary());
    let mut quiet = Runner::new();
    quiet.check(history(0).path(), &[]);
    assert!(!quiet.summary().contains("What locks what"), "nobody waits for a table that is new: {}", quiet.summary());
}
