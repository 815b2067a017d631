//! What needs what: the server refuses to drop a thing that others need (2BP01, `findDependentObjects` in PostgreSQL's
//! `dependency.c`), unless `CASCADE` takes them along.
//!
//! Only what is certain is told: nothing that is not understood has been done since it was made.

use super::{Constraint, Made, Piece, Schema, Sort, Table};
use crate::statement::{Demand, Name, mentions};
use std::collections::BTreeSet;

/// A thing that needs another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// What it is.
    pub who: Piece,
    /// What it does with the other, in words: "reads it".
    pub why: &'static str,
}

/// Extensions, and the types that they bring along.
const EXTENSION_TYPES: [(&str, &[&str]); 6] = [
    ("citext", &["citext"]),
    ("cube", &["cube"]),
    ("hstore", &["hstore"]),
    ("ltree", &["ltree"]),
    ("postgis", &["geography", "geometry"]),
    ("vector", &["halfvec", "sparsevec", "vector"]),
];

impl Schema {
    /// What keeps a thing from being dropped without `CASCADE`, by what it is and its name.
    #[must_use]
    pub fn needs(&self, what: &Piece) -> BTreeSet<Need> {
        let found = match what {
            Piece::Table(name) => self.readers_of(name).chain(self.heirs(name)).collect(),
            Piece::Object(Sort::View, name) => self.readers_of(name).collect(),
            Piece::Object(Sort::Enum | Sort::Domain | Sort::Composite, name) => self.columns_of(name),
            Piece::Object(Sort::Sequence, name) => self.numbered_by(name),
            Piece::Object(Sort::Function, name) => self.callers(name),
            Piece::Object(Sort::Extension, name) => {
                let types = EXTENSION_TYPES.iter().filter(|(it, _)| *it == name.name).flat_map(|(_, types)| *types);
                types.flat_map(|it| self.columns_of(&Name::bare(*it))).collect()
            }
            Piece::Column(table, column) => self.of_column(table, column),
            Piece::Constraint(table, constraint) => {
                let found = self.constraint(table, constraint).yes();
                found.map(|it| self.referrers_by(table, it)).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        found.into_iter().filter(|it| self.surely(&it.who).is_some()).collect()
    }

    /// The views that read a table or view. The name of a `WITH` may hide it.
    fn readers_of<'a>(&'a self, relation: &'a Name) -> impl Iterator<Item = Need> + 'a {
        let views = self.dependents(relation, Sort::View).into_iter().filter(move |view| {
            let found = self.object(Sort::View, view).yes();
            view != relation && found.is_some_and(|it| it.reads.contains(relation) && !it.sql.contains("WITH "))
        });
        views.map(|view| Need { who: Piece::Object(Sort::View, view), why: "reads it" })
    }

    /// Tables that inherit from it; partitions go with it.
    fn heirs<'a>(&'a self, table: &'a Name) -> impl Iterator<Item = Need> + 'a {
        let children = self.children(table).into_iter();
        let own = children.filter(|child| self.parents(child).iter().any(|it| it.name == *table && !it.partition));
        own.map(|child| Need { who: Piece::Table(child.clone()), why: "inherits from it" })
    }

    fn columns_of(&self, kind: &Name) -> Vec<Need> {
        let tables = self.dependents(kind, Sort::Enum).into_iter();
        let columns = tables.flat_map(|table| {
            let columns = self.columns_of_type(&table, kind).into_iter();
            columns.map(move |column| Piece::Column(table.clone(), column)).collect::<Vec<_>>()
        });
        columns.map(|who| Need { who, why: "is of it" }).collect()
    }

    fn numbered_by(&self, sequence: &Name) -> Vec<Need> {
        let calls = [sequence.quoted(), Name::within(sequence.home(), &sequence.name).quoted()];
        let calls = calls.map(|name| format!("nextval('{name}'"));
        let columns = self.tables().flat_map(|table| table.columns().map(move |(name, column)| (table, name, column)));
        let fed = columns.filter(|(_, _, column)| {
            let default = column.default_sql.as_deref().unwrap_or_default();
            calls.iter().any(|call| default.contains(call.as_str()))
        });
        let pieces = fed.map(|(table, column, _)| Piece::Column(table.name.clone(), column.to_owned()));
        pieces.map(|who| Need { who, why: "takes its default from it" }).collect()
    }

    /// Triggers; their functions take no arguments.
    fn callers(&self, function: &Name) -> Vec<Need> {
        let Some(name) = function.name.strip_suffix("()").or((!function.name.contains('(')).then_some(&*function.name))
        else {
            return Vec::new();
        };
        let name = function.renamed(name);
        let triggers =
            self.objects().filter(|(sort, _, it)| *sort == Sort::Trigger && it.calls.as_ref() == Some(&name));
        triggers.map(|(sort, name, _)| Need { who: Piece::Object(sort, name.clone()), why: "calls it" }).collect()
    }

    fn of_column(&self, table: &Name, column: &str) -> Vec<Need> {
        let mut found = self.views_of_column(table, column);
        let Some(known) = self.table(table).yes() else { return found };
        for (other, key) in self.references_to(table) {
            let Demand::ForeignKey { referred, .. } = &key.rule else { continue };
            let primary = || primary_key(known).is_some_and(|it| it.contains(&column.to_owned()));
            if referred.iter().any(|it| it == column) || (referred.is_empty() && primary()) {
                let who = Piece::Constraint(other.name.clone(), key.name.clone());
                found.push(Need { who, why: "refers to it" });
            }
        }
        let computed = known.columns().filter(|(name, it)| {
            *name != column && it.generation_sql.as_deref().is_some_and(|sql| mentions(sql, column))
        });
        found.extend(computed.map(|(name, _)| {
            let who = Piece::Column(table.clone(), name.to_owned());
            Need { who, why: "is computed from it" }
        }));
        found
    }

    /// The plain views that surely read a column: of one table, without joins and subqueries.
    #[must_use]
    pub fn views_of_column(&self, table: &Name, column: &str) -> Vec<Need> {
        let views = self.readers_of(table).filter(|it| {
            let Piece::Object(_, name) = &it.who else { return false };
            let view = self.object(Sort::View, name).yes();
            view.is_some_and(|view| view.reads.len() == 1 && reads_column(&view.sql, column, &table.name))
        });
        views.filter(|it| self.surely(&it.who).is_some()).collect()
    }

    /// The foreign keys that stand on a key, where no other key could bear them.
    fn referrers_by(&self, table: &Name, constraint: &Constraint) -> Vec<Need> {
        let (Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. }) = &constraint.rule else {
            return Vec::new();
        };
        let Some(known) = self.table(table).yes() else { return Vec::new() };
        let others = known.constraints().filter(|it| it.name != constraint.name);
        let mut keys = others.filter_map(|it| match &it.rule {
            Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } => Some(columns.clone()),
            _ => None,
        });
        let indexes = self.indexes_of(known).into_iter().filter(|it| it.unique);
        let mut indexed = indexes.map(|it| it.columns.iter().flatten().cloned().collect::<Vec<_>>());
        if keys.any(|it| same(&it, columns)) || indexed.any(|it| same(&it, columns)) {
            return Vec::new();
        }
        let primary = matches!(constraint.rule, Demand::PrimaryKey { .. });
        let keys = self.references_to(table).into_iter().filter(|(_, key)| match &key.rule {
            Demand::ForeignKey { referred, .. } => same(referred, columns) || (referred.is_empty() && primary),
            _ => false,
        });
        let pieces = keys.map(|(other, key)| Piece::Constraint(other.name.clone(), key.name.clone()));
        pieces.map(|who| Need { who, why: "refers to it" }).collect()
    }

