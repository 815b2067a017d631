//! *replay*: the catalog after each revision is the schema that limbeck replays without a server.
//!
//! Both are catalogs of one server: the replayed schema is made there from our own statements. A difference is a fault of
//! limbeck's, and no finding: what ran is what the history says.

use super::{Bench, Scratch, outcome, some};
use crate::{
    check, fault,
    finding::Direction,
    output::schema::sql,
    roundtrip::{
        Outcome, Trial, Unlike,
        catalog::{Catalog, Change, Object},
    },
};
use miette::Result;
use std::collections::BTreeSet;

/// More states than these are not compared, unless a difference is narrowed down to its revision.
const STATES: usize = 40;
/// More differences than these are not told.
const MOST: usize = 20;

/// An object, as the server has it and as the replay has it.
type Difference = (Object, Option<String>, Option<String>);

/// What has been compared so far.
pub(super) struct Watch {
    /// The revisions after which it can be compared, the first ones of all.
    places: Vec<usize>,
    /// One state of so many.
    each: usize,
    /// Where the replayed schema is made.
    ours: Scratch,
    /// How many of the revisions had been run at the last comparison.
    sure: usize,
    known: BTreeSet<Object>,
    compared: usize,
}

impl Bench<'_> {
    /// As far as every upgrade is known in full; privileges, and what `env.py` does to the path, are left out.
    pub(super) async fn watch(&mut self) -> Result<Option<Watch>> {
        let places = self.comparable();
        if places.is_empty() {
            return Ok(None);
        }
        let each = places.len().div_ceil(STATES);
        let ours = self.scratch().await?;
        Ok(Some(Watch { places, each, ours, sure: 0, known: BTreeSet::new(), compared: 0 }))
    }

    /// A revision has been run in its turn.
    pub(super) async fn look(&mut self, watch: &mut Watch, place: usize, scratch: &mut Scratch) -> Result<()> {
        let Some(number) = watch.places.iter().position(|it| *it == place) else { return Ok(()) };
        if number + 1 - watch.sure < watch.each && number + 1 < watch.places.len() {
            return Ok(());
        }
        watch.compared += 1;
        let state = (number, self.bare_catalog(scratch).await?);
        if !self.differ(watch, &state).await?.is_empty() {
            self.narrow(watch, number).await?;
        }
        watch.sure = number + 1;
        Ok(())
    }

    /// Tells which of the revisions since the last comparison it was: they are run once more, in a database of their own.
    async fn narrow(&mut self, watch: &mut Watch, last: usize) -> Result<()> {
        let done = watch.places[..watch.sure].to_vec();
        let (mut scratch, rest) = self.copied(&done).await?;
        for place in rest {
            self.plainly(&mut scratch, place, Direction::Upgrade).await?;
        }
        for number in watch.sure..=last {
            let place = watch.places[number];
            self.plainly(&mut scratch, place, Direction::Upgrade).await?;
            let state = (number, self.bare_catalog(&mut scratch).await?);
            let new = self.differ(watch, &state).await?;
            self.tell(place, &new);
            watch.known.extend(new.into_iter().map(|(object, ..)| object));
        }
        self.discard(scratch).await;
        Ok(())
    }

    pub(super) async fn looked(&mut self, watch: Watch) {
        self.discard(watch.ours).await;
        let whole = self.answer.unlike.is_empty();
        let mut words =
            format!("limbeck's own schema compared after {} of {}", watch.compared, some(watch.places.len()));
        if !whole {
            words.extend([", otherwise in ", &self.answer.unlike.len().to_string(), " (a fault of limbeck's)"]);
        }
        let all = watch.places.len() == self.case.history.revisions.len();
        let outcome = if whole { outcome(false, all) } else { Outcome::Partly };
        self.answer.trials.push(Trial { name: "replay", outcome, words });
    }

    /// The revisions, from the first on, up to one that is not known in full.
    fn comparable(&self) -> Vec<usize> {
        if !self.case.opening.is_empty() || self.case.stepped.is_some() {
            return Vec::new();
        }
        let skipped = |place: usize| {
            let id = self.id(place);
            self.answer.skipped.iter().any(|it| it.revision == id && it.direction == Direction::Upgrade)
        };
        let known = |place: &usize| {
            let way = self.case.migrations.get(*place).map(|it| &it.upgrade);
            !self.blocked.contains(place) && !skipped(*place) && way.is_some_and(|it| it.unresolved.is_empty())
        };
        (0..self.case.history.revisions.len()).take_while(known).collect()
    }

    async fn bare_catalog(&self, scratch: &mut Scratch) -> Result<Catalog> {
        let read = Catalog::without_rights(&mut scratch.session, &self.manners.table).await;
        read.map_err(|refusal| fault::plain(format!("the catalog cannot be read: {}", refusal.words())))
    }

    /// What is another in the replayed schema after these revisions, besides what is known.
    async fn differ(&self, watch: &mut Watch, (number, real): &(usize, Catalog)) -> Result<Vec<Difference>> {
        let Watch { places, ours, known, .. } = watch;
        let done: BTreeSet<usize> = places.iter().take(number + 1).copied().collect();
        let at: Vec<String> = self.tips(&done).into_iter().map(str::to_owned).collect();
        let replayed = check::replayed(self.case.history, self.case.migrations, &at);
        let broken = |refusal: crate::roundtrip::session::Refusal| fault::plain(refusal.words());
        ours.session.send("BEGIN; SET LOCAL check_function_bodies = off").await.map_err(broken)?;
        let mut refused = Vec::new();
        for statement in sql::statements(&replayed.schema) {
            ours.session.send("SAVEPOINT s").await.map_err(broken)?;
            if let Err(refusal) = ours.session.send(&statement).await {
                let what = Object { kind: "statement".to_owned(), of: String::new(), name: statement };
                refused.push((what, Some(refusal.words()), None));
                ours.session.send("ROLLBACK TO s").await.map_err(broken)?;
            }
        }
        let made = self.bare_catalog(ours).await;
        ours.session.send("ROLLBACK").await.map_err(broken)?;
        let made = made?;
        let mut found: Vec<_> = real
            .changes(&made)
            .into_iter()
            .map(|(change, object)| {
                let server = (change != Change::Left).then(|| real.definition(object)).flatten();
                let replay = (change != Change::Lost).then(|| made.definition(object)).flatten();
                (object.clone(), server.map(str::to_owned), replay.map(str::to_owned))
            })
            .chain(refused)
            .collect();
        found.retain(|(object, ..)| !known.contains(object));
        Ok(found)
    }

    fn tell(&mut self, place: usize, new: &[Difference]) {
        for (object, server, replay) in new {
            if self.answer.unlike.len() < MOST {
                let (server, replay) = (server.clone(), replay.clone());
                let revision = self.id(place).to_owned();
                self.answer.unlike.push(Unlike { revision, object: object.to_string(), server, replay });
            }
        }
    }
}
