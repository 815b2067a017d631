//! Whatever ends a run, nothing of it is left after the next one.

use super::{command, programs};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// A folder for temporary files that the server's user can enter too.
fn temporary() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("lt").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    folder
}

/// The processes whose command or working folder names a path.
fn processes(of: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let here = fs::read_link(entry.path().join("cwd")).is_ok_and(|it| it.starts_with(of));
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if here || line.contains(of.to_str().unwrap()) {
            found.push(line);
        }
    }
    found
}

fn left(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn nothing_is_left_behind() {
    if programs().is_none() {
        return;
    }
    let folder = temporary();
    for (round, after) in [30, 150, 420, 900, 1300, 1700, 2300, 3000].into_iter().enumerate() {
        let signal = ["INT", "KILL", "TERM", "KILL"][round % 4];
        let mut command = command(&["migrations/genji"]).unwrap();
        command.env("TMPDIR", folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        thread::sleep(Duration::from_millis(after));
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        let status = child.wait().unwrap();
        assert!(sent.is_ok());
        if signal != "KILL" && status.code() == Some(2) {
            assert_eq!(left(folder.path()), 0, "{signal} after {after} ms");
            assert_eq!(processes(folder.path()), [""; 0], "{signal} after {after} ms");
        }
    }
    let status = command(&["migrations/library"]).unwrap().env("TMPDIR", folder.path()).output().unwrap().status;
    assert_eq!(status.code(), Some(0));
    assert_eq!(left(folder.path()), 0);
    assert_eq!(processes(folder.path()), [""; 0]);
}
