//! What fuzzing found worth keeping is read again: no panic, and no file takes long.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../fuzz/attacks.rs"]
mod attacks;

use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// Far above what a file takes, also unoptimized and on a busy machine; the fuzzer itself allows ten seconds.
const LONGEST: Duration = Duration::from_secs(30);

/// Gives each file of a folder to an attack, on a stack as the binary has it.
fn again(folder: &str, attack: fn(&[u8])) {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 100, "only {} files are kept in {folder}", paths.len());
    let work = move || {
        for path in paths {
            let bytes = fs::read(&path).unwrap();
            let start = Instant::now();
            attack(&bytes);
            assert!(start.elapsed() < LONGEST, "{} takes {:?}", path.display(), start.elapsed());
        }
    };
    thread::Builder::new().stack_size(64 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn the_kept_revisions_are_read() {
    again("fuzz/corpus/reader", attacks::reader);
}

#[test]
fn the_kept_sql_is_parsed() {
    again("fuzz/corpus/sql", attacks::sql);
}
