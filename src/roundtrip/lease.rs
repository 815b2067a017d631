//! A folder that outlives nobody: held by a locked file beside it, and taken away by the next run if its holder died.
//!
//! The kernel lets go of the lock with the process, however that ended, so that no process id has to be believed.

use crate::fault;
use miette::Result;
use std::{
    collections::hash_map::RandomState,
    env,
    fs::{self, DirBuilder, File, OpenOptions},
    hash::{BuildHasher, Hasher},
    io::Write,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

/// What the names of our folders begin with.
const PREFIX: &str = "limbeck-";
/// What the name of the file beside a folder ends with.
const SUFFIX: &str = ".lease";
/// A socket's whole path may have 107 bytes (103 on macOS), and `/.s.PGSQL.5432` is one of them.
const LONGEST: usize = 60;
/// How often a folder is tried to be made, and to be taken away while something in it is still dying.
const TRIES: usize = 40;

/// A private folder and its lease.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lease: PathBuf,
    /// Held open, and locked.
    _lock: File,
    uid: u32,
}

impl Folder {
    /// Makes one. The bytes behind its prefix are of no use to anybody who does not read them.
    ///
    /// # Errors
    /// The temporary folder cannot be written.
    pub(super) fn new() -> Result<Self> {
        let parent = parent();
        let unusable = |error: &std::io::Error| {
            fault::helped(
                format!("the temporary folder `{}` cannot be used: {error}", parent.display()),
                "TMPDIR names another one",
            )
        };
        let mut last = None;
        for _ in 0..TRIES {
            match Self::at(&parent.join(format!("{PREFIX}{:016x}", random()))) {
                Ok(Some(folder)) => return Ok(folder),
                Ok(None) => {}
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or_else(|| fault::plain("no temporary folder can be made"), |error| unusable(&error)))
    }

    /// `None`: somebody else was faster.
    fn at(path: &Path) -> std::io::Result<Option<Self>> {
        let lease = beside(path);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&lease)?;
        // A sweeper that finds the file before it is locked takes it away: then the name leads elsewhere.
        let ours = file.try_lock().is_ok() && fs::metadata(&lease).is_ok_and(|it| it.ino() == inode(&file));
        if !ours {
            return Ok(None);
        }
        writeln!(file, "{}", process::id())?;
        let uid = file.metadata()?.uid();
        if let Err(error) = DirBuilder::new().mode(0o700).create(path) {
            let _ = fs::remove_file(&lease);
            return Err(error);
        }
        Ok(Some(Self { path: path.to_owned(), lease, _lock: file, uid }))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The user that runs this process.
    pub(super) fn uid(&self) -> u32 {
        self.uid
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.path);
        let _ = fs::remove_file(&self.lease);
    }
}

/// Takes away what runs have left that could not do so themselves; `stop` is given each folder first.
pub(super) fn sweep(stop: &dyn Fn(&Path)) {
    let Ok(entries) = fs::read_dir(parent()) else { return };
    let mut leases: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    leases.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(PREFIX) && name.ends_with(SUFFIX)
    });
    let Some(own) = own_uid() else { return };
    for lease in leases {
        // A link, or a file of somebody else's, is none of ours.
        if !fs::symlink_metadata(&lease).is_ok_and(|it| it.is_file() && it.uid() == own) {
            continue;
        }
        let Ok(file) = OpenOptions::new().write(true).open(&lease) else { continue };
        if file.try_lock().is_err() {
            continue;
        }
        let folder = lease.with_extension("");
        if fs::symlink_metadata(&folder).is_ok_and(|it| it.is_dir()) {
            stop(&folder);
            remove(&folder);
        }
        let _ = fs::remove_file(&lease);
    }
}

/// The user that runs this process, as a new file tells.
fn own_uid() -> Option<u32> {
    let path = parent().join(format!("{PREFIX}{:016x}{SUFFIX}", random()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).ok()?;
    let uid = file.metadata().ok().map(|it| it.uid());
    let _ = fs::remove_file(&path);
    uid
}

/// A server that is just dying may still write into the folder.
fn remove(folder: &Path) {
    for _ in 0..TRIES {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The folder for temporary files; one with a long path has no room for a socket.
fn parent() -> PathBuf {
    let folder = env::temp_dir();
    if folder.as_os_str().len() > LONGEST { PathBuf::from("/tmp") } else { folder }
}

fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(SUFFIX);
    PathBuf::from(name)
}

fn inode(file: &File) -> u64 {
    file.metadata().map_or(0, |it| it.ino())
}

/// A number that others cannot know beforehand.
pub(super) fn random() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(process::id());
    hasher.finish()
}
