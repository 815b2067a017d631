//! `limbeck roundtrip` on a real PostgreSQL. Without one there is nothing to test, and the tests say so; in CI (`CI` is
//! set) that is a failure.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "roundtrip/beside.rs"]
mod beside;
#[path = "roundtrip/catalog.rs"]
mod catalog;
#[path = "roundtrip/contention.rs"]
mod contention;
#[path = "roundtrip/documents.rs"]
mod documents;
#[path = "roundtrip/existing.rs"]
mod existing;
#[path = "roundtrip/filled.rs"]
mod filled;
#[path = "roundtrip/hostile.rs"]
mod hostile;
#[path = "roundtrip/keep.rs"]
mod keep;
#[path = "roundtrip/kills.rs"]
mod kills;
#[path = "roundtrip/programs.rs"]
mod programs;
#[path = "roundtrip/runner.rs"]
mod runner;
#[path = "roundtrip/trace.rs"]
mod trace;
#[path = "roundtrip/url.rs"]
mod url;
#[path = "roundtrip/ways.rs"]
mod ways;

use programs::{programs, room};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The programs of every major version that is here, and of the one that is installed.
fn servers() -> Vec<PathBuf> {
    let servers = env::var_os("LIMBECK_SERVERS").map_or_else(|| PathBuf::from(".postgres"), PathBuf::from);
    let own = fs::read_dir(servers).map_or_else(|_| Vec::new(), |it| it.map(|it| it.unwrap().path()).collect());
    let mut all: Vec<PathBuf> = own
        .into_iter()
        .flat_map(|it| [it.join("bin"), it.join("native/bin")])
        .filter(|it| it.join("initdb").exists())
        .collect();
    if all.is_empty() {
        all.extend(programs());
    }
    all
}

/// `limbeck roundtrip` with more arguments.
fn command(arguments: &[&str]) -> Option<Command> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
    command.arg("roundtrip").args(arguments).env("NO_COLOR", "1").env("TMPDIR", room());
    if !arguments.contains(&"--database-url") && !arguments.contains(&"--postgres-bin") {
        command.arg("--postgres-bin").arg(programs()?);
    }
    Some(command)
}

/// Runs it; the answer is its output, once it is no error.
fn limbeck(arguments: &[&str]) -> Option<Output> {
    let output = command(arguments)?.output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{arguments:?}: {talk}");
    Some(output)
}

/// The report as JSON.
fn report(folder: &Path, arguments: &[&str]) -> Option<Value> {
    let folder = folder.to_str().unwrap();
    let output = limbeck(&[&[folder, "--format", "json"], arguments].concat())?;
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// File name, line and rule of what is found and not suppressed.
fn found(report: &Value) -> Vec<(String, u64, String)> {
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["suppressed"] == false);
    findings
        .map(|finding| {
            let file = finding["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (file, finding["line"].as_u64().unwrap(), finding["rule"].as_str().unwrap().to_owned())
        })
        .collect()
}

/// The tests by name and outcome.
fn outcomes(report: &Value) -> BTreeMap<String, String> {
    let all = report["roundtrip"].as_array().unwrap().iter().flat_map(|it| it["tests"].as_array().unwrap());
    all.map(|it| (it["name"].as_str().unwrap().to_owned(), it["outcome"].as_str().unwrap().to_owned())).collect()
}

/// A history of revisions, one body each, in a folder that everybody may enter.
fn history(bodies: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    add(folder.path(), bodies);
    folder
}

/// Writes a history into a folder.
fn add(folder: &Path, bodies: &[&str]) {
    let versions = folder.join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.join("alembic/env.py"), "").unwrap();
    for (number, body) in (1..).zip(bodies) {
        let parent = if number == 1 { "None".to_owned() } else { format!("\"r{}\"", number - 1) };
        let head = format!(
            "from alembic import op\nimport sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\n\n\
             revision = \"r{number}\"\ndown_revision = {parent}\n\n\n"
        );
        fs::write(versions.join(format!("r{number}.py")), head + body).unwrap();
    }
}

/// Each of several histories in a folder by its number, which lies in a folder of that number.
fn found_in(report: &Value, number: usize) -> Vec<(String, u64, String)> {
    let mut own = report.clone();
    let inside = format!("{number}/alembic");
    own["findings"].as_array_mut().unwrap().retain(|it| it["environment"].as_str().unwrap().ends_with(&inside));
    found(&own)
}

/// The lines of the head that [`history`] writes above each body.
const HEAD: u64 = 8;

