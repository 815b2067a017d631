//! One run of Alembic, without Python: its transactions, its statements and its table.
//!
//! Sources: alembic 1.20 `runtime/migration.py` (`run_migrations`, `begin_transaction`, `autocommit_block`). When a
//! driver begins a transaction: psycopg2 and SQLAlchemy's asyncpg do so by a state of their own, so that what follows a
//! raw `COMMIT` is sent outside of any; psycopg 3 and pg8000 look at the server's state and begin another one.

use super::{
    acts::{Act, Acts},
    alembic::Failure,
    asks::{Asked, is_done},
    server::SCHEMA,
    session::{Refusal, Session, identifier, literal},
    trace::{Traced, Watch},
    version::{self, Heads},
};
use crate::{
    check::Locked,
    environment::{Driver, VersionTable},
    finding::Direction,
    history::History,
    source::Text,
    sql::Reach,
    statement::Kind,
};
use std::{collections::BTreeSet, time::Instant};

/// What decides how a run is done.
#[derive(Clone, Debug)]
pub(super) struct Manners {
    /// What the project connects with.
    pub(super) driver: Driver,
    /// `transaction_per_migration`.
    pub(super) per_migration: bool,
    /// Extensions that only limbeck may create.
    pub(super) privileged: BTreeSet<String>,
    /// Statements that reach beyond the database are sent all the same.
    pub(super) unbounded: bool,
    /// Where the revisions that have been run are kept.
    pub(super) table: VersionTable,
    /// What `env.py` sends before the first revision.
    pub(super) opening: Vec<String>,
}

/// Where a run stands between two statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    /// The driver begins a transaction before the next statement.
    Nothing,
    /// A transaction is open.
    Open,
    /// A raw `COMMIT` has ended it, and the driver does not know.
    Behind,
    /// Inside `autocommit_block()`.
    Outside,
}

/// Why a revision did not get to its end.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// The server refuses what the act sends.
    Refused {
        /// Which of the acts.
        act: usize,
        refusal: Refusal,
    },
    /// It is not sent at all: it reaches beyond the database.
    Beyond { act: usize, what: &'static str },
    /// The function raises an exception.
    Raised { act: usize },
    /// The project's own Alembic ends with an error.
    Failed { failure: Failure },
    /// The server refuses Alembic's own statement, or the connection is gone.
    Around { refusal: Refusal },
}

/// One run.
pub(super) struct Run<'a> {
    session: &'a mut Session,
    manners: &'a Manners,
    between: Between,
    /// Looks at what each string does.
    watch: Option<Watch<'a>>,
    /// Something of it stays whatever happens to the transaction that is open.
    lasts: bool,
    /// How many strings of revisions were sent.
    pub(super) sent: usize,
}

impl<'a> Run<'a> {
    /// Begins a run: the table is there from the first one on.
    pub(super) async fn begin(session: &'a mut Session, manners: &'a Manners) -> Result<Self, Stop> {
        let mut run = Self { session, manners, between: Between::Nothing, watch: None, lasts: false, sent: 0 };
        run.opened().await.map_err(|refusal| Stop::Around { refusal })?;
        run.around(&version::made(&manners.table)).await?;
        Ok(run)
    }

    /// What is there before Alembic is at work: the schema of its table, and what `env.py` sets and makes.
    async fn opened(&mut self) -> Result<(), Refusal> {
        if let Some(schema) = &self.manners.table.schema {
            self.session.send(&format!("CREATE SCHEMA IF NOT EXISTS {}", identifier(schema))).await?;
        }
        for sql in &self.manners.opening {
            match self.session.send(sql).await {
                // `env.py` may have asked whether the schema is there.
                Err(refusal) if refusal.code == "42P06" => {}
                answer => answer.map(|_| ())?,
            }
        }
        Ok(())
    }

    /// Looks at what the next revision does; the model says this of it.
    pub(super) fn watch(&mut self, model: &'a [Locked]) {
        self.watch = Some(Watch::new(model));
    }

