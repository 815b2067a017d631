//! `alembic_version`, as Alembic keeps it: the rows are the heads of what has been run.
//!
//! Source: alembic 1.20, `runtime/migration.py` (`HeadMaintainer`, `RevisionStep`).

use super::session::literal;
use crate::{finding::Direction, history::History};
use std::collections::BTreeSet;

/// Alembic's own table, as `_ensure_version_table` makes it.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, \
                                CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))";

/// The revisions whose ids the table holds, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heads(BTreeSet<String>);

impl Heads {
    /// What is sent once a revision has been run; the heads are then what the table holds.
    pub(super) fn step(&mut self, history: &History, id: &str, direction: Direction) -> Vec<String> {
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

    fn up(&mut self, history: &History, id: &str, downs: &[String]) -> Vec<String> {
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
        let mut sql: Vec<String> = gone.iter().map(|it| delete(it)).collect();
        sql.push(update(last, id));
        for end in &ends {
            self.0.remove(end);
        }
        self.0.insert(id.to_owned());
        sql
    }

    fn down(&mut self, history: &History, id: &str, downs: Vec<String>) -> Vec<String> {
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
        let mut sql: Vec<String> = others.iter().map(|it| insert(it)).collect();
        sql.push(update(id, last));
        self.0.extend(to);
        sql
    }

    /// The ids, in their order.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

fn insert(id: &str) -> String {
    format!("INSERT INTO alembic_version (version_num) VALUES ({})", literal(id))
}

fn delete(id: &str) -> String {
    format!("DELETE FROM alembic_version WHERE alembic_version.version_num = {}", literal(id))
}

fn update(from: &str, to: &str) -> String {
    format!(
        "UPDATE alembic_version SET version_num={} WHERE alembic_version.version_num = {}",
        literal(to),
        literal(from)
    )
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
