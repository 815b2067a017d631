//! *deploys*: one revision for each run of Alembic, as production sees them one after the other.

use super::{Bench, outcome, some};
use crate::roundtrip::{At, Outcome, Trial, catalog::Change, pool::Talk};
use miette::Result;

impl Bench<'_> {
    /// Each revision up in a run of its own; the end has to be what one run of all comes to.
    pub(super) async fn deploys(&mut self, talk: &Talk<'_>) -> Result<()> {
        let name = "deploys";
        let (ground, places) = self.parted();
        let words = format!("{} up, a run for each", some(places.len()));
        if self.blocked.iter().any(|it| self.is_fault(*it)) {
            let words = "the way up fails".to_owned();
            self.answer.trials.push(Trial { name, outcome: Outcome::Failed, words });
            return Ok(());
        }
        let (mut scratch, rest) = self.copied(&ground).await?;
        let mut failed = self.one_by_one(&mut scratch, &rest).await?;
        let mut watch = self.watch().await?;
        for (number, place) in places.iter().enumerate() {
            talk.say(&At { test: name, revision: self.id(*place), done: number, of: places.len() });
            failed = failed || self.one_by_one(&mut scratch, &[*place]).await?;
            if let Some(watch) = watch.as_mut().filter(|_| !failed) {
                self.look(watch, *place, &mut scratch).await?;
            }
        }
        if let Some(watch) = watch {
            self.looked(watch).await;
        }
        if !failed {
            let end = self.snapshot(&mut scratch).await?;
            failed = self.astray(&end, &|change| {
                match change {
                    Change::Lost => "is made by one run of all revisions, but not by a run for each",
                    Change::Left => "is made by a run for each revision, but not by one run of all",
                    Change::Other => "is another after a run for each revision than after one run of all",
                }
                .to_owned()
            });
        }
        self.abandon(scratch, failed).await;
        self.answer.trials.push(Trial { name, outcome: outcome(failed, self.is_known()), words });
        Ok(())
    }
}
