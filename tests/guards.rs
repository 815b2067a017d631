//! What a revision asks the database before it acts is decided by the schema that the history has left.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::{fmt::Write, fs, process::Command};

const FIRST: &str = r#"import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "r1"
down_revision = None


def upgrade():
    op.execute("CREATE SCHEMA app")
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    op.create_index("ix_users_name", "users", ["name"])
    op.create_unique_constraint("uq_users_name", "users", ["name"])
    op.execute("CREATE VIEW names AS SELECT name FROM users")
    op.execute("DROP VIEW names")
    postgresql.ENUM("glad", "sad", name="mood").create(op.get_bind())
    postgresql.ENUM("high", "low", name="tone").create(op.get_bind())
    postgresql.ENUM(name="tone").drop(op.get_bind())


def downgrade():
    pass
"#;

/// The SQL of a revision after [`FIRST`], as the JSON of `limbeck sql` has it.
fn statements(body: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    fs::write(versions.join("r1_first.py"), FIRST).unwrap();
    let head = FIRST.split("def upgrade").next().unwrap().replace("r1", "r2").replace("None", "\"r1\"");
    fs::write(versions.join("r2_second.py"), format!("{head}\n{body}")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["sql", "--format", "json", "--revision", "r2"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["revisions"][0]["upgrade"]["statements"].as_array().unwrap().clone()
}

/// For each condition, what is decided of what it guards.
fn decided(conditions: &[&str]) -> Vec<Option<bool>> {
    let mut body =
        "def upgrade():\n    bind = op.get_bind()\n    inspector = sa.inspect(bind)\n    ask = lambda sql, **more: bind.execute(sa.text(sql), more)\n"
            .to_owned();
    for (number, condition) in conditions.iter().enumerate() {
        writeln!(body, "    if {condition}:\n        op.execute(\"COMMENT ON TABLE users IS '{number}'\")").unwrap();
    }
    let told = statements(&body);
    let of = |number: usize| {
        let sql = format!("COMMENT ON TABLE users IS '{number}'");
        let found = told.iter().find(|it| it["sql"] == sql.as_str());
        found.map_or(Some(false), |it| if it["when"].is_null() { Some(true) } else { it["when"]["decided"].as_bool() })
    };
    (0..conditions.len()).map(of).collect()
}

fn all(expected: Option<bool>, conditions: &[&str]) {
    for (condition, told) in conditions.iter().zip(decided(conditions)) {
        assert_eq!(told, expected, "{condition}");
    }
}

#[test]
fn what_is_there_is_known() {
    all(
        Some(true),
        &[
            "inspector.has_table('users')",
            "inspector.has_index('users', 'ix_users_name')",
            "inspector.has_schema('app')",
            "'app' in inspector.get_schema_names()",
            "'users' in inspector.get_table_names()",
            "'name' in {c['name'] for c in inspector.get_columns('users')}",
            "any(e['name'] == 'mood' for e in inspector.get_enums())",
            "any(u['name'] == 'uq_users_name' for u in inspector.get_unique_constraints('users'))",
            "ask(\"SELECT 1 FROM information_schema.tables WHERE table_name = 'users'\").scalar()",
            "ask(\"select 1 from information_schema.columns where table_name='users' and column_name='name'\").fetchone()",
            "ask(\"SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = :t AND column_name = :c\", t='users', c='name').first() is not None",
            "ask(\"SELECT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood')\").scalar()",
            "ask(\"SELECT EXISTS(SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = 'users');\").fetchone()[0]",
            "ask(\"SELECT count(*) FROM pg_indexes WHERE tablename = 'users' AND indexname = 'ix_users_name'\").scalar() > 0",
            "bool(ask(\"SELECT 1 FROM pg_indexes WHERE indexname = 'ix_users_name' LIMIT 1\").scalar())",
            "ask(\"SELECT conname FROM pg_constraint WHERE conname = 'uq_users_name' AND conrelid = 'users'::regclass\").scalar()",
            "bind.scalar(sa.text(\"SELECT 1 FROM information_schema.schemata WHERE schema_name = 'app'\")) is not None",
            "not op.get_context().as_sql",
        ],
    );
}

#[test]
fn what_is_gone_is_known() {
    all(
        Some(false),
        &[
            "'age' in [c['name'] for c in inspector.get_columns('users')]",
            "'names' in inspector.get_view_names()",
            "ask(\"SELECT 1 FROM information_schema.views WHERE table_name = 'names'\").fetchall()",
            "ask(\"SELECT 1 FROM pg_type WHERE typname = 'tone'\").scalar() is not None",
            "ask(\"SELECT 1 FROM pg_type WHERE typname = 'mood'\").scalar() is None",
            "not ask(\"SELECT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood')\").scalar()",
            "ask(\"SELECT count(*) FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'age'\").scalar() == 1",
        ],
    );
}

/// What is asked in another way, or of what the history does not say, stays open.
#[test]
fn what_is_not_known_stays_open() {
    all(
        None,
        &[
            "inspector.has_table('pets')",
            "ask(\"SELECT 1 FROM users WHERE name = 'x'\").scalar()",
            "ask(\"SELECT 1 FROM pg_type WHERE typname = 'mood' OR typname = 'x'\").scalar()",
            "ask(\"SELECT 1 FROM pg_type WHERE typname LIKE 'mood'\").scalar()",
            "ask(\"SELECT column_default FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'name'\").scalar()",
            "ask(\"SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'name' AND is_nullable = 'YES'\").scalar()",
            "ask(\"SELECT 1 FROM information_schema.columns WHERE table_name = 'users' -- AND column_name = 'name'\").scalar()",
            "ask(\"SELECT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') AND false\").scalar()",
            "ask(\"SELECT count(*) FROM pg_type WHERE typname = 'mood'\").scalar() > 1",
        ],
    );
}

/// `ENUM.create(bind)` asks by default, `Enum.create(bind)` does not; what is told to ask asks.
#[test]
fn checkfirst_is_told_and_decided() {
    let told = statements(
        r#"def upgrade():
    bind = op.get_bind()
    postgresql.ENUM("a", name="e1").create(bind)
    postgresql.ENUM("a", name="e2").create(bind, checkfirst=False)
    sa.Enum("a", name="e3").create(bind)
    sa.Enum("a", name="e4").create(bind, checkfirst=True)
    postgresql.ENUM(name="mood").drop(bind)
    sa.Enum(name="e5").drop(bind)
    op.create_table("t", sa.Column("e", sa.Enum("a", name="e6")))
"#,
    );
    let asks: Vec<Value> = told
        .iter()
        .map(|it| {
            let word = it["sql"].as_str().unwrap().split_whitespace().nth(2).unwrap().to_owned();
            json!([word, it["if_missing"] == true, it["if_present"] == true, it["when"].is_null()])
        })
        .collect();
    let (yes, no) = (true, false);
    assert_eq!(
        json!(asks),
        json!([
            ["e1", yes, no, yes],
            ["e2", no, no, yes],
            ["e3", no, no, yes],
            ["e4", yes, no, yes],
            ["mood", no, yes, yes],
            ["e5", no, no, yes],
            ["e6", no, no, yes],
            ["t", no, no, yes],
        ])
    );
}
