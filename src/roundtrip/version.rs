//! `alembic_version`, as Alembic keeps it: the rows are the heads of what has been run.
//!
//! Source: alembic 1.20, `runtime/migration.py` (`HeadMaintainer`, `RevisionStep`).

use super::session::{identifier, literal};
use crate::{environment::VersionTable, finding::Direction, history::History};
use std::collections::BTreeSet;

/// Alembic's own table, as `_ensure_version_table` makes it.
pub(super) fn made(table: &VersionTable) -> String {
    let key = identifier(&format!("{}_pkc", table.name));
    format!(
        "CREATE TABLE IF NOT EXISTS {} (version_num VARCHAR(32) NOT NULL, CONSTRAINT {key} PRIMARY KEY (version_num))",
        path(table)
    )
}

/// Its name, as SQL writes it.
pub(super) fn path(table: &VersionTable) -> String {
    let schema = table.schema.as_deref().map_or_else(String::new, |it| identifier(it) + ".");
    schema + &identifier(&table.name)
}

/// The revisions whose ids the table holds, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heads(BTreeSet<String>);

impl Heads {
    /// The table holds these.
    pub(super) fn at(ids: Vec<String>) -> Self {
        Self(ids.into_iter().collect())
    }

    /// What is sent once a revision has been run; the heads are then what the table holds.
    pub(super) fn step(&mut self, history: &History, id: &str, direction: Direction) -> Vec<Row> {
        let downs: Vec<String> =
            history.parents(id).into_iter().chain(history.dependencies(id)).map(|it| it.id.id.clone()).fold(
                Vec::new(),
                |mut all, it| {
                    if !all.contains(&it) {
                        all.push(it);
                    }
                    all
                },
            );
        match direction {
            Direction::Upgrade => self.up(history, id, &downs),
            Direction::Downgrade => self.down(history, id, downs),
        }
    }

    fn up(&mut self, history: &History, id: &str, downs: &[String]) -> Vec<Row> {
        let here: Vec<&String> = downs.iter().filter(|it| self.0.contains(*it)).collect();
        let Some(first) = here.first() else {
            self.0.insert(id.to_owned());
            return vec![insert(id)];
        };
        if here.len() == 1 {
            let sql = vec![update(first, id)];
            let first = (*first).clone();
            self.0.remove(&first);
            self.0.insert(id.to_owned());
            return sql;
        }
        // A merge: what another head has been built on is not one of its ends.
        let others = self.0.iter().filter(|it| !downs.contains(it));
        let covered: BTreeSet<&str> = others.flat_map(|it| history.ancestors_of(it)).collect();
        let ends: Vec<String> = here.into_iter().filter(|it| !covered.contains(it.as_str())).cloned().collect();
        let Some((last, gone)) = ends.split_last() else { return Vec::new() };
        let mut sql: Vec<Row> = gone.iter().map(|it| delete(it)).collect();
        sql.push(update(last, id));
        for end in &ends {
            self.0.remove(end);
        }
        self.0.insert(id.to_owned());
        sql
    }

    fn down(&mut self, history: &History, id: &str, downs: Vec<String>) -> Vec<Row> {
        self.0.remove(id);
        let covered: BTreeSet<&str> = self
            .0
            .iter()
            .flat_map(|it| history.ancestors_of(it).into_iter().chain(std::iter::once(it.as_str())))
            .collect();
        let to: Vec<String> = downs.into_iter().filter(|it| !covered.contains(it.as_str())).collect();
        // What a parent was built on is not a head beside it.
        let below: BTreeSet<String> = to.iter().flat_map(|it| history.ancestors_of(it)).map(str::to_owned).collect();
        let to: Vec<String> = to.into_iter().filter(|it| !below.contains(it)).collect();
        let Some((last, others)) = to.split_last() else { return vec![delete(id)] };
        let mut sql: Vec<Row> = others.iter().map(|it| insert(it)).collect();
        sql.push(update(id, last));
        self.0.extend(to);
        sql
    }

    /// The ids, in their order.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

/// A change of the table's rows, by revision ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Insert(String),
    Delete(String),
    Update { from: String, to: String },
}

impl Row {
    /// What Alembic sends.
    pub(super) fn sql(&self, table: &VersionTable) -> String {
        let path = path(table);
        match self {
            Self::Insert(id) => format!("INSERT INTO {path} (version_num) VALUES ({})", literal(id)),
            Self::Delete(id) => format!("DELETE FROM {path} WHERE version_num = {}", literal(id)),
            Self::Update { from, to } => {
                format!("UPDATE {path} SET version_num={} WHERE version_num = {}", literal(to), literal(from))
            }
        }
    }
}

fn insert(id: &str) -> Row {
    Row::Insert(id.to_owned())
}

fn delete(id: &str) -> Row {
    Row::Delete(id.to_owned())
}

fn update(from: &str, to: &str) -> Row {
    Row::Update { from: from.to_owned(), to: to.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::Heads;
    use crate::{
        environment::Environment,
        finding::Direction,
        history::History,
        python::{self, NoModules, Settings, Trees},
        source::Sources,
    };

    /// `id: parent parent`, one a line.
    fn history(lines: &str) -> History {
        let sources = Sources::default();
        let read = |line: &str| {
            let (id, parents) = line.split_once(':').unwrap();
            let parents: Vec<String> = parents.split_whitespace().map(|it| format!("\"{it}\"")).collect();
            let down = if parents.is_empty() { "None".to_owned() } else { format!("({},)", parents.join(", ")) };
            let text = format!("revision = \"{}\"\ndown_revision = {down}\n", id.trim());
            let source = sources.add(format!("versions/{}.py", id.trim()), text);
            let (assume, types) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
            let settings = Settings { assume: &assume, types: &types, modules: &NoModules, trees: &Trees::default() };
            python::read(&sources, source, &settings).revision.unwrap()
        };
        let revisions = lines.lines().filter(|line| !line.trim().is_empty()).map(read).collect();
        History::build(Environment::default(), revisions, &sources)
    }

    #[test]
    fn branches_come_and_go() {
        let history = history("a:\nb: a\nc: a\nd: b c\n");
        let mut heads = Heads::default();
        for (id, count, expected) in [("a", 1, &["a"][..]), ("b", 1, &["b"]), ("c", 1, &["b", "c"]), ("d", 2, &["d"])] {
            assert_eq!(heads.step(&history, id, Direction::Upgrade).len(), count, "{id}");
            assert_eq!(heads.ids(), expected, "{id}");
        }
        for (id, expected) in [("d", &["b", "c"][..]), ("c", &["b"]), ("b", &["a"]), ("a", &[])] {
            assert!(!heads.step(&history, id, Direction::Downgrade).is_empty(), "{id}");
            assert_eq!(heads.ids(), expected, "{id}");
        }
    }
}
