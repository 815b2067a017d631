//! How the history names its tables: with a schema or without.

use crate::statement::{Name, Statement};
use std::collections::{BTreeMap, BTreeSet};

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
