//! *existing*: a dump of a database that is there, stamped with a revision and upgraded to the heads.

use super::{Bench, NAMES, Scratch, Way, alive, outcome};
use crate::{
    fault,
    finding::Direction,
    roundtrip::{At, Baseline, Outcome, Trial, catalog::Catalog, pool::Talk, runner::helped, version},
    sql::{self, dump},
};
use miette::Result;
use std::collections::BTreeSet;

/// So many revisions are named where several would do.
const FEW: usize = 5;

/// A database may stand here: the revisions that have been run, and what they come to.
struct State {
    places: BTreeSet<usize>,
    catalog: Catalog,
}

impl Bench<'_> {
    /// The answer is told beside the other tests; a dump that cannot be loaded or placed is an error.
    pub(super) async fn existing(&mut self, baseline: &Baseline, talk: &Talk<'_>) -> Result<()> {
        let name = NAMES[1];
        talk.say(&At { test: name, revision: "", done: 0, of: 0 });
        let (ground, places) = self.parted();
        let all: BTreeSet<usize> = ground.into_iter().chain(places).collect();
        if self.blocked.iter().any(|it| self.is_fault(*it)) {
            let words = "the way up fails".to_owned();
            self.answer.trials.push(Trial { name, outcome: Outcome::Failed, words });
            return Ok(());
        }
        let mut dumped = self.loaded(baseline).await?;
        let found = self.plain(&mut dumped).await?;
        let (stamp, end) = match &baseline.revision {
            Some(id) => self.named(id, &all).await?,
            None => self.placed(baseline, &found, &mut dumped, &all).await?,
        };
        let tips = self.tips(&stamp.places).join(", ");
        let is_head = stamp.places == all;
        let mut failed = self.mismatch(baseline, &stamp, &found, is_head);
        if !is_head {
            failed |= self.upgraded(&mut dumped, &stamp, &end, (failed, &all)).await?;
        }
        self.abandon(dumped, failed).await;
        let count = all.len() - stamp.places.len();
        let words = match count {
            0 => format!("`{}` stamped with the head: nothing is left to do", baseline.path),
            _ => format!("`{}` stamped with {tips}, then {}", baseline.path, super::some(count)),
        };
        self.answer.trials.push(Trial { name, outcome: outcome(failed, self.is_known()), words });
        Ok(())
    }

    /// A database with the dump in it, and no revision in the version table.
    async fn loaded(&mut self, baseline: &Baseline) -> Result<Scratch> {
        let at = |line: usize, why: &str| {
            fault::plain(format!("the dump `{}` cannot be loaded: line {line}: {why}", baseline.path))
        };
        let pieces = dump::pieces(&baseline.text).map_err(|(line, why)| at(line, &why))?;
        let mut scratch = self.bare().await?;
        for piece in pieces.iter().filter(|it| !it.is_set_up()) {
            let reach = sql::reach(&piece.sql);
            if let Some(what) = reach.beyond.first() {
                return Err(at(piece.line, &format!("this reaches beyond the database: {what}")));
            }
            let answer = if let Some(rows) = &piece.rows {
                scratch.session.copy(&piece.sql, rows).await
            } else {
                let helped = helped(&self.manners.privileged, &reach, &piece.sql);
                scratch.session.send(&helped.unwrap_or_else(|| piece.sql.clone())).await.map(|_| ())
            };
            match answer {
                // A newer pg_dump sets what an older server does not have.
                Err(refusal) if piece.is_setting() && refusal.code == "42704" => {}
                Err(refusal) => return Err(at(piece.line, &refusal.words())),
                Ok(()) => {}
            }
        }
        let reset = scratch.session.send("DISCARD ALL").await;
        reset.map_err(|refusal| fault::plain(refusal.words()))?;
        Ok(scratch)
    }

    /// The catalog without rights, which a dump's server has in its own way.
    async fn plain(&self, scratch: &mut Scratch) -> Result<Catalog> {
        let read = Catalog::without_rights(&mut scratch.session, &self.manners.table).await;
        read.map_err(|refusal| fault::plain(format!("the catalog cannot be read: {}", refusal.words())))
    }

    /// The state at a revision, and that at the heads.
    async fn named(&mut self, id: &str, all: &BTreeSet<usize>) -> Result<(State, State)> {
        let history = self.case.history;
        let below = history.ancestors_of(id);
        let own = |place: &usize| self.id(*place) == id || below.contains(self.id(*place));
        let places: BTreeSet<usize> = all.iter().copied().filter(own).collect();
        let rest: Vec<usize> = all.difference(&places).copied().collect();
        let mut scratch = self.scratch().await?;
        let first: Vec<usize> = places.iter().copied().collect();
        self.sure(&mut scratch, &first).await?;
        let stamp = State { places, catalog: self.plain(&mut scratch).await? };
        self.sure(&mut scratch, &rest).await?;
        let end = State { places: all.clone(), catalog: self.plain(&mut scratch).await? };
        self.discard(scratch).await;
        Ok((stamp, end))
    }

    async fn sure(&mut self, scratch: &mut Scratch, places: &[usize]) -> Result<()> {
        if self.one_by_one(scratch, places).await? {
            return Err(fault::plain("the way up fails where it has not failed before"));
        }
        Ok(())
    }

    /// The one state that the dump is equal to, and that at the heads. Where several are, as revisions that change rows
    /// alone leave them, the dump's own version table decides.
    async fn placed(
        &mut self,
        baseline: &Baseline,
        found: &Catalog,
        dumped: &mut Scratch,
        all: &BTreeSet<usize>,
    ) -> Result<(State, State)> {
        let mut scratch = self.scratch().await?;
        let mut places = BTreeSet::new();
        let mut catalog = self.plain(&mut scratch).await?;
        let mut equal: Vec<BTreeSet<usize>> = Vec::new();
        let mut nearest: Option<(usize, BTreeSet<usize>, Catalog)> = None;
        for place in all {
            self.sure(&mut scratch, &[*place]).await?;
            places.insert(*place);
            catalog = self.plain(&mut scratch).await?;
            let distance = catalog.distance(found);
            if distance == 0 {
                equal.push(places.clone());
            }
            if nearest.as_ref().is_none_or(|(least, ..)| distance < *least) {
                nearest = Some((distance, places.clone(), catalog.clone()));
            }
        }
        self.discard(scratch).await;
        let end = State { places: all.clone(), catalog };
        let own = self.own_rows(dumped).await;
        let tips = |places: &BTreeSet<usize>| self.tips(places).into_iter().collect::<BTreeSet<_>>();
        let says = |it: &&BTreeSet<usize>| tips(it) == own.iter().map(String::as_str).collect();
        let by_itself = if equal.len() == 1 { equal.first() } else { equal.iter().find(says) };
        if let Some(places) = by_itself {
            return Ok((State { places: places.clone(), catalog: found.clone() }, end));
        }
        let path = &baseline.path;
        if equal.is_empty() {
            let (far, near, expected) = nearest.unwrap_or_default();
            let first = expected.changes(found).first().map(|(change, object)| change.of(object, "the dump"));
            return Err(fault::helped(
                format!("the schema of `{path}` is that of no revision"),
                format!(
                    "`{}` is the nearest, with {far} {}{}; --baseline {path}@{} says that it is meant",
                    self.tips(&near).join("`, `"),
                    if far == 1 { "difference" } else { "differences" },
                    first.map_or_else(String::new, |it| format!(": {it}")),
                    self.tips(&near).join(","),
                ),
            ));
        }
        let names: Vec<String> = equal.iter().rev().take(FEW).map(|it| self.tips(it).join(", ")).collect();
        Err(fault::helped(
            format!("the schema of `{path}` is that of {} revisions: `{}`", equal.len(), names.join("`, `")),
            format!("name the one that it stands at: --baseline {path}@{}", names.first().map_or("", String::as_str)),
        ))
    }

    /// What the dump's own version table holds.
    async fn own_rows(&self, dumped: &mut Scratch) -> BTreeSet<String> {
        let sql = format!("SELECT version_num::text FROM {}", version::path(&self.manners.table));
        dumped.session.ask(&sql).await.unwrap_or_default().into_iter().flatten().flatten().collect()
    }

    /// The dump is not what its stamp says; the answer is whether that is so.
    fn mismatch(&mut self, baseline: &Baseline, stamp: &State, found: &Catalog, is_head: bool) -> bool {
        if stamp.catalog == *found {
            return false;
        }
        let tips = self.tips(&stamp.places).join(", ");
        let shown = self.words.stale((&stamp.catalog, found), &stamp.places, (&baseline.path, &tips, is_head));
        self.answer.shown.extend(shown);
        true
    }

    /// Stamps and upgrades the dump. The answer is whether that fails, or comes to something else than a fresh run; what
    /// follows from a stamp that is wrong is not told again.
    async fn upgraded(
        &mut self,
        dumped: &mut Scratch,
        stamp: &State,
        end: &State,
        (wrong, all): (bool, &BTreeSet<usize>),
    ) -> Result<bool> {
        self.stamp(dumped, &stamp.places).await?;
        let way: Vec<Way> = all.difference(&stamp.places).map(|place| (*place, Direction::Upgrade)).collect();
        let told = self.answer.shown.len();
        let stopped = self.through(dumped, &way, self.manners.clone()).await?;
        let mut failed = self.stopped(stopped, Direction::Upgrade)?;
        let tips = self.tips(&stamp.places).join(", ");
        if failed {
            for shown in self.answer.shown.iter_mut().skip(told) {
                shown.finding.note(shown.finding.span, format!("on the dump, stamped with `{tips}`"));
            }
        } else if !wrong {
            let now = self.plain(dumped).await?;
            failed = now != end.catalog;
            let from = format!("on the dump, stamped with `{tips}` and upgraded");
            let shown = self.words.astray((&end.catalog, &now), &|change| change.says(&from));
            self.answer.shown.extend(shown);
        }
        Ok(failed)
    }

    async fn stamp(&mut self, dumped: &mut Scratch, places: &BTreeSet<usize>) -> Result<()> {
        // The table is there from the first run on.
        if let Err((_, stop)) = self.by_ourselves(dumped, &[], &self.manners.clone()).await {
            alive(&stop)?;
            return Err(fault::plain("the version table of the dump is not Alembic's"));
        }
        let table = &self.manners.table;
        let tips: Vec<String> = self.tips(places).into_iter().map(str::to_owned).collect();
        let mut sql = format!("DELETE FROM {}", version::path(table));
        for id in &tips {
            sql.extend(["; ", version::Row::Insert(id.clone()).sql(table).as_str()]);
        }
        let sent = dumped.session.send(&sql).await;
        sent.map_err(|refusal| fault::plain(format!("the dump cannot be stamped: {}", refusal.words())))?;
        dumped.heads = version::Heads::at(tips);
        Ok(())
    }

    /// An empty database in which nothing has been sent.
    async fn bare(&mut self) -> Result<Scratch> {
        let name = self.server.database(None).await?;
        let session = self.server.open(&name).await?;
        Ok(Scratch { name, session, heads: version::Heads::default(), observer: None, intact: false })
    }
}