#[test]
fn the_healthy_histories_pass_every_test() {
    for programs in servers() {
        let report = report(Path::new("migrations"), &["--postgres-bin", programs.to_str().unwrap()]).unwrap();
        assert_eq!(report["findings"], Value::Array(Vec::new()), "{}", programs.display());
        let histories = report["roundtrip"].as_array().unwrap();
        assert_eq!(histories.len(), 5);
        for history in histories {
            for test in history["tests"].as_array().unwrap() {
                assert_eq!(test["outcome"], "passed", "{history}");
            }
            assert_eq!(history["skipped"].as_array().unwrap().len(), 0, "{history}");
        }
        assert!(report["summary"]["statements"].as_u64().unwrap() > 500);
    }
}

/// Databases that sick histories are to be run on.
const DUMPS: &[(&str, &str, &str)] = &[
    (
        "not-null-new-column-without-default",
        "",
        "CREATE TABLE users (id serial PRIMARY KEY, email varchar NOT NULL, first_name varchar, last_name varchar);\n\
         COPY users (id, email) FROM stdin;\n1\ta@example.org\n\\.\n",
    ),
    ("leftover-type", "@003", "CREATE TABLE users (id serial PRIMARY KEY, name text);\n"),
    (
        "leftover-type",
        "@001",
        "CREATE TABLE users (id serial PRIMARY KEY, name text);\nCREATE TYPE state AS ENUM ('open');\n",
    ),
    ("multiple-heads", "@001", "CREATE TABLE a (id serial PRIMARY KEY);\n"),
    ("sql-syntax", "@001", "CREATE TABLE users (id serial PRIMARY KEY);\n"),
];

/// What each sick history shows when it is run: the words of a server differ from version to version, its codes do not.
#[test]
fn the_sick_histories_fail_as_they_should() {
    if programs().is_none() {
        return;
    }
    let mut folders: Vec<PathBuf> = fs::read_dir("fixtures").unwrap().map(|it| it.unwrap().path()).collect();
    folders.retain(|it| it.is_dir());
    folders.sort();
    // Those with a configuration of their own, or that cannot be run at all, are run by themselves.
    let unsound =
        ["bad-input-", "duplicate-", "missing-dep", "missing-parent", "missing-rev", "python-", "revision-cycle"];
    let alone = |it: &PathBuf| {
        let name = it.file_name().unwrap().to_str().unwrap();
        it.join("limbeck.toml").exists() || unsound.iter().any(|start| name.starts_with(start))
    };
    let (alone, together): (Vec<PathBuf>, Vec<PathBuf>) = folders.into_iter().partition(alone);
    let (mut lines, mut groups) = (Vec::new(), vec![together]);
    groups.extend(alone.into_iter().map(|it| vec![it]));
    while let Some(group) = groups.pop() {
        let paths: Vec<&str> = group.iter().map(|it| it.to_str().unwrap()).collect();
        let output = command(&[&paths[..], &["--rows", "3", "--format", "json"]].concat()).unwrap().output().unwrap();
        if output.status.code() == Some(2) && group.len() > 1 {
            // One that cannot be run at all is among them.
            groups.extend(group.into_iter().map(|it| vec![it]));
        } else if output.status.code() == Some(2) {
            let talk = String::from_utf8_lossy(&output.stderr);
            let error = talk.lines().find(|line| line.contains('×')).unwrap_or_default();
            lines.push(format!("{}: {}", paths.join(" "), error.trim()));
        } else {
            lines.extend(told(&serde_json::from_slice(&output.stdout).unwrap()));
        }
    }
    for (fixture, number, dump) in DUMPS {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("schema.sql");
        fs::write(&file, dump).unwrap();
        let baseline = format!("{}{number}", file.display());
        let report = report(&Path::new("fixtures").join(fixture), &["--baseline", &baseline]).unwrap();
        let shown = told(&report).join("\n").replace(file.to_str().unwrap(), "schema.sql");
        lines.extend(shown.lines().map(|line| format!("--baseline schema.sql{number}: {line}")));
    }
    lines.sort();
    insta::assert_snapshot!("sick", lines.join("\n"));
}

/// A line for each history and each finding.
fn told(report: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for history in report["roundtrip"].as_array().unwrap() {
        let tests = history["tests"].as_array().unwrap().iter();
        let tests = tests.map(|it| format!("{} {}", it["name"].as_str().unwrap(), it["outcome"].as_str().unwrap()));
        lines.push(format!("{}: {}", history["environment"].as_str().unwrap(), tests.collect::<Vec<_>>().join(", ")));
    }
    for finding in report["findings"].as_array().unwrap() {
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        let code = text("message").rsplit_once(" (").map_or("", |(_, code)| code.trim_end_matches(')'));
        let code = if code.len() == 5 { code } else { text("message") };
        let (line, column) = (&finding["line"], &finding["column"]);
        lines.push(format!("{}:{line}:{column} {} {}: {code}", text("file"), text("rule"), text("direction")));
    }
    lines
}

