//! Tables grown until it takes a while to read one from end to end.
//!
//! A row that is there is copied, with other values in what is unique, and in whatever else a number can be put into, so
//! that an index which is yet to be made finds different keys.

use super::{
    Filler, Rows,
    table::{Column, Table},
    value::parts,
};
use crate::{
    environment::VersionTable,
    roundtrip::session::{Refusal, Session, identifier},
};
use std::time::{Duration, Instant};

/// The first rows that are added; each further step adds up to so many times what is there.
const FIRST: u64 = 1_000;
const STEP: f64 = 8.0;
/// A table that is not long enough by then is as long as it gets.
const PATIENCE: Duration = Duration::from_mins(1);

/// The words that a statement may name a table by: its own name, and those of its indexes and constraints.
const NAMES: &str = "
WITH ours AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS path, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT path, relname::text FROM ours
UNION SELECT path, i.relname::text FROM ours JOIN pg_index x ON x.indrelid = ours.oid JOIN pg_class i ON i.oid = x.indexrelid
UNION SELECT path, k.conname::text FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid
ORDER BY 1, 2";

/// A table and how long it is.
#[derive(Clone, Debug, Default)]
pub(in crate::roundtrip) struct Grown {
    /// As SQL writes it.
    pub(in crate::roundtrip) table: String,
    /// A column that may be written.
    pub(in crate::roundtrip) columns: Vec<String>,
    pub(in crate::roundtrip) rows: u64,
    /// How long it takes to read it from end to end.
    pub(in crate::roundtrip) scan: Duration,
    /// Why it is not as long as was wanted.
    pub(in crate::roundtrip) short: Option<String>,
}

/// Grows the tables of a database.
pub(in crate::roundtrip) struct Grower {
    target: Duration,
    filler: Filler,
    /// What the next row is made from.
    next: u64,
}

impl Grower {
    pub(in crate::roundtrip) fn new(target: Duration) -> Result<Self, (usize, String)> {
        Ok(Self { target, filler: Filler::new(&Rows { count: 1, ..Rows::default() })?, next: 1 })
    }

    /// The database is another one, without the rows.
    pub(in crate::roundtrip) fn forget(&mut self) {
        self.filler.forget();
    }

    /// Grows the tables that `speaks` of a word of theirs, each until it takes as long as was wanted.
    pub(in crate::roundtrip) async fn grow(
        &mut self,
        session: &mut Session,
        own: &VersionTable,
        speaks: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Grown>, Refusal> {
        self.filler.fill(session, own).await?;
        let names = session.ask(NAMES).await?;
        let is_touched = |table: &Table| {
            names.iter().any(|line| match &line[..] {
                [Some(path), Some(word)] => *path == table.name && speaks(word),
                _ => false,
            })
        };
        let mut all = Vec::new();
        for table in Table::all(session, own).await?.iter().filter(|it| is_touched(it)) {
            let mut grown = Grown { table: table.name.clone(), ..Grown::default() };
            grown.columns = table.columns.iter().filter(|it| !it.generated).map(|it| identifier(&it.name)).collect();
            grown.short = self.lengthen(table, session, &mut grown).await?;
            all.push(grown);
        }
        Ok(all)
    }

    /// The answer is why it is not as long as was wanted.
    async fn lengthen(
        &mut self,
        table: &Table,
        session: &mut Session,
        grown: &mut Grown,
    ) -> Result<Option<String>, Refusal> {
        let start = Instant::now();
        measure(session, grown).await?;
        if grown.rows == 0 {
            let why = self.filler.unfilled.get(&table.name);
            return Ok(Some(why.cloned().unwrap_or_else(|| "no row of it is known".to_owned())));
        }
        let Some(values) = copied(table) else {
            return Ok(Some("its keys cannot be made up".to_owned()));
        };
        while grown.scan < self.target {
            if start.elapsed() > PATIENCE {
                return Ok(Some(format!("it has not grown further in {} seconds", PATIENCE.as_secs())));
            }
            let wanted = self.target.as_secs_f64() / grown.scan.as_secs_f64().max(1e-4);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a number of rows, far from the limits of either type"
            )]
            let more = (grown.rows as f64 * (wanted * 1.1 - 1.0).clamp(0.2, STEP)) as u64;
            let (from, to) = (self.next, self.next + more.max(FIRST));
            self.next = to;
            let sql = format!(
                "INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE SELECT {2} FROM (SELECT * FROM {0} LIMIT 1) s, \
                 generate_series({from}::bigint, {to}::bigint - 1) g",
                table.name,
                grown.columns.join(", "),
                values.join(", ")
            );
            if let Err(refusal) = session.send(&sql).await {
                return Ok(Some(refusal.words()));
            }
            measure(session, grown).await?;
        }
        Ok(None)
    }
}

