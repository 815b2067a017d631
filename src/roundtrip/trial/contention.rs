//! *contention*: each upgrade on tables that are long, beside somebody who reads and somebody who writes.

use super::{Bench, Scratch, Stop, Way, alive, outcome, some};
use crate::{
    fault,
    finding::Direction,
    revision::Revision,
    roundtrip::{
        At, Blocked, Trial,
        pool::Talk,
        rows::{Grower, Grown},
        session::{Refusal, Session},
        words::has_word,
    },
};
use miette::Result;
use std::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::{Duration, Instant},
};

/// How long a reader and a writer rest between two statements.
const REST: Duration = Duration::from_millis(5);
/// Beside a revision that speaks of more tables than these, only the first ones are read and written.
const MOST: usize = 8;

/// Somebody who sends one statement again and again.
struct Visitor {
    session: Session,
    sql: String,
    /// The longest that one of them has taken.
    longest: Duration,
    /// What ended that.
    refused: Option<Refusal>,
}

impl Visitor {
    async fn work(&mut self, stop: &Cell<bool>) {
        while !stop.get() {
            let start = Instant::now();
            let answer = self.session.send(&self.sql).await;
            self.longest = self.longest.max(start.elapsed());
            if let Err(refusal) = answer {
                self.refused = Some(refusal);
                return;
            }
            tokio::time::sleep(REST).await;
        }
    }
}

impl Bench<'_> {
    /// Each of the stepped revisions up, in its order; `target` is how long it should take to read a table.
    pub(super) async fn contention(&mut self, target: Duration, talk: &Talk<'_>) -> Result<()> {
        let name = "contention";
        let (ground, places) = self.parted();
        let (mut scratch, rest) = self.copied(&ground).await?;
        for place in rest {
            self.plainly(&mut scratch, place, Direction::Upgrade).await?;
        }
        let mut grower = Grower::new(target).map_err(|(_, why)| fault::plain(why))?;
        let (mut done, told) = (ground, self.answer.shown.len());
        let (mut measured, mut short) = (0, false);
        for (number, place) in places.iter().enumerate() {
            talk.say(&At { test: name, revision: self.id(*place), done: number, of: places.len() });
            if self.is_stepped(*place) {
                let grown = self.grown(&scratch, &mut grower, *place).await?;
                short |= grown.iter().any(|it| it.short.is_some());
                if self.beside(&mut scratch, *place, &grown, target).await? {
                    measured += 1;
                } else {
                    scratch = self.rebuilt(scratch, &done).await?;
                    grower.forget();
                    self.plainly(&mut scratch, *place, Direction::Upgrade).await?;
                }
            } else {
                self.plainly(&mut scratch, *place, Direction::Upgrade).await?;
            }
            done.push(*place);
        }
        self.discard(scratch).await;
        let asked = places.iter().filter(|it| self.is_stepped(**it)).count();
        let failed = self.answer.shown.len() > told;
        let words = format!(
            "{measured} of {} up beside a reader and a writer, on tables that take {} ms to read",
            some(asked),
            target.as_millis()
        );
        let outcome = outcome(failed, measured == asked && !short && self.is_known());
        self.answer.trials.push(Trial { name, outcome, words });
        Ok(())
    }

    /// The tables that a revision speaks of, as long as is wanted.
    async fn grown(&self, scratch: &Scratch, grower: &mut Grower, place: usize) -> Result<Vec<Grown>> {
        let told = |refusal: Refusal| fault::plain(format!("the tables cannot be grown: {}", refusal.words()));
        let Some(revision) = self.revision(place) else { return Ok(Vec::new()) };
        let source = self.case.sources.get(revision.source);
        let Some(acts) = self.acts(place, Direction::Upgrade) else { return Ok(Vec::new()) };
        // Of what Alembic sends, only the Python is known.
        let in_sql =
            |word: &str| acts.all.iter().flat_map(|act| &act.parts).any(|part| has_word(part.text.as_str(), word));
        let speaks = |word: &str| if acts.alembic { has_word(&source.text, word) } else { in_sql(word) };
        let mut session = self.server.open_to_fill(&scratch.name).await?;
        let grown = grower.grow(&mut session, &self.manners.table, &speaks).await;
        session.close().await;
        grown.map_err(told)
    }

    /// Runs a revision while others are at work; the answer is whether it can be run on the rows.
    async fn beside(&mut self, scratch: &mut Scratch, place: usize, grown: &[Grown], target: Duration) -> Result<bool> {
        let mut visitors = Vec::new();
        for table in grown.iter().take(MOST) {
            visitors.push([self.reader(scratch, table).await?, self.writer(scratch, table).await?]);
        }
        let stop = Cell::new(false);
        let helpers: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> =
            visitors.iter_mut().flatten().map(|it| Box::pin(it.work(&stop)) as Pin<Box<_>>).collect();
        let way: [Way; 1] = [(place, Direction::Upgrade)];
        let manners = self.manners.clone();
        let answer = together(self.through(scratch, &way, manners), helpers, &stop).await?;
        if let Err((_, stopped)) = answer {
            alive(&stopped)?;
            for visitor in visitors.into_iter().flatten() {
                visitor.session.close().await;
            }
            let why = format!("it is refused on rows: {}", reason(&stopped));
            self.answer.blocked.push(Blocked {
                revision: self.id(place).to_owned(),
                why: Some(why),
                ..Blocked::default()
            });
            return Ok(false);
        }
        let Some(revision) = self.revision(place) else { return Ok(true) };
        for (table, [reader, writer]) in grown.iter().zip(visitors) {
            let blocked = blocked(revision, table, [&reader, &writer]);
            if blocked.reads.max(blocked.writes) > target / 2 {
                let shown = self.words.blocked(revision, place, &blocked);
                self.answer.shown.push(shown);
            }
            self.answer.blocked.push(blocked);
            reader.session.close().await;
            writer.session.close().await;
        }
        Ok(true)
    }

    async fn reader(&self, scratch: &Scratch, table: &Grown) -> Result<Visitor> {
        let sql = format!("SELECT FROM {} LIMIT 1", table.table);
        let mut session = self.server.open(&scratch.name).await?;
        // The first one of a connection has to load what it asks for.
        let refused = session.send(&sql).await.err();
        Ok(Visitor { session, sql, longest: Duration::ZERO, refused })
    }

    /// Writes one row, without changing it.
    async fn writer(&self, scratch: &Scratch, table: &Grown) -> Result<Visitor> {
        let (mut session, table, columns) = (self.server.open(&scratch.name).await?, &table.table, &table.columns);
        let update = |column: &String| {
            format!("UPDATE {table} SET {column} = {column} WHERE ctid = (SELECT ctid FROM {table} LIMIT 1)")
        };
        // Not every column can be written: the last resort takes the lock alone.
        let last = format!("DELETE FROM {table} WHERE false");
        for sql in columns.iter().rev().map(update).chain([last.clone()]) {
            if session.send(&sql).await.is_ok() {
                return Ok(Visitor { session, sql, longest: Duration::ZERO, refused: None });
            }
        }
        Ok(Visitor { session, sql: last, longest: Duration::ZERO, refused: None })
    }
}

