//! `--rows`, `--seed`, `--data`: what a migration does to rows.

use super::{found, history, outcomes, report};
use serde_json::Value;
use std::fs;

/// A body from its statements.
fn body(up: &[&str], down: &[&str]) -> String {
    let lines = |all: &[&str]| all.iter().fold(String::new(), |all, sql| format!("{all}    op.execute({sql:?})\n"));
    format!("def upgrade():\n{}\n\ndef downgrade():\n{}", lines(up), lines(down))
}

fn rules(report: &Value) -> Vec<String> {
    found(report).into_iter().map(|(file, _, rule)| format!("{file} {rule}")).collect()
}

/// Every type, and every kind of constraint, has rows.
#[test]
fn tables_of_every_kind_are_filled() {
    let up = [
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN score AS smallint NOT NULL CHECK (value BETWEEN 1 AND 5)",
        "CREATE TABLE every (a smallint, b integer, c bigint, d numeric, e numeric(5, 2), f real, g double precision, \
         h boolean, i text, j varchar(3), k char(2), l uuid, m date, n timestamp, o timestamptz, p time, q interval, \
         r json, s jsonb, t bytea, u inet, v cidr, w macaddr, x bit(3), y varbit, z tsvector, aa integer[], ab text[], \
         ac mood, ad mood[], ae score, af int4range, ag daterange, ah point, ai money, aj varchar(200), ak tstzrange)",
        "CREATE TABLE one (id serial PRIMARY KEY, code varchar(2) NOT NULL UNIQUE, kind text NOT NULL \
         CHECK (kind IN ('new', 'old')), low integer NOT NULL, high integer NOT NULL, CHECK (low < high), \
         share numeric(3, 2) CHECK (share >= 0 AND share <= 1), name text CHECK (length(name) <= 5), \
         CHECK ((share IS NULL) = (name IS NULL)), total integer GENERATED ALWAYS AS (low + high) STORED)",
        "CREATE TABLE two (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, one integer NOT NULL REFERENCES one, \
         parent integer REFERENCES two, UNIQUE (one, parent))",
        "CREATE TABLE three (one integer NOT NULL REFERENCES one, two integer NOT NULL REFERENCES two, \
         PRIMARY KEY (one, two))",
        "CREATE TABLE left_side (id integer PRIMARY KEY); \
         CREATE TABLE right_side (id integer PRIMARY KEY, other integer NOT NULL REFERENCES left_side); \
         ALTER TABLE left_side ADD COLUMN other integer REFERENCES right_side",
        "CREATE TABLE parts (id integer, day date) PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF parts DEFAULT",
        "CREATE TABLE never (id integer CHECK (id > 1 AND id < 1) NOT NULL)",
    ];
    let down = [
        "DROP TABLE never, parts; ALTER TABLE left_side DROP COLUMN other; DROP TABLE right_side, left_side, three, two, one",
        "DROP TABLE every; DROP DOMAIN score; DROP TYPE mood",
    ];
    let count = |table: &str| format!("DO $$ BEGIN ASSERT (SELECT count(*) FROM {table}) >= 1, '{table}'; END $$");
    let all = ["every", "one", "two", "three", "left_side", "right_side", "parts"];
    let counts: Vec<String> = all.iter().map(|it| count(it)).collect();
    let counts: Vec<&str> = counts.iter().map(String::as_str).collect();
    let folder = history(&[&body(&up, &down), &body(&counts, &["SELECT 1"])]);
    // The blocks fail where there are no rows.
    let Some(empty) = report(folder.path(), &[]) else { return };
    assert_eq!(rules(&empty), ["r2.py failing-statement"], "{empty}");
    fs::write(folder.path().join("alembic/versions/r2.py"), "revision = 'r2'\ndown_revision = 'r1'\n").unwrap();
    let filled = report(folder.path(), &["--rows", "3"]).unwrap();
    let unfilled = filled["roundtrip"][0]["unfilled"].as_array().unwrap();
    let names: Vec<&str> = unfilled.iter().map(|it| it["table"].as_str().unwrap()).collect();
    assert_eq!(names, ["public.never"], "{filled}");
    let again = report(folder.path(), &["--rows", "3", "--seed", "7"]).unwrap();
    assert_eq!(again["roundtrip"][0]["unfilled"], filled["roundtrip"][0]["unfilled"]);
}

