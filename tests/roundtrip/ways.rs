//! The ways to the heads besides one revision after the other: by branches, by deploys, and with an `env.py` that has
//! its own mind of where things are.

use super::{found, history, outcomes, report};
use std::{fs, path::Path};

/// A revision with parents of its own.
fn revision(folder: &Path, id: &str, parents: &[&str], body: &str) {
    let parents: Vec<String> = parents.iter().map(|it| format!("\"{it}\"")).collect();
    let parents = if parents.is_empty() { "None".to_owned() } else { format!("({},)", parents.join(", ")) };
    let head = format!(
        "from alembic import op\nimport sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\n\n\
         revision = \"{id}\"\ndown_revision = {parents}\n\n\n"
    );
    fs::write(folder.join(format!("alembic/versions/{id}.py")), head + body).unwrap();
}

/// Upgrade and downgrade of one statement each.
fn body(up: &str, down: &str) -> String {
    format!("def upgrade():\n    op.execute({up:?})\n\n\ndef downgrade():\n    op.execute({down:?})\n")
}

#[test]
fn a_branch_that_needs_the_other_one_fails_from_between() {
    let folder = history(&[&body("CREATE TABLE t (id int)", "DROP TABLE t")]);
    let path = folder.path();
    revision(path, "r2", &["r1"], &body("ALTER TABLE t ADD COLUMN a int", "ALTER TABLE t DROP COLUMN a"));
    revision(path, "r3", &["r1"], &body("ALTER TABLE t ADD COLUMN b int", "ALTER TABLE t DROP COLUMN b"));
    revision(path, "r4", &["r2", "r3"], "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n");
    let Some(sound) = report(path, &[]) else { return };
    assert_eq!(found(&sound), [], "{sound}");
    assert_eq!(outcomes(&sound)["branches"], "passed");
    let needs = body("CREATE INDEX i ON t (a)", "DROP INDEX i");
    revision(path, "r3", &["r1"], &needs);
    let first = report(path, &[]).unwrap();
    revision(path, "r3", &["r1"], &body("ALTER TABLE t ADD COLUMN b int", "ALTER TABLE t DROP COLUMN b"));
    revision(path, "r2", &["r1"], &needs.replace("(a)", "(b)"));
    let second = report(path, &[]).unwrap();
    // In one of the two the order in which all are run is the wrong one already.
    let alone = |report: &serde_json::Value| {
        let all = outcomes(report);
        (all["fresh"] == "passed")
            .then(|| (all["branches"].clone(), found(report).len(), report["findings"][0].clone()))
    };
    let (outcome, count, finding) = alone(&first).or_else(|| alone(&second)).unwrap();
    assert_eq!((outcome.as_str(), count), ("failed", 1), "{finding}");
    assert_eq!(finding["rule"], "failing-statement");
    assert!(finding.to_string().contains("on a database that has been upgraded to `r"), "{finding}");
}

/// What a session was left with by one revision is gone for the next, where each has a run of its own.
#[test]
fn a_run_for_each_revision_is_compared_with_one_run_of_all() {
    let folder = history(&[
        &body("CREATE SCHEMA s; SET search_path = s, public", "DROP SCHEMA s"),
        &body("CREATE TABLE t (id int)", "DROP TABLE IF EXISTS s.t; DROP TABLE IF EXISTS public.t"),
    ]);
    let Some(report) = report(folder.path(), &[]) else { return };
    assert_eq!(outcomes(&report)["deploys"], "failed", "{report}");
    let rules: Vec<String> = found(&report).into_iter().map(|(file, _, rule)| format!("{file} {rule}")).collect();
    assert_eq!(rules, ["r2.py unsteady-upgrade", "r2.py unsteady-upgrade"], "{report}");
}

#[test]
fn the_version_table_and_the_path_are_those_of_the_environment() {
    let up = "CREATE TABLE t (id int); SELECT id FROM app.t; SELECT version_num FROM admin.ledger";
    let folder = history(&[&body(up, "DROP TABLE t")]);
    let env = "from alembic import context\nfrom sqlalchemy import text\n\nSCHEMA = \"admin\"\n\n\n\
               def online(connection):\n    \
               connection.execute(text(\"CREATE SCHEMA IF NOT EXISTS app\"))\n    \
               connection.execute(text(\"SET search_path TO app\"))\n    \
               context.configure(connection=connection, version_table=\"ledger\", version_table_schema=SCHEMA)\n";
    let Some(plain) = report(folder.path(), &[]) else { return };
    assert_eq!(found(&plain).len(), 1, "{plain}");
    fs::write(folder.path().join("alembic/env.py"), env).unwrap();
    let own = report(folder.path(), &[]).unwrap();
    assert_eq!(found(&own), [], "{own}");
    assert!(outcomes(&own).values().all(|it| it == "passed"), "{own}");
}

#[test]
fn a_file_that_python_cannot_read_is_no_partial_success() {
    let folder = history(&[&body("CREATE TABLE t (id int)", "DROP TABLE t"), "def upgrade(:\n"]);
    let Some(mut command) = super::command(&[folder.path().to_str().unwrap()]) else { return };
    let output = command.output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{talk}");
    assert!(talk.contains("r2.py") && talk.contains("cannot be run"), "{talk}");
}

/// However many databases are at work at a time, the same is told in the same order.
#[test]
fn the_report_does_not_hang_on_how_many_are_at_work() {
    let table =
        body("CREATE TABLE t (id int PRIMARY KEY, a text); SET search_path = pg_catalog, public", "DROP TABLE t");
    let folder = history(&[&table]);
    let path = folder.path();
    revision(path, "r2", &["r1"], &body("ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE t ALTER a DROP NOT NULL"));
    revision(path, "r3", &["r1"], &body("CREATE TABLE u AS SELECT count(*) FROM pg_attribute", "DROP TABLE u"));
    revision(path, "r4", &["r2", "r3"], "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n");
    fs::write(path.join("schema.sql"), "CREATE TABLE t (id int PRIMARY KEY, a text, b text);\n").unwrap();
    let dump = format!("{}@r1", path.join("schema.sql").display());
    let one = [path.to_str().unwrap(), "--rows", "3", "--baseline", &dump];
    let several = ["fixtures/leftover-type", "fixtures/sql-syntax", "fixtures/multiple-heads", "--rows", "2"];
    for (arguments, least) in [(&one[..], 2), (&several, 4)] {
        let run = |jobs: &str| {
            let arguments = [arguments, &["--format", "json", "--jobs", jobs]].concat();
            super::limbeck(&arguments).map(|it| String::from_utf8(it.stdout).unwrap())
        };
        let Some(single) = run("1") else { return };
        assert!(single.matches("\"rule\"").count() >= least, "{single}");
        for jobs in ["2", "7"] {
            assert_eq!(run(jobs).unwrap(), single, "{jobs}");
        }
    }
}