fn blocked(revision: &Revision, table: &Grown, [reader, writer]: [&Visitor; 2]) -> Blocked {
    let refused = [reader, writer].into_iter().find_map(|it| it.refused.as_ref());
    let refused = refused.map(|it| format!("it cannot be used as before: {}", it.words()));
    let short = table.short.as_ref().map(|it| format!("it is shorter than was wanted: {it}"));
    Blocked {
        revision: revision.id.id.clone(),
        table: table.table.strip_prefix("public.").unwrap_or(&table.table).to_owned(),
        rows: table.rows,
        scan: table.scan,
        reads: reader.longest,
        writes: writer.longest,
        why: refused.or(short),
    }
}

fn reason(stop: &Stop) -> String {
    match stop {
        Stop::Refused { refusal, .. } | Stop::Around { refusal } => refusal.words(),
        Stop::Failed { failure } => failure.words.clone(),
        Stop::Beyond { what, .. } => (*what).to_owned(),
        Stop::Raised { .. } => "an exception".to_owned(),
    }
}

/// What `work` comes to, while the others are at theirs; they are told to stop then, and waited for.
async fn together<T>(
    work: impl Future<Output = T>,
    mut others: Vec<Pin<Box<dyn Future<Output = ()> + '_>>>,
    stop: &Cell<bool>,
) -> T {
    let mut work = pin!(work);
    let mut answer = None;
    poll_fn(|context| {
        if answer.is_none()
            && let Poll::Ready(it) = work.as_mut().poll(context)
        {
            answer = Some(it);
            stop.set(true);
        }
        others.retain_mut(|it| it.as_mut().poll(context).is_pending());
        match answer.take() {
            Some(it) if others.is_empty() => Poll::Ready(it),
            it => {
                answer = it;
                Poll::Pending
            }
        }
    })
    .await
}
