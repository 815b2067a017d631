//! *rows*: each revision up, down and up again with rows in every table.
//!
//! The laws are judged without them: what only rows make fail is a warning, and what they lose is told beside it.

use super::{Bench, Scratch, alive, outcome, some};
use crate::{
    fault,
    finding::Direction,
    roundtrip::{
        At, Outcome, Trial,
        pool::Talk,
        rows::{Filler, Lost, Rows},
        runner::Stop,
        session::identifier,
    },
};
use miette::Result;
use std::collections::BTreeMap;

/// So many rows of a table are looked at again after the way back.
const LOOKED_AT: usize = 200;

/// The values of each column, by table and column.
type Values = BTreeMap<(String, String), Vec<String>>;

impl Bench<'_> {
    pub(super) async fn filled(&mut self, rows: &Rows, talk: &Talk<'_>) -> Result<()> {
        let mut filler = Filler::new(rows).map_err(|(line, why)| {
            let path = rows.data.as_ref().map_or("", |(path, _)| path);
            fault::plain(format!("the rows of `{path}` cannot be loaded: line {line}: {why}"))
        })?;
        let (ground, places) = self.parted();
        let (mut scratch, rest) = self.copied(&ground).await?;
        for place in rest {
            self.plainly(&mut scratch, place, Direction::Upgrade).await?;
        }
        let mut done = ground;
        let (mut whole, told) = (0, self.answer.shown.len());
        for (number, place) in places.iter().enumerate() {
            talk.say(&At { test: "rows", revision: self.id(*place), done: number, of: places.len() });
            let (next, clean) = self.step(scratch, &mut filler, &done, *place).await?;
            scratch = next;
            done.push(*place);
            whole += usize::from(clean);
        }
        self.discard(scratch).await;
        let failed = self.answer.shown.len() > told;
        let mut words = format!(
            "{} {} put in, {whole} of {} up, down and up",
            filler.made,
            plural(filler.made),
            some(places.len())
        );
        let path = rows.data.as_ref().map_or("", |(path, _)| path);
        for (line, why) in filler.left() {
            words.extend(["; ", path, ":", &line.to_string(), " was never taken: ", why]);
        }
        self.answer.unfilled.extend(filler.unfilled);
        let known = self.is_known() && self.answer.unfilled.is_empty() && whole == places.len();
        let outcome = if failed { Outcome::Partly } else { outcome(false, known) };
        self.answer.trials.push(Trial { name: "rows", outcome, words });
        Ok(())
    }

    /// One revision on the rows that are there. The answer: the database on which the next one is run, and whether all of
    /// it went well.
    async fn step(
        &mut self,
        mut scratch: Scratch,
        filler: &mut Filler,
        done: &[usize],
        place: usize,
    ) -> Result<(Scratch, bool)> {
        self.fill(filler, &mut scratch).await?;
        let before = values(&mut scratch).await?;
        if !self.tried(&mut scratch, place, Direction::Upgrade).await? {
            return Ok((self.emptied(scratch, filler, done, place).await?, false));
        }
        if !self.returns(place) {
            return Ok((scratch, false));
        }
        self.fill(filler, &mut scratch).await?;
        if !self.tried(&mut scratch, place, Direction::Downgrade).await? {
            return Ok((self.emptied(scratch, filler, done, place).await?, false));
        }
        let after = values(&mut scratch).await?;
        let lost = self.lost(place, &before, &after);
        if !self.tried(&mut scratch, place, Direction::Upgrade).await? {
            return Ok((self.emptied(scratch, filler, done, place).await?, false));
        }
        Ok((scratch, !lost))
    }

    /// Without rows it went up, down and up again.
    fn returns(&self, place: usize) -> bool {
        let id = self.id(place);
        let skipped = self.answer.skipped.iter().any(|it| it.revision == id);
        !skipped && self.is_stepped(place) && !self.is_fault(place)
    }

    async fn fill(&mut self, filler: &mut Filler, scratch: &mut Scratch) -> Result<()> {
        let filled = filler.fill(&mut scratch.session, &self.manners.table).await;
        filled.map_err(|refusal| fault::plain(format!("the tables cannot be filled: {}", refusal.words())))
    }

    /// Runs a revision that goes well without rows.
    pub(super) async fn plainly(&mut self, scratch: &mut Scratch, place: usize, direction: Direction) -> Result<()> {
        let Err((_, stop)) = self.through(scratch, &[(place, direction)], self.manners.clone()).await? else {
            return Ok(());
        };
        alive(&stop)?;
        Err(fault::plain(format!("`{}` fails the second time that it is run", self.id(place))))
    }

    /// A new database without rows, this revision run.
    async fn emptied(
        &mut self,
        spoiled: Scratch,
        filler: &mut Filler,
        done: &[usize],
        place: usize,
    ) -> Result<Scratch> {
        let mut scratch = self.rebuilt(spoiled, done).await?;
        filler.forget();
        self.plainly(&mut scratch, place, Direction::Upgrade).await?;
        Ok(scratch)
    }

    /// The answer is whether it went well; if not, that is told with a row that is in the way.
    async fn tried(&mut self, scratch: &mut Scratch, place: usize, direction: Direction) -> Result<bool> {
        let stopped = self.through(scratch, &[(place, direction)], self.manners.clone()).await?;
        let Err((_, stop)) = stopped else { return Ok(true) };
        alive(&stop)?;
        let row = row(scratch, &stop).await;
        if let Some(revision) = self.revision(place) {
            let shown = self.words.on_rows(revision, place, direction, &stop, row.as_deref());
            self.answer.shown.push(shown);
        }
        Ok(false)
    }

    /// Tells the values that are gone, once for each table; the answer is whether there are any.
    fn lost(&mut self, place: usize, before: &Values, after: &Values) -> bool {
        let mut tables: BTreeMap<&str, Vec<Lost<'_>>> = BTreeMap::new();
        for ((table, column), was) in before {
            // A column that is gone is another law's.
            let Some(now) = after.get(&(table.clone(), column.clone())) else { continue };
            let mut left = now.clone();
            let gone: Vec<&String> = was
                .iter()
                .filter(|value| left.iter().position(|it| it == *value).map(|at| left.swap_remove(at)).is_none())
                .collect();
            if let Some(example) = gone.first() {
                let lost = Lost { column, gone: gone.len(), all: was.len(), example };
                tables.entry(table).or_default().push(lost);
            }
        }
        let Some(revision) = self.revision(place) else { return false };
        let shown = tables.iter().map(|(table, columns)| self.words.lost(revision, place, table, columns));
        let shown: Vec<_> = shown.collect();
        self.answer.shown.extend(shown);
        !tables.is_empty()
    }
}

