//! What the tests on a server need of it.

use std::{env, path::PathBuf};

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
