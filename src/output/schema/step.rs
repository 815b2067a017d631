//! What one revision makes of the schema, line by line.

use super::text;
use crate::{
    schema::{Known, Schema, Touched},
    statement::Name,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// A table or another thing that a revision leaves otherwise than it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it is, with its name.
    pub what: String,
    /// Its lines, those that are gone and those that are new.
    pub lines: Vec<Line>,
    /// Before or after it may be other than what is said.
    pub doubtful: bool,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Whether it is there before, after, or both.
    pub when: When,
    /// What it says.
    pub text: String,
}

/// When a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the word says it")]
pub enum When {
    Before,
    After,
    Both,
}

/// What is another after a revision, of what it has touched; by name.
#[must_use]
pub fn changes(before: &Schema, after: &Schema, touched: &BTreeSet<Touched>) -> Vec<Change> {
    let (mut tables, mut objects) = (BTreeSet::new(), BTreeSet::new());
    for it in touched {
        match it {
            Touched::Table(name) => drop(tables.insert(name)),
            Touched::Index(name) => {
                let table = |schema: &'_ Schema| schema.index(name).yes().map(|it| it.table.clone());
                let of = table(before).or_else(|| table(after));
                tables.extend(of.and_then(|of| touched_table(before, after, &of)));
            }
            Touched::Object(sort, name) => drop(objects.insert((*sort, name))),
        }
    }
    let tables = tables.into_iter().filter_map(|name| {
        let of = |schema: &Schema| match schema.table(name) {
            Known::Yes(table) => (Some(text::lines(schema, table, 0)), !schema.is_whole(table)),
            Known::No => (None, false),
            Known::Unknown => (None, true),
        };
        change(&format!("table {name}"), of(before), of(after))
    });
    let objects = objects.into_iter().filter_map(|(sort, name)| {
        let of = |schema: &Schema| match schema.object(sort, name) {
            Known::Yes(object) => (Some(vec![text::said(sort, name, object)]), false),
            Known::No => (None, false),
            Known::Unknown => (None, true),
        };
        change(&format!("{} {name}", sort.word()), of(before), of(after))
    });
    tables.chain(objects).collect()
}

/// The name as one of the schemas keeps it.
fn touched_table<'a>(before: &'a Schema, after: &'a Schema, name: &Name) -> Option<&'a Name> {
    before.table(name).yes().or_else(|| after.table(name).yes()).map(|it| &it.name)
}

type Side = (Option<Vec<String>>, bool);

fn change(what: &str, (before, old_doubt): Side, (after, new_doubt): Side) -> Option<Change> {
    if before == after && !(before.is_none() && (old_doubt || new_doubt)) {
        return None;
    }
    let lines = merged(&before.unwrap_or_default(), &after.unwrap_or_default());
    Some(Change { what: what.to_owned(), lines, doubtful: old_doubt || new_doubt })
}

/// Both texts as one, in the order of the second; what is gone stands before the next line that stays.
fn merged(before: &[String], after: &[String]) -> Vec<Line> {
    let old: BTreeSet<&String> = before.iter().collect();
    let new: BTreeSet<&String> = after.iter().collect();
    let line = |when, text: &String| Line { when, text: text.clone() };
    let mut lines = Vec::new();
    let mut rest = before.iter().peekable();
    for text in after {
        if !old.contains(text) {
            lines.push(line(When::After, text));
            continue;
        }
        while let Some(gone) = rest.next_if(|it| *it != text && !new.contains(*it)) {
            lines.push(line(When::Before, gone));
        }
        rest.next_if(|it| *it == text);
        lines.push(line(When::Both, text));
    }
    lines.extend(rest.filter(|it| !new.contains(*it)).map(|it| line(When::Before, it)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &[&str], after: &[&str]) -> String {
        let own = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let mark = |when| match when {
            When::Before => '-',
            When::After => '+',
            When::Both => ' ',
        };
        merged(&own(before), &own(after)).iter().flat_map(|it| [mark(it.when).to_string(), it.text.clone()]).collect()
    }

    #[test]
    fn every_line_of_both_texts_is_told_once() {
        assert_eq!(told(&["a", "b", "c"], &["a", "c"]), " a-b c");
        assert_eq!(told(&["a", "b"], &["a", "x", "b"]), " a+x b");
        assert_eq!(told(&["a", "b"], &["a", "y"]), " a+y-b");
        assert_eq!(told(&[], &["a"]), "+a");
        assert_eq!(told(&["a"], &[]), "-a");
        assert_eq!(told(&["a", "b"], &["b", "a"]), " b a");
    }
}
