//! How the history names its tables: with a schema or without.

use crate::statement::{Name, Statement};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

/// The schemas that the whole history writes with its tables' names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// By the table's own name: the schemas written with it.
    schemas: BTreeMap<String, BTreeSet<String>>,
    /// Tables that are named without a schema somewhere.
    bare: BTreeSet<String>,
}

impl Names {
    /// Takes down what a statement names.
    pub fn add(&mut self, statement: &Statement) {
        for Name { schema, name } in statement.tables().into_iter().chain(statement.referred()) {
            match schema {
                Some(schema) => {
                    self.schemas.entry(name.clone()).or_default().insert(schema.clone());
                }
                None => {
                    self.bare.insert(name.clone());
                }
            }
        }
    }

    /// The schemas that are written with a table of this name anywhere.
    #[must_use]
    pub fn schemas_of(&self, table: &str) -> Vec<&str> {
        self.schemas.get(table).into_iter().flatten().map(String::as_str).collect()
    }

    /// The one schema that all other tables of the history are named with, where there are at least two of them.
    #[must_use]
    pub fn others_than(&self, table: &str) -> Option<&str> {
        if self.bare.iter().any(|it| it != table) {
            return None;
        }
        let mut others = self.schemas.iter().filter(|(name, _)| *name != table);
        let mut all: BTreeSet<&str> = BTreeSet::new();
        let count = others.by_ref().inspect(|(_, schemas)| all.extend(schemas.iter().map(String::as_str))).count();
        match all.into_iter().collect::<Vec<_>>().as_slice() {
            [one] if count >= 2 => Some(one),
            _ => None,
        }
    }
}

/// What the names of a table are answered with: the schemas that are written with it, and that of all others.
pub(crate) type Answer = (Vec<String>, Option<String>);

impl Names {
    /// All that there is to say of a table.
    pub(crate) fn answer(&self, table: &str) -> Answer {
        let schemas = self.schemas_of(table).into_iter().map(str::to_owned).collect();
        (schemas, self.others_than(table).map(str::to_owned))
    }
}

/// The names of the whole history as the rules ask for them at one revision.
#[derive(Clone, Copy)]
pub struct Naming<'a> {
    names: &'a Names,
    asked: Option<&'a RefCell<BTreeSet<String>>>,
}

impl<'a> Naming<'a> {
    /// The tables that are asked for are noted, where somebody wants to know them.
    pub(crate) fn new(names: &'a Names, asked: Option<&'a RefCell<BTreeSet<String>>>) -> Self {
        Self { names, asked }
    }

    /// As [`Names::schemas_of`].
    #[must_use]
    pub fn schemas_of(&self, table: &str) -> Vec<&'a str> {
        self.note(table);
        self.names.schemas_of(table)
    }

    /// As [`Names::others_than`].
    #[must_use]
    pub fn others_than(&self, table: &str) -> Option<&'a str> {
        self.note(table);
        self.names.others_than(table)
    }

    fn note(&self, table: &str) {
        if let Some(asked) = self.asked {
            asked.borrow_mut().insert(table.to_owned());
        }
    }
}
