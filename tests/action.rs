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
            if let Some(output) = inner.strip_prefix("steps.check.outputs.") {
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

/// A `gh` that writes down what it is asked, and knows of a comment where one is said to be there.
fn gh(runner: &Runner, comment: &str) -> String {
    let folder = runner.path("bin");
    fs::create_dir_all(&folder).unwrap();
    let script = format!(
        "#!/usr/bin/env bash\necho \"$*\" >>\"{}\"\ncase \"$*\" in *--paginate*) printf '{comment}' ;; esac\n",
        runner.path("asked").display()
    );
    fs::write(folder.join("gh"), script).unwrap();
    assert!(Command::new("chmod").args(["+x", folder.join("gh").to_str().unwrap()]).status().unwrap().success());
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

fn comments(indexes: usize, comment: &str, reference: &str) -> (String, String) {
    let folder = history(indexes);
    let mut runner = Runner::new();
    runner.check(folder.path(), &[]);
    let path = gh(&runner, comment);
    let extra = [("PATH", path.as_str()), ("GITHUB_REF", reference), ("GITHUB_REPOSITORY", "o/r")];
    let output = runner.run("Comment", folder.path(), &[("token", "t")], &extra);
    assert!(output.status.success(), "{output:?}");
    let asked = fs::read_to_string(runner.path("asked")).unwrap_or_default();
    (asked, fs::read_to_string(runner.path("limbeck.comment")).unwrap_or_default())
}

#[test]
fn the_comment_is_made_changed_and_taken_away() {
    let reference = "refs/pull/7/merge";
    let (asked, body) = comments(1, "", reference);
    assert!(asked.contains("-X POST repos/o/r/issues/7/comments -F body=@"), "{asked}");
    assert!(body.starts_with("<!-- limbeck -->\n## limbeck: 1 error"), "{body}");
    let (asked, _) = comments(1, "42\\n", reference);
    assert!(asked.contains("-X PATCH repos/o/r/issues/comments/42 "), "{asked}");
    let (asked, _) = comments(0, "42\\n", reference);
    assert!(asked.contains("-X DELETE repos/o/r/issues/comments/42"), "{asked}");
    let (asked, _) = comments(0, "", reference);
    assert_eq!(asked.lines().count(), 1, "nothing to say, nothing there: {asked}");
    let (asked, _) = comments(1, "", "refs/heads/main");
    assert_eq!(asked, "", "no pull request, no comment");
}
