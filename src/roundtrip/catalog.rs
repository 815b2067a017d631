//! What a database is, object by object, and how two databases differ.
//!
//! The order of columns is left out: a column that comes back comes back last, and nothing can be done about it. So are
//! the names of NOT NULL constraints (PostgreSQL 18), which nobody chooses, and the values of sequences.

use super::session::{Line, Refusal, Session, literal};
use crate::environment::VersionTable;
use std::{collections::BTreeMap, fmt};

const QUERY: &str = include_str!("catalog.sql");

/// An object of a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Object {
    /// What it is: `table`, `column`, `index`, …
    pub(super) kind: String,
    /// The table (or domain) that it is of; empty where it stands for itself.
    pub(super) of: String,
    /// Its name, without `public.`
    pub(super) name: String,
}

impl Object {
    /// Its name as a user would write it: `users.email`.
    pub(super) fn path(&self) -> String {
        match (self.kind.as_str(), self.of.as_str()) {
            ("column" | "constraint" | "trigger" | "policy" | "rule", of) if !of.is_empty() => {
                format!("{of}.{}", self.name)
            }
            _ => self.name.clone(),
        }
    }

    /// The part of its name that SQL would hold.
    pub(super) fn word(&self) -> &str {
        let name = self.name.split('(').next().unwrap_or("");
        name.rsplit('.').next().unwrap_or(name)
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} `{}`", self.kind, self.path())
    }
}

/// Every object of a database and its definition in PostgreSQL's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Catalog(BTreeMap<Object, String>);

/// What an object of one catalog is in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// It is not there any more.
    Lost,
    /// It was not there.
    Left,
    /// It is defined otherwise.
    Other,
}

impl Change {
    /// In words, of two ways to the same revisions: `is not made …`.
    pub(super) fn says(self, how: &str) -> String {
        match self {
            Self::Lost => format!("is not made {how}"),
            Self::Left => format!("is made only {how}"),
            Self::Other => format!("is another {how}"),
        }
    }

    /// In words, of something that is held against a revision.
    pub(super) fn of(self, object: &Object, whose: &str) -> String {
        match self {
            Self::Lost => format!("{object} is not in {whose}"),
            Self::Left => format!("{object} is in {whose} alone"),
            Self::Other => format!("{object} is another in {whose}"),
        }
    }
}

impl Catalog {
    /// Makes a connection ready to read the catalog again and again: the query takes as long to plan as to run.
    pub(super) async fn prepare(session: &mut Session, version_table: &VersionTable) -> Result<(), Refusal> {
        session.send("SET search_path = ''").await?;
        session.send(&format!("PREPARE limbeck_catalog AS {}", own(QUERY, version_table))).await.map(|_| ())
    }

    /// Reads the catalog of a database, over a connection that is ready for it.
    pub(super) async fn of(observer: &mut Session) -> Result<Self, Refusal> {
        Ok(Self::from(observer.ask("EXECUTE limbeck_catalog").await?))
    }

    /// The same without what has been granted.
    pub(super) async fn without_rights(session: &mut Session, version_table: &VersionTable) -> Result<Self, Refusal> {
        let mut query = QUERY.to_owned();
        for column in ["r.relacl", "a.attacl", "k.typacl", "p.proacl", "nspacl", "a.defaclacl"] {
            query = query.replace(&format!("{column}::text"), "NULL::text");
        }
        Self::read(session, version_table, &query).await
    }

    async fn read(session: &mut Session, version_table: &VersionTable, query: &str) -> Result<Self, Refusal> {
        // Without a path every name is written in full, whatever the history has set.
        session.send("SET search_path = ''").await?;
        let lines = session.ask(&own(query, version_table)).await;
        session.send("RESET search_path").await?;
        Ok(Self::from(lines?))
    }

    fn from(lines: Vec<Line>) -> Self {
        let mut all = BTreeMap::new();
        for line in lines {
            let mut fields = line.into_iter().map(Option::unwrap_or_default);
            let mut next = || fields.next().unwrap_or_default();
            let (kind, of, name) = (next(), next(), next());
            all.insert(Object { kind, of, name }, next());
        }
        Self(all)
    }

    /// How many objects are not the same.
    pub(super) fn distance(&self, other: &Self) -> usize {
        let differs = self.0.iter().filter(|(object, text)| other.0.get(object) != Some(text)).count();
        differs + other.0.keys().filter(|object| !self.0.contains_key(object)).count()
    }

    /// What is another in `now`; what belongs to a table that came or went is not told beside it.
    pub(super) fn changes<'a>(&'a self, now: &'a Self) -> Vec<(Change, &'a Object)> {
        let mut changes = Vec::new();
        for (object, before) in &self.0 {
            match now.0.get(object) {
                None => changes.push((Change::Lost, object)),
                Some(after) if after != before => changes.push((Change::Other, object)),
                Some(_) => {}
            }
        }
        let new = now.0.keys().filter(|object| !self.0.contains_key(*object));
        changes.extend(new.map(|object| (Change::Left, object)));
        let whole: Vec<(Change, String)> = changes
            .iter()
            .filter(|(_, it)| it.of.is_empty() && it.kind != "comment")
            .map(|(change, it)| (*change, it.name.clone()))
            .collect();
        let named: Vec<(Change, String)> =
            changes.iter().filter(|(_, it)| it.kind != "comment").map(|(change, it)| (*change, it.path())).collect();
        changes.retain(|(change, it)| {
            // A comment goes with what it speaks of.
            let spoken =
                it.kind == "comment" && named.iter().any(|(other, path)| other == change && it.name.contains(path));
            !spoken && !told(*change, it, &whole, self, now)
        });
        changes.sort();
        changes
    }

    /// How an object is defined.
    pub(super) fn definition(&self, object: &Object) -> Option<&str> {
        self.0.get(object).map(String::as_str)
    }
}

/// The query without the project's own version table.
fn own(query: &str, version_table: &VersionTable) -> String {
    query.replace("'alembic_version'", &literal(&version_table.name))
}

/// The object goes with another one that is told: a column with its table, a sequence with the column that owns it.
fn told(change: Change, it: &Object, whole: &[(Change, String)], before: &Catalog, now: &Catalog) -> bool {
    let side = if change == Change::Lost { before } else { now };
    let with = |name: &str| whole.iter().any(|(other, whole)| *other == change && whole == name);
    match it.kind.as_str() {
        "sequence" => side.definition(it).and_then(|text| text.split("OWNED BY ").nth(1)).is_some_and(|column| {
            let Some((table, column)) = column.rsplit_once('.') else { return false };
            let of = Object { kind: "column".to_owned(), of: table.to_owned(), name: column.to_owned() };
            let there = |catalog: &Catalog| catalog.0.contains_key(&of);
            with(table) || (change != Change::Other && there(before) != there(now))
        }),
        _ => change != Change::Other && !it.of.is_empty() && with(&it.of),
    }
}
