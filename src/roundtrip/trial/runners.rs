//! Who runs a revision: we ourselves, or the project's own Alembic.

use super::{Bench, Scratch, Stop, Way};
use crate::{
    environment::VersionTable,
    finding::Direction,
    roundtrip::{
        Trace,
        alembic::Failure,
        runner::{Manners, Run},
        session::Refusal,
        version,
    },
};
use miette::Result;

/// Where a run stopped, and why.
type Stopped = (usize, Stop);

impl Bench<'_> {
    /// The project's own Alembic can be called, and goes where we say.
    pub(super) async fn prove(&mut self) -> Result<()> {
        let used = self.acts.iter().flatten().any(|acts| acts.alembic);
        let Some(first) = self.case.history.revisions.first().filter(|_| used) else { return Ok(()) };
        let mark = first.id.id.as_str();
        let mut scratch = self.scratch().await?;
        let marked = scratch.session.send(&version::Row::Insert(mark.to_owned()).sql(&self.manners.table)).await;
        let proof = match (&self.caller, marked) {
            (Some(caller), Ok(_)) => caller.prove(&scratch.name, mark).await,
            _ => Ok(()),
        };
        self.discard(scratch).await;
        proof
    }

    /// Runs several revisions, each by its runner, one run of Alembic for as many as one runner takes; the error tells
    /// at which of them it stopped.
    pub(super) async fn through(
        &mut self,
        scratch: &mut Scratch,
        way: &[Way],
        manners: Manners,
    ) -> Result<Result<(), Stopped>> {
        let all = self.acts;
        let is_alembics = |(place, direction): &Way| {
            let both = all.get(*place);
            both.is_some_and(|[up, down]| if *direction == Direction::Upgrade { up.alembic } else { down.alembic })
        };
        for stretch in way.chunk_by(|one, other| is_alembics(one) == is_alembics(other)) {
            let stopped = match stretch.first() {
                Some(first) if is_alembics(first) => self.by_alembic(scratch, stretch).await?,
                _ => self.by_ourselves(scratch, stretch, &manners).await,
            };
            if stopped.is_err() {
                return Ok(stopped);
            }
        }
        Ok(Ok(()))
    }

    pub(super) async fn by_ourselves(
        &mut self,
        scratch: &mut Scratch,
        way: &[Way],
        manners: &Manners,
    ) -> Result<(), Stopped> {
        let first = way.first().map_or(0, |(place, _)| *place);
        let heads = scratch.heads.clone();
        scratch.intact = false;
        let mut run = Run::begin(&mut scratch.session, manners).await.map_err(|stop| (first, stop))?;
        for (place, direction) in way {
            let Some([up, down]) = self.acts.get(*place) else { continue };
            let acts = if *direction == Direction::Upgrade { up } else { down };
            let id = self.case.history.revisions.get(*place).map_or("", |it| it.id.id.as_str());
            let fresh = !self.answer.traces.iter().any(|it| it.revision == id && it.direction == *direction);
            let model = self.locks.get(*place).filter(|_| fresh);
            if let Some(model) = model {
                run.watch(if *direction == Direction::Upgrade { &model.upgrade } else { &model.downgrade });
            }
            if let Err(stop) = run.migrate(self.case.history, &mut scratch.heads, (id, *direction), acts).await {
                scratch.intact = run.undo().await;
                if scratch.intact {
                    scratch.heads = heads;
                }
                return Err((*place, stop));
            }
            if model.is_some() {
                let revision = id.to_owned();
                self.answer.traces.push(Trace { revision, direction: *direction, statements: run.seen() });
            }
        }
        let last = way.last().map_or(0, |(place, _)| *place);
        self.answer.sent += run.end().await.map_err(|stop| (last, stop))?;
        Ok(())
    }

    async fn by_alembic(&mut self, scratch: &mut Scratch, way: &[Way]) -> Result<Result<(), Stopped>> {
        for (place, direction) in way {
            self.answer.alembic.insert((self.id(*place).to_owned(), *direction));
        }
        scratch.intact = false;
        let history = self.case.history;
        let Some(caller) = &self.caller else { return Ok(Ok(())) };
        let direction = way.first().map_or(Direction::Upgrade, |it| it.1);
        let one_way = way.iter().all(|it| it.1 == direction);
        if caller.runs_all() && one_way && way.len() == history.revisions.len() && way.len() > 1 {
            let answer = caller.whole(&scratch.name, direction).await?;
            for (place, direction) in way {
                scratch.heads.step(history, self.id(*place), *direction);
            }
            return Ok(answer.map_err(|failure| (self.failed_at(&failure, way), Stop::Failed { failure })));
        }
        for way in way {
            if let Err(stop) = self.one_by_alembic(scratch, *way).await? {
                return Ok(Err((way.0, stop)));
            }
        }
        Ok(Ok(()))
    }

    async fn one_by_alembic(&self, scratch: &mut Scratch, (place, direction): Way) -> Result<Result<(), Stop>> {
        let (history, id) = (self.case.history, self.id(place));
        let Some(caller) = &self.caller else { return Ok(Ok(())) };
        // On the way down Alembic takes other branches with it, unless it does not know that they are there.
        let alone = direction == Direction::Downgrade && scratch.heads.ids().len() > 1;
        if alone && let Err(refusal) = rewrite(scratch, &self.manners.table, &[id.to_owned()]).await {
            return Ok(Err(Stop::Around { refusal }));
        }
        let answer = caller.step(&scratch.name, history, (id, direction)).await?;
        scratch.heads.step(history, id, direction);
        let heads: Vec<String> = scratch.heads.ids().into_iter().map(str::to_owned).collect();
        if alone && let Err(refusal) = rewrite(scratch, &self.manners.table, &heads).await {
            return Ok(Err(Stop::Around { refusal }));
        }
        Ok(answer.map_err(|failure| Stop::Failed { failure }))
    }

    /// The revision in whose file a call of Alembic failed, by its place; the first where none is named.
    fn failed_at(&self, failure: &Failure, way: &[Way]) -> usize {
        let is_there = |place: usize| {
            let source = self.revision(place).map(|it| self.case.sources.get(it.source));
            source.is_some_and(|it| failure.line_in(&it.path).is_some())
        };
        let places = || way.iter().map(|(place, _)| *place);
        places().find(|place| is_there(*place)).or_else(|| places().next()).unwrap_or(0)
    }
}

/// Alembic's table holds just these.
async fn rewrite(scratch: &mut Scratch, table: &VersionTable, ids: &[String]) -> Result<(), Refusal> {
    let mut sql = format!("DELETE FROM {}", version::path(table));
    for id in ids {
        sql.extend(["; ", version::Row::Insert(id.clone()).sql(table).as_str()]);
    }
    scratch.session.send(&sql).await.map(|_| ())
}
