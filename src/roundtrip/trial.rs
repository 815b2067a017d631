//! The tests of one history, each in databases of its own.

use super::{
    Answer, At, Case, Outcome, Shown,
    acts::Acts,
    alembic::Caller,
    catalog::{Catalog, Change},
    runner::{Manners, Stop},
    server::Server,
    session::{Refusal, Session, literal},
    version::Heads,
    words::Words,
};
use crate::{check::Locks, environment::VersionTable, fault, finding::Direction, revision::Revision};
use miette::Result;
use std::collections::BTreeSet;

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
    /// What stopped last has left nothing behind.
    intact: bool,
}

/// A database that others are copied from, with these revisions run, in their order.
struct Stand {
    name: String,
    heads: Heads,
    done: Vec<usize>,
}

/// One history on one server.
pub(super) struct Bench<'a> {
    server: &'a mut Server,
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
    ground: Option<Stand>,
    /// The last database that was made anew in the place of a spoiled one.
    stand: Option<Stand>,
    /// What one run of all revisions comes to.
    head: Option<Catalog>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        server: &'a mut Server,
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

    /// Runs every test.
    pub(super) async fn try_all(&mut self, talk: &mut dyn FnMut(&At<'_>)) -> Result<Answer> {
        self.prove().await?;
        // The stairs come first: they find what the others stumble over.
        self.stairs(talk).await?;
        self.fresh(talk).await?;
        if let Some(baseline) = &self.case.baseline {
            self.existing(baseline, talk).await?;
        }
        self.branches(talk).await?;
        self.deploys(talk).await?;
        if let Some(rows) = &self.case.rows {
            self.filled(rows, talk).await?;
        }
        if let Some(target) = self.case.contention {
            self.contention(target, talk).await?;
        }
        for stand in [self.ground.take(), self.stand.take()].into_iter().flatten() {
            self.server.drop(&stand.name).await;
        }
        self.answer.trials.sort_by_key(|it| NAMES.iter().position(|name| *name == it.name));
        Ok(std::mem::take(&mut self.answer))
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
        let mut scratch = Scratch { name, session, heads: Heads::default(), intact: false };
        match self.by_ourselves(&mut scratch, &[], &self.manners.clone()).await {
            Err((_, Stop::Around { refusal })) => {
                Err(fault::plain(format!("what `env.py` sends first is refused: {}", refusal.words())))
            }
            _ => Ok(scratch),
        }
    }

    /// A database on which these revisions have been run, as far as one is kept, and those that are yet to be run.
    async fn copied(&mut self, done: &[usize]) -> Result<(Scratch, Vec<usize>)> {
        let kept = [&self.stand, &self.ground].into_iter().flatten().find(|it| done.starts_with(&it.done));
        let Some(stand) = kept else { return Ok((self.scratch().await?, done.to_vec())) };
        let (heads, rest) = (stand.heads.clone(), done[stand.done.len()..].to_vec());
        let name = self.server.database(Some(&stand.name)).await?;
        let session = self.server.open(&name).await?;
        Ok((Scratch { name, session, heads, intact: false }, rest))
    }

    /// Keeps a copy of a database as it is now.
    async fn keep(&mut self, scratch: Scratch, done: &[usize]) -> Result<(Scratch, Stand)> {
        let Scratch { name, session, heads, .. } = scratch;
        // Nobody may be connected to what is copied.
        session.close().await;
        let copy = self.server.database(Some(&name)).await?;
        let session = self.server.open(&name).await?;
        let stand = Stand { name: copy, heads: heads.clone(), done: done.to_vec() };
        Ok((Scratch { name, session, heads, intact: false }, stand))
    }

    /// Drops a database, or leaves it to be looked at, where a test has failed on it and that is wanted.
    async fn abandon(&mut self, scratch: Scratch, failed: bool) {
        if failed && self.case.keep && !self.answer.shown.is_empty() {
            let Scratch { name, session, .. } = scratch;
            session.close().await;
            match self.server.leave(&name) {
                Some(words) => self.answer.kept = Some(words),
                None => self.server.drop(&name).await,
            }
            return;
        }
        self.discard(scratch).await;
    }

    async fn discard(&mut self, scratch: Scratch) {
        scratch.session.close().await;
        self.server.drop(&scratch.name).await;
    }

    /// The catalog as it is now.
    async fn snapshot(&self, scratch: &mut Scratch) -> Result<Catalog> {
        Self::read(scratch, &self.manners.table).await
    }

    async fn read(scratch: &mut Scratch, table: &VersionTable) -> Result<Catalog> {
        let read = Catalog::of(&mut scratch.session, table).await;
        read.map_err(|refusal| fault::plain(format!("the catalog cannot be read: {}", refusal.words())))
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