/// A transaction for the whole run, and one for each revision, are not the same.
#[test]
fn the_transactions_are_those_of_the_environment() {
    let bodies = [
        "def upgrade():\n    op.execute(\"CREATE TYPE mood AS ENUM ('sad')\")\n\n\n\
         def downgrade():\n    op.execute('DROP TYPE mood')\n",
        "def upgrade():\n    with op.get_context().autocommit_block():\n        \
         op.execute(\"CREATE TABLE t (m mood)\")\n\n\n\
         def downgrade():\n    op.drop_table('t')\n",
        "def upgrade():\n    op.execute(\"ALTER TYPE mood ADD VALUE 'glad'\")\n\n\n\
         def downgrade():\n    pass\n",
        "def upgrade():\n    op.execute(\"INSERT INTO t VALUES ('glad')\")\n\n\n\
         def downgrade():\n    op.execute('DELETE FROM t')\n",
    ];
    let folder = history(&bodies);
    let Some(one) = report(folder.path(), &[]) else { return };
    // The label is left behind in both; its use in the transaction that adds it is refused only where that is one.
    let refused = |report: &Value| {
        found(report).iter().filter(|(file, _, rule)| file == "r4.py" && rule == "failing-statement").count()
    };
    assert_eq!(refused(&one), 1, "{one}");
    let env = "from alembic import context\n\nEACH = True\n\n\ndef online(connection):\n    \
               context.configure(connection=connection, transaction_per_migration=EACH)\n";
    fs::write(folder.path().join("alembic/env.py"), env).unwrap();
    let each = report(folder.path(), &[]).unwrap();
    assert_eq!(refused(&each), 0, "{each}");
    assert_eq!(found(&each).len(), 1, "{each}");
}

/// What is not known in full is run as far as it is known, and said.
#[test]
fn what_is_not_known_is_skipped_and_named() {
    let folder = history(&[
        "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()))\n\n\n\
         def downgrade():\n    op.drop_table('t')\n",
        "def upgrade():\n    for row in op.get_bind().execute(sa.text('SELECT id FROM t')):\n        \
         op.execute(f'UPDATE t SET id = {row.id}')\n    op.add_column('t', sa.Column('a', sa.Text()))\n\n\n\
         def downgrade():\n    op.drop_column('t', 'a')\n",
        "def upgrade():\n    op.alter_column('t', 'a', new_column_name='b')\n\n\n\
         def downgrade():\n    op.alter_column('t', 'b', new_column_name='a')\n",
        "def upgrade():\n    op.drop_column('t', 'b')\n\n\n\
         def downgrade():\n    raise NotImplementedError\n",
    ]);
    let Some(report) = report(folder.path(), &[]) else { return };
    assert_eq!(found(&report), []);
    let skipped = report["roundtrip"][0]["skipped"].as_array().unwrap();
    let skipped: Vec<(&str, &str)> =
        skipped.iter().map(|it| (it["revision"].as_str().unwrap(), it["direction"].as_str().unwrap())).collect();
    assert_eq!(skipped, [("r2", "upgrade"), ("r4", "downgrade")]);
    assert!(outcomes(&report).values().all(|it| it == "partly"), "{report}");
    assert_eq!(report["roundtrip"][0]["tests"][1]["detail"], "2 of 4 revisions up, down and up");
}

/// `--since` steps only what is new, on the schema that the rest leaves.
#[test]
fn only_what_is_new_is_stepped() {
    let folder = history(&[
        "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()))\n\n\ndef downgrade():\n    pass\n",
        "def upgrade():\n    op.add_column('t', sa.Column('a', sa.Text()))\n\n\n\
         def downgrade():\n    op.drop_column('t', 'a')\n",
    ]);
    let Some(new) = report(folder.path(), &["--since", "r1"]) else { return };
    assert_eq!(found(&new), []);
    assert_eq!(new["roundtrip"][0]["tests"][1]["detail"], "1 of 1 revision up, down and up");
    let all = report(folder.path(), &[]).unwrap();
    assert_eq!(found(&all), [("r1.py".to_owned(), HEAD + 5, "incomplete-downgrade".to_owned())]);
    // What the configuration leaves behind is left behind here too.
    fs::write(folder.path().join("limbeck.toml"), "since = \"r1\"\n").unwrap();
    let settled = report(folder.path(), &[]).unwrap();
    assert_eq!(found(&settled), []);
    assert_eq!(settled["roundtrip"][0]["tests"][1]["detail"], "1 of 1 revision up, down and up");
}
