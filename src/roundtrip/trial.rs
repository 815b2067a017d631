//! The tests of one history, each in databases of its own.

use super::{
    Answer, Case, Outcome, Shown,
    acts::Acts,
    alembic::Caller,
    catalog::{Catalog, Change},
    pool::{Talk, Task, at_once},
    runner::{Manners, Stop},
    server::Server,
    session::{Refusal, Session, literal},
    version::Heads,
    words::Words,
};
use crate::{check::Locks, environment::VersionTable, fault, finding::Direction, revision::Revision};
use miette::Result;
use std::{collections::BTreeSet, rc::Rc};

mod branches;
mod contention;
mod deploys;
mod existing;
mod filled;
mod replay;
mod runners;
mod stairs;
mod whole;

/// The tests, in the order in which they are told.
const NAMES: [&str; 9] =
    ["fresh", "existing", "stairs", "all the way", "branches", "deploys", "rows", "contention", "replay"];

/// A revision by its place, and which way it is run.
type Way = (usize, Direction);

/// A scratch database at work.
struct Scratch {
    name: String,
    session: Session,
    heads: Heads,
    /// Reads the catalog; nothing of the history is sent over it.
    observer: Option<Session>,
    /// What stopped last has left nothing behind.
    intact: bool,
}

impl Scratch {
    /// Nobody is connected to it any more.
    async fn left(self) -> (String, Heads) {
        self.session.close().await;
        if let Some(observer) = self.observer {
            observer.close().await;
        }
        (self.name, self.heads)
    }
}

/// A database that others are copied from, with these revisions run, in their order.
struct Stand {
    name: String,
    heads: Heads,
    done: Vec<usize>,
}

