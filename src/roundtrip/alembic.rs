//! The project's own Alembic, called as a command on a scratch database. This runs the user's code; it is asked for by
//! a flag of its own.
//!
//! The command learns the database by an environment variable, and has to prove that it goes there before it may change
//! anything. Its output is read for what failed and where; no password in it goes any further.

use super::address::Address;
use crate::{fault, finding::Direction, history::History};
use miette::Result;
use std::{
    io::Read,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How often it is asked whether the command has ended.
const PAUSE: Duration = Duration::from_millis(10);
/// How long output is waited for once the command has ended.
const REST: Duration = Duration::from_secs(1);
/// So many of the last bytes of the output are kept.
const KEPT: usize = 256 * 1024;
/// The longest sentence that is taken from the output, in characters.
const LONGEST: usize = 400;

/// Which revisions the project's own Alembic runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// Those that are not rendered in full.
    Auto,
    /// All of them.
    Alembic,
}

/// How the project's Alembic is called.
#[derive(Clone, Debug)]
pub struct Alembic {
    /// What it runs.
    pub runner: Runner,
    /// The program and its first arguments: `python -m alembic`.
    pub words: Vec<String>,
    /// `-n`: the section of the settings.
    pub section: Option<String>,
    /// `-x`, each.
    pub arguments: Vec<String>,
    /// The environment variable that takes the URL of the scratch database.
    pub variable: String,
    /// How long one call may take.
    pub patience: Duration,
}

/// Where a history's Alembic is called.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// The folder, absolute.
    pub folder: PathBuf,
    /// The settings, absolute, where they are a file of their own.
    pub settings: Option<PathBuf>,
}

/// What a call of Alembic ended with in place of success.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Failure {
    /// What it says, in one line.
    pub(super) words: String,
    /// The exception's name, where one was raised.
    pub(super) exception: String,
    /// The SQL that it was about.
    pub(super) sql: Option<String>,
    /// Files and lines (from 1) of the traceback, the innermost last.
    pub(super) frames: Vec<(String, u32)>,
}

/// Calls Alembic for one history.
#[derive(Clone)]
pub(super) struct Caller<'a> {
    alembic: &'a Alembic,
    desk: &'a Desk,
    address: Address,
}

impl<'a> Caller<'a> {
    pub(super) fn new(alembic: &'a Alembic, desk: &'a Desk, address: Address) -> Self {
        Self { alembic, desk, address }
    }

    /// It runs whatever there is, known or not.
    pub(super) fn runs_all(&self) -> bool {
        self.alembic.runner == Runner::Alembic
    }

    /// Alembic can be called, and goes to the database that it is given: it finds the revision that was put there.
    ///
    /// # Errors
    /// It does not; nothing has been changed anywhere.
    pub(super) async fn prove(&self, database: &str, mark: &str) -> Result<()> {
        let variable = &self.alembic.variable;
        let output = match self.call(database, &["current"]).await? {
            Ok(output) => output,
            Err(failure) => {
                let message = format!("Alembic cannot be run: `{}` fails: {}", self.shown("current"), failure.words);
                return Err(fault::helped(
                    message,
                    format!(
                        "`--alembic-command` says how it is called, `--env-var` where it finds the URL (now `{variable}`)"
                    ),
                ));
            }
        };
        let is_word = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if output.split(is_word).any(|word| word == mark) {
            return Ok(());
        }
        Err(fault::helped(
            format!("Alembic does not connect to the database that `{variable}` names, so it is not run"),
            "`--env-var` names the environment variable that env.py takes the URL from",
        ))
    }

    /// One revision one way; the database's table is as that revision alone would have it on the way down.
    ///
    /// # Errors
    /// Outer: the command cannot be started. Inner: it failed.
    pub(super) async fn step(
        &self,
        database: &str,
        history: &History,
        (id, direction): (&str, Direction),
    ) -> Result<Result<(), Failure>> {
        let target = match direction {
            Direction::Upgrade => id.to_owned(),
            Direction::Downgrade => match history.parents(id).first() {
                Some(parent) => parent.id.id.clone(),
                None if history.dependencies(id).is_empty() => "base".to_owned(),
                None => format!("{id}@base"),
            },
        };
        Ok(self.call(database, &[direction.word(), &target]).await?.map(drop))
    }

