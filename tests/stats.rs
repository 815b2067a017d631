//! `limbeck stats` on a real PostgreSQL, and `limbeck check --stats` with what it wrote. Without a server the first part
//! is left out, and says so; in CI (`CI` is set) that is a failure.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

#[path = "roundtrip/programs.rs"]
mod programs;

use programs::{programs, room};
use serde_json::{Value, json};
use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A server that is gone with the value.
struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    user: Option<u32>,
}

impl Cluster {
    fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir_in(room()).unwrap();
        let id = |user: &[&str]| -> u32 {
            let output = Command::new("id").arg("-u").args(user).output().unwrap();
            String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0)
        };
        // PostgreSQL refuses to run as root.
        let user =
            (id(&[]) == 0).then(|| Some(id(&["postgres"])).filter(|it| *it > 0).unwrap_or_else(|| id(&["nobody"])));
        chown(folder.path(), user, None).unwrap();
        let cluster = Self { programs, folder, user };
        cluster.run("initdb", &["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        let options =
            format!("-c listen_addresses='' -c fsync=off -c unix_socket_directories={}", cluster.path().display());
        cluster.run("pg_ctl", &["-D", "data", "-w", "-l", "log", "-o", &options, "start"]);
        Some(cluster)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(self.path()).env("LC_ALL", "C");
        if let Some(user) = self.user {
            command.uid(user);
        }
        let log = fs::File::create(self.path().join("output")).unwrap();
        let status = command.stdout(log.try_clone().unwrap()).stderr(log).status().unwrap();
        assert!(status.success(), "{program}: {}", fs::read_to_string(self.path().join("output")).unwrap());
    }

    fn url(&self) -> String {
        format!("postgresql+asyncpg://postgres:secret@/postgres?host={}", self.path().display())
    }

    /// Statements, by a round trip's own way in: a single-user server needs no client program.
    fn send(&self, sql: &str) {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]).arg(self.path()).args(["-c", sql]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-D", "data", "-w", "-m", "immediate", "stop"]);
    }
}

fn limbeck(here: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_limbeck")).args(arguments).current_dir(here).env("NO_COLOR", "1").output().unwrap()
}

