//! A history that wants more than its database.

use super::{add, found, found_in, history, report};
use std::{fs, path::Path};

/// What must not happen, whatever of it is written by the statement's own words or hidden in code.
#[test]
fn nothing_reaches_beyond_the_database() {
    let mark = tempfile::tempdir().unwrap();
    let file = mark.path().join("mark");
    let touch = format!("COPY (SELECT 1) TO PROGRAM 'touch {}'", file.display());
    let hidden = format!("DO $$ BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch {}'''; END $$", file.display());
    let escape = "RESET SESSION AUTHORIZATION; RESET ROLE; CREATE ROLE thief SUPERUSER";
    let code = "DO $$ BEGIN EXECUTE 'CREATE ROLE thief SUPERUSER'; END $$";
    let system = "DO $$ BEGIN EXECUTE 'ALTER SYSTEM SET fsync = on'; END $$";
    let read = "DO $$ BEGIN PERFORM pg_read_file('/etc/passwd'); END $$";
    let helped = "DO $$ BEGIN PERFORM limbeck_roundtrip.create_extension('file_fdw', NULL, NULL, false, false); END $$";
    let all = [
        (touch.as_str(), "cluster-change"),
        (hidden.as_str(), "failing-statement"),
        (escape, "cluster-change"),
        (code, "failing-statement"),
        (system, "failing-statement"),
        (read, "failing-statement"),
        (helped, "failing-statement"),
        ("CREATE EXTENSION file_fdw", "cluster-change"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (number, (sql, _)) in (100..).zip(all) {
        let body = format!("def upgrade():\n    op.execute({sql:?})\n\n\ndef downgrade():\n    pass\n");
        add(&folder.path().join(number.to_string()), &[&body]);
    }
    let Some(report) = report(folder.path(), &[]) else { return };
    for (number, (sql, rule)) in (100..).zip(all) {
        let found = found_in(&report, number);
        assert_eq!(found.len(), 1, "{sql}: {report}");
        assert_eq!(found[0].2, rule, "{sql}: {report}");
    }
    assert!(!file.exists());
}

/// On a server that is thrown away, the user may say that all of it is meant.
#[test]
fn cluster_changes_are_run_when_they_are_allowed() {
    let body = "def upgrade():\n    op.execute('CREATE ROLE reader')\n\n\n\
                def downgrade():\n    op.execute('DROP ROLE reader')\n";
    let folder = history(&[body]);
    let Some(report) = report(folder.path(), &["--allow-cluster-changes"]) else { return };
    assert_eq!(found(&report), []);
}

/// Roles that a history takes for granted are there, and extensions that only a superuser may create.
#[test]
fn roles_and_extensions_are_provided() {
    let body = "def upgrade():\n    op.execute('CREATE TABLE t (id int)')\n    \
                op.execute('GRANT SELECT ON t TO reader')\n    op.execute('ALTER TABLE t OWNER TO \"Keeper\"')\n    \
                op.execute('CREATE EXTENSION pg_buffercache')\n    op.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')\n\n\n\
                def downgrade():\n    op.execute('DROP EXTENSION pg_trgm')\n    \
                op.execute('DROP EXTENSION IF EXISTS pg_buffercache CASCADE')\n    op.execute('DROP TABLE t')\n";
    let folder = history(&[body]);
    let Some(report) = report(folder.path(), &[]) else { return };
    let there = Path::new("/usr/share/postgresql");
    if fs::read_dir(there).is_ok() {
        assert_eq!(found(&report), [], "{report}");
    }
}