/// One history on one server.
pub(super) struct Bench<'a> {
    server: &'a Server,
    case: &'a Case<'a>,
    acts: &'a [[Acts; 2]],
    manners: Manners,
    words: Words<'a>,
    /// What the lock model says of each revision, where it is held against the server.
    locks: &'a [Locks],
    /// Calls the project's own Alembic.
    caller: Option<Caller<'a>>,
    answer: Answer,
    /// Revisions whose upgrade cannot be run, and what stands on them.
    blocked: BTreeSet<usize>,
    /// Revisions whose upgrade has been run in part.
    partial: BTreeSet<usize>,
    /// What stands below the revisions that are stepped, where they are not all.
    ground: Option<Rc<Stand>>,
    /// The last database that was made anew in the place of a spoiled one.
    stand: Option<Stand>,
    /// What one run of all revisions comes to.
    head: Option<Catalog>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        server: &'a Server,
        case: &'a Case<'a>,
        acts: &'a [[Acts; 2]],
        manners: Manners,
        locks: &'a [Locks],
        caller: Option<Caller<'a>>,
    ) -> Self {
        let answer = Answer { major: server.major, ..Answer::default() };
        let words = Words { history: case.history, acts, sources: case.sources };
        Self {
            server,
            case,
            acts,
            manners,
            words,
            locks,
            caller,
            answer,
            blocked: BTreeSet::new(),
            partial: BTreeSet::new(),
            ground: None,
            stand: None,
            head: None,
        }
    }

    /// Runs every test, those that need nothing of each other in so many databases at a time.
    pub(super) async fn try_all(&mut self, jobs: usize, talk: &Talk<'_>) -> Result<Answer> {
        self.prove().await?;
        // The stairs come first: they find what the others stumble over.
        self.stairs(talk).await?;
        self.fresh(talk).await?;
        let mut parts: Vec<Self> = (0..4).map(|_| self.apart()).collect();
        if let [rows, deploys, branches, existing] = &mut parts[..] {
            // What takes longest is begun first.
            let mut tasks: Vec<Task<'_>> = Vec::new();
            if let Some(wish) = &self.case.rows {
                tasks.push(Box::pin(rows.filled(wish, talk)));
            }
            tasks.push(Box::pin(deploys.deploys(talk)));
            tasks.push(Box::pin(branches.branches(talk)));
            if let Some(baseline) = &self.case.baseline {
                tasks.push(Box::pin(existing.existing(baseline, talk)));
            }
            if jobs == 1 {
                // One after the other they are run as they are told.
                tasks.reverse();
            }
            at_once(jobs, tasks).await?;
        }
        let known = self.answer.shown.len();
        for part in parts.into_iter().rev() {
            self.join(part, known).await;
        }
        if let Some(target) = self.case.contention {
            self.contention(target, talk).await?;
        }
        let names = [self.ground.take().map(|it| it.name.clone()), self.stand.take().map(|it| it.name)];
        for name in names.into_iter().flatten() {
            self.server.drop(&name).await;
        }
        self.answer.trials.sort_by_key(|it| NAMES.iter().position(|name| *name == it.name));
        Ok(std::mem::take(&mut self.answer))
    }

    /// The same, for one test beside others; what it finds is told when it is joined again.
    fn apart(&self) -> Self {
        let Answer { major, shown, skipped, traces, .. } = &self.answer;
        let (shown, skipped, traces) = (shown.clone(), skipped.clone(), traces.clone());
        Self {
            answer: Answer { major: *major, shown, skipped, traces, ..Answer::default() },
            manners: self.manners.clone(),
            caller: self.caller.clone(),
            blocked: self.blocked.clone(),
            partial: self.partial.clone(),
            ground: self.ground.clone(),
            stand: None,
            head: self.head.clone(),
            ..*self
        }
    }

    /// Takes over what a test beside others has found; `known` faults had been found before all of them.
    async fn join(&mut self, part: Self, known: usize) {
        if let Some(stand) = part.stand {
            self.server.drop(&stand.name).await;
        }
        let all = part.answer;
        for shown in all.shown.into_iter().skip(known) {
            if !self.answer.shown.iter().any(|it| it.finding.span == shown.finding.span && same(it, &shown)) {
                self.answer.shown.push(shown);
            }
        }
        for it in all.skipped {
            if !self.answer.skipped.iter().any(|other| other.revision == it.revision && other.direction == it.direction)
            {
                self.answer.skipped.push(it);
            }
        }
        for it in all.traces {
            if !self.answer.traces.iter().any(|other| other.revision == it.revision && other.direction == it.direction)
            {
                self.answer.traces.push(it);
            }
        }
        self.answer.trials.extend(all.trials);
        self.answer.alembic.extend(all.alembic);
        self.answer.unfilled.extend(all.unfilled);
        self.answer.unlike.extend(all.unlike);
        self.answer.sent += all.sent;
        self.answer.kept = self.answer.kept.take().or(all.kept);
    }

    fn revision(&self, place: usize) -> Option<&'a Revision> {
        self.case.history.revisions.get(place)
    }

    fn id(&self, place: usize) -> &'a str {
        self.revision(place).map_or("", |it| it.id.id.as_str())
    }

    fn acts(&self, place: usize, direction: Direction) -> Option<&'a Acts> {
        let [up, down] = self.acts.get(place)?;
        Some(if direction == Direction::Upgrade { up } else { down })
    }

    fn is_stepped(&self, place: usize) -> bool {
        self.case.stepped.as_ref().is_none_or(|it| it.get(place) == Some(&true))
    }

    /// An empty database, as Alembic and `env.py` leave it before the first revision.
    async fn scratch(&mut self) -> Result<Scratch> {
        let name = self.server.database(None).await?;
        let session = self.server.open(&name).await?;
        let mut scratch = Scratch { name, session, heads: Heads::default(), observer: None, intact: false };
        match self.by_ourselves(&mut scratch, &[], &self.manners.clone()).await {
            Err((_, Stop::Around { refusal })) => {
                Err(fault::plain(format!("what `env.py` sends first is refused: {}", refusal.words())))
            }
            _ => Ok(scratch),
        }
    }

    /// A database on which these revisions have been run, as far as one is kept, and those that are yet to be run.
    async fn copied(&mut self, done: &[usize]) -> Result<(Scratch, Vec<usize>)> {
        let kept = [self.stand.as_ref(), self.ground.as_deref()];
        let kept = kept.into_iter().flatten().find(|it| done.starts_with(&it.done));
        let Some(stand) = kept else { return Ok((self.scratch().await?, done.to_vec())) };
        let (heads, rest) = (stand.heads.clone(), done[stand.done.len()..].to_vec());
        let name = self.server.database(Some(&stand.name)).await?;
        let session = self.server.open(&name).await?;
        Ok((Scratch { name, session, heads, observer: None, intact: false }, rest))
    }

    /// Keeps a copy of a database as it is now.
    async fn keep(&mut self, scratch: Scratch, done: &[usize]) -> Result<(Scratch, Stand)> {
        // Nobody may be connected to what is copied.
        let (name, heads) = scratch.left().await;
        let copy = self.server.database(Some(&name)).await?;
        let session = self.server.open(&name).await?;
        let stand = Stand { name: copy, heads: heads.clone(), done: done.to_vec() };
        Ok((Scratch { name, session, heads, observer: None, intact: false }, stand))
    }

    /// Drops a database, or leaves it to be looked at, where a test has failed on it and that is wanted.
    async fn abandon(&mut self, scratch: Scratch, failed: bool) {
        if failed && self.case.keep && !self.answer.shown.is_empty() {
            let (name, _) = scratch.left().await;
            match self.server.leave(&name) {
                Some(words) => self.answer.kept = Some(words),
                None => self.server.drop(&name).await,
            }
            return;
        }
        self.discard(scratch).await;
    }

    async fn discard(&mut self, scratch: Scratch) {
        let (name, _) = scratch.left().await;
        self.server.drop(&name).await;
    }

    /// The catalog as it is now.
    async fn snapshot(&self, scratch: &mut Scratch) -> Result<Catalog> {
        Self::read(self.server, scratch, &self.manners.table).await
    }

    async fn read(server: &Server, scratch: &mut Scratch, table: &VersionTable) -> Result<Catalog> {
        let told = |refusal: Refusal| fault::plain(format!("the catalog cannot be read: {}", refusal.words()));
        let observer = match &mut scratch.observer {
            Some(observer) => observer,
            slot => {
                let mut session = server.open(&scratch.name).await?;
                Catalog::prepare(&mut session, table).await.map_err(told)?;
                slot.insert(session)
            }
        };
        Catalog::of(observer).await.map_err(told)
    }

    /// Compares two catalogs that should be the same.
    fn law(&mut self, place: usize, direction: Direction, expected: &Catalog, found: &Catalog) -> bool {
        if expected == found {
            return true;
        }
        if let Some(revision) = self.revision(place) {
            let shown = self.words.differs(revision, place, direction, (expected, found));
            self.answer.shown.extend(shown);
        }
        false
    }

    /// One revision one way, in a run of its own; a stop becomes a finding, and the answer is `false`.
    async fn one(&mut self, scratch: &mut Scratch, place: usize, direction: Direction) -> Result<bool> {
        let way = [(place, direction)];
        let stop = self.through(scratch, &way, self.manners.clone()).await?;
        let Err((_, stop)) = stop else { return Ok(true) };
        alive(&stop)?;
        self.report(place, direction, &stop);
        Ok(false)
    }

    fn report(&mut self, place: usize, direction: Direction, stop: &Stop) {
        if let Stop::Failed { failure } = stop
            && direction == Direction::Downgrade
            && failure.exception == "NotImplementedError"
        {
            self.skip(place, direction, None, "it raises an exception, as it is meant to".to_owned());
            return;
        }
        let Some(revision) = self.revision(place) else { return };
        let partial = self.case.history.ancestors_of(self.id(place));
        let partial = self.partial.iter().map(|it| self.id(*it)).find(|id| partial.contains(id));
        let shown = self.words.stopped(revision, place, direction, stop, partial);
        if !self.answer.shown.iter().any(|it| it.finding.span == shown.finding.span && same(it, &shown)) {
            self.answer.shown.push(shown);
        }
    }

    /// The revisions that are stepped, and all that stand on them.
    fn walked(&self) -> Vec<bool> {
        let history = self.case.history;
        let mut walked: Vec<bool> = (0..history.revisions.len()).map(|it| self.is_stepped(it)).collect();
        for place in 0..walked.len() {
            let id = self.id(place);
            let needs = history.parents(id).into_iter().chain(history.dependencies(id));
            let on = needs.filter_map(|it| history.position(&it.id.id)).any(|it| walked[it]);
            walked[place] = walked[place] || on;
        }
        walked
    }

    /// What can be run: the ground that is not stepped, and what is.
    fn parted(&self) -> (Vec<usize>, Vec<usize>) {
        let walked = self.walked();
        let open = (0..walked.len()).filter(|it| !self.blocked.contains(it));
        open.partition(|place| !walked[*place])
    }

    /// Every upgrade has been run as Alembic would run it.
    fn is_known(&self) -> bool {
        self.answer.skipped.iter().all(|it| it.direction != Direction::Upgrade) && self.blocked.is_empty()
    }

    fn is_fault(&self, place: usize) -> bool {
        let id = self.id(place);
        self.answer.shown.iter().any(|it| it.finding.subject.revision.as_deref() == Some(id))
    }

    /// Each of the revisions up in a run of its own; the answer is whether one stopped, which is told.
    async fn one_by_one(&mut self, scratch: &mut Scratch, places: &[usize]) -> Result<bool> {
        for place in places {
            let stopped = self.through(scratch, &[(*place, Direction::Upgrade)], self.manners.clone()).await?;
            if self.stopped(stopped, Direction::Upgrade)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells what is another at the head than after one run of all revisions, each object with the revision that
    /// speaks of it last; `words` says how it came to that. The answer is whether anything is.
    fn astray(&mut self, found: &Catalog, words: &dyn Fn(Change) -> String) -> bool {
        let Some(head) = self.head.as_ref().filter(|it| *it != found) else { return false };
        let shown = self.words.astray((head, found), words);
        let known = |it: &Shown| self.answer.shown.iter().any(|other| same(other, it));
        let shown: Vec<Shown> = shown.into_iter().filter(|it| !known(it)).collect();
        self.answer.shown.extend(shown);
        true
    }

    /// Reports where a run stopped; the answer is whether it did.
    fn stopped(&mut self, stopped: Result<(), (usize, Stop)>, direction: Direction) -> Result<bool> {
        let Err((place, stop)) = stopped else { return Ok(false) };
        alive(&stop)?;
        self.report(place, direction, &stop);
        Ok(true)
    }
}

/// The same fault that shows itself in several tests.
fn same(one: &Shown, other: &Shown) -> bool {
    one.finding.rule == other.finding.rule && one.finding.message == other.finding.message
}

/// A connection that is gone ends everything.
fn alive(stop: &Stop) -> Result<()> {
    match stop {
        Stop::Refused { refusal, .. } | Stop::Around { refusal } if is_gone(refusal) => {
            Err(fault::plain(format!("the server breaks off: {}", refusal.words())))
        }
        _ => Ok(()),
    }
}

fn is_gone(refusal: &Refusal) -> bool {
    // Class 57P: the operator has stopped it, or it has crashed.
    refusal.code.starts_with("57P0")
}

fn outcome(failed: bool, whole: bool) -> Outcome {
    match (failed, whole) {
        (true, _) => Outcome::Failed,
        (false, true) => Outcome::Passed,
        (false, false) => Outcome::Partly,
    }
}

fn some(count: usize) -> String {
    if count == 1 { "1 revision".to_owned() } else { format!("{count} revisions") }
}
