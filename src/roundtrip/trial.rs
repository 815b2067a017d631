//! The tests: fresh, stairs, all the way.

use super::{
    Answer, Case, Outcome, Shown, Skipped, Trial,
    acts::Acts,
    alembic::Caller,
    catalog::Catalog,
    runner::{Manners, Stop},
    server::Server,
    session::{Refusal, Session},
    version::Heads,
    words::Words,
};
use crate::{check::Locks, fault, finding::Direction, revision::Revision};
use miette::Result;
use std::collections::BTreeSet;

mod runners;

/// How often progress is told, in revisions.
const OFTEN: usize = 50;

/// A revision by its place, and which way it is run.
type Way = (usize, Direction);

/// A scratch database at work.
struct Scratch {
    name: String,
    session: Session,
    heads: Heads,
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
        }
    }

    /// Runs every test.
    pub(super) async fn try_all(&mut self, talk: &mut dyn FnMut(&str)) -> Result<Answer> {
        self.prove().await?;
        self.stairs(talk).await?;
        self.fresh().await?;
        // The stairs come second: they find what the whole way up stumbles over.
        self.answer
            .trials
            .sort_by_key(|it| ["fresh", "stairs", "all the way"].iter().position(|name| *name == it.name));
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

    async fn scratch(&mut self) -> Result<Scratch> {
        let name = self.server.database().await?;
        let session = self.server.open(&name).await?;
        Ok(Scratch { name, session, heads: Heads::default() })
    }

    async fn discard(&mut self, scratch: Scratch) {
        scratch.session.close().await;
        self.server.drop(&scratch.name).await;
    }

    /// Each revision up, down and up again, in a run of its own.
    async fn stairs(&mut self, talk: &mut dyn FnMut(&str)) -> Result<()> {
        let mut scratch = self.scratch().await?;
        let mut done: Vec<usize> = Vec::new();
        let mut before = snapshot(&mut scratch.session).await?;
        let count = self.case.history.revisions.len();
        let asked = (0..count).filter(|place| self.is_stepped(*place)).count();
        let (mut stepped, mut whole, mut spoiled) = (0, 0, false);
        for place in 0..count {
            if self.waits(place) {
                continue;
            }
            if std::mem::take(&mut spoiled) {
                scratch = self.rebuilt(scratch, &done).await?;
            }
            let faults = self.answer.shown.len();
            let up = self.one(&mut scratch, place, Direction::Upgrade).await?;
            if !up {
                self.block(place, faults);
                spoiled = true;
                continue;
            }
            done.push(place);
            if !self.is_stepped(place) {
                // The parent's catalog is asked for where the steps begin.
                if (place + 1..count).any(|next| self.is_stepped(next)) {
                    before = snapshot(&mut scratch.session).await?;
                }
                continue;
            }
            stepped += 1;
            let first = snapshot(&mut scratch.session).await?;
            let (sound, clean) = self.there_and_back(&mut scratch, place, (&before, &first)).await?;
            whole += usize::from(clean);
            spoiled = !sound;
            before = first;
            if stepped % OFTEN == 0 {
                talk(&format!("stairs: {stepped} of {asked} revisions"));
            }
        }
        self.discard(scratch).await;
        let failed = !self.answer.shown.is_empty();
        let words = format!("{whole} of {} up, down and up", some(asked));
        self.answer.trials.push(Trial { name: "stairs", outcome: outcome(failed, whole == asked), words });
        Ok(())
    }

    /// What stands on a revision that cannot be run waits too.
    fn waits(&mut self, place: usize) -> bool {
        let id = self.id(place);
        let history = self.case.history;
        let needs = history.parents(id).into_iter().chain(history.dependencies(id));
        let on = needs.filter_map(|it| history.position(&it.id.id)).find(|it| self.blocked.contains(it));
        let Some(on) = on else { return false };
        let reason = format!("it follows `{}`, which could not be run", self.id(on));
        self.blocked.insert(place);
        if self.is_stepped(place) {
            self.skip(place, Direction::Upgrade, None, reason);
        }
        true
    }

    /// An upgrade that failed is a fault, unless it was known in part only.
    fn block(&mut self, place: usize, faults: usize) {
        self.blocked.insert(place);
        let Some((span, reason)) = self.acts(place, Direction::Upgrade).and_then(|it| it.unknown.clone()) else {
            return;
        };
        let why = self.answer.shown.drain(faults..).next();
        let said = why.map_or_else(String::new, |it| format!("; without it, {}", it.finding.message));
        self.skip(place, Direction::Upgrade, Some(span), format!("{reason}{said}"));
    }

    fn skip(&mut self, place: usize, direction: Direction, span: Option<crate::source::Span>, reason: String) {
        let revision = self.id(place).to_owned();
        let known = self.answer.skipped.iter().any(|it| it.revision == revision && it.direction == direction);
        if !known {
            self.answer.skipped.push(Skipped { revision, direction, span, reason });
        }
    }

    /// Down and up again. The answer: the database is what the next revision needs; every law was tried and holds.
    async fn there_and_back(
        &mut self,
        scratch: &mut Scratch,
        place: usize,
        (before, first): (&Catalog, &Catalog),
    ) -> Result<(bool, bool)> {
        let known = |bench: &Self, way| bench.acts(place, way).and_then(|acts| acts.unknown.clone());
        if let Some((span, reason)) = known(self, Direction::Upgrade) {
            self.skip(place, Direction::Upgrade, Some(span), reason.to_string());
            self.partial.insert(place);
            return Ok((true, false));
        }
        if let Some((span, reason)) = known(self, Direction::Downgrade) {
            self.skip(place, Direction::Downgrade, Some(span), reason.to_string());
            return Ok((true, false));
        }
        if self.acts(place, Direction::Downgrade).is_some_and(|acts| acts.raises) {
            self.skip(place, Direction::Downgrade, None, "it raises an exception, as it is meant to".to_owned());
            return Ok((true, false));
        }
        let faults = self.answer.shown.len();
        if !self.one(scratch, place, Direction::Downgrade).await? {
            return Ok((false, false));
        }
        let down = snapshot(&mut scratch.session).await?;
        let restored = self.law(place, Direction::Downgrade, before, &down);
        // What would fail or differ after that would do so because of what the downgrade left.
        if !restored || !self.one(scratch, place, Direction::Upgrade).await? {
            return Ok((false, false));
        }
        let second = snapshot(&mut scratch.session).await?;
        let same = self.law(place, Direction::Upgrade, first, &second);
        Ok((same, same && self.answer.shown.len() == faults))
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

    /// A new database in the place of a spoiled one, with the same revisions run.
    async fn rebuilt(&mut self, spoiled: Scratch, done: &[usize]) -> Result<Scratch> {
        self.discard(spoiled).await;
        let mut scratch = self.scratch().await?;
        for place in done {
            let way = [(*place, Direction::Upgrade)];
            if let Err((_, stop)) = self.through(&mut scratch, &way, self.manners.clone()).await? {
                alive(&stop)?;
                return Err(fault::plain(format!("`{}` fails the second time that it is run", self.id(*place))));
            }
        }
        Ok(scratch)
    }

    /// All revisions up in one run, as on an empty database; then all the way down and up again. Where only some are
    /// stepped, the others are the ground that these stand on.
    async fn fresh(&mut self) -> Result<()> {
        let mut scratch = self.scratch().await?;
        let walked = self.walked();
        let (mut ground, mut up): (Vec<Way>, Vec<Way>) = (Vec::new(), Vec::new());
        for place in (0..walked.len()).filter(|it| !self.blocked.contains(it)) {
            let way = if walked[place] { &mut up } else { &mut ground };
            way.push((place, Direction::Upgrade));
        }
        let known = self.answer.skipped.iter().all(|it| it.direction != Direction::Upgrade) && self.blocked.is_empty();
        let words = if self.manners.per_migration {
            format!("{} up, each in a transaction of its own", some(up.len()))
        } else {
            format!("{} up in one transaction", some(up.len()))
        };
        let stopped = self.through(&mut scratch, &ground, self.manners.clone()).await?;
        let mut failed = self.stopped(stopped, Direction::Upgrade)?;
        let mut nothing = Catalog::default();
        if !failed {
            nothing = snapshot(&mut scratch.session).await?;
            let stopped = self.through(&mut scratch, &up, self.manners.clone()).await?;
            failed = self.stopped(stopped, Direction::Upgrade)?;
        }
        // What an upgrade stumbles over in the stairs, it stumbles over here.
        let failed = failed || self.blocked.iter().any(|it| self.is_fault(*it));
        self.answer.trials.push(Trial { name: "fresh", outcome: outcome(failed, known), words });
        if failed {
            self.discard(scratch).await;
            let words = "the way up fails".to_owned();
            self.answer.trials.push(Trial { name: "all the way", outcome: Outcome::Failed, words });
            return Ok(());
        }
        self.all_the_way(scratch, &nothing, &up, known).await
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

    fn is_fault(&self, place: usize) -> bool {
        let id = self.id(place);
        self.answer.shown.iter().any(|it| it.finding.subject.revision.as_deref() == Some(id))
    }

    async fn all_the_way(&mut self, mut scratch: Scratch, nothing: &Catalog, up: &[Way], known: bool) -> Result<()> {
        let name = "all the way";
        if let Some(it) = self.answer.skipped.iter().find(|it| it.direction == Direction::Downgrade) {
            let words = format!("the downgrade of `{}` is not run", it.revision);
            self.answer.trials.push(Trial { name, outcome: Outcome::Partly, words });
            self.discard(scratch).await;
            return Ok(());
        }
        let head = snapshot(&mut scratch.session).await?;
        let down: Vec<Way> = up.iter().rev().map(|(place, _)| (*place, Direction::Downgrade)).collect();
        // What a single step has shown already is not told again, nor what follows from it.
        let quiet = !self.answer.shown.is_empty();
        let told = self.answer.shown.len();
        let failed = self.down_and_up(&mut scratch, (&down, up), (nothing, &head)).await?;
        if quiet {
            self.answer.shown.truncate(told);
        }
        self.discard(scratch).await;
        let words = format!("{} up, down and up", some(up.len()));
        self.answer.trials.push(Trial { name, outcome: outcome(failed, known), words });
        Ok(())
    }

    async fn down_and_up(
        &mut self,
        scratch: &mut Scratch,
        (down, up): (&[Way], &[Way]),
        (nothing, head): (&Catalog, &Catalog),
    ) -> Result<bool> {
        let stopped = self.through(scratch, down, self.manners.clone()).await?;
        if self.stopped(stopped, Direction::Downgrade)? {
            return Ok(true);
        }
        let base = snapshot(&mut scratch.session).await?;
        let lowest = down.last().map_or(0, |(place, _)| *place);
        if !self.law(lowest, Direction::Downgrade, nothing, &base) {
            return Ok(true);
        }
        let stopped = self.through(scratch, up, self.manners.clone()).await?;
        if self.stopped(stopped, Direction::Upgrade)? {
            return Ok(true);
        }
        let again = snapshot(&mut scratch.session).await?;
        Ok(!self.law(lowest, Direction::Upgrade, head, &again))
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

async fn snapshot(session: &mut Session) -> Result<Catalog> {
    let read = Catalog::of(session).await;
    read.map_err(|refusal| fault::plain(format!("the catalog cannot be read: {}", refusal.words())))
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