/// A failure that only rows cause is a warning that shows one; the tests without rows stay as they are.
#[test]
fn what_only_rows_make_fail_is_a_warning() {
    let table = body(&["CREATE TABLE t (id integer PRIMARY KEY, a text, b varchar(50), c text)"], &["DROP TABLE t"]);
    let folder = history(&[
        &table,
        &body(&["ALTER TABLE t ALTER a SET NOT NULL"], &["ALTER TABLE t ALTER a DROP NOT NULL"]),
        &body(&["ALTER TABLE t ALTER b TYPE varchar(5)"], &["ALTER TABLE t ALTER b TYPE varchar(50)"]),
        &body(&["ALTER TABLE t ADD UNIQUE (c)"], &["ALTER TABLE t DROP CONSTRAINT t_c_key"]),
        &body(&["ALTER TABLE t ADD CHECK (length(c) < 9)"], &["ALTER TABLE t DROP CONSTRAINT t_c_check"]),
        &body(&["ALTER TABLE t DROP COLUMN a"], &["ALTER TABLE t ADD COLUMN a text NOT NULL"]),
        &body(&["ALTER TABLE t ADD COLUMN e text"], &["ALTER TABLE t DROP COLUMN e"]),
        &body(&["INSERT INTO t (id) VALUES (1), (2)"], &["DELETE FROM t WHERE id IN (1, 2)"]),
    ]);
    let Some(empty) = report(folder.path(), &[]) else { return };
    assert_eq!(found(&empty), [], "{empty}");
    let filled = report(folder.path(), &["--rows", "3"]).unwrap();
    let expected = [2, 3, 4, 5, 6].map(|number| format!("r{number}.py refused-with-rows"));
    assert_eq!(rules(&filled), expected, "{filled}");
    let findings = filled["findings"].as_array().unwrap();
    assert!(findings.iter().all(|it| it["severity"] == "warning"), "{filled}");
    assert!(findings[0]["help"].as_str().unwrap().contains("\"a\":null"), "{filled}");
    assert_eq!(findings[4]["direction"], "downgrade");
    let tests = outcomes(&filled);
    assert_eq!((tests["stairs"].as_str(), tests["rows"].as_str()), ("passed", "partly"));
}

#[test]
fn the_rows_of_the_user_go_in_when_their_tables_are_there() {
    let folder = history(&[
        &body(&["CREATE TABLE a (id integer PRIMARY KEY, name text)"], &["DROP TABLE a"]),
        &body(&["CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a)"], &["DROP TABLE b"]),
        &body(&["ALTER TABLE a DROP COLUMN name"], &["ALTER TABLE a ADD COLUMN name text"]),
    ]);
    let data = folder.path().join("rows.sql");
    fs::write(&data, "INSERT INTO b VALUES (1, 7);\nINSERT INTO a VALUES (7, 'seven');\nINSERT INTO c VALUES (1);\n")
        .unwrap();
    let Some(report) = report(folder.path(), &["--data", data.to_str().unwrap()]) else { return };
    let lost = ["r3.py lost-values"];
    assert_eq!(rules(&report), lost, "{report}");
    assert!(report["findings"][0]["help"].as_str().unwrap().contains("seven"), "{report}");
    let tests = report["roundtrip"][0]["tests"].as_array().unwrap();
    let detail = tests.iter().find(|it| it["name"] == "rows").unwrap()["detail"].as_str().unwrap();
    assert!(detail.contains(":3 was never taken"), "{detail}");
}
