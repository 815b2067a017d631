//! What git knows of the checkout. The only room that starts a process, and the process is always `git`.
//!
//! Names that the user gives go behind `--end-of-options`, paths are taken as they are, and nothing is written.

use crate::{discover::MAX_BYTES, fault};
use miette::Result;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A commit of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit(String);

/// The repository of a checkout.
#[derive(Clone, Debug)]
pub struct Git {
    root: PathBuf,
    /// Where the checkout's root lies in the work tree, with a `/` at its end; empty where it is the work tree.
    prefix: String,
}

impl Git {
    /// The repository that a folder (absolute) is in.
    ///
    /// # Errors
    /// There is no `git` on the path, or the folder is in no work tree.
    pub fn open(root: &Path) -> Result<Self> {
        let mut git = Self { root: root.to_path_buf(), prefix: String::new() };
        let output = git.run(&["rev-parse", "--show-prefix"])?;
        if !output.status.success() {
            return Err(fault::helped(
                format!("`{}` is in no git repository", root.display()),
                format!("git says: {}", words(&output.stderr)),
            ));
        }
        text(&output.stdout).trim_end_matches('\n').clone_into(&mut git.prefix);
        Ok(git)
    }

    /// The commit that a name stands for.
    ///
    /// # Errors
    /// There is none here.
    pub fn commit(&self, name: &str) -> Result<Commit> {
        let wanted = format!("{name}^{{commit}}");
        let output = self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
        if !output.status.success() || name.is_empty() {
            return Err(fault::helped(
                format!("git knows no commit `{name}` here"),
                format!(
                    "a shallow clone may lack it: `git fetch --depth=1 origin BRANCH` brings the tip of a branch{}",
                    near(name)
                ),
            ));
        }
        Ok(Commit(text(&output.stdout).trim().to_owned()))
    }

