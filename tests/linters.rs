//! What other linters were measured to get wrong, got right: their false alarms are silent here, and what they miss is
//! found, by the rule that it is a matter of.
//!
//! Each case is a revision behind a history of tables with rows. It is judged as in a pull request, under every rule
//! that is on; what is no hazard gives no finding at all. What the statements do on a server is executed by
//! `tests/witness/locks.py`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use serde_json::Value;
use std::{fmt::Write as _, fs, process::Command};

/// What has been deployed; every table holds rows.
const GIVEN: &[&str] = &[
    "CREATE TYPE mood AS ENUM ('glad', 'sad')",
    "CREATE DOMAIN free AS text",
    "CREATE DOMAIN short AS text CHECK (length(VALUE) < 9)",
    "CREATE TABLE teams (id bigint PRIMARY KEY)",
    "CREATE TABLE users (id bigint PRIMARY KEY, login varchar(50) NOT NULL, name varchar(100), age int, mood mood, \
     note short, team_id bigint CONSTRAINT users_team REFERENCES teams (id), amount numeric(8, 2))",
    "CREATE TABLE keyless (id bigint NOT NULL, login text)",
    "CREATE TABLE days (day date NOT NULL, n int) PARTITION BY RANGE (day)",
    "CREATE TABLE days_rest PARTITION OF days DEFAULT",
    "CREATE TABLE monday (day date NOT NULL, n int)",
    "CREATE TABLE target (id bigint PRIMARY KEY, login text)",
    "CREATE UNIQUE INDEX users_login ON users (login)",
    "CREATE MATERIALIZED VIEW logins AS SELECT id AS login FROM users",
    "CREATE UNIQUE INDEX logins_login ON logins (login)",
    "CREATE VIEW names AS SELECT id, name FROM users",
    "CREATE FUNCTION dice() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 4; END'",
    "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER stamped BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stamp()",
];

/// The rules that speak of the statements, each once; `!` before a statement: outside of the transaction.
fn found(postgres: &str, statements: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    for (number, statements) in [(1, GIVEN), (2, statements)] {
        let parent = if number == 1 { "None" } else { "\"r1\"" };
        let mut text = format!(
            "from alembic import op\n\nrevision = \"r{number}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n"
        );
        for statement in statements {
            match statement.strip_prefix('!') {
                Some(alone) => {
                    writeln!(text, "    with op.get_context().autocommit_block():\n        op.execute({alone:?})")
                }
                None => writeln!(text, "    op.execute({statement:?})"),
            }
            .unwrap();
        }
        fs::write(versions.join(format!("r{number}.py")), text).unwrap();
    }
    // There is no way back here: what is asked is what the way up does.
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["check", ".", "--format", "json", "--since", "r1", "--ignore", "reversal", "--postgres", postgres])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|it| it["rule"].as_str().unwrap().to_owned()).collect()
}

/// What the case is in the words of the comparison, the lowest server, the statements, and the rules that find it.
type Measured = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

