//! Up, down, up on a real PostgreSQL: the history is run, and what comes of it is told in findings.
//!
//! Only scratch databases are touched: those of a cluster that lives as long as the run, or those that are made on a
//! server that the user names. The history's statements are ours, rendered from the text; no Python is run, unless the
//! user asks for the project's own Alembic.

mod acts;
mod address;
mod alembic;
mod asks;
mod catalog;
mod cluster;
mod lease;
mod pool;
mod programs;
mod rows;
mod runner;
mod server;
mod session;
mod stats;
mod trace;
mod trial;
mod version;
mod words;

use crate::{
    check::{self, Migrated},
    environment::{Driver, VersionTable},
    finding::{Direction, Finding},
    history::History,
    lock,
    source::{Sources, Span},
};
use acts::Acts;
use alembic::Caller;
pub use alembic::{Alembic, Desk, Runner};
use cluster::Cluster;
use miette::Result;
use pool::{Talk, Task, at_once};
use programs::Programs;
pub use rows::Rows;
use runner::Manners;
use server::Server;
pub use stats::stats;
use std::{
    collections::BTreeSet,
    future::{Future, poll_fn},
    path::PathBuf,
    pin::pin,
    task::Poll,
    time::Duration,
};
pub use trace::Traced;
use trial::Bench;

/// On which server, and what may be done there.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// `--postgres-bin`.
    pub programs: Option<PathBuf>,
    /// `--postgres`.
    pub major: Option<u32>,
    /// `--database-url`.
    pub url: Option<String>,
    /// `--create-beside`.
    pub beside: bool,
    /// `--allow-cluster-changes`.
    pub unbounded: bool,
    /// `--runner`, where it is not the one of our own.
    pub alembic: Option<Alembic>,
    /// `--trace`.
    pub trace: bool,
    /// `--jobs`: so many databases are at work at a time.
    pub jobs: usize,
}

/// A history, and what of it is to be tried.
#[derive(Debug)]
pub struct Case<'a> {
    /// The revisions.
    pub history: &'a History,
    /// Each as SQL, in the order of [`History::revisions`].
    pub migrations: &'a [Migrated],
    /// Only these are stepped, by their place in the history; `None`: all.
    pub stepped: Option<Vec<bool>>,
    /// What the project connects with.
    pub driver: Driver,
    /// `transaction_per_migration`.
    pub per_migration: bool,
    /// Where its Alembic is called.
    pub desk: Desk,
    /// The files of the revisions.
    pub sources: &'a Sources,
    /// Where Alembic keeps the revisions that have been run.
    pub version_table: VersionTable,
    /// What `env.py` sends before the first revision.
    pub opening: Vec<String>,
    /// A database that is to be upgraded too.
    pub baseline: Option<Baseline>,
    /// Rows for the tables; `None`: the history is run on what it puts in by itself.
    pub rows: Option<Rows>,
    /// Each revision is run beside others on tables that take so long to read; `None`: not at all.
    pub contention: Option<Duration>,
    /// The first database on which a test fails is left.
    pub keep: bool,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At<'a> {
    /// The test, or what is done before one.
    pub test: &'a str,
    /// The revision that comes next.
    pub revision: &'a str,
    /// So many steps of the test are done.
    pub done: usize,
    /// So many there are; 0: nobody knows.
    pub of: usize,
}

/// `--baseline`: a dump of a database that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Its file, as it is shown.
    pub path: String,
    /// What is in it.
    pub text: String,
    /// The whole id of the revision that it stands at; `None`: that is looked for.
    pub revision: Option<String>,
}

/// A fault that showed itself in a run.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The fault.
    pub finding: Finding,
    /// The operation's call, where it is one operation's.
    pub called: Option<Span>,
    /// The comments in the SQL that speak to the tool.
    pub remarks: Vec<Span>,
}

/// How one test of a history ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every law holds.
    Passed,
    /// One does not.
    Failed,
    /// What could be run holds, but not all of it could.
    Partly,
}

/// One test of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// `fresh`, `stairs`, `all the way`, …
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// How much was run, in words.
    pub words: String,
}

/// A revision that was not run as Alembic would, one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The revision's id.
    pub revision: String,
    /// `upgrade`, `downgrade`.
    pub direction: Direction,
    /// Where the reason stands, if it has a place.
    pub span: Option<Span>,
    /// The reason.
    pub reason: String,
}

/// What a revision was seen to do, one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The revision's id.
    pub revision: String,
    /// `upgrade`, `downgrade`.
    pub direction: Direction,
    /// Each string that was sent.
    pub statements: Vec<Traced>,
}

/// How long others had to wait for a table while a revision was run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocked {
    /// The revision's id.
    pub revision: String,
    /// The table; empty where the revision as a whole was not measured.
    pub table: String,
    /// How many rows it had.
    pub rows: u64,
    /// How long it took to read them all.
    pub scan: Duration,
    /// The longest that a read of one row took.
    pub reads: Duration,
    /// The longest that a write of one row took.
    pub writes: Duration,
    /// What was not as it should be: the table is too short, or it cannot be used any more as before.
    pub why: Option<String>,
}

/// An object that limbeck's replayed schema has otherwise than the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// The revision after which that is seen first.
    pub revision: String,
    /// The object, as a user would name it.
    pub object: String,
    /// Its definition on the server, if it is there.
    pub server: Option<String>,
    /// Its definition as limbeck has it.
    pub replay: Option<String>,
}

