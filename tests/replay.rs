//! The schema that a history leaves: `limbeck schema`, against what PostgreSQL 15 was asked for the same statements.
//! (`tests/witness/schema.py` holds whole histories against a server.)
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::{fs, path::Path, process::Command};

const HEAD: &str = "from alembic import op\nimport sqlalchemy as sa\n\n";

/// A history of SQL: each text is the upgrade of one revision.
fn history(texts: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    for (at, text) in texts.iter().enumerate() {
        let parent = if at == 0 { "None".to_owned() } else { format!("\"r{at}\"") };
        let id = at + 1;
        let body: Vec<String> = text.split(";;").map(|sql| format!("    op.execute(\"\"\"{sql}\"\"\")\n")).collect();
        let text = format!(
            "{HEAD}revision = \"r{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n{}\n\ndef downgrade():\n    pass\n",
            body.concat()
        );
        fs::write(versions.join(format!("r{id}.py")), text).unwrap();
    }
    folder
}

fn run(folder: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck")).arg("schema").args(args).current_dir(folder).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The statements that make the schema, without the first lines.
fn sql(texts: &[&str]) -> Vec<String> {
    let text = run(history(texts).path(), &["--format", "sql"]);
    let lines = text.lines().filter(|line| !line.starts_with("--") && !line.starts_with("SET check_function"));
    let joined =
        lines.collect::<Vec<_>>().join("\n").replace("(\n    ", "(").replace(",\n    ", ", ").replace("\n)", ")");
    joined.lines().map(str::to_owned).collect()
}

fn json(texts: &[&str]) -> Value {
    let text = run(history(texts).path(), &["--format", "json"]);
    serde_json::from_str::<Value>(&text).unwrap()["schemas"][0].clone()
}

#[test]
fn a_serial_brings_its_sequence_and_keeps_it() {
    let found = sql(&[
        "CREATE TABLE t (id serial PRIMARY KEY, n varchar(20) DEFAULT 'a' NOT NULL)",
        "ALTER TABLE t RENAME TO u",
    ]);
    assert_eq!(
        found,
        [
            "CREATE SEQUENCE t_id_seq AS integer;",
            "CREATE TABLE u (id integer DEFAULT nextval('t_id_seq'::regclass) NOT NULL, \
             n character varying(20) DEFAULT 'a' NOT NULL, CONSTRAINT t_pkey PRIMARY KEY (id));",
            "ALTER SEQUENCE t_id_seq OWNED BY u.id;",
        ]
    );
    assert!(sql(&["CREATE TABLE t (id serial)", "ALTER TABLE t DROP COLUMN id;;DROP TABLE t"]).is_empty());
}

#[test]
fn names_follow() {
    let found = sql(&[
        "CREATE TABLE p (id int PRIMARY KEY, a int CHECK (a > 0));;CREATE TABLE c (p int REFERENCES p (id) ON DELETE CASCADE)",
        "CREATE INDEX i ON p (lower(a::text)) WHERE a > 1;;ALTER TABLE p RENAME COLUMN a TO b;;ALTER TABLE p RENAME TO q",
        "ALTER TABLE q RENAME COLUMN id TO k",
    ]);
    assert_eq!(
        found,
        [
            "CREATE TABLE q (k integer NOT NULL, b integer, CONSTRAINT p_a_check CHECK (b > 0), \
             CONSTRAINT p_pkey PRIMARY KEY (k));",
            "CREATE TABLE c (p integer);",
            "CREATE INDEX i ON q USING btree (lower(b::text)) WHERE b > 1;",
            "ALTER TABLE c ADD CONSTRAINT c_p_fkey FOREIGN KEY (p) REFERENCES q (k) ON DELETE CASCADE;",
        ]
    );
}

#[test]
fn types_follow_and_constants_keep_theirs() {
    let found = sql(&[
        "CREATE TYPE e AS ENUM ('a', 'c');;CREATE TABLE t (k e DEFAULT 'a'::e, v varchar(5) DEFAULT 'x')",
        "ALTER TYPE e ADD VALUE 'b' BEFORE 'c';;ALTER TYPE e RENAME VALUE 'c' TO 'd';;ALTER TYPE e RENAME TO f",
        "ALTER TABLE t ALTER v TYPE text",
    ]);
    assert_eq!(
        found,
        [
            "CREATE TYPE f AS ENUM ('a', 'b', 'd');",
            "CREATE TABLE t (k f DEFAULT 'a'::f, v text DEFAULT 'x'::character varying);",
        ]
    );
}

#[test]
fn what_a_column_holds_goes_with_it() {
    let table = "CREATE TABLE t (a int, b int, CHECK (a < b), UNIQUE (a, b));;CREATE INDEX i ON t (b) WHERE a > 0";
    assert_eq!(sql(&[table, "ALTER TABLE t DROP COLUMN a"]), ["CREATE TABLE t (b integer);"]);
    let view = "CREATE TABLE t (a int);;CREATE VIEW v AS SELECT a FROM t;;CREATE VIEW w AS SELECT a FROM v";
    assert_eq!(sql(&[view, "ALTER TABLE t DROP COLUMN a CASCADE"]), ["CREATE TABLE t ();"]);
    let kind = "CREATE TYPE e AS ENUM ('a');;CREATE TABLE t (a e, b int)";
    assert_eq!(sql(&[kind, "DROP TYPE e CASCADE"]), ["CREATE TABLE t (b integer);"]);
}

#[test]
fn partitions_have_what_their_parent_has() {
    let texts = [
        "CREATE TABLE p (a int NOT NULL, b text) PARTITION BY RANGE (a);;CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (2)",
        "CREATE INDEX i ON p (b);;ALTER TABLE p ADD COLUMN c int;;ALTER TABLE p ADD PRIMARY KEY (a)",
    ];
    assert_eq!(
        sql(&texts),
        [
            "CREATE TABLE p (a integer NOT NULL, b text, c integer, CONSTRAINT p_pkey PRIMARY KEY (a)) PARTITION BY RANGE (a);",
            "CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (2);",
            "CREATE INDEX i ON p USING btree (b);",
        ]
    );
    let left = json(&texts);
    let child = &left["tables"][1];
    let names = |key: &str| -> Vec<String> {
        child[key].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("columns"), ["a", "b", "c"]);
    assert_eq!(names("indexes"), ["q_b_idx"]);
    assert_eq!(names("constraints"), ["q_pkey"]);
}

#[test]
fn every_thing_knows_its_places() {
    let texts = ["CREATE TABLE t (a int)", "ALTER TABLE t ALTER a SET NOT NULL;;COMMENT ON COLUMN t.a IS 'x'"];
    let left = json(&texts);
    assert_eq!(left["complete"], true);
    let column = &left["tables"][0]["columns"][0];
    assert_eq!((&column["made"]["revision"], &column["made"]["line"]), (&"r1".into(), &9.into()));
    assert_eq!((&column["changed"]["revision"], &column["nullable"]), (&"r2".into(), &false.into()));
    assert_eq!(column["comment"], "x");
    let before: Value =
        serde_json::from_str(&run(history(&texts).path(), &["--format", "json", "--at", "r1"])).unwrap();
    assert_eq!(before["schemas"][0]["tables"][0]["columns"][0]["nullable"], true);
}

#[test]
fn what_is_not_known_is_said() {
    let left = json(&["CREATE TABLE t (a int)", "DO $$ BEGIN EXECUTE 'DROP TABLE ' || 't'; END $$"]);
    assert_eq!(left["complete"], false);
    assert_eq!(left["unresolved"][0]["revision"], "r2");
    let text = run(history(&["CREATE TABLE t (a int NOT NULL)", "SELECT f()"]).path(), &[]);
    assert_eq!(text, "alembic at r2\n\ntable t, made in r1 (alembic/versions/r1.py:9)\n  a  integer not null\n");
}

#[test]
fn the_index_of_a_key_is_the_key() {
    let table = "CREATE TABLE t (a int PRIMARY KEY)";
    let found = sql(&[table, "ALTER INDEX t_pkey RENAME TO k"]);
    assert_eq!(found, ["CREATE TABLE t (a integer NOT NULL, CONSTRAINT k PRIMARY KEY (a));"]);
}

#[test]
fn a_history_goes_on_from_a_dump_as_from_its_own_revisions() {
    let tables = "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n varchar(20) DEFAULT 'a' NOT NULL);
        CREATE TABLE p (id int NOT NULL, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        CREATE INDEX ix_p ON p (at); CREATE TYPE mood AS ENUM ('a'); CREATE VIEW v AS SELECT n FROM t";
    let change = "ALTER TABLE t ADD COLUMN m mood; ALTER TABLE t RENAME n TO name; DROP INDEX ix_p";
    let own = run(history(&[tables, change]).path(), &["--format", "json"]);
    let dump = run(history(&[tables]).path(), &["--format", "sql"]);
    let shape = |text: &str| {
        // Where a thing was made is another place, and the order of columns is told by stamps.
        let mut schema = serde_json::from_str::<Value>(text).unwrap()["schemas"][0].clone();
        forget_places(&mut schema);
        schema
    };
    for (key, texts) in [("schema.sql", &["SELECT 1", change][..]), ("schema.sql@r1", &["CREATE TABLE x ()", change])] {
        let folder = history(texts);
        fs::write(folder.path().join("schema.sql"), &dump).unwrap();
        fs::write(folder.path().join("limbeck.toml"), format!("schema-dump = \"{key}\"\n")).unwrap();
        assert_eq!(shape(&run(folder.path(), &["--format", "json"])), shape(&own), "{key}");
    }
}

fn forget_places(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !matches!(key.as_str(), "made" | "changed" | "at" | "environment"));
            map.values_mut().for_each(forget_places);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_places),
        _ => {}
    }
}