/// Counts the rows and the time that it takes.
async fn measure(session: &mut Session, grown: &mut Grown) -> Result<(), Refusal> {
    let sql = format!("SELECT count(*)::text FROM {}", grown.table);
    let start = Instant::now();
    let lines = session.ask(&sql).await?;
    grown.scan = start.elapsed();
    grown.rows = lines.into_iter().flatten().flatten().next().and_then(|it| it.parse().ok()).unwrap_or(0);
    Ok(())
}

/// What each column is set to, made from the row `s` and the number `g`; `None`: no other row can be made from it.
fn copied(table: &Table) -> Option<Vec<String>> {
    let refers = |column: &Column| table.keys.iter().flat_map(|key| &key.columns).any(|(own, _)| *own == column.name);
    let checked = |column: &Column| table.checks.iter().any(|it| it.columns.contains(&column.name));
    let other = |column: &Column| if refers(column) { None } else { varied(column) };
    // One column of each key is enough; one that a check speaks of is the last choice.
    let mut chosen: Vec<&str> = Vec::new();
    for key in &table.unique {
        let mut own: Vec<&Column> = table.columns.iter().filter(|it| key.contains(&it.name) && !it.generated).collect();
        own.sort_by_key(|it| checked(it));
        let first = own.into_iter().find(|it| other(it).is_some())?;
        chosen.push(&first.name);
    }
    let value = |column: &Column| {
        let free = chosen.contains(&column.name.as_str()) || !checked(column);
        let made = other(column).filter(|_| free).map(|it| format!("({it})::{}", column.kind));
        made.unwrap_or_else(|| format!("s.{}", identifier(&column.name)))
    };
    Some(table.columns.iter().filter(|it| !it.generated).map(value).collect())
}

/// Another value of a column for each number `g`, in SQL; `None`: there are not enough of the type.
fn varied(column: &Column) -> Option<String> {
    let (name, arguments) = parts(&column.base);
    if !column.labels.is_empty() || name.ends_with("[]") {
        return None;
    }
    let limit = arguments.first().copied();
    Some(match name.rsplit('.').next().unwrap_or(&name) {
        "integer" => "1000000000 + g".to_owned(),
        "bigint" => "8000000000000000 + g".to_owned(),
        "numeric" if limit.is_none_or(|it| it >= 12 + arguments.get(1).copied().unwrap_or(0)) => {
            "1000000000 + g".to_owned()
        }
        "text" | "citext" | "character varying" | "character" if limit.is_none_or(|it| it >= 20) => {
            "'limbeck' || g".to_owned()
        }
        "character varying" | "character" if limit >= Some(8) => "lpad(to_hex(g), 8, '0')".to_owned(),
        "uuid" => "'11bbecc1-0000-4000-8000-' || lpad(to_hex(g), 12, '0')".to_owned(),
        "timestamp without time zone" | "timestamp with time zone" => {
            "'2199-01-01'::timestamp + g * interval '1 second'".to_owned()
        }
        "double precision" => "g".to_owned(),
        "bytea" => "int8send(g)".to_owned(),
        "inet" => "'2001:db8::'::inet + g".to_owned(),
        _ => return None,
    })
}
