//! Rows for every table, so that what a migration does to rows is seen.
//!
//! Values come from a range that is reserved for them: numbers from 2,000,000,000 on, days from 2199 on, texts that begin
//! with `limbeck`; a migration's own rows do not collide with them. The first row of a table has a value in every column,
//! the second has `NULL` wherever it may, and each further one has the first one's values outside of what is unique.

use super::session::{Refusal, Session, identifier};
use crate::{environment::VersionTable, sql::dump};
use std::collections::{BTreeMap, BTreeSet};
use table::{Key, Table};
use value::Value;

mod grow;
mod table;
mod value;

pub(super) use grow::{Grower, Grown};

/// How often a row is tried with other values before its table is given up.
const TRIES: usize = 40;

/// What `--rows`, `--seed` and `--data` ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// So many rows for each table.
    pub count: usize,
    /// Other values for another seed.
    pub seed: u64,
    /// SQL of the user's own, and the name of its file.
    pub data: Option<(String, String)>,
}

/// What there and back have lost of a column's values: how many of how many, and one of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lost<'a> {
    pub(super) column: &'a str,
    pub(super) gone: usize,
    pub(super) all: usize,
    pub(super) example: &'a str,
}

/// Fills a database again and again.
pub(super) struct Filler {
    count: usize,
    /// The number of the next row.
    next: u64,
    /// What each table looked like when it was filled last.
    known: BTreeMap<String, String>,
    /// The tables that were there then.
    seen: BTreeSet<String>,
    /// Tables without rows of ours, and why.
    pub(super) unfilled: BTreeMap<String, String>,
    /// The user's own statements, and the last word of the server on those that have not been run.
    data: Vec<(dump::Piece, Option<String>)>,
    /// How many rows went in.
    pub(super) made: usize,
}

impl Filler {
    /// # Errors
    /// The line of the user's data that is not for a database, and why.
    pub(super) fn new(rows: &Rows) -> Result<Self, (usize, String)> {
        let pieces = rows.data.as_ref().map_or(Ok(Vec::new()), |(_, text)| dump::pieces(text))?;
        let waiting = |piece| (piece, Some("its table was never there".to_owned()));
        Ok(Self {
            count: rows.count,
            next: (rows.seed % 10_000) * 10_000,
            known: BTreeMap::new(),
            seen: BTreeSet::new(),
            unfilled: BTreeMap::new(),
            data: pieces.into_iter().map(waiting).collect(),
            made: 0,
        })
    }

    /// The database is another one, without the rows.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.seen.clear();
        self.again();
    }

    /// The user's own statements are to be run again.
    fn again(&mut self) {
        for (_, waits) in &mut self.data {
            waits.get_or_insert_with(String::new);
        }
    }

    /// The lines of the user's data that no database took, and why.
    pub(super) fn left(&self) -> impl Iterator<Item = (usize, &str)> {
        self.data.iter().filter_map(|(piece, waits)| Some((piece.line, waits.as_deref().filter(|it| !it.is_empty())?)))
    }

    /// Puts rows into every table that is new or another than at the last time.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub(super) async fn fill(&mut self, session: &mut Session, own: &VersionTable) -> Result<(), Refusal> {
        let tables = Table::all(session, own).await?;
        let there: BTreeSet<String> = tables.iter().map(|it| it.id.clone()).collect();
        if !self.seen.is_subset(&there) {
            // What was in a table that is gone may have been the user's.
            self.again();
        }
        self.seen = there;
        self.run_data(session).await;
        if self.count == 0 {
            return Ok(());
        }
        let mut open: Vec<&Table> = ordered(&tables);
        open.retain(|it| self.known.get(&it.name) != Some(&it.signature));
        // A table may wait for one that is filled after it.
        for last in [false, true] {
            let mut waiting = Vec::new();
            for table in open {
                match self.rows_of(table, session).await {
                    Ok(()) => {
                        self.unfilled.remove(&table.name);
                        self.known.insert(table.name.clone(), table.signature.clone());
                    }
                    Err(_) if !last => waiting.push(table),
                    Err(refusal) => {
                        self.unfilled.insert(table.name.clone(), refusal.words());
                        self.known.insert(table.name.clone(), table.signature.clone());
                    }
                }
            }
            open = waiting;
        }
        let there: BTreeSet<&String> = tables.iter().map(|it| &it.name).collect();
        self.known.retain(|name, _| there.contains(name));
        Ok(())
    }

    /// Each statement of the user's is run as soon as the database takes it.
    async fn run_data(&mut self, session: &mut Session) {
        for (piece, waits) in self.data.iter_mut().filter(|(_, waits)| waits.is_some()) {
            let answer = match &piece.rows {
                Some(rows) => session.copy(&piece.sql, rows).await,
                None => session.send(&piece.sql).await.map(|_| ()),
            };
            // Rows that are there already are there.
            *waits = answer.err().filter(|it| it.code != "23505").map(|refusal| refusal.words());
        }
    }

    async fn rows_of(&mut self, table: &Table, session: &mut Session) -> Result<(), Refusal> {
        let first = self.next;
        for row in 0..self.count {
            let mut trial = Trial::of(table, row, first);
            let mut answer = Ok(());
            for _ in 0..TRIES {
                let sql = trial.sql(self.next);
                let number = self.next;
                self.next += 1;
                answer = session.send(&sql).await.map(|_| ());
                let Err(refusal) = &answer else { break };
                if !trial.adapt(refusal, number) {
                    break;
                }
            }
            match answer {
                Ok(()) => self.made += 1,
                // One row is enough to go on with: there may be room for no more.
                Err(_) if row > 0 => break,
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(())
    }
}

/// Tables by what they refer to.
fn ordered(tables: &[Table]) -> Vec<&Table> {
    let mut left: Vec<&Table> = tables.iter().collect();
    let mut found: Vec<&Table> = Vec::new();
    while !left.is_empty() {
        let here: BTreeSet<&str> = left.iter().map(|it| it.name.as_str()).collect();
        let free = |it: &&Table| it.keys.iter().all(|key| key.table == it.name || !here.contains(key.table.as_str()));
        let (mut ready, rest): (Vec<_>, Vec<_>) = left.iter().copied().partition(free);
        if ready.is_empty() {
            // A ring: one of them has to come first.
            ready.extend(rest.first());
        }
        left.retain(|it| !ready.iter().any(|other| other.name == it.name));
        found.extend(ready);
    }
    found
}

/// A row that is being tried.
struct Trial<'a> {
    table: &'a Table,
    row: usize,
    /// The number of the table's first row: later ones have its values.
    first: u64,
    /// Values that a check asks for, by column.
    forced: BTreeMap<String, Option<String>>,
    /// How often each check has refused.
    refused: BTreeMap<String, usize>,
    /// The check that has refused last.
    last: Option<String>,
    /// Nothing is left out though it may be.
    whole: bool,
    /// Numbers are small: what is computed from great ones does not fit.
    modest: bool,
}

