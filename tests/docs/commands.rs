//! Every command that a document shows is typed, in a project such as the reader's, and no block of a document escapes.

use super::{
    blocks, documents, found, limbeck,
    programs::{programs, room},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// Commands that are not typed here, and why.
const NOT_TYPED: &[(&str, &str)] = &[
    ("limbeck server", "it waits for an editor: tests/server.rs is one"),
    ("limbeck roundtrip --database-url \"$DATABASE_URL\"", "it asks a server: tests/roundtrip.rs has one"),
    ("limbeck playground", "it serves until it is ended: tests/playground.rs asks it"),
    ("limbeck playground --open", "it serves until it is ended: tests/playground.rs asks it"),
    ("limbeck stats", "it asks a PostgreSQL: tests/stats.rs runs it"),
    ("limbeck stats --database-url URL", "it asks a PostgreSQL: tests/stats.rs runs it"),
    ("limbeck stats --database-url \"$DATABASE_URL\" > stats.json", "it asks a PostgreSQL: tests/stats.rs runs it"),
    ("cargo install --path .", "it builds for minutes what `make test` builds too"),
    ("pre-commit run limbeck", "pre-commit is no part of these tests: tests/install.sh runs the hook"),
    ("make test", "it is what runs this test"),
    ("docker build -t limbeck .", "there is no Docker in the tests"),
    ("docker run --rm -v \"$PWD:/work\" limbeck check", "there is no Docker in the tests"),
];

/// Flags of other tools that documents name.
const FOREIGN_FLAGS: &[(&str, &str)] = &[
    ("--end-of-options", "git"),
    ("--git-commit-id", "django-migration-linter"),
    ("--git-diff", "squawk, pgsafe, eugene"),
    ("--reporter", "squawk"),
    ("--since-revision", "alembic-migration-linter"),
    ("--sql", "alembic"),
    ("--target", "docker build"),
];

/// Blocks that nothing runs, by document and first line, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    ("ARCHITECTURE.md", "paths ─discover→", "a drawing"),
    ("docs/editors.md", "vim.lsp.config(", "there is no Neovim in the tests; the command in it is looked at"),
];

/// What a document leaves for the reader to fill in, and what it is here.
const STANDS_FOR: &[(&str, &str)] = &[
    (" REV", " 4f2a9c81d0e7"),
    (" FILE", " file.html"),
    (" rule-name", " non-concurrent-index"),
    (" SHELL", " bash"),
    (" [WORD]", " index"),
    (" --group G", " --group lock"),
    (" OWNER/limbeck@COMMIT", " o/limbeck@0123456789012345678901234567890123456789"),
];

/// What `limbeck stats` writes of a database of the project's.
const STATS: &str = r#"{
    "limbeck_stats": 1, "server": {"version": "16.4", "major": 16}, "tables": [],
    "stamps": [{"schema": "public", "table": "alembic_version", "revisions": ["4f2a9c81d0e7"]}],
    "invalid_indexes": [], "unvalidated_constraints": [], "enums": [], "extensions": []
}"#;

/// A project as a reader may have it: a branch that has left `origin/main` behind, with one revision more.
struct Project {
    folder: TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        let versions = project.path().join("alembic/versions");
        fs::create_dir_all(&versions).unwrap();
        fs::write(project.path().join("alembic.ini"), "[alembic]\nscript_location = alembic\n").unwrap();
        fs::write(project.path().join("alembic/env.py"), "").unwrap();
        let bin = project.folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_limbeck"), bin.join("limbeck")).unwrap();
        symlink("/bin/cat", bin.join("reviewdog")).unwrap_or_default();
        let table = |name: &str| {
            let up = format!("op.create_table(\"{name}\", sa.Column(\"name\", sa.Text()))");
            (up, format!("op.drop_table(\"{name}\")"))
        };
        let revision = |id: &str, parent: &str, (up, down): (String, String)| {
            let text = super::revision_named(
                id,
                parent,
                &format!("def upgrade():\n    {up}\n\n\ndef downgrade():\n    {down}\n"),
            );
            fs::write(versions.join(format!("{id}.py")), text).unwrap();
        };
        revision("4f2a9c81d0e7", "None", table("users"));
        project.git(&["init", "-q"]);
        project.commit();
        revision("5b3c0d92e1f8", "\"4f2a9c81d0e7\"", table("plans"));
        project.commit();
        project.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        project.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
        project.git(&["reset", "-q", "--hard", "HEAD~1"]);
        revision("6c4d1ea3f209", "\"4f2a9c81d0e7\"", table("teams"));
        project.commit();
        fs::write(project.path().join("stats.json"), STATS).unwrap();
        fs::write(project.path().join("schema.sql"), "CREATE TABLE users (name text);\n").unwrap();
        fs::write(project.path().join("rows.sql"), "INSERT INTO users VALUES ('a');\n").unwrap();
        project
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("your/project")
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "c"]);
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgSign=false"]);
        git.args(arguments).current_dir(self.path());
        assert!(git.env("GIT_CONFIG_GLOBAL", "/dev/null").status().unwrap().success(), "git {arguments:?}");
    }

    /// Types lines into a shell; what stops with 1 has found something.
    fn type_in(&self, lines: &str, folder: &Path) -> Output {
        let path = format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        Command::new("bash")
            .args(["--noprofile", "--norc", "-c", lines])
            .current_dir(folder)
            .env("PATH", path)
            .env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("TMPDIR", room())
            .output()
            .unwrap()
    }
}

