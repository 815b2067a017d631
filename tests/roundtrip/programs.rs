//! What the tests on a server need of it.

use std::{env, path::PathBuf, process::Command};

/// So much is wanted for the servers of all tests that run at a time, in kilobytes.
const ENOUGH: u64 = 3 * 1024 * 1024;

/// Where PostgreSQL's programs are: `POSTGRES_BIN`, the path, Debian's folders.
pub fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::var_os("POSTGRES_BIN").map(PathBuf::from).into_iter().collect();
    folders.extend(env::split_paths(&path));
    folders.extend((14..30).rev().map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin"))));
    let found = folders.into_iter().find(|it| it.join("initdb").exists() && it.join("postgres").exists());
    assert!(found.is_some() || env::var_os("CI").is_none(), "there is no PostgreSQL");
    if found.is_none() {
        eprintln!("left out: there is no PostgreSQL");
    }
    found
}

/// Where servers of the tests are made: in memory where there is room for them, which is several times as fast.
pub fn room() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let asked = Command::new("df").args(["-Pk"]).arg(&memory).output();
    let table = asked.map_or_else(|_| String::new(), |it| String::from_utf8_lossy(&it.stdout).into_owned());
    let free = table.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    if free.is_some_and(|it| it > ENOUGH) { memory } else { PathBuf::from("/tmp") }
}
