//! The documents of the rules as files, so that an editor can open the one that a finding names: nothing of it is on
//! the web. They stand in the user's folder for what can be made again.

use super::place::uri_of;
use crate::rules;
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// The folder of the documents; `None` where they cannot be written, and a finding has no link.
pub(super) fn written() -> Option<PathBuf> {
    let folder = cache()?.join("limbeck").join(env!("CARGO_PKG_VERSION")).join("rules");
    write(&folder).ok()?;
    Some(folder)
}

/// The URI of a rule's document.
pub(super) fn link(folder: &Path, rule: &str) -> Option<String> {
    rules::find(rule).map(|rule| uri_of(&folder.join(format!("{}.md", rule.name))))
}

fn cache() -> Option<PathBuf> {
    let own = ["XDG_CACHE_HOME", "LOCALAPPDATA"].iter().filter_map(env::var_os).map(PathBuf::from);
    let home = env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    own.chain(home).find(|it| it.is_absolute())
}

fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for rule in rules::ALL {
        let file = folder.join(format!("{}.md", rule.name));
        if fs::read_to_string(&file).ok().as_deref() != Some(rule.doc) {
            fs::write(file, rule.doc)?;
        }
    }
    Ok(())
}
