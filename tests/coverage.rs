//! How much of a history is understood: `limbeck coverage`, `--assume`, `--strict`, and the end of a check.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

/// One operation of each class, a condition of each kind, and what a setting decides.
const REVISION: &str = r#"import os

import sqlalchemy as sa
from alembic import op
from app.settings import settings

revision = "a1"
down_revision = None


def upgrade():
    if not settings.on_postgres:
        return
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True))
    for (name,) in op.get_bind().execute(sa.text("SELECT name FROM old")):
        op.execute(f"DROP TABLE {name}")
    op.execute(os.environ["SQL"])
    op.execute(app.text())
    import elsewhere

    op.execute(elsewhere.text())
    op.drop_constraint(None, "users")
    if not sa.inspect(op.get_bind()).has_table("pets"):
        op.create_table("pets", sa.Column("kind", elsewhere.Kind()))


def downgrade():
    op.drop_table("users")
"#;

fn checkout(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    fs::write(versions.join("a1_users.py"), REVISION).unwrap();
    fs::write(folder.path().join("limbeck.toml"), config).unwrap();
    folder
}

/// Standard output and the exit code.
fn run(folder: &Path, args: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck")).args(args).current_dir(folder).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

fn parsed(folder: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&run(folder, args).0).unwrap()
}

