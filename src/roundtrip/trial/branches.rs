//! *branches*: from where a database may stand between two branches, up to the heads.

use super::{Bench, Way, outcome};
use crate::{
    finding::Direction,
    roundtrip::{At, Outcome, Trial, pool::Talk},
};
use miette::Result;
use std::collections::BTreeSet;

/// More states than these are not tried.
const STATES: usize = 24;
/// Nor more runs of revisions than these, over all states.
const RUNS: usize = 2_000;

impl<'a> Bench<'a> {
    /// Every state that is no beginning of the order in which all are run, and the rest from there in one run.
    pub(super) async fn branches(&mut self, talk: &Talk<'_>) -> Result<()> {
        let name = "branches";
        let (ground, places) = self.parted();
        let states = self.states(&ground, &places);
        if states.is_empty() {
            return Ok(());
        }
        if self.head.is_none() {
            let words = "the way up fails".to_owned();
            self.answer.trials.push(Trial { name, outcome: Outcome::Failed, words });
            return Ok(());
        }
        let most = (RUNS / places.len().max(1)).clamp(2, STATES).min(states.len());
        let mut failed = false;
        for (number, state) in states.iter().take(most).enumerate() {
            talk.say(&At { test: name, revision: "", done: number, of: most });
            failed |= self.from(&ground, &places, state).await?;
        }
        let words = match states.len() - most {
            0 => format!("to the heads from {most} {} between branches", plural(most)),
            _ => format!("to the heads from {most} of {} states between branches", states.len()),
        };
        self.answer.trials.push(Trial { name, outcome: outcome(failed, self.is_known()), words });
        Ok(())
    }

    /// The answer is whether something was not as it should be.
    async fn from(&mut self, ground: &[usize], places: &[usize], state: &BTreeSet<usize>) -> Result<bool> {
        let (mut scratch, rest) = self.copied(ground).await?;
        let first: Vec<usize> = rest.into_iter().chain(state.iter().copied()).collect();
        let told = self.answer.shown.len();
        let mut failed = self.one_by_one(&mut scratch, &first).await?;
        if !failed {
            let up: Vec<Way> =
                places.iter().filter(|it| !state.contains(it)).map(|it| (*it, Direction::Upgrade)).collect();
            let stopped = self.through(&mut scratch, &up, self.manners.clone()).await?;
            failed = self.stopped(stopped, Direction::Upgrade)?;
        }
        let tips = self.tips(state);
        if failed {
            let span = |id: &str| self.case.history.find(id).map(|it| it.upgrade.span);
            for shown in self.answer.shown.iter_mut().skip(told) {
                if let Some(span) = tips.last().and_then(|id| span(id)) {
                    shown.finding.note(span, format!("on a database that has been upgraded to {} first", list(&tips)));
                }
            }
        } else {
            let end = self.snapshot(&mut scratch).await?;
            let from = format!("on a database that has been upgraded to {} first", list(&tips));
            failed = self.astray(&end, &|change| change.says(&from));
        }
        self.abandon(scratch, failed).await;
        Ok(failed)
    }

    /// What of a state nothing in it stands on.
    pub(super) fn tips(&self, state: &BTreeSet<usize>) -> Vec<&'a str> {
        let needed: BTreeSet<usize> = state.iter().flat_map(|it| self.needs(*it)).collect();
        state.iter().filter(|it| !needed.contains(it)).map(|it| self.id(*it)).collect()
    }

    /// The sets of revisions, besides the ground, that a database may have while the order of all goes another way:
    /// one revision with all that it stands on, ends of branches first; then two of them.
    fn states(&self, ground: &[usize], places: &[usize]) -> Vec<BTreeSet<usize>> {
        let ground: BTreeSet<usize> = ground.iter().copied().collect();
        let mut below: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.case.history.revisions.len()];
        for place in places {
            let mut own: BTreeSet<usize> = self.needs(*place).iter().flat_map(|it| below[*it].clone()).collect();
            own.insert(*place);
            below[*place] = own.difference(&ground).copied().collect();
        }
        let is_usual = |state: &BTreeSet<usize>| state.iter().zip(places).all(|(one, other)| one == other);
        let mut ordered: Vec<usize> = places.to_vec();
        ordered.sort_by_key(|place| (!self.is_end(*place), *place));
        let mut found: Vec<BTreeSet<usize>> = Vec::new();
        let mut add = |state: BTreeSet<usize>| {
            if !is_usual(&state) && !found.contains(&state) {
                found.push(state);
            }
        };
        for place in &ordered {
            add(below[*place].clone());
        }
        let ends: Vec<usize> = ordered.iter().copied().filter(|it| self.is_end(*it)).take(STATES).collect();
        for (at, one) in ends.iter().enumerate() {
            for other in &ends[at + 1..] {
                add(below[*one].union(&below[*other]).copied().collect());
            }
        }
        found
    }

    /// The last revision of a branch: nothing follows, or a merge.
    fn is_end(&self, place: usize) -> bool {
        let history = self.case.history;
        history.children(self.id(place)).iter().all(|it| history.parents(&it.id.id).len() > 1)
    }

    fn needs(&self, place: usize) -> Vec<usize> {
        let (history, id) = (self.case.history, self.id(place));
        let needs = history.parents(id).into_iter().chain(history.dependencies(id));
        needs.filter_map(|it| history.position(&it.id.id)).collect()
    }
}

fn list(ids: &[&str]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" and ")
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "state" } else { "states" }
}