#[test]
fn a_dump_that_cannot_be_read_is_no_start() {
    let folder = history(&["SELECT 1"]);
    for (key, text, told) in [
        ("none.sql", "", "there is no such file in the repository"),
        ("../x.sql", "", "there is no such file in the repository"),
        ("schema.sql", "CREATE TABLE t (id int);\nCREATE TABEL u ();", "line 2: syntax error"),
        ("schema.sql@r9", "CREATE TABLE t (id int);", "there is no revision `r9`"),
    ] {
        fs::write(folder.path().join("schema.sql"), text).unwrap();
        fs::write(folder.path().join("limbeck.toml"), format!("schema-dump = \"{key}\"\n")).unwrap();
        let output =
            Command::new(env!("CARGO_BIN_EXE_limbeck")).arg("check").current_dir(folder.path()).output().unwrap();
        let talk =
            String::from_utf8_lossy(&output.stderr).replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{key}: {talk}");
        assert!(talk.contains(told), "{key}: {talk}");
    }
}

#[test]
fn an_index_that_is_attached_makes_the_whole_valid_and_goes_with_it() {
    let tables = "CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        CREATE INDEX ix_p ON ONLY p (at); CREATE INDEX ix_p1 ON p1 (at)";
    let attach = "ALTER INDEX ix_p ATTACH PARTITION ix_p1";
    let valid = |texts: &[&str]| json(texts)["tables"][0]["indexes"][0]["valid"].clone();
    assert_eq!(valid(&[tables]), false);
    assert_eq!(valid(&[tables, attach]), true);
    let left = |texts: &[&str]| json(texts)["tables"][1]["indexes"].as_array().unwrap().len();
    assert_eq!((left(&[tables, "DROP INDEX ix_p"]), left(&[tables, attach, "DROP INDEX ix_p"])), (1, 0));
}