#[test]
fn coverage_as_text() {
    let folder = checkout("[assume]\n\"never.asked\" = 1\n");
    let (text, code) = run(folder.path(), &["coverage"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("coverage", text);
    assert_eq!(run(folder.path(), &["coverage"]).0, text);
}

/// Every operation is resolved or has a reason; counts agree with the places and with what a check says.
#[test]
fn the_counts_agree() {
    let folder = checkout("");
    let coverage = parsed(folder.path(), &["coverage", "--format", "json"]);
    let history = &coverage["histories"][0];
    let groups = |key: &str| history[key].as_array().unwrap().clone();
    let count = |key: &str| groups(key).iter().map(|it| it["count"].as_u64().unwrap()).sum::<u64>();
    for group in groups("unresolved").iter().chain(&groups("undecided")) {
        assert_eq!(group["count"].as_u64().unwrap(), group["places"].as_array().unwrap().len() as u64, "{group}");
        for place in group["places"].as_array().unwrap() {
            assert_eq!(place["file"], "alembic/versions/a1_users.py");
            let line = REVISION.lines().nth(usize::try_from(place["line"].as_u64().unwrap()).unwrap() - 1).unwrap();
            let words = ["op.", "if ", "for "];
            assert!(words.iter().any(|it| line.trim().starts_with(it)), "{place}: {line}");
        }
    }
    let (operations, resolved) = (history["operations"].as_u64().unwrap(), history["resolved"].as_u64().unwrap());
    assert_eq!(operations, resolved + count("unresolved"));
    let summary = &parsed(folder.path(), &["check", "--format", "json"])["summary"];
    let said = json!([summary["operations"], summary["resolved"], summary["unresolved"], summary["undecided"]]);
    assert_eq!(said, json!([operations, resolved, count("unresolved"), count("undecided")]));
}

/// The class comes with the reason: each of them is met, and no other.
#[test]
fn each_reason_has_its_class() {
    let folder = checkout("");
    let coverage = parsed(folder.path(), &["coverage", "--format", "json"]);
    let of = |key: &str| -> Vec<(String, u64)> {
        let groups = coverage["histories"][0][key].as_array().unwrap().clone();
        let places = groups.into_iter().flat_map(|group| {
            let class = group["class"].as_str().unwrap().to_owned();
            let places = group["places"].as_array().unwrap().clone();
            places.into_iter().map(move |it| (class.clone(), it["line"].as_u64().unwrap()))
        });
        let mut places: Vec<_> = places.collect();
        places.sort_by_key(|(_, line)| *line);
        places
    };
    let told = |list: &[(&str, u64)]| -> Vec<(String, u64)> {
        list.iter().map(|(class, line)| ((*class).to_owned(), *line)).collect()
    };
    assert_eq!(
        of("unresolved"),
        told(&[
            ("data decides", 16),
            ("data decides", 17),
            ("limit", 18),
            ("code that is not in the checkout", 21),
            ("code that is not in the checkout", 24),
        ])
    );
    assert_eq!(of("refused"), told(&[("Alembic refuses", 22)]));
    assert_eq!(of("undecided"), told(&[("data decides", 12), ("data decides", 15)]));
    let groups = coverage["histories"][0]["unresolved"].as_array().unwrap();
    for group in groups {
        let setting = group["places"][0]["line"] == 17;
        assert_eq!(group["setting"] == true, setting, "{group}");
        assert_eq!(group["reason"].as_str().unwrap().contains("--assume"), setting, "{group}");
    }
}

/// What a setting decides after some steps is still told to be a setting's.
#[test]
fn a_setting_is_named_from_afar() {
    let folder = checkout("");
    let file = folder.path().join("alembic/versions/a1_users.py");
    let text = "import os\nfrom alembic import op\nrevision = 'a1'\ndown_revision = None\nname = os.environ['A'] or 'b'\n\
        def upgrade():\n    op.execute(f'SELECT {name}')\ndef downgrade():\n    op.drop_constraint(None, 't')\n";
    fs::write(file, text).unwrap();
    let coverage = parsed(folder.path(), &["coverage", "--format", "json"]);
    let history = &coverage["histories"][0];
    let group = &history["unresolved"][0];
    assert_eq!((&group["class"], &group["setting"]), (&json!("data decides"), &json!(true)));
    assert!(group["reason"].as_str().unwrap().contains("--assume"), "{group}");
    // What Alembic refuses is resolved.
    assert_eq!((&history["operations"], &history["resolved"]), (&json!(2), &json!(1)));
    let way = &parsed(folder.path(), &["sql", "--format", "json"])["revisions"][0]["downgrade"];
    assert_eq!((&way["complete"], &way["unresolved"]), (&json!(false), &json!([])));
    let fails = json!([{"line": 9, "reason": "Alembic refuses: a constraint without a name cannot be dropped"}]);
    assert_eq!(way["fails"], fails);
}

/// What a condition decides is of the condition's class, however it is said.
#[test]
fn a_reason_is_of_the_class_of_what_decides() {
    const BEGIN: &str = "from alembic import op\nimport sqlalchemy as sa\nimport elsewhere\nfrom sqlalchemy.orm import Session\n\
        from elsewhere import Base\nrevision = 'a1'\ndown_revision = None\n\
        class Own(Base):\n    pass\n\
        def upgrade():\n    row = op.get_bind().execute(sa.text('SELECT a FROM b')).fetchone()\n    names = ['a']\n";
    for (body, class) in [
        ("if row[0]:\n        names.append('b')\n    op.execute(','.join(names))", "data decides"),
        (
            "if elsewhere.asked:\n        names.append('b')\n    op.execute(','.join(names))",
            "code that is not in the checkout",
        ),
        ("for it in row:\n        names[0] = it\n    op.execute(names[0])", "data decides"),
        ("op.execute('a' if isinstance(row[0], str) else 'b')", "data decides"),
        ("while True:\n        op.execute('SELECT 1')\n        if row:\n            break", "data decides"),
        (
            "def pick():\n        if row:\n            return 'a'\n        return 'b'\n    op.execute(pick())",
            "data decides",
        ),
        ("op.execute(f'{elsewhere.text}')", "code that is not in the checkout"),
        ("op.execute(sa.update(Own).values(a=1))", "code that is not in the checkout"),
        ("import os\n    op.execute('a' if os.environ['A'] else 'b')", "data decides"),
        (
            "import enum\n    class E(enum.Enum):\n        a = 1\n    op.execute(E(elsewhere.one).name)",
            "code that is not in the checkout",
        ),
        ("Session(op.get_bind()).query(1)", "limit"),
        ("op.execute('DO $$ BEGIN FOR i IN 1..2 LOOP DELETE FROM t; END LOOP; END $$')", "limit"),
    ] {
        let folder = checkout("");
        let file = folder.path().join("alembic/versions/a1_users.py");
        fs::write(file, format!("{BEGIN}    {body}\ndef downgrade():\n    pass\n")).unwrap();
        let coverage = parsed(folder.path(), &["coverage", "--format", "json"]);
        let groups = coverage["histories"][0]["unresolved"].as_array().unwrap().clone();
        let classes: Vec<&str> = groups.iter().map(|it| it["class"].as_str().unwrap()).collect();
        assert!(!classes.is_empty() && classes.iter().all(|it| *it == class), "{body}: {groups:?}");
    }
}

/// `--assume` speaks of names as the revision spells them, over the configuration, and is counted.
#[test]
fn what_is_assumed_decides() {
    let folder = checkout("[assume]\n\"settings.on_postgres\" = false\n'os.environ[\"SQL\"]' = \"SELECT 1\"\n");
    let sql = |more: &[&str]| parsed(folder.path(), &[&["sql", "--format", "json"], more].concat());
    assert_eq!(sql(&[])["revisions"][0]["upgrade"]["statements"], json!([]));
    let on = sql(&["--assume", "settings.on_postgres=True", "--assume", "os.environ['SQL']=DROP TABLE x"]);
    let statements = on["revisions"][0]["upgrade"]["statements"].as_array().unwrap().clone();
    assert!(statements[0]["sql"].as_str().unwrap().starts_with("CREATE TABLE users"));
    assert_eq!(statements[0]["when"], Value::Null);
    assert!(statements.iter().any(|it| it["sql"] == "DROP TABLE x"), "{statements:?}");
    let args = ["coverage", "--format", "json", "--assume", "nobody.asks=[1, \"a\"]"];
    let assumed = parsed(folder.path(), &args)["assumed"].clone();
    let told = |name: &str, value: &str, used: u64| json!({"name": name, "value": value, "used": used});
    let all = [
        told("nobody.asks", "[1, \"a\"]", 0),
        told("os.environ[\"SQL\"]", "\"SELECT 1\"", 0),
        told("settings.on_postgres", "False", 1),
    ];
    assert_eq!(assumed, json!(all));
    assert_eq!(run(folder.path(), &["sql", "--assume", "nothing"]).1, 2);
}

/// An undecided setting keeps the statements, with the condition and how to decide it.
#[test]
fn a_setting_that_nobody_gave_is_named() {
    let folder = checkout("");
    let report = parsed(folder.path(), &["sql", "--format", "json"]);
    let when = &report["revisions"][0]["upgrade"]["statements"][0]["when"];
    assert_eq!((&when["decided"], &when["class"]), (&Value::Null, &json!("data decides")));
    let reason = when["reason"].as_str().unwrap();
    assert!(reason.contains("--assume") && reason.contains("settings.on_postgres"), "{reason}");
}

/// `--strict` makes errors of what is not understood, whatever the configuration says of it; without it they are not.
#[test]
fn strict_fails_on_what_is_not_understood() {
    let folder = checkout("ignore = [\"opaque-operation\", \"missing-downgrade\"]\n");
    let strict = parsed(folder.path(), &["check", "--strict", "--format", "json"]);
    let opaque = |report: &Value| {
        let findings = report["findings"].as_array().unwrap().clone();
        findings.into_iter().filter(|it| it["rule"] == "opaque-operation").collect::<Vec<_>>()
    };
    // What Alembic refuses may be told by a rule of its own.
    let errors = |line: u64| {
        let findings = strict["findings"].as_array().unwrap();
        findings.iter().any(|it| it["line"] == line && it["severity"] == "error")
    };
    for line in [16, 17, 18, 21, 22, 24] {
        assert!(errors(line), "line {line}: {strict:#}");
    }
    assert_eq!(strict["summary"]["unresolved"], 5);
    assert!(opaque(&strict).iter().all(|it| it["severity"] == "error"));
    assert_eq!(run(folder.path(), &["check", "--strict"]).1, 1);
    assert_eq!(opaque(&parsed(folder.path(), &["check", "--format", "json"])), Vec::<Value>::new());
}

/// A check ends with what was not understood, the first places with line and reason.
#[test]
fn a_check_ends_with_what_was_not_understood() {
    let folder = checkout("");
    // One more than are named.
    let file = folder.path().join("alembic/versions/a1_users.py");
    fs::write(file, REVISION.replace("def downgrade():\n", "def downgrade():\n    op.execute(nobody)\n")).unwrap();
    let (text, _) = run(folder.path(), &["check"]);
    let end: Vec<&str> = text.lines().rev().take(8).collect();
    assert!(end[0].contains("6 unresolved"), "{text}");
    assert_eq!(end[1], "  and 1 more: `limbeck coverage` lists them");
    assert_eq!(end[7], "alembic: 40.0 % of the operations resolved (4 of 10)");
    assert!(end[6].starts_with("  alembic/versions/a1_users.py:16 upgrade of a1: "), "{text}");
}

/// Alembic's `multidb` template: each engine has its own statements, and what the engines share is told once.
#[test]
fn each_engine_has_a_history_of_its_own() {
    let revision = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"a1\"\ndown_revision = None\n\n\n\
        def upgrade(engine_name: str) -> None:\n    globals()[\"upgrade_%s\" % engine_name]()\n\n\n\
        def downgrade(engine_name: str) -> None:\n    globals()[f\"downgrade_{engine_name}\"]()\n\n\n\
        def upgrade_users() -> None:\n    op.execute(\"SELECT 'users'\")\n\n\n\
        def downgrade_users() -> None:\n    pass\n\n\n\
        def upgrade_logs() -> None:\n    op.execute(\"SELECT 'logs'\")\n    op.execute(\"SELEC 1\")\n\n\n\
        def downgrade_logs() -> None:\n    pass\n";
    let told = |ini: &str| {
        let folder = checkout("");
        fs::remove_file(folder.path().join("alembic/versions/a1_users.py")).unwrap();
        fs::write(folder.path().join("alembic/versions/a1_both.py"), revision.replace("SELEC 1", "SELECT 1")).unwrap();
        fs::write(folder.path().join("alembic.ini"), format!("[alembic]\nscript_location = alembic\n{ini}")).unwrap();
        let report = parsed(folder.path(), &["sql", "--format", "json", "--direction", "upgrade"]);
        let of = |it: &Value| {
            let statements = it["upgrade"]["statements"].as_array().unwrap().clone();
            let first = statements.first().map_or(Value::Null, |it| it["sql"].clone());
            json!([it["environment"], it["upgrade"]["complete"], first])
        };
        report["revisions"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let (users, logs) =
        (json!(["alembic (users)", true, "SELECT 'users'"]), json!(["alembic (logs)", true, "SELECT 'logs'"]));
    assert_eq!(told("databases = users, logs\n"), [users.clone(), logs.clone()]);
    assert_eq!(told("databases = users\n"), std::slice::from_ref(&users));
    // Flask-Migrate takes the names from the application: the files say which there are.
    assert_eq!(told(""), [logs, users]);
    let folder = checkout("");
    fs::remove_file(folder.path().join("alembic/versions/a1_users.py")).unwrap();
    let long = revision.replace("\"a1\"", "\"an_id_that_is_longer_than_its_column_may_be\"");
    fs::write(folder.path().join("alembic/versions/a1_both.py"), long).unwrap();
    let findings = parsed(folder.path(), &["check", "--format", "json"])["findings"].as_array().unwrap().clone();
    let of = |rule: &str| -> Vec<&Value> {
        findings.iter().filter(|it| it["rule"] == rule).map(|it| &it["environment"]).collect()
    };
    assert_eq!(of("sql-syntax"), ["alembic (logs)"]);
    assert_eq!(of("long-revision-id").len(), 1);
    let (text, _) = run(folder.path(), &["history"]);
    assert!(text.contains("alembic (logs)") && text.contains("alembic (users)"), "{text}");
}
