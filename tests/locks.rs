//! What `limbeck locks` prints; that it is so on a server is the matter of `tests/witness/locks.py`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

fn revision(id: &str, parent: &str, body: &str) -> String {
    let body = body.lines().map(|line| format!("    {line}\n")).collect::<Vec<_>>().concat();
    format!(
        "from alembic import op\n\nrevision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n{body}\n\ndef downgrade():\n    pass\n"
    )
}

/// Two tables, and then a foreign key between them, a statement that is long and one outside the transaction.
fn checkout() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    let made = "op.execute(\"CREATE TABLE users (id int PRIMARY KEY, name varchar(20))\")\n\
                op.execute(\"CREATE TABLE orders (id int PRIMARY KEY, user_id int)\")";
    fs::write(versions.join("a.py"), revision("a", "None", made)).unwrap();
    let changed = "op.execute(\"ALTER TABLE users ADD COLUMN age int\")\n\
                   op.create_foreign_key(\"fk\", \"orders\", \"users\", [\"user_id\"], [\"id\"])\n\
                   with op.get_context().autocommit_block():\n    op.execute(\"CREATE INDEX CONCURRENTLY i ON users (name)\")\n\
                   op.execute(\"DO $$ BEGIN DROP INDEX i; FOR i IN 1..2 LOOP DELETE FROM users; END LOOP; END $$\")\n\
                   op.execute(\"DO $$ BEGIN LOCK TABLE orders; END $$\")";
    fs::write(versions.join("b.py"), revision("b", "\"a\"", changed)).unwrap();
    folder
}

fn run(folder: &Path, args: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_limbeck")).arg("locks").args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn as_json() {
    let folder = checkout();
    let args = ["--revision", "b", "--direction", "upgrade", "--format", "json", "--postgres", "16"];
    let report: Value = serde_json::from_str(&run(folder.path(), &args)).unwrap();
    assert_eq!(report["postgres"], 16);
    let way = &report["revisions"][0]["upgrade"];
    let lock = |part: &str, relation: &str, work: &str| {
        json!({
            "relation": relation, "kind": "table", "part": part, "mode": "SHARE ROW EXCLUSIVE", "work": work,
            "duration": "scan", "waits": ["writes", "ddl"], "new": false, "emptied": false, "certain": true,
        })
    };
    let locks = json!([lock("target", "orders", "scan"), lock("referenced", "users", "scan")]);
    assert_eq!(way["statements"][1]["locks"], locks);
    assert_eq!(way["statements"][2]["autocommit"], true);
    assert_eq!(way["complete"], false, "what a DO block does is not known");
    // The brief lock of the first statement is held until the rows of the second are checked.
    let first = &way["transactions"][0];
    assert_eq!(first["statements"], json!([0, 1]));
    assert_eq!(
        first["locks"][0],
        json!({
            "relation": "users", "kind": "table", "mode": "ACCESS EXCLUSIVE", "since": 0, "duration": "scan",
            "waits": ["reads", "writes", "ddl"], "new": false,
        })
    );
    assert_eq!(way["transactions"][1]["statements"], json!([2]));
    assert_eq!(way["transactions"][1]["autocommit"], true);
}

#[test]
fn as_text() {
    let folder = checkout();
    let text = run(folder.path(), &["--direction", "upgrade"]);
    let expected = "\
a upgrade  alembic/versions/a.py
  line 8: CREATE TABLE users (id int PRIMARY KEY, name varchar(20))
    no lock that anybody waits for
  line 9: CREATE TABLE orders (id int PRIMARY KEY, user_id int)
    no lock that anybody waits for
  transaction 1, brief:

b upgrade  alembic/versions/b.py
  line 8: ALTER TABLE users ADD COLUMN age int
    ACCESS EXCLUSIVE on table users: brief; reads, writes and DDL wait
  line 9: ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY(user_id) REFERENCES users (id)
    SHARE ROW EXCLUSIVE on table orders: scan; writes and DDL wait
    SHARE ROW EXCLUSIVE on table users: scan; writes and DDL wait
  line 11, outside the transaction: CREATE INDEX CONCURRENTLY i ON users (name)
    SHARE UPDATE EXCLUSIVE on table users: index build; DDL waits
  line 12: DO $$ BEGIN DROP INDEX i; FOR i IN 1..2 LOOP DELETE FROM users; END LOOP; END $$
    perhaps more: what is not read of the body of a `DO` block may lock anything
  line 12: DROP INDEX i
    ACCESS EXCLUSIVE on index i: brief; it is new: nobody waits
    ACCESS EXCLUSIVE on table users: brief; reads, writes and DDL wait
  line 13: DO $$ BEGIN LOCK TABLE orders; END $$
    no lock that anybody waits for
  line 13: LOCK TABLE orders
    ACCESS EXCLUSIVE on table orders: brief; reads, writes and DDL wait
  transaction 1, scan:
    ACCESS EXCLUSIVE on table users until its end, scan; reads, writes and DDL wait
    SHARE ROW EXCLUSIVE on table orders until its end, scan; writes and DDL wait
  transaction 3, brief:
    ACCESS EXCLUSIVE on index i until its end, brief; it is new: nobody waits
    ACCESS EXCLUSIVE on table users until its end, brief; reads, writes and DDL wait
    ACCESS EXCLUSIVE on table orders until its end, brief; reads, writes and DDL wait
  perhaps more: not all of it is understood
";
    assert_eq!(text, expected);
}

#[test]
fn what_is_new_keeps_nobody_waiting() {
    let folder = checkout();
    let path = folder.path().join("alembic/versions/c.py");
    let body = "op.execute(\"CREATE TABLE t (id int)\")\nop.execute(\"ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()\")";
    fs::write(path, revision("c", "\"b\"", body)).unwrap();
    let report: Value = serde_json::from_str(&run(folder.path(), &["--revision", "c", "--format", "json"])).unwrap();
    let lock = &report["revisions"][0]["upgrade"]["statements"][1]["locks"][0];
    assert_eq!((&lock["new"], &lock["work"], &lock["waits"]), (&json!(true), &json!("rewrite"), &json!([])));
}
