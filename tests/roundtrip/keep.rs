//! `--keep`: the database that fails is left to be looked at, until the next run.

use super::{command, history, programs, room};
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

#[test]
fn the_failing_database_is_left_until_the_next_run() {
    let Some(programs) = programs() else { return };
    let temporary = tempfile::Builder::new().prefix("lk").tempdir_in(room()).unwrap();
    fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    let left = || fs::read_dir(temporary.path()).unwrap().count();
    let sound =
        "def upgrade():\n    op.execute('CREATE TABLE t ()')\n\n\ndef downgrade():\n    op.execute('DROP TABLE t')\n";
    let broken = "def upgrade():\n    op.execute('CREATE TABLE u ()')\n\n\ndef downgrade():\n    pass\n";
    let run = |bodies: &[&str]| {
        let folder = history(bodies);
        let arguments = [folder.path().to_str().unwrap(), "--keep"];
        let output = command(&arguments).unwrap().env("TMPDIR", temporary.path()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, talk) = run(&[sound, broken]);
    assert_eq!(status, Some(1), "{talk}");
    let line = talk.lines().find_map(|line| line.split_once("psql ")).unwrap_or_else(|| panic!("{talk}")).1;
    let psql = programs.join("psql");
    if psql.exists() {
        let asked =
            Command::new(psql).args(line.split(' ')).args(["-Atc", "SELECT to_regclass('u')"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&asked.stdout).trim(), "u", "{}", String::from_utf8_lossy(&asked.stderr));
    }
    assert!(left() > 0);
    // A run on which nothing fails leaves nothing, and takes away what is there.
    let (status, talk) = run(&[sound]);
    assert_eq!((status, left()), (Some(0), 0), "{talk}");
}