    /// The whole history one way.
    ///
    /// # Errors
    /// As of [`Self::step`].
    pub(super) async fn whole(&self, database: &str, direction: Direction) -> Result<Result<(), Failure>> {
        let target = if direction == Direction::Upgrade { "heads" } else { "base" };
        Ok(self.call(database, &[direction.word(), target]).await?.map(drop))
    }

    fn shown(&self, last: &str) -> String {
        format!("{} {last}", self.alembic.words.join(" "))
    }

    /// Calls Alembic and waits for it.
    async fn call(&self, database: &str, last: &[&str]) -> Result<Result<String, Failure>> {
        let Some((program, first)) = self.alembic.words.split_first() else {
            return Err(fault::plain("`--alembic-command` is empty"));
        };
        let mut command = Command::new(program);
        command.args(first);
        let named = first.iter().any(|it| it == "-c" || it.starts_with("--config"));
        if let (Some(settings), false) = (&self.desk.settings, named) {
            command.arg("-c").arg(settings);
        }
        if let Some(section) = &self.alembic.section {
            command.args(["-n", section]);
        }
        command.args(self.alembic.arguments.iter().flat_map(|it| ["-x", it])).args(last);
        let url = self.address.url(database);
        command.env(&self.alembic.variable, &url).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        command.current_dir(&self.desk.folder).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| {
            fault::helped(
                format!("`{program}` cannot be run: {error}"),
                "`--alembic-command` says how the project's Alembic is called",
            )
        })?;
        let (status, output) = Call::new(child).end(self.alembic.patience).await;
        let output = self.address.without_secrets(&output);
        Ok(match status {
            Some(status) if status.success() => Ok(output),
            Some(_) => Err(Failure::read(&output)),
            None => {
                let words = format!("it has not ended after {} seconds", self.alembic.patience.as_secs());
                Err(Failure { words, ..Failure::read(&output) })
            }
        })
    }
}

/// A command at work; it and what it started end with the value.
struct Call {
    child: Child,
    output: Arc<Mutex<Vec<u8>>>,
    readers: Vec<thread::JoinHandle<()>>,
    ended: bool,
}

impl Call {
    fn new(mut child: Child) -> Self {
        let output = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(collect(pipe, Arc::clone(&output)));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.push(collect(pipe, Arc::clone(&output)));
        }
        Self { child, output, readers, ended: false }
    }

    /// Waits; no status: it was too slow.
    async fn end(mut self, patience: Duration) -> (Option<ExitStatus>, String) {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if start.elapsed() < patience => tokio::time::sleep(PAUSE).await,
                Ok(None) | Err(_) => break None,
            }
        };
        self.ended = status.is_some();
        // What it has left running may hold the pipe.
        let rest = Instant::now();
        while self.ended && rest.elapsed() < REST && !self.readers.iter().all(thread::JoinHandle::is_finished) {
            tokio::time::sleep(PAUSE).await;
        }
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&output).into_owned();
        drop(output);
        (status, text)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let idle = self.ended && self.readers.iter().all(thread::JoinHandle::is_finished);
        if !idle {
            // The whole group, which is named by its first process.
            let group = format!("-{}", self.child.id());
            let mut kill = Command::new("kill");
            let _ = kill.args(["-KILL", "--", &group]).stdout(Stdio::null()).stderr(Stdio::null()).status();
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Reads a pipe to its end, and keeps the last of it.
fn collect(mut pipe: impl Read + Send + 'static, into: Arc<Mutex<Vec<u8>>>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let mut all = into.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend_from_slice(buffer.get(..count).unwrap_or_default());
            let over = all.len().saturating_sub(2 * KEPT);
            if over > 0 {
                all.drain(..over + KEPT);
            }
        }
    })
}