/// A row of the table that the server speaks of: one that is in the way, where that can be told.
async fn row(scratch: &mut Scratch, stop: &Stop) -> Option<String> {
    let (Stop::Refused { refusal, .. } | Stop::Around { refusal }) = stop else { return None };
    let (schema, table) = (refusal.schema.as_ref()?, refusal.table.as_ref()?);
    scratch.session.send("ROLLBACK").await.ok()?;
    let column = refusal.column.as_ref().filter(|_| refusal.code == "23502");
    let which = column.map_or_else(String::new, |it| format!(" WHERE to_jsonb(t) ->> {} IS NULL", super::literal(it)));
    let sql = format!("SELECT to_jsonb(t)::text FROM {}.{} t{which} LIMIT 1", identifier(schema), identifier(table));
    scratch.session.ask(&sql).await.ok()?.into_iter().flatten().flatten().next()
}

/// Every value of every table, as far as they are looked at.
async fn values(scratch: &mut Scratch) -> Result<Values> {
    let told = |refusal: crate::roundtrip::session::Refusal| {
        fault::plain(format!("the rows cannot be read: {}", refusal.words()))
    };
    let tables =
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
        AND n.nspname NOT IN ('information_schema', 'limbeck_roundtrip') ORDER BY 1";
    let tables = scratch.session.ask(tables).await.map_err(told)?;
    let queries: Vec<String> = tables
        .into_iter()
        .flatten()
        .flatten()
        .map(|it| format!("(SELECT {}, to_jsonb(t)::text FROM {it} t LIMIT {LOOKED_AT})", super::literal(&it)))
        .collect();
    let mut found = Values::new();
    if queries.is_empty() {
        return Ok(found);
    }
    for line in scratch.session.ask(&queries.join(" UNION ALL ")).await.map_err(told)? {
        let [Some(table), Some(row)] = &line[..] else { continue };
        let Ok(serde_json::Value::Object(row)) = serde_json::from_str(row) else { continue };
        for (column, value) in row {
            let known = found.entry((table.clone(), column)).or_default();
            if !value.is_null() {
                known.push(value.to_string());
            }
        }
    }
    Ok(found)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "row" } else { "rows" }
}