/// What came of a history.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The major version of the server.
    pub major: u32,
    /// The faults, in the order in which they showed.
    pub shown: Vec<Shown>,
    /// The tests, in their order.
    pub trials: Vec<Trial>,
    /// What was not run.
    pub skipped: Vec<Skipped>,
    /// Which revisions the project's own Alembic has run, and which way, by id.
    pub alembic: BTreeSet<(String, Direction)>,
    /// What was seen of each revision, in the order in which they were run first.
    pub traces: Vec<Trace>,
    /// How long others had to wait, by revision and table.
    pub blocked: Vec<Blocked>,
    /// Tables that no rows could be made for, and why.
    pub unfilled: Vec<(String, String)>,
    /// Where the schema that limbeck replays is not the server's: faults of limbeck's.
    pub unlike: Vec<Unlike>,
    /// How to connect to the database that was kept.
    pub kept: Option<String>,
    /// How many strings of SQL were sent for revisions.
    pub sent: usize,
}

/// Tries histories, each in databases of its own; `talk` hears of the progress.
///
/// # Errors
/// There is no server, it breaks off, or the run is interrupted. Nothing is left behind in any case.
pub fn run(wish: &Wish, cases: &[Case<'_>], talk: &mut dyn FnMut(&At<'_>)) -> Result<Vec<Answer>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| crate::fault::plain(format!("no runtime can be made: {error}")))?;
    runtime.block_on(async {
        let interrupted = pin!(interrupted());
        let mut server = None;
        let answer = until(interrupted, attempt(wish, cases, &mut server, talk)).await;
        if let Some(server) = server {
            server.finish().await;
        }
        answer.unwrap_or_else(|| Err(crate::fault::plain("interrupted; the scratch databases are gone")))
    })
}

async fn attempt(
    wish: &Wish,
    cases: &[Case<'_>],
    slot: &mut Option<Server>,
    talk: &mut dyn FnMut(&At<'_>),
) -> Result<Vec<Answer>> {
    let mut ready: Vec<Vec<[Acts; 2]>> = cases.iter().map(acts_of).collect();
    if let Some(alembic) = &wish.alembic {
        ready.iter_mut().flatten().flatten().for_each(|acts| hand_over(acts, alembic.runner));
    }
    let server = if let Some(url) = &wish.url {
        Server::named(url, wish.beside).await?
    } else {
        let programs = Programs::find(wish.programs.as_deref(), wish.major)?;
        let words = format!("PostgreSQL {} of {}", programs.major, programs.folder.display());
        talk(&At { test: &words, revision: "", done: 0, of: 0 });
        Server::own(Cluster::start(programs).await?, &roles(&ready), wish.unbounded).await?
    };
    let server = &*slot.insert(server);
    let model = lock::Server { version: server.major };
    let locks: Vec<Vec<check::Locks>> = cases
        .iter()
        .map(|it| if wish.trace { check::locks(it.history, it.migrations, model) } else { Vec::new() })
        .collect();
    let mut benches = Vec::new();
    for ((case, acts), locks) in cases.iter().zip(&ready).zip(&locks) {
        let manners = Manners {
            driver: case.driver,
            per_migration: case.per_migration,
            privileged: server.privileged.clone(),
            unbounded: wish.unbounded,
            table: case.version_table.clone(),
            opening: case.opening.clone(),
        };
        let caller = wish.alembic.as_ref().and_then(|alembic| {
            let driver = case.driver.word();
            Some(Caller::new(alembic, &case.desk, server.address(driver)?))
        });
        benches.push((Bench::new(server, case, acts, manners, locks, caller), Answer::default()));
    }
    let jobs = jobs(wish, cases);
    // Several histories at a time, else several tests of the one.
    let (outer, inner) = if benches.len() > 1 { (jobs, 1) } else { (1, jobs) };
    let talk = Talk::new(talk);
    let talk = &talk;
    let tasks = benches.iter_mut().map(|(bench, answer)| -> Task<'_> {
        Box::pin(async move {
            *answer = bench.try_all(inner, talk).await?;
            Ok(())
        })
    });
    at_once(outer, tasks.collect()).await?;
    Ok(benches.into_iter().map(|(_, answer)| answer).collect())
}

/// One at a time where one could disturb the other: what is measured, what changes the whole cluster, and what is to be
/// the first one that fails.
fn jobs(wish: &Wish, cases: &[Case<'_>]) -> usize {
    let alone = wish.unbounded || cases.iter().any(|it| it.keep || it.contention.is_some());
    if alone { 1 } else { wish.jobs.max(1) }
}

/// Each revision's two ways.
fn acts_of(case: &Case<'_>) -> Vec<[Acts; 2]> {
    let both = case.history.revisions.iter().zip(case.migrations);
    both.map(|(revision, migrated)| {
        [acts::acts(&migrated.upgrade, &revision.upgrade), acts::acts(&migrated.downgrade, &revision.downgrade)]
    })
    .collect()
}

/// Leaves to the project's own Alembic what it is to run.
fn hand_over(acts: &mut Acts, runner: Runner) {
    acts.alembic = runner == Runner::Alembic || acts.unknown.is_some();
    if acts.alembic {
        acts.unknown = None;
    }
}

/// The roles that the histories take for granted.
fn roles(ready: &[Vec<[Acts; 2]>]) -> BTreeSet<String> {
    let parts = ready.iter().flatten().flatten().flat_map(|acts| &acts.all).flat_map(|act| &act.parts);
    parts.flat_map(|part| part.reach.roles.iter().cloned()).collect()
}

/// Ends when the user or the system wants the program to end.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    poll_fn(|context| {
        let ready = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// What a future comes to, unless another one ends first.
async fn until<T>(mut end: std::pin::Pin<&mut impl Future<Output = ()>>, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}