    /// Where the work at hand left another line; `None` where the two have nothing in common here, as in a shallow
    /// clone. Of several the one that git names first.
    ///
    /// # Errors
    /// git does not run.
    pub fn fork(&self, tip: &Commit) -> Result<Option<Commit>> {
        let output = self.run(&["merge-base", &tip.0, "HEAD"])?;
        let name = text(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !name.is_empty()).then_some(Commit(name)))
    }

    /// The texts in some folders of a commit whose names are wanted, by path relative to the checkout's root. What
    /// is no UTF-8, or larger than the reader takes, comes as `None`. Links are left out.
    ///
    /// # Errors
    /// git does not run, or lacks one of the files.
    pub fn texts(
        &self,
        commit: &Commit,
        folders: &[String],
        wanted: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, Option<String>>> {
        let mut entries = BTreeMap::new();
        for folder in folders {
            for (path, object) in self.list(commit, folder)? {
                if wanted(&path) {
                    entries.insert(path, object);
                }
            }
        }
        let texts = self.blobs(&entries.values().cloned().collect::<Vec<_>>())?;
        Ok(entries.into_keys().zip(texts).collect())
    }

    /// The paths, relative to the checkout's root, of files that are not as a commit has them, committed or not. Files
    /// that git does not know are left out.
    ///
    /// # Errors
    /// git does not run.
    pub fn changed(&self, since: &Commit) -> Result<Vec<String>> {
        let output = self.run(&["diff", "--name-only", "--no-renames", "-z", &since.0])?;
        if !output.status.success() {
            return Err(self.refused("diff", &output));
        }
        let paths = output.stdout.split(|byte| *byte == 0).map(text);
        Ok(paths
            .filter_map(|path| path.strip_prefix(&self.prefix).map(str::to_owned))
            .filter(|it| !it.is_empty())
            .collect())
    }

    /// The files below a folder, with the names of their contents.
    fn list(&self, commit: &Commit, folder: &str) -> Result<Vec<(String, String)>> {
        let folder = format!("{}{}", self.prefix, if folder == "." { "" } else { folder });
        let mut arguments = vec!["ls-tree", "-r", "-z", "--full-tree", &commit.0];
        let inside = format!("{}/", folder.trim_end_matches('/'));
        if inside != "/" {
            arguments.extend(["--", &inside]);
        }
        let output = self.run(&arguments)?;
        if !output.status.success() {
            return Err(self.refused("ls-tree", &output));
        }
        let mut found = Vec::new();
        for entry in output.stdout.split(|byte| *byte == 0).filter(|it| !it.is_empty()) {
            // `100644 blob OBJECT<tab>PATH`: links are 120000, submodules are no blobs.
            let entry = text(entry);
            let Some((meta, path)) = entry.split_once('\t') else { continue };
            let words: Vec<&str> = meta.split(' ').collect();
            if let ["100644" | "100755", "blob", object] = words[..]
                && let Some(path) = path.strip_prefix(&self.prefix)
            {
                found.push((path.to_owned(), object.to_owned()));
            }
        }
        Ok(found)
    }

    /// The contents of objects, in their order.
    fn blobs(&self, objects: &[String]) -> Result<Vec<Option<String>>> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = self.command(&["cat-file", "--batch"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| absent(&error))?;
        let (Some(mut asks), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(fault::plain("git cannot be spoken to"));
        };
        let wish = objects.join("\n") + "\n";
        // Asked from a thread of its own: git answers before it has heard everything.
        let asking = std::thread::spawn(move || asks.write_all(wish.as_bytes()));
        let mut answers = BufReader::new(answers);
        let read: Result<Vec<Option<String>>> = objects.iter().map(|_| blob(&mut answers)).collect();
        drop(answers);
        let _ = asking.join();
        let _ = child.wait();
        read
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        self.command(arguments).stdin(Stdio::null()).output().map_err(|error| absent(&error))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(&self.root)
            .args(["--no-pager", "--literal-pathspecs", "-c", "core.quotePath=false"])
            .args(arguments)
            // Nobody is there to answer a question, and nothing of the repository is to change.
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C");
        command
    }

    fn refused(&self, what: &str, output: &Output) -> miette::Report {
        let root = self.root.display();
        fault::plain(format!("`git {what}` fails in `{root}`: {}", words(&output.stderr)))
    }
}

/// The next answer of `git cat-file --batch`.
fn blob(answers: &mut impl BufRead) -> Result<Option<String>> {
    let lost = |error: std::io::Error| fault::plain(format!("git breaks off: {error}"));
    let mut head = String::new();
    answers.read_line(&mut head).map_err(lost)?;
    let words: Vec<&str> = head.split_whitespace().collect();
    let [_, "blob", size] = words[..] else {
        return Err(fault::helped(
            format!("git lacks a file of the base: {}", head.trim()),
            "a partial clone may lack it: fetch it, or clone without `--filter`",
        ));
    };
    let size: u64 = size.parse().map_err(|_| fault::plain(format!("git answers `{}`", head.trim())))?;
    let mut bytes = Vec::new();
    let read = answers.by_ref().take(size + 1).read_to_end(&mut bytes).map_err(lost)?;
    if read as u64 != size + 1 {
        return Err(fault::plain("git breaks off in the middle of a file"));
    }
    bytes.pop();
    Ok(String::from_utf8(bytes).ok().filter(|_| size <= MAX_BYTES))
}

fn absent(error: &std::io::Error) -> miette::Report {
    match error.kind() {
        std::io::ErrorKind::NotFound => fault::helped(
            "there is no `git` on the path, and the base is asked of it",
            "install git, or name the last revision of the base with `--since` instead",
        ),
        _ => fault::plain(format!("`git` cannot be run: {error}")),
    }
}

/// How a branch of the remote is usually called, where a name was given without it.
fn near(name: &str) -> String {
    if name.contains('/') { String::new() } else { format!(", which is then called `origin/{name}`") }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first line of what git complains of.
fn words(bytes: &[u8]) -> String {
    text(bytes).lines().next().unwrap_or("nothing").to_owned()
}