impl<'a> Trial<'a> {
    fn of(table: &'a Table, row: usize, first: u64) -> Self {
        let (forced, refused) = (BTreeMap::new(), BTreeMap::new());
        Self { table, row, first, forced, refused, last: None, whole: row != 1, modest: false }
    }

    fn sql(&self, number: u64) -> String {
        let set = self.table.columns.iter().filter(|it| !it.generated);
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for column in set {
            names.push(identifier(&column.name));
            values.push(self.value(column, number));
        }
        let table = &self.table.name;
        if names.is_empty() {
            return format!("INSERT INTO {table} DEFAULT VALUES");
        }
        format!("INSERT INTO {table} ({}) OVERRIDING SYSTEM VALUE VALUES ({})", names.join(", "), values.join(", "))
    }

    fn value(&self, column: &table::Column, number: u64) -> String {
        let cast = |text: &str| format!("{}::{}", super::session::literal(text), column.kind);
        if let Some(forced) = self.forced.get(&column.name) {
            return forced.as_deref().map_or_else(|| "NULL".to_owned(), cast);
        }
        if !self.whole && !column.not_null {
            return "NULL".to_owned();
        }
        let is_unique = self.table.unique.iter().any(|columns| columns.contains(&column.name));
        let number = if is_unique || self.row == 0 { number } else { self.first };
        let key = self.table.keys.iter().find(|key| key.columns.iter().any(|(own, _)| *own == column.name));
        if let Some(key) = key {
            return self.reference(key, column, number);
        }
        match Value::of(column, number, self.modest) {
            Some(Value::Text(text)) => cast(&text),
            Some(Value::Sql(sql)) => format!("({sql})::{}", column.kind),
            None => "NULL".to_owned(),
        }
    }

    /// The value of a row that is there, the same for all columns of the key.
    fn reference(&self, key: &Key, column: &table::Column, number: u64) -> String {
        let Some((_, there)) = key.columns.iter().find(|(own, _)| *own == column.name) else {
            return "NULL".to_owned();
        };
        if key.table == self.table.name {
            if !column.not_null {
                return "NULL".to_owned();
            }
            // It refers to itself.
            let own = self.table.columns.iter().find(|it| it.name == *there && it.name != column.name);
            return own.map_or_else(|| "NULL".to_owned(), |own| self.value(own, number));
        }
        let (there, table) = (identifier(there), &key.table);
        let order: Vec<String> = key.columns.iter().map(|(_, there)| identifier(there)).collect();
        format!(
            "(SELECT {there} FROM {table} ORDER BY {} OFFSET {number} % greatest(1, (SELECT count(*) FROM {table})) LIMIT 1)",
            order.join(", ")
        )
    }

    /// Changes the row after a refusal; the answer is whether there is something left to try.
    fn adapt(&mut self, refusal: &Refusal, number: u64) -> bool {
        match refusal.code.as_str() {
            // A key is there already, or is excluded: the next number has another.
            "23505" | "23P01" => match self.last.clone() {
                Some(check) => self.meet(&check, number),
                None => true,
            },
            "23514" => refusal.constraint.clone().is_some_and(|check| self.meet(&check, number)),
            "22003" if !self.modest => {
                self.modest = true;
                true
            }
            "22003" => self.last.clone().is_some_and(|check| self.meet(&check, number)),
            "23502" if !self.whole => {
                self.whole = true;
                true
            }
            _ => false,
        }
    }

    /// The next value that a check might take.
    fn meet(&mut self, name: &str, number: u64) -> bool {
        let tried = self.refused.entry(name.to_owned()).or_default();
        *tried += 1;
        let at = *tried - 1;
        self.last = Some(name.to_owned());
        let Some(check) = self.table.checks.iter().find(|it| it.name == name) else { return false };
        let mut candidates = Vec::new();
        for column in self.table.columns.iter().filter(|it| check.columns.contains(&it.name)) {
            let of_column = value::candidates(column, &check.sql, number);
            candidates.extend(of_column.into_iter().map(|it| (column.name.clone(), it)));
        }
        let Some((column, value)) = candidates.into_iter().nth(at) else { return false };
        for other in &check.columns {
            self.forced.remove(other);
        }
        self.forced.insert(column, value);
        true
    }
}