impl Failure {
    /// What the output of a failed call says: the last traceback, else Alembic's own word for it, else the last line.
    pub(super) fn read(output: &str) -> Self {
        let Some((_, last)) = output.rsplit_once("Traceback (most recent call last):") else {
            let told = output.lines().rev().find(|line| line.contains("FAILED: "));
            let line = told.or_else(|| output.lines().rev().find(|line| !line.trim().is_empty()));
            return Self { words: short(line.unwrap_or("it says nothing").trim()), ..Self::default() };
        };
        let mut lines = last.lines().skip_while(|line| line.trim().is_empty() || line.starts_with(' '));
        let first = lines.next().unwrap_or("").trim();
        let rest: Vec<&str> = lines.collect();
        let detail = rest.iter().find_map(|line| line.strip_prefix("DETAIL:")).map(str::trim);
        let name = first.split(':').next().unwrap_or("");
        let is_name = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
        let plain = name.rsplit('.').next().unwrap_or(name);
        let told = first.split_once(": ").map_or("", |(_, told)| told.trim());
        let mut words = if told.is_empty() || !is_name { first.to_owned() } else { format!("{plain}: {told}") };
        if let Some(detail) = detail {
            words.extend([": ", detail.trim_end_matches('.')]);
        }
        let sql = last.split_once("[SQL: ").map(|(_, sql)| {
            let end = ["]\n[parameters:", "]\n(Background"].iter().filter_map(|end| sql.find(end)).min();
            sql.get(..end.unwrap_or(sql.len())).unwrap_or(sql).trim().to_owned()
        });
        let frames = last.lines().filter_map(frame).collect();
        let exception = if is_name { plain.to_owned() } else { String::new() };
        Self { words: short(&words), exception, sql, frames }
    }

    /// The innermost frame in a file.
    pub(super) fn line_in(&self, path: &str) -> Option<u32> {
        self.frames.iter().rev().find(|(file, _)| is_file(file, path)).map(|(_, line)| *line)
    }
}

/// `  File "/srv/app/versions/a.py", line 17, in upgrade`
fn frame(line: &str) -> Option<(String, u32)> {
    let (path, rest) = line.trim_start().strip_prefix("File \"")?.split_once("\", line ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((path.to_owned(), digits.parse().ok()?))
}

/// A path of Python's is that of a revision, which is relative to the repository's root.
fn is_file(found: &str, path: &str) -> bool {
    Path::new(found).ends_with(path)
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", line.get(..end).unwrap_or("")),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn a_traceback_tells_what_failed_and_where() {
        let output = r#"INFO  [alembic.runtime.migration] Running upgrade  -> a
Traceback (most recent call last):
  File "/x/sqlalchemy/engine/base.py", line 1, in _exec
    do()
psycopg2.errors.UndefinedTable: relation "t" does not exist

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/x/app/versions/a.py", line 17, in upgrade
    op.execute("UPDATE t SET id = 1")
  File "/x/sqlalchemy/engine/base.py", line 1, in _exec
    do()
sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation "t" does not exist
LINE 1: UPDATE t
DETAIL:  It is not there.

[SQL: UPDATE t SET id = 1]
(Background on this error at: https://sqlalche.me/e/20/f405)
"#;
        let failure = Failure::read(output);
        assert_eq!(
            failure.words,
            "ProgrammingError: (psycopg2.errors.UndefinedTable) relation \"t\" does not exist: It is not there"
        );
        assert_eq!(failure.exception, "ProgrammingError");
        assert_eq!(failure.sql.as_deref(), Some("UPDATE t SET id = 1"));
        assert_eq!(failure.line_in("versions/a.py"), Some(17));
        assert_eq!(failure.line_in("versions/b.py"), None);
    }

    #[test]
    fn without_a_traceback_the_last_word_counts() {
        let read = |text| Failure::read(text).words;
        assert_eq!(
            read("FAILED: Can't locate revision identified by 'x'\n"),
            "FAILED: Can't locate revision identified by 'x'"
        );
        assert_eq!(read("/usr/bin/python: No module named alembic\n\n"), "/usr/bin/python: No module named alembic");
        assert_eq!(read(""), "it says nothing");
    }
}