const MADE: &str = "op.execute(\"CREATE TABLE users (id bigint PRIMARY KEY, login text, nick text)\")
    op.execute(\"CREATE TABLE empty (id bigint PRIMARY KEY, login text)\")
    op.execute(\"ALTER TABLE users ADD CONSTRAINT given CHECK (nick IS NOT NULL) NOT VALID\")";
const VALIDATED: &str = "op.execute(\"ALTER TABLE users VALIDATE CONSTRAINT given\")";

/// A history of revisions `r1`, `r2`, … with these upgrades.
fn history(upgrades: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    for (at, upgrade) in upgrades.iter().enumerate() {
        let parent = if at == 0 { "None".to_owned() } else { format!("'r{at}'") };
        let text = format!(
            "from alembic import op\n\nrevision = 'r{}'\ndown_revision = {parent}\n\n\ndef upgrade():\n    {upgrade}\n\n\n\
             def downgrade():\n    raise NotImplementedError\n",
            at + 1
        );
        fs::write(versions.join(format!("r{}.py", at + 1)), text).unwrap();
    }
    folder
}

/// `revision rule severity: message` of what `--stats` finds.
fn found(folder: &Path, stats: &Value, more: &[&str]) -> Vec<String> {
    fs::write(folder.join("stats.json"), stats.to_string()).unwrap();
    let arguments =
        [&["check", ".", "--format", "json", "--stats", "stats.json", "--ignore", "reversal,file-name-mismatch"], more]
            .concat();
    let output = limbeck(folder, &arguments);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let text = |it: &Value, key: &str| it[key].as_str().unwrap_or("-").to_owned();
    let line = |it: &Value| {
        let [revision, rule, severity, message] = ["revision", "rule", "severity", "message"].map(|key| text(it, key));
        format!("{revision} {rule} {severity}: {message}")
    };
    report["findings"].as_array().unwrap().iter().map(line).collect()
}

/// Sizes of `users`, at revision `stamp` of a server of this version.
fn sizes(stamp: &[&str], major: u32, bytes: u64) -> Value {
    let table = |name: &str, bytes: u64| json!({"schema": "public", "name": name, "rows": null, "bytes": bytes, "index_bytes": 0, "partitioned": false});
    json!({
        "limbeck_stats": 1,
        "server": {"version": format!("{major}.1"), "major": major},
        "tables": [table("empty", 0), table("users", bytes)],
        "stamps": [{"schema": "public", "table": "alembic_version", "revisions": stamp}],
        "invalid_indexes": [], "unvalidated_constraints": [], "enums": [], "extensions": []
    })
}

#[test]
fn a_real_database_is_written_down_and_judged() {
    let Some(cluster) = Cluster::start() else { return };
    if !cluster.programs.join("psql").exists() {
        eprintln!("left out: there is no psql");
        return;
    }
    cluster.send(
        "CREATE TABLE users (id bigint PRIMARY KEY, login text, nick text);
         INSERT INTO users SELECT n, 'x', 'y' FROM generate_series(1, 5000) n;
         ALTER TABLE users ADD CONSTRAINT given CHECK (nick IS NOT NULL) NOT VALID;
         CREATE TABLE empty (id bigint PRIMARY KEY, login text);
         CREATE TABLE days (day date) PARTITION BY RANGE (day);
         CREATE TABLE days_1 PARTITION OF days DEFAULT;
         INSERT INTO days VALUES ('2026-01-01');
         CREATE TYPE mood AS ENUM ('sad', 'glad');
         CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
         INSERT INTO alembic_version VALUES ('r2');
         CREATE INDEX ix_login ON users (login);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_login'::regclass;
         ANALYZE",
    );
    let before = cluster.path().join("output").exists();
    let output = limbeck(cluster.path(), &["stats", "--database-url", &cluster.url()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(before && output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("secret"));
    // Nothing has changed in between, and the same database gives the same bytes.
    let again = limbeck(cluster.path(), &["stats", "--database-url", &cluster.url()]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text);

    let stats: Value = serde_json::from_str(&text).unwrap();
    let table = |name: &str| stats["tables"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone();
    assert_eq!(table("users")["rows"], 5000);
    let bytes = table("users")["bytes"].as_u64().unwrap();
    assert!((100_000..1_000_000).contains(&bytes), "{bytes}");
    assert!(table("users")["index_bytes"].as_u64().unwrap() > 50_000);
    assert_eq!(table("empty")["bytes"], 0);
    assert_eq!((&table("days")["partitioned"], &table("days")["bytes"]), (&json!(true), &table("days_1")["bytes"]));
    assert_eq!(stats["stamps"], json!([{"schema": "public", "table": "alembic_version", "revisions": ["r2"]}]));
    assert_eq!(stats["invalid_indexes"], json!([{"schema": "public", "table": "users", "name": "ix_login"}]));
    assert_eq!(stats["unvalidated_constraints"], json!([{"schema": "public", "table": "users", "name": "given"}]));
    assert_eq!(stats["enums"], json!([{"schema": "public", "name": "mood", "labels": ["sad", "glad"]}]));
    assert_eq!(stats["extensions"][0]["name"], "plpgsql");

    let folder = history(&[
        MADE,
        VALIDATED,
        "op.execute(\"ALTER TABLE users ALTER COLUMN nick SET NOT NULL\")",
        "with op.get_context().autocommit_block():\n        op.create_index('ix_login', 'users', ['login'], \
         if_not_exists=True, postgresql_concurrently=True)",
    ]);
    let lines = found(folder.path(), &stats, &[]);
    let heads: Vec<&str> = lines.iter().map(|it| it.split(':').next().unwrap()).collect();
    assert_eq!(heads, ["r3 invalid-leftover warning", "r4 invalid-leftover error"], "{lines:#?}");
}

#[test]
fn what_is_pending_is_judged_by_size() {
    let folder = history(&[
        MADE,
        VALIDATED,
        "op.execute(\"CREATE INDEX a ON users (login)\")",
        "op.execute(\"CREATE INDEX b ON users (nick)\")",
        "op.execute(\"ALTER TABLE empty ALTER COLUMN login SET NOT NULL\")",
    ]);
    let index = |revision: &str, severity: &str, tail: &str| {
        format!(
            "{revision} non-concurrent-index {severity}: building index `?` blocks every write to `users` until it is done{tail}"
        )
    };
    let none = "r5 not-null-without-backfill note";
    let starts = |lines: &[String], expected: &[String]| {
        assert_eq!(lines.len(), expected.len(), "{lines:#?}");
        for (line, expected) in lines.iter().zip(expected) {
            let (head, tail) = expected.split_once(": building").unwrap_or((expected, ""));
            let tail = tail.rsplit_once("`?`").map_or("", |it| it.1);
            assert!(line.starts_with(head) && line.ends_with(tail), "{line}, not {expected}");
        }
    };
    for (bytes, severity, tail) in [
        (1_000_000, "note", ": less than a second for 1.0 MB, at 40 MB a second"),
        (200_000_000, "warning", ": some 5 seconds for 200.0 MB, at 40 MB a second"),
        (2_000_000_000, "error", ": some 50 seconds for 2.0 GB, at 40 MB a second"),
        (20_000_000_000, "error", ": some 8 minutes for 20.0 GB, at 40 MB a second"),
    ] {
        let lines = found(folder.path(), &sizes(&["r3"], 16, bytes), &[]);
        starts(&lines, &[index("r4", severity, tail), none.to_owned()]);
    }
    // What has been run there is not judged, and all of it where nothing is stamped.
    assert_eq!(found(folder.path(), &sizes(&["r5"], 16, 1), &[]), Vec::<String>::new());
    let whole = found(folder.path(), &sizes(&[], 16, 1), &[]);
    assert!(whole.iter().all(|it| !it.contains("non-concurrent-index")), "on new tables: {whole:#?}");
}

#[test]
fn the_configuration_knows_hot_and_small_tables() {
    let folder = history(&[MADE, "op.execute(\"CREATE INDEX a ON users (login)\")", "op.execute(\"DROP INDEX a\")"]);
    let severities = |config: &str| -> Vec<String> {
        fs::write(folder.path().join("limbeck.toml"), config).unwrap();
        let arguments = ["check", ".", "--format", "json", "--ignore", "reversal,fails-on-data"];
        let report: Value = serde_json::from_slice(&limbeck(folder.path(), &arguments).stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|it| format!("{} {}", it["rule"].as_str().unwrap(), it["severity"].as_str().unwrap())).collect()
    };
    assert_eq!(severities(""), ["non-concurrent-index error", "non-concurrent-index-drop warning"]);
    assert_eq!(severities("small = ['users']"), ["non-concurrent-index note", "non-concurrent-index-drop warning"]);
    assert_eq!(severities("hot = ['public.users']"), ["non-concurrent-index error", "non-concurrent-index-drop error"]);
    fs::write(folder.path().join("limbeck.toml"), "hot = ['a.b.c']").unwrap();
    let output = limbeck(folder.path(), &["check", "."]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`a.b.c` is no table"));
}

#[test]
fn the_server_of_the_file_counts() {
    let sql = "op.execute(\"CREATE UNIQUE INDEX a ON empty (login) NULLS NOT DISTINCT\")";
    let folder = history(&[MADE, sql]);
    let told = |major, more: &[&str]| {
        found(folder.path(), &sizes(&["r1"], major, 0), more).join("\n").contains("newer-syntax")
    };
    assert!(told(14, &[]) && !told(15, &[]));
    assert!(told(16, &["--postgres", "14"]) && !told(14, &["--postgres", "15"]));
}

#[test]
fn a_stamp_that_nobody_knows_is_told() {
    let folder = history(&[MADE, "op.execute(\"CREATE INDEX a ON users (login)\")"]);
    let lines = found(folder.path(), &sizes(&["gone"], 16, 1), &[]);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("unknown-stamp error") && lines[0].contains("`gone`"), "{lines:#?}");
    for (bad, words) in [
        ("{}", "missing field"),
        ("[", "no file of sizes"),
        (&sizes(&[], 16, 1).to_string().replace("\"limbeck_stats\":1", "\"limbeck_stats\":2"), "the form 2"),
    ] {
        fs::write(folder.path().join("stats.json"), bad).unwrap();
        let output = limbeck(folder.path(), &["check", ".", "--stats", "stats.json"]);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && talk.contains(words), "{talk}");
    }
}

#[test]
fn no_password_is_in_the_words() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["postgresql://me:secret@127.0.0.1:1/none", "secret", "postgresql+asyncpg://:secret@[/"] {
        let output = limbeck(folder.path(), &["stats", "--database-url", url]);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && !talk.contains("secret"), "{url}: {talk}");
    }
}
