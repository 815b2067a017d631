//! *fresh*: all revisions up in one run, as on an empty database; *all the way*: then down to the base, and up again.

use super::{Bench, Scratch, Way, outcome, some};
use crate::{
    finding::Direction,
    roundtrip::{At, Outcome, Trial, catalog::Catalog, pool::Talk},
};
use miette::Result;

impl Bench<'_> {
    /// All revisions up in one run, as on an empty database; then all the way down and up again. Where only some are
    /// stepped, the others are the ground that these stand on.
    pub(super) async fn fresh(&mut self, talk: &Talk<'_>) -> Result<()> {
        let (ground, places) = self.parted();
        let up: Vec<Way> = places.iter().map(|place| (*place, Direction::Upgrade)).collect();
        talk.say(&At { test: "fresh", revision: "", done: 0, of: up.len() });
        let words = if self.manners.per_migration {
            format!("{} up, each in a transaction of its own", some(up.len()))
        } else {
            format!("{} up in one transaction", some(up.len()))
        };
        let (mut scratch, rest) = self.copied(&ground).await?;
        let rest: Vec<Way> = rest.into_iter().map(|place| (place, Direction::Upgrade)).collect();
        let stopped = self.through(&mut scratch, &rest, self.manners.clone()).await?;
        let mut failed = self.stopped(stopped, Direction::Upgrade)?;
        let mut nothing = Catalog::default();
        if !failed {
            nothing = self.snapshot(&mut scratch).await?;
            let stopped = self.through(&mut scratch, &up, self.manners.clone()).await?;
            failed = self.stopped(stopped, Direction::Upgrade)?;
        }
        // What an upgrade stumbles over in the stairs, it stumbles over here.
        let failed = failed || self.blocked.iter().any(|it| self.is_fault(*it));
        self.answer.trials.push(Trial { name: "fresh", outcome: outcome(failed, self.is_known()), words });
        if failed {
            self.abandon(scratch, true).await;
            let words = "the way up fails".to_owned();
            self.answer.trials.push(Trial { name: "all the way", outcome: Outcome::Failed, words });
            return Ok(());
        }
        self.all_the_way(scratch, &nothing, &up).await
    }

    async fn all_the_way(&mut self, mut scratch: Scratch, nothing: &Catalog, up: &[Way]) -> Result<()> {
        let name = "all the way";
        let head = self.head.insert(Self::read(self.server, &mut scratch, &self.manners.table).await?).clone();
        if let Some(it) = self.answer.skipped.iter().find(|it| it.direction == Direction::Downgrade) {
            let words = format!("the downgrade of `{}` is not run", it.revision);
            self.answer.trials.push(Trial { name, outcome: Outcome::Partly, words });
            self.discard(scratch).await;
            return Ok(());
        }
        let down: Vec<Way> = up.iter().rev().map(|(place, _)| (*place, Direction::Downgrade)).collect();
        // What a single step has shown already is not told again, nor what follows from it.
        let quiet = !self.answer.shown.is_empty();
        let told = self.answer.shown.len();
        let failed = self.down_and_up(&mut scratch, (&down, up), (nothing, &head)).await?;
        if quiet {
            self.answer.shown.truncate(told);
        }
        self.abandon(scratch, failed).await;
        let words = format!("{} up, down and up", some(up.len()));
        self.answer.trials.push(Trial { name, outcome: outcome(failed, self.is_known()), words });
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
        let base = self.snapshot(scratch).await?;
        let lowest = down.last().map_or(0, |(place, _)| *place);
        if !self.law(lowest, Direction::Downgrade, nothing, &base) {
            return Ok(true);
        }
        let stopped = self.through(scratch, up, self.manners.clone()).await?;
        if self.stopped(stopped, Direction::Upgrade)? {
            return Ok(true);
        }
        let again = self.snapshot(scratch).await?;
        Ok(!self.law(lowest, Direction::Upgrade, head, &again))
    }
}
