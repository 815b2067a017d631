//! *stairs*: each revision up, down and up again, in a run of its own.

use super::{Bench, Scratch, alive, outcome, some};
use crate::{
    fault,
    finding::Direction,
    roundtrip::{At, Skipped, Trial, catalog::Catalog, pool::Talk},
};
use miette::Result;
use std::rc::Rc;

/// So many revisions are run again before a database with them is kept: a copy of it costs as much.
const FEW: usize = 8;

impl Bench<'_> {
    /// Each revision up, down and up again, in a run of its own.
    pub(super) async fn stairs(&mut self, talk: &Talk<'_>) -> Result<()> {
        let mut scratch = self.scratch().await?;
        let mut done: Vec<usize> = Vec::new();
        // The parent's catalog, where it has been asked for.
        let mut before: Option<Catalog> = None;
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
            if self.is_stepped(place) {
                talk.say(&At { test: "stairs", revision: self.id(place), done: stepped, of: asked });
                scratch = self.grounded(scratch, &done).await?;
                if before.is_none() {
                    before = Some(self.snapshot(&mut scratch).await?);
                }
            }
            let faults = self.answer.shown.len();
            if !self.one(&mut scratch, place, Direction::Upgrade).await? {
                self.block(place, faults);
                // What it was refused in is rolled back, so that the next revision meets what this one has met.
                spoiled = !scratch.intact || self.case.keep;
                continue;
            }
            done.push(place);
            let parent = before.take();
            let (true, Some(parent)) = (self.is_stepped(place), parent) else { continue };
            stepped += 1;
            let first = self.snapshot(&mut scratch).await?;
            let (sound, clean) = self.there_and_back(&mut scratch, place, (&parent, &first)).await?;
            whole += usize::from(clean);
            spoiled = !sound;
            before = Some(first);
        }
        self.abandon(scratch, spoiled).await;
        let failed = !self.answer.shown.is_empty();
        let words = format!("{whole} of {} up, down and up", some(asked));
        self.answer.trials.push(Trial { name: "stairs", outcome: outcome(failed, whole == asked), words });
        Ok(())
    }

    /// Keeps what stands below the first revision that is stepped, where not all are.
    async fn grounded(&mut self, scratch: Scratch, done: &[usize]) -> Result<Scratch> {
        if self.ground.is_some() || self.case.stepped.is_none() {
            return Ok(scratch);
        }
        let (scratch, ground) = self.keep(scratch, done).await?;
        self.ground = Some(Rc::new(ground));
        Ok(scratch)
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

    pub(super) fn skip(
        &mut self,
        place: usize,
        direction: Direction,
        span: Option<crate::source::Span>,
        reason: String,
    ) {
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
            return Ok((scratch.intact && !self.case.keep, false));
        }
        let down = self.snapshot(scratch).await?;
        let restored = self.law(place, Direction::Downgrade, before, &down);
        // What would fail or differ after that would do so because of what the downgrade left.
        if !restored || !self.one(scratch, place, Direction::Upgrade).await? {
            return Ok((false, false));
        }
        let second = self.snapshot(scratch).await?;
        let same = self.law(place, Direction::Upgrade, first, &second);
        Ok((same, same && self.answer.shown.len() == faults))
    }

    /// A new database in the place of a spoiled one, with the same revisions run. It is kept for the next time, where
    /// many had to be run.
    pub(super) async fn rebuilt(&mut self, spoiled: Scratch, done: &[usize]) -> Result<Scratch> {
        self.abandon(spoiled, true).await;
        let (mut scratch, rest) = self.copied(done).await?;
        for place in &rest {
            let way = [(*place, Direction::Upgrade)];
            if let Err((_, stop)) = self.through(&mut scratch, &way, self.manners.clone()).await? {
                alive(&stop)?;
                return Err(fault::plain(format!("`{}` fails the second time that it is run", self.id(*place))));
            }
        }
        if rest.len() < FEW {
            return Ok(scratch);
        }
        let (scratch, stand) = self.keep(scratch, done).await?;
        if let Some(last) = self.stand.replace(stand) {
            self.server.drop(&last.name).await;
        }
        Ok(scratch)
    }
}
