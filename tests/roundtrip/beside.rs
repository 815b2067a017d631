//! A server with a real database on it, which nothing that limbeck does may change.

use super::{add, command, found_in, history, programs, room};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, postgres::PgConnectOptions, raw_sql};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::{fs::MetadataExt, fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// Somebody's work.
const REAL: &str = "
CREATE ROLE owner LOGIN CREATEDB;
CREATE ROLE apart LOGIN CREATEDB;
CREATE DATABASE real OWNER owner;
";
const TABLES: &str = "
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE person (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood mood DEFAULT 'sad');
CREATE TABLE visit (person int REFERENCES person, at timestamptz NOT NULL DEFAULT '2020-01-01', CHECK (at > '2000-01-01'));
CREATE VIEW glad AS SELECT name FROM person WHERE mood = 'glad';
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1';
CREATE TABLE alembic_version (version_num varchar(32) NOT NULL);
INSERT INTO alembic_version VALUES ('r1');
INSERT INTO person (name, mood) SELECT 'p' || i, 'glad' FROM generate_series(1, 500) i;
INSERT INTO visit SELECT id FROM person;
COMMENT ON DATABASE real IS 'the real one';
";

pub(super) struct Beside {
    folder: tempfile::TempDir,
    server: Child,
}

impl Beside {
    pub(super) fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("beside").tempdir_in(room()).unwrap();
        let user = (fs::metadata(folder.path()).unwrap().uid() == 0).then(postgres_user);
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let run = |name: &str| {
            let mut command = Command::new(programs.join(name));
            command.current_dir(folder.path()).env("LC_ALL", "C").stdout(Stdio::null()).stderr(Stdio::null());
            if let Some((user, group)) = user {
                command.uid(user).gid(group);
            }
            command
        };
        let made = run("initdb").args(["-D", "data", "-U", "boss", "-A", "trust", "--no-sync"]).status().unwrap();
        assert!(made.success());
        let mut server = run("postgres");
        server.args(["-D", "data", "-c", "listen_addresses=", "-c", "fsync=off", "-c", "autovacuum=off", "-k"]);
        let server = server.arg(folder.path()).spawn().unwrap();
        let beside = Self { folder, server };
        beside.tell("postgres", REAL);
        beside.tell("real", TABLES);
        Some(beside)
    }

    /// The URL of the real database.
    pub(super) fn url(&self, user: &str, database: &str) -> String {
        format!("postgresql://{user}@/{database}?host={}", self.folder.path().display())
    }

    /// One text for each line of an answer.
    fn ask(&self, database: &str, sql: &str) -> Vec<String> {
        let options = PgConnectOptions::new().socket(self.folder.path()).username("boss").database(database);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut tries = 0;
            let mut connection = loop {
                match PgConnection::connect_with(&options).await {
                    Ok(connection) => break connection,
                    Err(error) => assert!(tries < 600, "{error}"),
                }
                tries += 1;
                thread::sleep(Duration::from_millis(50));
            };
            let rows = raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| row.try_get::<Option<String>, _>(0).unwrap().unwrap_or_default()).collect()
        })
    }

    fn tell(&self, database: &str, sql: &str) {
        for statement in sql.split(";\n").filter(|it| !it.trim().is_empty()) {
            self.ask(database, statement);
        }
    }

    /// Every table of the real database by a hash of its ordered rows, those of the catalog and of the whole server
    /// among them, and the settings that the server keeps.
    pub(super) fn state(&self) -> BTreeMap<String, String> {
        let tables = "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm')
                      AND relnamespace <> 'pg_toast'::regnamespace ORDER BY 1";
        let tables = self.ask("real", tables);
        let hash = |it: &String| {
            // Who may not grant anything still has PostgreSQL write down the rights that everybody had all along.
            let rights =
                "(SELECT to_jsonb(d) || jsonb_build_object('datacl', coalesce(datacl, acldefault('d', datdba)))
                          FROM pg_database d)";
            let of = if it == "pg_database" { rights } else { it.as_str() };
            format!("SELECT '{it} ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM {of} t")
        };
        let mut asked: Vec<String> = tables.iter().map(hash).collect();
        asked.push(
            "SELECT 'sequences ' || md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM pg_sequences t".to_owned(),
        );
        asked.push("SELECT 'settings ' || md5(pg_read_file('postgresql.auto.conf'))".to_owned());
        let lines = self.ask("real", &asked.join(" UNION ALL "));
        let state: BTreeMap<String, String> =
            lines.iter().filter_map(|it| it.rsplit_once(' ')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        assert!(state.len() > 60 && state.contains_key("person") && state.contains_key("pg_authid"), "{state:?}");
        state
    }

    /// Databases and roles of limbeck's that are there.
    pub(super) fn left(&self) -> Vec<String> {
        let sql = "SELECT datname::text FROM pg_database WHERE datname LIKE 'limbeck%'
                   UNION ALL SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'limbeck%'";
        self.ask("postgres", sql)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}