/// A line without the comment behind it.
fn bare(line: &str) -> &str {
    line.split(" #").next().unwrap_or(line).trim()
}

/// The commands that a document shows: lines of its `sh` blocks, what its YAML runs, and what stands in backticks.
fn commands(document: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut prose = String::new();
    let mut inside = false;
    for line in document.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose.extend([line, "\n"]);
        }
    }
    let spans = prose.split('`').skip(1).step_by(2);
    let typed = ["limbeck ", "docker ", "make demo", "make test", "cargo install"];
    let is_typed = |it: &&str| typed.iter().any(|start| it.starts_with(start)) && !it.contains('\n');
    all.extend(spans.filter(is_typed).map(|it| it.replace("\\|", "|")));
    for (info, text) in blocks(document) {
        let yaml = |line: &str| -> Option<String> {
            let line = line.trim();
            let run = line.strip_prefix("entry: ").or_else(|| line.strip_prefix("- run: "));
            run.or_else(|| line.strip_prefix("- ").filter(|it| it.starts_with("limbeck "))).map(str::to_owned)
        };
        match info.as_str() {
            "sh" => all.extend(text.lines().map(|it| bare(it).to_owned()).filter(|it| !it.starts_with("cd "))),
            "yaml" => all.extend(text.lines().filter_map(yaml)),
            _ => {}
        }
    }
    all
}

fn is_listed(command: &str) -> bool {
    NOT_TYPED.iter().any(|(it, _)| *it == command) || (command.contains("limbeck roundtrip") && programs().is_none())
}

#[test]
fn every_command_that_is_shown_can_be_typed() {
    let mut seen = BTreeSet::new();
    for path in documents() {
        for command in commands(&fs::read_to_string(&path).unwrap()) {
            if is_listed(&command) {
                seen.insert(command);
                continue;
            }
            if command == "make demo" {
                demo();
                continue;
            }
            // Of its own: what one command writes is not what the next one meets.
            let project = Project::new();
            let typed = STANDS_FOR.iter().fold(command.clone(), |it, (word, value)| it.replace(word, value));
            let output = project.type_in(&typed, &project.path());
            assert!(matches!(output.status.code(), Some(0 | 1)), "{path}: {command}: {output:?}");
            assert!(!output.stdout.is_empty() || !output.stderr.is_empty(), "{path}: {command} says nothing");
            seen.insert(command);
        }
    }
    assert!(seen.len() > 25, "only {} commands are shown: {seen:?}", seen.len());
}

/// What `make demo` would run once limbeck is built.
fn demo() {
    let dry = Command::new("make").args(["--dry-run", "demo"]).output().unwrap();
    let dry = String::from_utf8(dry.stdout).unwrap();
    let lines = dry.replace("\\\n", " ").replace("target/release/limbeck", env!("CARGO_BIN_EXE_limbeck"));
    let runs: Vec<&str> = lines.lines().filter(|it| it.contains("limbeck check")).collect();
    assert_eq!(runs.len(), 2, "{dry}");
    for (run, words) in runs.iter().zip(["0 errors", "error["]) {
        let output = Command::new("bash").args(["-c", run]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && said.contains(words), "{run}: {said}");
    }
}

/// Blocks of commands hang together as they stand.
#[test]
fn blocks_of_commands_run_from_top_to_bottom() {
    for path in documents() {
        for (_, text) in blocks(&fs::read_to_string(&path).unwrap()).iter().filter(|(info, _)| info == "sh") {
            let kept: Vec<&str> = text.lines().filter(|it| !is_listed(bare(it)) && bare(it) != "make demo").collect();
            let project = Project::new();
            let begins_outside = text.lines().any(|it| it.starts_with("cd "));
            let folder = if begins_outside { project.folder.path().to_path_buf() } else { project.path() };
            let output = project.type_in(&kept.join("\n"), &folder);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{path}:\n{text}\n{output:?}");
        }
    }
}

#[test]
fn every_flag_that_is_named_is_one() {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let (overview, _) = limbeck(Path::new("."), &["--help"]);
    let names = overview.split_once("Commands:\n").unwrap().1.lines().map_while(|it| it.strip_prefix("  "));
    for name in names.filter_map(|it| it.split_whitespace().next()).chain(["check"]) {
        let (help, _) = limbeck(Path::new("."), &[name, "--help"]);
        let words = help.split(|it: char| it.is_whitespace() || matches!(it, ',' | '=' | '['));
        known.extend(words.filter(|it| it.starts_with("--")).map(str::to_owned));
    }
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for span in text.split('`').filter(|it| it.starts_with("--") && !it.contains('\n')) {
            for flag in span.split_whitespace().filter(|it| it.starts_with("--") && it.len() > 2) {
                let name = flag.split('=').next().unwrap();
                let foreign = FOREIGN_FLAGS.iter().any(|(it, _)| *it == name);
                assert!(foreign || known.contains(name), "{path}: {name} is no flag");
            }
        }
    }
}