    /// May a foreign key refer to these columns of the table? `None` where that is not known: the history has not made
    /// all of the table.
    #[must_use]
    pub fn can_be_referred_to(&self, table: &Table, columns: &[String]) -> Option<bool> {
        if columns.is_empty() {
            return if primary_key(table).is_some() { Some(true) } else { self.is_whole(table).then_some(false) };
        }
        let keys = table.constraints().any(|it| match &it.rule {
            Demand::PrimaryKey { columns: key, .. } | Demand::Unique { columns: key, .. } => same(key, columns),
            _ => false,
        });
        let indexed = self.indexes_of(table).into_iter().any(|it| {
            let plain: Vec<String> = it.columns.iter().flatten().cloned().collect();
            it.unique && !it.partial && plain.len() == it.columns.len() && same(&plain, columns)
        });
        if keys || indexed { Some(true) } else { self.is_whole(table).then_some(false) }
    }
}

/// The columns of a table's primary key.
#[must_use]
pub fn primary_key(table: &Table) -> Option<&[String]> {
    table.constraints().find_map(|it| match &it.rule {
        Demand::PrimaryKey { columns, .. } => Some(columns.as_slice()),
        _ => None,
    })
}

/// The same columns, in whatever order.
fn same(left: &[String], right: &[String]) -> bool {
    left.iter().collect::<BTreeSet<_>>() == right.iter().collect::<BTreeSet<_>>()
}

/// The query of a plain view, as the deparser writes it, names the column for certain.
fn reads_column(sql: &str, column: &str, table: &str) -> bool {
    // What stands before are names that the view gives.
    let Some((_, query)) = sql.split_once("AS SELECT ") else { return false };
    let plain = !["SELECT ", " JOIN ", "WITH "].iter().any(|it| query.contains(it));
    let alias = format!(" AS {}", crate::statement::identifier(column));
    plain && column != table && !query.contains(&alias) && mentions(query, column)
}

impl Need {
    /// Where it was made.
    #[must_use]
    pub fn made(&self, schema: &Schema) -> Option<Made> {
        schema.surely(&self.who)
    }
}