    /// What was seen since then.
    pub(super) fn seen(&mut self) -> Vec<Traced> {
        self.watch.take().map(|it| it.seen).unwrap_or_default()
    }

    /// Runs one revision one way and tells the table.
    pub(super) async fn migrate(
        &mut self,
        history: &History,
        heads: &mut Heads,
        (id, direction): (&str, Direction),
        acts: &Acts,
    ) -> Result<(), Stop> {
        let mut asked = Asked::default();
        for (index, act) in acts.all.iter().enumerate() {
            self.act(index, act, &mut asked).await?;
        }
        if self.between == Between::Outside {
            self.between = Between::Nothing;
        }
        for row in heads.step(history, id, direction) {
            self.around(&row.sql(&self.manners.table)).await?;
        }
        if self.manners.per_migration { self.commit().await } else { Ok(()) }
    }

    /// Takes back what a revision that failed has done; the answer is whether nothing of the run is left.
    pub(super) async fn undo(self) -> bool {
        // Whatever has to stay: its locks are let go of.
        let back = self.session.send("ROLLBACK").await.is_ok() && self.session.send("DISCARD ALL").await.is_ok();
        back && !self.lasts
    }

    /// Ends the run as it should.
    pub(super) async fn end(mut self) -> Result<usize, Stop> {
        self.commit().await?;
        // The next run has a connection of its own.
        self.session.send("DISCARD ALL").await.map_err(|refusal| Stop::Around { refusal })?;
        Ok(self.sent)
    }

    async fn act(&mut self, index: usize, act: &Act, asked: &mut Asked) -> Result<(), Stop> {
        let refused = |refusal| Stop::Refused { act: index, refusal };
        self.turn(act.autocommit).await?;
        if !act.guards.is_empty() {
            self.open().await.map_err(refused)?;
            // What is left to Python is not among what is known.
            if asked.all(&act.guards, self.session).await.map_err(refused)? != Some(true) {
                return Ok(());
            }
        }
        let Some(first) = act.parts.first() else { return Err(Stop::Raised { act: index }) };
        if !self.manners.unbounded
            && let Some(what) = act.parts.iter().find_map(|part| part.reach.beyond.first().copied())
        {
            return Err(Stop::Beyond { act: index, what });
        }
        if act.parts.iter().any(|part| part.reach.copies) {
            return Err(refused(Refusal::ours("no rows come with a `COPY … FROM STDIN` that is sent as SQL")));
        }
        if act.text().as_str().contains('\0') {
            return Err(refused(Refusal::ours("the SQL holds a NUL character, which PostgreSQL never accepts")));
        }
        let one_by_one = match self.manners.driver {
            Driver::Asyncpg => true,
            Driver::Psycopg => act.bound,
            Driver::Psycopg2 | Driver::Pg8000 => false,
        };
        if one_by_one && act.parts.len() > 1 {
            return Err(refused(Refusal::several()));
        }
        self.open().await.map_err(refused)?;
        if act.checkfirst
            && let Some(kind) = &first.kind
            && is_done(kind, self.session).await.map_err(refused)?
        {
            return Ok(());
        }
        let before = match &mut self.watch {
            Some(watch) => Some(watch.before(self.session).await.map_err(refused)?),
            None => None,
        };
        self.sent += 1;
        self.lasts |= self.between != Between::Open || act.parts.iter().any(|it| it.kind == Some(Kind::End));
        let start = Instant::now();
        self.send(act).await.map_err(refused)?;
        let elapsed = start.elapsed();
        for part in &act.parts {
            self.follow(part.kind.as_ref());
        }
        if let (Some(watch), Some(before)) = (&mut self.watch, before) {
            let outside = self.between != Between::Open;
            watch.after(self.session, act, &before, (elapsed, outside)).await.map_err(refused)?;
        }
        Ok(())
    }