/// Every block is one of those that a test of this file or of `tests/docs.rs` runs, or is listed with a reason.
#[test]
fn no_block_escapes() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut listed = BTreeSet::new();
    for path in documents() {
        for (info, text) in blocks(&fs::read_to_string(&path).unwrap()) {
            if let Some(at) = NOT_RUN.iter().position(|(of, start, _)| path == *of && text.starts_with(start)) {
                listed.insert(at);
                continue;
            }
            let is_run = match info.as_str() {
                "" => path == "README.md" && text.starts_with("error["),
                "sh" | "toml" => true,
                "python" => text.starts_with("# limbeck: ignore["),
                "yaml" => is_known_yaml(&text),
                other => path == "docs/recipes.md" && other.starts_with("python "),
            };
            assert!(is_run, "{path}: nothing runs this block of `{info}`:\n{text}");
            *kinds.entry(info.split(' ').next().unwrap().to_owned()).or_default() += 1;
        }
    }
    assert_eq!(listed.len(), NOT_RUN.len(), "what is listed is no longer there");
    assert_eq!(kinds.len(), 5, "{kinds:?}");
}

/// A hook (`tests/install.sh` hands those of the README and of `docs/ci.md` to pre-commit), a workflow or a step of one
/// (its actions are pinned, and `tests/action.rs` runs ours), or a job of GitLab's, of which the script is typed.
fn is_known_yaml(text: &str) -> bool {
    let pinned = |line: &str| {
        let action = line.trim().trim_start_matches("- ").strip_prefix("uses: ");
        action.is_none_or(|it| {
            it.starts_with("your-fork/limbeck@") || it.split(['@', ' ']).nth(1).is_some_and(|pin| pin.len() == 40)
        })
    };
    let hook = text.contains("- repo: ") && text.contains("- id: limbeck\n");
    let workflow = text.contains("uses: ") && text.lines().all(pinned);
    let gitlab = text.contains("script:\n") && text.contains("codequality:");
    hook || workflow || gitlab
}

#[test]
fn a_comment_that_is_shown_silences() {
    let mut seen = 0;
    for path in documents() {
        for (_, text) in blocks(&fs::read_to_string(&path).unwrap()).iter().filter(|(info, _)| info == "python") {
            let table = "def upgrade():\n    op.create_table(\"plans\", sa.Column(\"name\", sa.Text()))\n\n\n\
                def downgrade():\n    op.drop_table(\"plans\")\n";
            let way = |lines: &mut dyn Iterator<Item = &str>| {
                let body = lines.map(|it| format!("    {it}")).collect::<Vec<_>>().join("\n");
                let down = "    with op.get_context().autocommit_block():\n        \
                    op.drop_index(\"ix_plans_name\", \"plans\", postgresql_concurrently=True)\n";
                format!("def upgrade():\n{body}\n\n\ndef downgrade():\n{down}")
            };
            assert_eq!(found(&[table, &way(&mut text.lines())]), [""; 0], "{path}");
            let without = found(&[table, &way(&mut text.lines().filter(|it| !it.starts_with('#')))]);
            assert_eq!(without, ["non-concurrent-index in \"r2\""], "{path}");
            seen += 1;
        }
    }
    assert!(seen > 1);
}

/// What a document shows as a configuration is one that a check obeys.
#[test]
fn configurations_that_are_shown_can_be_used() {
    let mut seen = 0;
    let project = Project::new();
    for path in documents() {
        for (_, text) in blocks(&fs::read_to_string(&path).unwrap()).iter().filter(|(info, _)| info == "toml") {
            if let Ok(editor) = toml::from_str::<toml::Table>(text)
                && let Some(servers) = editor.get("language-server")
            {
                let server = &servers["limbeck"];
                assert_eq!(server["command"].as_str(), Some("limbeck"), "{path}");
                assert_eq!(server["args"].as_array().unwrap()[0].as_str(), Some("server"), "{path}");
                continue;
            }
            fs::write(project.path().join("shown.toml"), text).unwrap();
            // The files that `schema-dump` and `baseline` name.
            fs::write(project.path().join("schema.sql"), "CREATE SCHEMA app;\n").unwrap();
            project.type_in("limbeck baseline", &project.path());
            let output = project.type_in("limbeck check --config shown.toml", &project.path());
            assert!(matches!(output.status.code(), Some(0 | 1)), "{path}:\n{text}\n{output:?}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
    let lua = fs::read_to_string("docs/editors.md").unwrap();
    assert!(lua.contains("cmd = { \"limbeck\", \"server\" }"), "{lua}");
}