/// What is another than it was, by name.
pub(super) fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|it| before.get(*it) != after.get(*it)).cloned().collect()
}

/// Root may not run a server.
fn postgres_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = |name: &str| users.lines().find(|line| line.split(':').next() == Some(name)).map(str::to_owned);
    let line = line("postgres").or_else(|| line("nobody")).unwrap();
    let number = |at: usize| line.split(':').nth(at).unwrap().parse().unwrap();
    (number(2), number(3))
}

/// Says what a history does by one statement.
fn body(sql: &str) -> String {
    format!("def upgrade():\n    op.execute({sql:?})\n\n\ndef downgrade():\n    pass\n")
}

/// What somebody might write who wants more than a scratch database; none of it may come to anything.
fn hostile(mark: &Path) -> Vec<String> {
    let mark = mark.display();
    let hidden = |sql: &str| format!("DO $$ BEGIN EXECUTE '{}'; END $$", sql.replace('\'', "''"));
    let plain = [
        format!("CREATE TABLE t (a text); COPY t FROM PROGRAM 'touch {mark}'"),
        format!("COPY (SELECT 1) TO '{mark}'"),
        "CREATE ROLE thief SUPERUSER".to_owned(),
        "ALTER ROLE boss PASSWORD 'x'".to_owned(),
        "ALTER SYSTEM SET fsync = on".to_owned(),
        "DROP DATABASE real".to_owned(),
        "ALTER DATABASE real SET work_mem = '64kB'".to_owned(),
        "ALTER DATABASE real RENAME TO stolen".to_owned(),
        "COMMENT ON DATABASE real IS 'mine'".to_owned(),
        "GRANT ALL ON DATABASE real TO PUBLIC".to_owned(),
        "CREATE EXTENSION dblink".to_owned(),
        "CREATE LANGUAGE plpython3u".to_owned(),
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'getpid'".to_owned(),
        "SET ROLE boss".to_owned(),
        "SET SESSION AUTHORIZATION boss".to_owned(),
        "RESET ROLE; RESET SESSION AUTHORIZATION; ALTER ROLE owner SUPERUSER".to_owned(),
        "SELECT lo_import('/etc/passwd')".to_owned(),
        "SELECT pg_reload_conf()".to_owned(),
        "\\connect real".to_owned(),
    ];
    let behind = plain.iter().filter(|it| !it.contains("; ")).map(|it| hidden(it)).collect::<Vec<_>>();
    plain.into_iter().chain(behind).collect()
}

#[test]
fn a_real_database_beside_stays_as_it_is() {
    let Some(beside) = Beside::start() else { return };
    let before = beside.state();
    let place = tempfile::tempdir().unwrap();
    let mark = PathBuf::from(format!("/tmp/limbeck-mark-{}", std::process::id()));
    let all = hostile(&mark);
    for (number, sql) in (100..).zip(&all) {
        add(&place.path().join(number.to_string()), &[&body(sql)]);
    }
    let run = |folder: &Path, arguments: &[&str]| {
        let arguments = [&[folder.to_str().unwrap(), "--format", "json"], arguments].concat();
        command(&arguments).unwrap().output().unwrap()
    };
    for (user, database) in [("boss", "real"), ("apart", "postgres")] {
        let url = beside.url(user, database);
        let output = run(place.path(), &["--database-url", &url, "--create-beside"]);
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{user}: {talk}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        for (number, sql) in (100..).zip(&all) {
            // Who may not grant is only warned.
            let least = usize::from(!sql.contains("EXECUTE 'GRANT"));
            assert!((least..=1).contains(&found_in(&report, number).len()), "{user}: {sql}");
        }
        assert!(!mark.exists(), "{user}");
        assert_eq!(beside.left(), [""; 0], "{user}");
        assert_eq!(changed(&before, &beside.state()), [""; 0], "{user}");
    }
    // A name that leads to the database, one that does not, and a role that could reach it.
    let fine = history(&[&body("CREATE TABLE person (id int)")]);
    for (user, database, more, told) in [
        ("boss", "real", None, "has tables in it"),
        ("boss", "missing", None, "cannot be reached"),
        ("nobody", "real", None, "cannot be reached"),
        ("owner", "postgres", None, "owns the database `real`"),
        ("owner", "real", Some("--create-beside"), "owns the database `real`"),
    ] {
        let url = beside.url(user, database);
        let output = run(fine.path(), &[&["--database-url", &url][..], more.as_slice()].concat());
        let talk = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{user} {database}: {talk}");
        assert!(talk.replace(" │ ", " ").contains(told), "{user} {database}: {talk}");
    }
    assert_eq!(beside.left(), [""; 0]);
    assert_eq!(changed(&before, &beside.state()), [""; 0]);
}
