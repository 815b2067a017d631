//! What the commands beside `check` print: documents, the list of rules, SQL.
#![expect(clippy::expect_used, reason = "a test may panic")]

use limbeck::{
    finding::Severity,
    output::{Look, explain, rules, sql},
    rule::{Check, Group, Rule, Spec},
};
use serde_json::{Value, json};
use sql::{FailureSql, RevisionSql, SqlReport, StatementSql, UnresolvedSql, WaySql, WhenSql};

static ON: Spec = Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Elsewhere };
static OFF: Spec =
    Spec { severity: Severity::Note, group: Group::FailsOnData, default: false, check: Check::Elsewhere };
static RULES: &[Rule] = &[
    Rule {
        name: "slow-index",
        doc: "# slow-index\n\nAn index is built under a lock.\n\nOther tools: `E6` (eugene), `add_index` (strong_migrations).\n\n## Bad\n\n````python bad\nop.f(\"\"\"\n```\n\"\"\")\n````\n\nMore.\n",
        spec: &ON,
    },
    Rule { name: "x", doc: "# x\n", spec: &OFF },
];

fn written(write: impl Fn(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("memory takes all");
    String::from_utf8(out).expect("text")
}

#[test]
fn a_document_is_printed_as_it_stands() {
    assert_eq!(written(|out| explain::write(&RULES[0], Look::Plain, out)), RULES[0].doc);
}

#[test]
fn a_document_on_a_terminal_loses_only_its_fences() {
    let text = written(|out| explain::write(&RULES[0], Look::Colored, out));
    insta::assert_snapshot!("document", text.replace('\u{1b}', "^"));
}

#[test]
fn the_rules_as_text() {
    insta::assert_snapshot!(
        "rules",
        written(|out| rules::write_text(&RULES.iter().collect::<Vec<_>>(), Look::Plain, out))
    );
}

#[test]
fn the_rules_as_json() {
    let value: Value =
        serde_json::from_str(&written(|out| rules::write_json(&RULES.iter().collect::<Vec<_>>(), out))).expect("JSON");
    assert_eq!(
        value,
        json!({"rules": [
            {"name": "slow-index", "group": "lock", "severity": "error", "default": true,
             "summary": "An index is built under a lock.",
             "aliases": [{"name": "E6", "tool": "eugene"}, {"name": "add_index", "tool": "strong_migrations"}]},
            {"name": "x", "group": "fails-on-data", "severity": "note", "default": false, "summary": "",
             "aliases": []},
        ]})
    );
}

fn when(decided: Option<bool>) -> WhenSql {
    WhenSql { text: "not has_table(\n  \"t\")".to_owned(), line: 7, decided, reason: None, class: None }
}

fn statement(sql: &str, when: Option<WhenSql>) -> StatementSql {
    StatementSql { sql: sql.to_owned(), line: 8, when, ..StatementSql::default() }
}

fn report() -> SqlReport {
    let mut outside = statement("CREATE INDEX CONCURRENTLY i ON t (c)", None);
    outside.autocommit = true;
    let up = WaySql {
        complete: false,
        statements: vec![
            statement("CREATE TABLE t (\n  c int\n)", Some(when(None))),
            statement("DROP TABLE a;\nDROP TABLE b", Some(when(Some(false)))),
            outside,
            statement("SELECT 1 -- one\n", Some(when(Some(true)))),
        ],
        unresolved: vec![UnresolvedSql {
            line: 12,
            reason: "`f` is not known\nDROP TABLE c;".to_owned(),
            class: "limit",
        }],
        fails: vec![FailureSql { line: 13, reason: "Alembic refuses: a\nDROP TABLE d;".to_owned() }],
    };
    let down = WaySql { complete: true, ..WaySql::default() };
    let revision = RevisionSql {
        environment: "db".to_owned(),
        revision: "a1".to_owned(),
        file: "db/versions/a1.py".to_owned(),
        upgrade: Some(up),
        downgrade: Some(down),
    };
    SqlReport { revisions: vec![revision], ..SqlReport::default() }
}

#[test]
fn sql_as_text() {
    let text = written(|out| sql::write_text(&report(), out));
    insta::assert_snapshot!("sql", text);
    let sent: String = text.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    assert!(!sent.contains("DROP"), "what is not sent, and reasons, are no SQL");
}

#[test]
fn sql_as_json() {
    let text = written(|out| sql::write_json(&report(), out));
    insta::assert_snapshot!("sql_json", text);
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        value["revisions"][0]["downgrade"],
        json!({"complete": true, "statements": [], "unresolved": [], "fails": []})
    );
}