    /// Sends a string; what limbeck has to do for the history is done statement by statement.
    async fn send(&mut self, act: &Act) -> Result<(), Refusal> {
        let helped: Vec<Option<String>> =
            act.parts.iter().map(|part| helped(&self.manners.privileged, &part.reach, part.text.as_str())).collect();
        if helped.iter().all(Option::is_none) {
            return self.session.send(act.text().as_str()).await.map(|_| ());
        }
        for (part, helped) in act.parts.iter().zip(helped) {
            let sql = helped.unwrap_or_else(|| part.text.as_str().to_owned());
            self.session.send(&sql).await.map_err(|refusal| Refusal { position: None, ..refusal })?;
        }
        Ok(())
    }

    /// Begins or ends an `autocommit_block()`.
    async fn turn(&mut self, autocommit: bool) -> Result<(), Stop> {
        match (self.between, autocommit) {
            (Between::Outside, true) | (Between::Nothing | Between::Open | Between::Behind, false) => {}
            (Between::Outside, false) => self.between = Between::Nothing,
            (_, true) => {
                self.commit().await?;
                self.between = Between::Outside;
            }
        }
        Ok(())
    }

    /// Begins a transaction where the driver does.
    async fn open(&mut self) -> Result<(), Refusal> {
        let again = matches!(self.manners.driver, Driver::Psycopg | Driver::Pg8000);
        if self.between == Between::Nothing || (self.between == Between::Behind && again) {
            self.session.send("BEGIN").await?;
            self.between = Between::Open;
        }
        Ok(())
    }

    /// What a statement of the user's does to the transaction.
    fn follow(&mut self, kind: Option<&Kind>) {
        match (kind, self.between) {
            (Some(Kind::End), Between::Open) => self.between = Between::Behind,
            (Some(Kind::Begin), Between::Behind) => self.between = Between::Open,
            _ => {}
        }
    }

    async fn commit(&mut self) -> Result<(), Stop> {
        if self.between == Between::Open {
            self.lasts = true;
            self.session.send("COMMIT").await.map_err(|refusal| Stop::Around { refusal })?;
        }
        self.between = Between::Nothing;
        Ok(())
    }

    /// A statement of Alembic's own.
    async fn around(&mut self, sql: &str) -> Result<(), Stop> {
        let around = |refusal| Stop::Around { refusal };
        self.open().await.map_err(around)?;
        self.session.send(sql).await.map_err(around).map(|_| ())
    }
}

/// What is sent in place of a statement that takes a superuser and does no harm.
pub(super) fn helped(privileged: &BTreeSet<String>, reach: &Reach, sql: &str) -> Option<String> {
    let only_ours = |name: &String| privileged.contains(name);
    if let [it] = &reach.extensions[..]
        && only_ours(&it.name)
    {
        let text = |it: &Option<String>| it.as_deref().map_or_else(|| "NULL".to_owned(), literal);
        let (name, schema, version) = (literal(&it.name), text(&it.schema), text(&it.version));
        let (missing, cascade) = (it.if_not_exists, it.cascade);
        return Some(format!("SELECT {SCHEMA}.create_extension({name}, {schema}, {version}, {missing}, {cascade})"));
    }
    if !reach.dropped.is_empty() && reach.dropped.iter().all(only_ours) {
        let words = sql.to_lowercase();
        let (missing, cascade) = (words.contains("if exists"), words.contains("cascade"));
        let drop = |name: &String| format!("{SCHEMA}.drop_extension({}, {missing}, {cascade})", literal(name));
        return Some(format!("SELECT {}", reach.dropped.iter().map(drop).collect::<Vec<_>>().join(", ")));
    }
    None
}

/// Where the character of a string stands in its bytes, and the end of the word there.
pub(super) fn word_at(text: &Text, position: usize) -> (usize, usize) {
    let sql = text.as_str();
    let start = sql.char_indices().nth(position).map_or(sql.len(), |(byte, _)| byte);
    let rest = sql.get(start..).unwrap_or("");
    let word = rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '"')).map(char::len_utf8).sum();
    (start, start + usize::max(word, rest.chars().next().map_or(0, char::len_utf8)))
}
