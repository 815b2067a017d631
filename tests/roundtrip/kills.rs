//! Whatever ends a run, nothing of it is left after the next one, and a real database beside it is as it was.

use super::{
    beside::{Beside, changed},
    command, programs, room,
};
use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// A run takes longer on a loaded machine; the points are those of its first seconds then.
const LONGEST: Duration = Duration::from_secs(4);
/// How many runs are killed.
const ROUNDS: usize = 20;

/// A folder for temporary files that the server's user can enter too.
fn temporary() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("lt").tempdir_in(room()).unwrap();
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

/// Numbers that follow from a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[test]
fn nothing_is_left_behind() {
    let Some(beside) = Beside::start() else { return };
    let before = beside.state();
    let folder = temporary();
    let url = beside.url("boss", "real");
    let own = ["migrations/schema-baseline"];
    let named = ["migrations/schema-baseline", "--database-url", &url, "--create-beside"];
    let run = |arguments: &[&str]| {
        let mut command = command(arguments).unwrap();
        command.env("TMPDIR", folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let longest = [&own[..], &named].map(|arguments| {
        let start = Instant::now();
        assert_eq!(run(arguments).status().unwrap().code(), Some(0));
        u64::try_from(start.elapsed().min(LONGEST).as_millis()).unwrap()
    });
    let given = env::var("LIMBECK_SEED").ok().and_then(|it| it.parse().ok());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let seed = given.unwrap_or(u64::try_from(now % u128::from(u64::MAX)).unwrap() | 1);
    let mut dice = Dice(seed);
    for round in 0..ROUNDS {
        let signal = ["INT", "KILL", "TERM"][round % 3];
        let arguments = [&own[..], &named][round % 2];
        let after = dice.below(longest[round % 2]);
        let told = format!("LIMBECK_SEED={seed}: round {round}, {signal} after {after} ms");
        let mut child = run(arguments).spawn().unwrap();
        thread::sleep(Duration::from_millis(after));
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(sent.is_ok(), "{told}");
        let status = child.wait().unwrap();
        // Killed before it has begun to listen, it has made nothing either.
        if signal != "KILL" && status.code() == Some(2) && round % 2 == 0 {
            assert_eq!(left(folder.path()), 0, "{told}");
            assert_eq!(processes(folder.path()), [""; 0], "{told}");
        }
    }
    for arguments in [&own[..], &named] {
        assert_eq!(run(arguments).status().unwrap().code(), Some(0), "LIMBECK_SEED={seed}");
    }
    assert_eq!(left(folder.path()), 0, "LIMBECK_SEED={seed}");
    assert_eq!(processes(folder.path()), [""; 0], "LIMBECK_SEED={seed}");
    assert_eq!(beside.left(), [""; 0], "LIMBECK_SEED={seed}");
    assert_eq!(changed(&before, &beside.state()), [""; 0], "LIMBECK_SEED={seed}");
}

/// A run that is killed leaves `initdb` at work; the next one lets it come to its end before it takes the folder away.
#[test]
fn what_is_just_being_made_is_waited_for() {
    let Some(real) = programs() else { return };
    let (folder, slow) = (temporary(), temporary());
    for name in ["postgres", "pg_ctl"] {
        symlink(real.join(name), slow.path().join(name)).unwrap();
    }
    let log = slow.path().join("log");
    let made = real.join("initdb");
    let script = format!("#!/bin/sh\nsleep 1\n{} \"$@\"\necho $? > {}\n", made.display(), log.display());
    fs::write(slow.path().join("initdb"), script).unwrap();
    fs::set_permissions(slow.path().join("initdb"), fs::Permissions::from_mode(0o755)).unwrap();
    let run = |programs: &Path| {
        let mut command =
            command(&["migrations/schema-baseline", "--postgres-bin", programs.to_str().unwrap()]).unwrap();
        command.env("TMPDIR", folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut first = run(slow.path()).spawn().unwrap();
    while processes(folder.path()).iter().all(|it| !it.contains("sleep")) {
        thread::sleep(Duration::from_millis(10));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(run(&real).status().unwrap().code(), Some(0));
    assert_eq!(fs::read_to_string(log).unwrap_or_default().trim(), "0");
    assert_eq!((left(folder.path()), processes(folder.path())), (0, Vec::new()));
}
