//! A PostgreSQL of our own: made in a temporary folder, reached through a socket in it, gone with the value.

use super::{
    lease::{self, Folder},
    programs::Programs,
};
use crate::fault;
use miette::Result;
use sqlx::{
    Connection,
    postgres::{PgConnectOptions, PgConnection, PgSslMode},
};
use std::{
    env, fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The superuser of a cluster.
const SUPERUSER: &str = "postgres";
/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long what a dead run has left may take to end.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// Nothing of it has to last, nobody else connects, and nothing may happen that the history has not asked for.
const SETTINGS: &str = "
listen_addresses = ''
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
wal_level = minimal
max_wal_senders = 0
checkpoint_timeout = 1h
max_wal_size = 4GB
shared_buffers = 64MB
max_locks_per_transaction = 1024
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
";

/// A running server, its data and its socket.
#[derive(Debug)]
pub(super) struct Cluster {
    programs: Programs,
    server: Child,
    identity: Option<(u32, u32)>,
    /// Last: the folder goes when the server is gone.
    folder: Folder,
}

impl Cluster {
    /// Makes one, after it has taken away what an earlier run has left.
    ///
    /// # Errors
    /// The programs do not do their work; the answer has their words.
    pub(super) async fn start(programs: Programs) -> Result<Self> {
        lease::sweep(&|folder| stop_left(&programs, folder));
        let folder = Folder::new()?;
        // PostgreSQL refuses to run as root.
        let identity = (folder.uid() == 0).then(unprivileged);
        if let Some((user, group)) = identity {
            chown(folder.path(), Some(user), Some(group)).map_err(|error| {
                fault::plain(format!("`{}` cannot be given to another user: {error}", folder.path().display()))
            })?;
        }
        let mut initdb = command(&programs, "initdb", &folder, identity);
        initdb.args(["-D", "data", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let output = initdb.output().map_err(|error| unstartable(&programs, "initdb", &error))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(fault::plain(format!("`initdb` fails: {words}")));
        }
        let unwritable = |error: std::io::Error| fault::plain(format!("the settings cannot be written: {error}"));
        let settings = folder.path().join("data/postgresql.conf");
        let mut text = fs::read_to_string(&settings).map_err(unwritable)?;
        text.push_str(SETTINGS);
        fs::write(&settings, text).map_err(unwritable)?;
        let log = fs::File::create(folder.path().join("log")).map_err(unwritable)?;
        let mut postgres = command(&programs, "postgres", &folder, identity);
        postgres.args(["-D", "data", "-k"]).arg(folder.path()).stderr(log);
        let server = postgres.spawn().map_err(|error| unstartable(&programs, "postgres", &error))?;
        let mut cluster = Self { programs, server, identity, folder };
        cluster.wait().await?;
        Ok(cluster)
    }

    async fn wait(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            match PgConnection::connect_with(&self.options()).await {
                Ok(connection) => {
                    let _ = connection.close().await;
                    return Ok(());
                }
                Err(error) if start.elapsed() > PATIENCE => {
                    return Err(fault::plain(format!("the temporary server does not answer: {error}")));
                }
                Err(_) => {}
            }
            if let Ok(Some(_)) = self.server.try_wait() {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                let last = log.lines().rev().take(3).collect::<Vec<_>>();
                let words = last.into_iter().rev().collect::<Vec<_>>().join("; ");
                return Err(fault::plain(format!("the temporary server ends at once: {words}")));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How its superuser connects.
    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.folder.path())
            .port(5432)
            .username(SUPERUSER)
            .password("")
            .database(SUPERUSER)
            .ssl_mode(PgSslMode::Disable)
    }

    /// Where its socket is.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The major version of the server.
    pub(super) fn major(&self) -> u32 {
        self.programs.major
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let pid = self.server.id().to_string();
        let mut quit = command(&self.programs, "pg_ctl", &self.folder, self.identity);
        let told = quit.args(["kill", "QUIT", &pid]).status().is_ok_and(|status| status.success());
        let start = Instant::now();
        while told && start.elapsed() < Duration::from_secs(10) {
            if !matches!(self.server.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A program of the cluster's: as its user, in its folder, and deaf to what the terminal sends to us.
fn command(programs: &Programs, name: &str, folder: &Folder, identity: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(programs.program(name));
    command.current_dir(folder.path()).process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
    bare(&mut command);
    if let Some((user, group)) = identity {
        command.gid(group).uid(user);
    }
    command
}

/// Nothing of the caller's environment but what the system's loader needs.
fn bare(command: &mut Command) {
    command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
    for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"] {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
}

/// Ends what a dead run has left at work in its folder: a server, or `initdb`, which is not to lose the ground under its
/// feet: it would leave shared memory behind.
fn stop_left(programs: &Programs, folder: &Path) {
    let start = Instant::now();
    loop {
        stop_server(programs, folder);
        if !is_at_work(folder) || start.elapsed() > LAST_WORDS {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A process is in the folder, as far as the system tells (Linux does).
fn is_at_work(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir("/proc") else { return false };
    entries.flatten().any(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|it| it.starts_with(folder)))
}

fn stop_server(programs: &Programs, folder: &Path) {
    let data = folder.join("data");
    if !data.join("postmaster.pid").exists() {
        return;
    }
    let mut command = Command::new(programs.program("pg_ctl"));
    command.args(["stop", "-w", "-t", "20", "-m", "immediate", "-D"]).arg(&data);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    bare(&mut command);
    // The server runs as who owns its data; pg_ctl refuses root as the server does.
    if let Ok(owner) = fs::metadata(&data)
        && owner.uid() != own(folder)
    {
        command.gid(owner.gid()).uid(owner.uid());
    }
    let _ = command.status();
}

/// Who owns the lease beside a folder: the user of this process, or the sweeper would have left it alone.
fn own(folder: &Path) -> u32 {
    fs::metadata(folder.with_extension("lease")).map_or(u32::MAX, |it| it.uid())
}

/// Somebody who is not root: `postgres`, else `nobody`, by user and group.
fn unprivileged() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let numbers = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    numbers("postgres").or_else(|| numbers("nobody")).filter(|(user, _)| *user != 0).unwrap_or((65534, 65534))
}

fn unstartable(programs: &Programs, name: &str, error: &std::io::Error) -> miette::Report {
    fault::helped(
        format!("`{}` cannot be run: {error}", programs.program(name).display()),
        "as root, limbeck runs it as `postgres` or `nobody`, who must be able to read its folder",
    )
}