fn hold(cases: &[Measured]) {
    let mut wrong = String::new();
    for (title, postgres, statements, expected) in cases {
        let found = found(postgres, statements);
        if found != *expected {
            writeln!(wrong, "{title}: {statements:?}\n    {found:?}, not {expected:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Harmless on a supported server, and reported by one tool or all of them.
const HARMLESS: &[Measured] = &[
    ("a stable default", "14", &["ALTER TABLE users ADD COLUMN at timestamptz DEFAULT now()"], &[]),
    (
        "a stable default",
        "14",
        &["ALTER TABLE users ADD COLUMN at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP"],
        &[],
    ),
    ("a stable default", "14", &["ALTER TABLE users ADD COLUMN at timestamptz DEFAULT now() + interval '1 day'"], &[]),
    ("a constant default", "14", &["ALTER TABLE users ADD COLUMN flag boolean NOT NULL DEFAULT false"], &[]),
    ("a constant default", "14", &["ALTER TABLE users ADD COLUMN data jsonb NOT NULL DEFAULT '{}'::jsonb"], &[]),
    ("a constant default", "14", &["ALTER TABLE users ADD COLUMN list text[] DEFAULT ARRAY['a']"], &[]),
    ("a constant default", "14", &["ALTER TABLE users ADD COLUMN other mood DEFAULT 'glad'"], &[]),
    ("an immutable default", "14", &["ALTER TABLE users ADD COLUMN word text DEFAULT upper('x')"], &[]),
    ("a virtual column", "18", &["ALTER TABLE users ADD COLUMN older int GENERATED ALWAYS AS (age + 1) VIRTUAL"], &[]),
    ("an index on the parent alone", "14", &["CREATE INDEX days_n ON ONLY days (n)"], &[]),
    (
        "a constraint from an index",
        "14",
        &["ALTER TABLE users ADD CONSTRAINT users_login_key UNIQUE USING INDEX users_login"],
        &[],
    ),
    (
        "a renamed value is no added value",
        "14",
        &["ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"],
        &["renamed-enum-value"],
    ),
    ("an added value", "14", &["ALTER TYPE mood ADD VALUE 'calm'"], &[]),
    ("varchar to text", "14", &["ALTER TABLE users ALTER COLUMN login TYPE text"], &[]),
    ("a wider varchar", "14", &["ALTER TABLE users ALTER COLUMN login TYPE varchar(300)"], &[]),
    ("varchar without a length", "14", &["ALTER TABLE users ALTER COLUMN login TYPE varchar"], &[]),
    ("a wider numeric", "14", &["ALTER TABLE users ALTER COLUMN amount TYPE numeric(12, 2)"], &[]),
    ("the same type by USING", "14", &["ALTER TABLE users ALTER COLUMN login TYPE text USING login::text"], &[]),
    ("a reference without a default", "14", &["ALTER TABLE users ADD COLUMN boss bigint REFERENCES users (id)"], &[]),
    ("a column of a free domain", "14", &["ALTER TABLE users ADD COLUMN word free"], &[]),
    (
        "a volatile default of a column that is there",
        "14",
        &["ALTER TABLE users ALTER COLUMN age SET DEFAULT dice()"],
        &[],
    ),
    (
        "a table that is new in the same transaction",
        "14",
        &["CREATE TABLE pets (id bigint PRIMARY KEY, a text)", "CREATE INDEX pets_a ON pets (a)"],
        &[],
    ),
    (
        "a type that a block looks for",
        "14",
        &[
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN CREATE TYPE mood AS ENUM ('a'); \
           END IF; END $$",
        ],
        &[],
    ),
    (
        "a column that is there, as a block lets pass",
        "14",
        &["DO $$ BEGIN ALTER TABLE users ADD COLUMN age int; EXCEPTION WHEN duplicate_column THEN NULL; END $$"],
        &[],
    ),
    ("NOT NULL that is not validated", "18", &["ALTER TABLE users ADD CONSTRAINT named NOT NULL name NOT VALID"], &[]),
];

#[test]
fn false_alarms_of_others_are_silent() {
    hold(HARMLESS);
}

/// A hazard that at least one of the tools, and often all of them, let pass.
const MISSED: &[Measured] = &[
    ("CHECK within ADD COLUMN", "14", &["ALTER TABLE users ADD COLUMN rank int CHECK (rank > 0)"], &["blocking-check"]),
    ("UNIQUE within ADD COLUMN", "14", &["ALTER TABLE users ADD COLUMN code text UNIQUE"], &["blocking-unique"]),
    (
        "a function of the user's own as the default",
        "14",
        &["ALTER TABLE users ADD COLUMN throw int DEFAULT dice()"],
        &["rewriting-column"],
    ),
    (
        "an identity",
        "14",
        &["ALTER TABLE users ADD COLUMN number bigint GENERATED BY DEFAULT AS IDENTITY"],
        &["rewriting-column"],
    ),
    ("a primary key", "14", &["ALTER TABLE keyless ADD PRIMARY KEY (id)"], &["blocking-unique"]),
    (
        "a volatile default",
        "14",
        &["ALTER TABLE users ADD COLUMN k uuid DEFAULT gen_random_uuid()"],
        &["rewriting-column"],
    ),
    (
        "a volatile default",
        "14",
        &["ALTER TABLE users ADD COLUMN at timestamptz DEFAULT clock_timestamp()"],
        &["rewriting-column"],
    ),
    (
        "DDL inside DO",
        "14",
        &["DO $$ BEGIN CREATE INDEX users_name ON users (name); END $$"],
        &["non-concurrent-index"],
    ),
    (
        "DDL inside DO, under a condition",
        "14",
        &[
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'k' AND conrelid = 'users'::regclass) THEN \
           ALTER TABLE users ADD CONSTRAINT k CHECK (age > 0); END IF; END $$",
        ],
        &["blocking-check"],
    ),
    (
        "DDL inside DO, of which nobody knows how often it is run",
        "14",
        &["DO $$ BEGIN FOR i IN 1..3 LOOP UPDATE users SET age = i; END LOOP; END $$"],
        &["opaque-operation"],
    ),
    ("a column of a constrained domain", "14", &["ALTER TABLE users ADD COLUMN word short"], &["rewriting-column"]),
    ("a domain that must not be NULL", "14", &["ALTER DOMAIN short SET NOT NULL"], &["blocking-check"]),
    (
        "a partition beside a default partition",
        "14",
        &["CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')"],
        &["blocking-partition"],
    ),
    (
        "an attached partition",
        "14",
        &["ALTER TABLE days ATTACH PARTITION monday FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')"],
        &["blocking-partition"],
    ),
    ("CLUSTER", "14", &["CLUSTER users USING users_login"], &["rewriting-table"]),
    ("VACUUM FULL", "14", &["!VACUUM FULL users"], &["rewriting-table"]),
    ("SET TABLESPACE", "14", &["ALTER TABLE users SET TABLESPACE fast"], &["rewriting-table"]),
    ("TRUNCATE", "14", &["TRUNCATE target"], &["emptied-table"]),
    ("an unlogged table", "14", &["CREATE UNLOGGED TABLE cache (id bigint PRIMARY KEY)"], &["unlogged-table"]),
    ("REFRESH", "14", &["REFRESH MATERIALIZED VIEW logins"], &["blocking-refresh"]),
    ("a trigger switched off", "14", &["ALTER TABLE users DISABLE TRIGGER ALL"], &["disabled-trigger"]),
    (
        "a function with its owner's rights",
        "14",
        &["CREATE FUNCTION seen() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM users'"],
        &["definer-without-search-path"],
    ),
    (
        "row security without a policy",
        "14",
        &["ALTER TABLE users ENABLE ROW LEVEL SECURITY"],
        &["row-security-without-policy"],
    ),
    ("ALTER SYSTEM", "14", &["ALTER SYSTEM SET work_mem = '64MB'"], &["concurrent-index-in-transaction"]),
    ("VACUUM in a transaction", "14", &["VACUUM FULL users"], &["concurrent-index-in-transaction"]),
    ("REINDEX in a transaction", "14", &["REINDEX TABLE CONCURRENTLY users"], &["concurrent-index-in-transaction"]),
    ("REINDEX in a transaction", "14", &["REINDEX SCHEMA public"], &["concurrent-index-in-transaction"]),
    ("CLUSTER of all in a transaction", "14", &["CLUSTER"], &["concurrent-index-in-transaction"]),
    ("rights for all", "14", &["GRANT ALL ON users TO PUBLIC"], &["public-grant"]),
    ("SET LOCAL without a transaction", "14", &["!SET LOCAL lock_timeout = '2s'"], &["lost-local-setting"]),
    (
        "a lock of the user's own around a backfill",
        "14",
        &["LOCK TABLE target", "INSERT INTO target SELECT id, login FROM users"],
        &["backfill-under-lock"],
    ),
    (
        "the second index of a revision",
        "14",
        &["CREATE INDEX a ON users (name)", "CREATE INDEX b ON users (age)"],
        &["non-concurrent-index", "non-concurrent-index"],
    ),
    (
        "a warning beside an error",
        "14",
        &["CREATE INDEX a ON users (name)", "CREATE UNLOGGED TABLE cache (id bigint PRIMARY KEY)"],
        &["non-concurrent-index", "unlogged-table"],
    ),
    (
        "an int in place of a bigint's",
        "14",
        &["ALTER TABLE users ALTER COLUMN age TYPE bigint"],
        &["rewriting-type-change"],
    ),
    (
        "a type change under a view",
        "14",
        &["ALTER TABLE users ALTER COLUMN age TYPE bigint USING age"],
        &["rewriting-type-change"],
    ),
    ("an index on every partition", "14", &["CREATE INDEX days_n ON days (n)"], &["non-concurrent-index"]),
];

#[test]
fn what_others_miss_is_found() {
    hold(MISSED);
}

/// What no tool speaks of, and what needs no word: brief, or asked for by its very name. The catalogue
/// (`rules/README.md`) says of each why.
const BRIEF: &[Measured] = &[
    ("ALTER CONSTRAINT", "14", &["ALTER TABLE users ALTER CONSTRAINT users_team DEFERRABLE"], &[]),
    ("SET DEFAULT", "14", &["ALTER TABLE users ALTER COLUMN age SET DEFAULT 1"], &[]),
    ("SET STORAGE", "14", &["ALTER TABLE users ALTER COLUMN name SET STORAGE EXTERNAL"], &[]),
    ("REPLICA IDENTITY", "14", &["ALTER TABLE users REPLICA IDENTITY FULL"], &[]),
    ("OWNER", "14", &["ALTER TABLE users OWNER TO app"], &[]),
    ("autovacuum", "14", &["ALTER TABLE users SET (autovacuum_enabled = false)"], &[]),
    ("LOCK TABLE by itself", "14", &["LOCK TABLE users"], &[]),
    ("INSERT of a query", "14", &["INSERT INTO target SELECT id, login FROM users"], &[]),
    ("CREATE TABLE AS", "14", &["CREATE TABLE copy AS SELECT * FROM users"], &[]),
    ("CREATE EXTENSION", "14", &["CREATE EXTENSION pg_trgm"], &[]),
    ("ALTER EXTENSION UPDATE", "14", &["ALTER EXTENSION pg_trgm UPDATE"], &[]),
    ("REFRESH CONCURRENTLY", "14", &["REFRESH MATERIALIZED VIEW CONCURRENTLY logins"], &[]),
    ("DROP TRIGGER", "14", &["DROP TRIGGER stamped ON users"], &[]),
    ("a view with a column more", "14", &["CREATE OR REPLACE VIEW names AS SELECT id, name, age FROM users"], &[]),
    ("CREATE RULE", "14", &["CREATE RULE none AS ON DELETE TO target DO INSTEAD NOTHING"], &[]),
    (
        "a policy with row security",
        "14",
        &["CREATE POLICY own ON users USING (id > 0)", "ALTER TABLE users ENABLE ROW LEVEL SECURITY"],
        &[],
    ),
    ("DROP POLICY", "14", &["DROP POLICY IF EXISTS own ON users"], &[]),
    ("REVOKE", "14", &["REVOKE SELECT ON users FROM app"], &[]),
    ("lock_timeout = 0", "14", &["SET LOCAL lock_timeout = 0"], &[]),
    ("a role that may do anything", "14", &["CREATE ROLE boss SUPERUSER"], &[]),
    ("setval", "14", &["SELECT setval('numbers', 5)"], &[]),
];

#[test]
fn what_needs_no_word_gets_none() {
    hold(BRIEF);
}
