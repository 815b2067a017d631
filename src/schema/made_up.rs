//! The names that the server makes up for what is made without one.

use super::{Schema, Sort, Table};
use crate::statement::{CreateIndex, Demand, Name};

/// `NAMEDATALEN` is 64, the last byte of it ends the text.
const LONGEST: usize = 63;

/// `makeObjectName` of the server (`commands/indexcmds.c`): the longer of the two names is cut until all fits.
fn object_name(first: &str, second: &str, label: &str) -> String {
    let mut overhead = 0;
    if !second.is_empty() {
        overhead += 1;
    }
    if !label.is_empty() {
        overhead += label.len() + 1;
    }
    let room = LONGEST.saturating_sub(overhead);
    let (mut left, mut right) = (first.len(), second.len());
    while left + right > room {
        if left > right { left -= 1 } else { right -= 1 }
    }
    let mut name = clipped(first, left).to_owned();
    for part in [clipped(second, right), label] {
        if !part.is_empty() {
            name.extend(["_", part]);
        }
    }
    name
}

/// At most so many bytes, in whole characters.
fn clipped(text: &str, mut length: usize) -> &str {
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    &text[..length]
}

/// A name that is free: the label is numbered until it is.
fn free(first: &str, second: &str, label: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut name = object_name(first, second, label);
    let mut number = 0;
    while taken(&name) {
        number += 1;
        name = object_name(first, second, &format!("{label}{number}"));
    }
    name
}

/// The columns of a key in one word; `ChooseIndexNameAddition` of the server stops when it is long enough.
fn joined<'a>(columns: impl Iterator<Item = &'a str>) -> String {
    let mut word = String::new();
    for column in columns {
        if !word.is_empty() {
            word.push('_');
        }
        word.push_str(column);
        if word.len() > LONGEST {
            break;
        }
    }
    clipped(&word, word.len().min(LONGEST)).to_owned()
}

impl Schema {
    /// A table, index, sequence or view of this name is known, or an index of a key of this table.
    fn takes(&self, home: &Name, table: Option<&Table>, name: &str) -> bool {
        let name = home.renamed(name);
        self.table(&name).yes().is_some()
            || self.index(&name).yes().is_some()
            || self.object(Sort::Sequence, &name).yes().is_some()
            || self.object(Sort::View, &name).yes().is_some()
            || table.is_some_and(|it| it.constraints().any(|key| key.name == name.name))
    }

    /// The name of a constraint without one.
    pub(super) fn made_up(&self, table: &Table, rule: &Demand) -> String {
        let own = &table.name.name;
        let of_table = |name: &str| table.constraints().any(|it| it.name == name);
        let of_schema = |name: &str| self.takes(&table.name, Some(table), name);
        match rule {
            Demand::PrimaryKey { .. } => free(own, "", "pkey", of_schema),
            Demand::Unique { columns, .. } => free(own, &joined(columns.iter().map(String::as_str)), "key", of_schema),
            Demand::Exclude => free(own, "", "excl", of_schema),
            Demand::ForeignKey { columns, .. } => {
                free(own, &joined(columns.iter().map(String::as_str)), "fkey", of_table)
            }
            Demand::Check(check) => free(own, check.only_column().unwrap_or(""), "check", of_table),
            Demand::NotNull { column } => free(own, column, "not_null", of_table),
        }
    }

    /// The name of an index without one.
    pub(super) fn made_up_index(&self, create: &CreateIndex) -> String {
        let mut words: Vec<String> = Vec::new();
        for column in &create.columns {
            let stem = column.as_deref().unwrap_or("expr");
            let mut word = stem.to_owned();
            let mut number = 0;
            while words.contains(&word) {
                number += 1;
                word = format!("{stem}{number}");
            }
            words.push(word);
        }
        let taken = |name: &str| self.takes(&create.table, self.table(&create.table).yes(), name);
        free(&create.table.name, &joined(words.iter().map(String::as_str)), "idx", taken)
    }

    /// The sequence of a `serial` column.
    pub(super) fn made_up_sequence(&self, table: &Name, column: &str) -> Name {
        let taken = |name: &str| self.takes(table, self.table(table).yes(), name);
        table.renamed(free(&table.name, column, "seq", taken))
    }
}

#[cfg(test)]
mod tests {
    use super::object_name;

    /// Asked of PostgreSQL 15: the sequence of a `serial` column `id_of_a_column_that_is_rather_long` in a table with
    /// a name of 60 letters, and others.
    #[test]
    fn the_longer_name_is_cut() {
        assert_eq!(object_name("t", "c", "seq"), "t_c_seq");
        assert_eq!(object_name("t", "", "pkey"), "t_pkey");
        let long = "a".repeat(60);
        let name = object_name(&long, "id_of_a_column_that_is_rather_long", "seq");
        assert_eq!(name, format!("{}_id_of_a_column_that_is_rather_seq", "a".repeat(29)));
        assert_eq!(name.len(), 63);
    }
}
