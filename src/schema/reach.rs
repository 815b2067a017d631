//! Which rows an `UPDATE` reaches, and whether it gives them a value.

use super::{Known, Schema, Table};
use crate::statement::{Demand, Expr, Facts, Name, Query, Relation, Source, Update};

/// Why a row that holds NULL in a column holds it still after an `UPDATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// A row without a partner in its `FROM` is left out.
    Partner,
    /// Its `WHERE` does not follow from the column's being NULL.
    Condition,
    /// What it assigns may be NULL.
    Value,
}

impl Schema {
    /// What the statement leaves undone of filling a column that it assigns to; `None`: no row holds NULL behind it.
    #[must_use]
    pub fn shortfall(&self, update: &Update, column: &str) -> Option<Shortfall> {
        let (_, value) = update.set.iter().find(|(name, _)| name == column)?;
        let target = target(update);
        let scope = Scope::of(self, &update.from, std::slice::from_ref(&target));
        let Some(left) = scope.without_partners(update.condition.as_ref(), column) else {
            return Some(Shortfall::Partner);
        };
        let own = |it: &Expr| scope.speaks_of(it, &target) && it.holds_where_null(column);
        if !left.into_iter().all(own) {
            return Some(Shortfall::Condition);
        }
        (!self.gives_value(update, column, value)).then_some(Shortfall::Value)
    }

    /// What the statement assigns to a column is never NULL, in the rows that it reaches.
    #[must_use]
    pub(super) fn gives_value(&self, update: &Update, column: &str, value: &Expr) -> bool {
        if *value == Expr::Default {
            return self.column(&update.table, column).yes().is_some_and(super::Column::defaults_to_value);
        }
        value.never_null(&Scope::of(self, &update.from, &[target(update)]))
    }
}

/// The table itself, under the name that it goes by.
fn target(update: &Update) -> Source {
    let name = update.alias.clone().unwrap_or_else(|| update.table.name.clone());
    Source { name, of: Relation::Table(update.table.clone()) }
}

/// The relations that an expression may name.
struct Scope<'a> {
    schema: &'a Schema,
    /// Those of its own query first.
    sources: Vec<&'a Source>,
    /// How many those are; the others are of the statement around it, of which there is a row.
    own: usize,
    /// The own query answers groups.
    grouped: bool,
}

impl<'a> Scope<'a> {
    fn of(schema: &'a Schema, own: &'a [Source], outer: &'a [Source]) -> Self {
        Self { schema, sources: own.iter().chain(outer).collect(), own: own.len(), grouped: false }
    }

    /// The relation that a column is of, by its place.
    fn place(&self, relation: Option<&str>, column: &str) -> Option<usize> {
        if let Some(name) = relation {
            return self.sources.iter().position(|it| it.name == name);
        }
        for level in [0..self.own, self.own..self.sources.len()] {
            let mut found = None;
            for at in level {
                match self.holds(at, column) {
                    Known::Yes(()) if found.is_none() => found = Some(at),
                    Known::No => {}
                    _ => return None,
                }
            }
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn holds(&self, at: usize, column: &str) -> Known<()> {
        let alone = self.sources.len() == 1;
        match &self.sources[at].of {
            Relation::Table(_) if alone => Known::Yes(()),
            Relation::Table(table) => match self.schema.column(table, column) {
                Known::Yes(_) => Known::Yes(()),
                Known::No => Known::No,
                Known::Unknown => Known::Unknown,
            },
            Relation::Query(query) if query.columns.iter().any(|(name, _)| name == column) => Known::Yes(()),
            Relation::Query(query) if query.columns.iter().all(|(name, _)| !name.is_empty()) => Known::No,
            Relation::Query(_) | Relation::Other => Known::Unknown,
        }
    }

    /// Every column that stands in the expression is one of this relation.
    fn speaks_of(&self, it: &Expr, relation: &Source) -> bool {
        let own = match it {
            Expr::Column { table, column } => {
                self.place(table.as_deref(), column).is_some_and(|at| std::ptr::eq(self.sources[at], relation))
            }
            _ => true,
        };
        own && it.parts().into_iter().all(|part| self.speaks_of(part, relation))
    }

    /// Where every row of what is around finds a partner in each of the own relations: the conditions that are left to
    /// be satisfied. `None` where one may have no partner.
    fn without_partners<'e>(&self, condition: Option<&'e Expr>, column: &str) -> Option<Vec<&'e Expr>> {
        let mut left = Vec::new();
        flatten(condition, &mut left);
        let mut met: Vec<usize> = (self.own..self.sources.len()).collect();
        let mut open: Vec<usize> = (0..self.own).collect();
        while !open.is_empty() {
            let (at, used) = open.iter().enumerate().find_map(|(at, new)| {
                let used = met.iter().find_map(|old| self.partner(*old, *new, &left, column))?;
                Some((at, used))
            })?;
            met.push(open.remove(at));
            left.retain(|it| !used.iter().any(|used| std::ptr::eq(*used, *it)));
        }
        Some(left)
    }

    /// The conditions by which each row of the one relation has a partner in the other.
    fn partner<'e>(&self, old: usize, new: usize, conditions: &[&'e Expr], column: &str) -> Option<Vec<&'e Expr>> {
        let pairs: Vec<(&'e Expr, &'e str, &'e str)> =
            conditions.iter().filter_map(|it| self.pair(it, old, new)).collect();
        let Relation::Table(table) = &self.sources[old].of else { return None };
        let known = self.schema.table(table).yes()?;
        let full = |name: &str| known.proof(name).is_some();
        let used = |from: &str, to: &str| {
            let pair = pairs.iter().find(|(_, ours, theirs)| *ours == from && *theirs == to);
            pair.filter(|_| full(from)).map(|(it, ..)| *it)
        };
        match &self.sources[new].of {
            // Each row is its own partner.
            Relation::Table(other) if other == table => {
                let same =
                    pairs.iter().filter_map(|(_, ours, theirs)| (ours == theirs).then(|| used(ours, theirs)).flatten());
                Some(same.collect::<Vec<_>>()).filter(|it| !it.is_empty())
            }
            Relation::Table(other) => {
                let keys = known.constraints().filter(|it| it.valid && it.refers_to(other));
                keys.filter_map(|key| match &key.rule {
                    Demand::ForeignKey { columns, referred, .. } => {
                        let referred = if referred.is_empty() { self.key(other)? } else { referred.clone() };
                        columns.iter().zip(&referred).map(|(from, to)| used(from, to)).collect::<Option<Vec<_>>>()
                    }
                    _ => None,
                })
                .find(|it| !it.is_empty())
            }
            Relation::Query(query) => {
                let own = query.holds_rows_of(table, old >= self.own, column);
                let plain = |name: &str| query.columns.iter().find(|(it, _)| it == name).map(|(_, value)| value);
                let same = pairs.iter().filter_map(|(_, ours, theirs)| {
                    let through = own && plain(theirs).is_some_and(|it| it.is_column(ours));
                    through.then(|| used(ours, theirs)).flatten()
                });
                Some(same.collect::<Vec<_>>()).filter(|it| !it.is_empty())
            }
            Relation::Other => None,
        }
    }

    fn key(&self, table: &Name) -> Option<Vec<String>> {
        super::primary_key(self.schema.table(table).yes()?).map(<[String]>::to_vec)
    }

    /// `old.a = new.b`, whichever way round: the columns.
    fn pair<'e>(&self, it: &'e Expr, old: usize, new: usize) -> Option<(&'e Expr, &'e str, &'e str)> {
        let Expr::Operator { operator, args } = it else { return None };
        let [Expr::Column { table: first, column: a }, Expr::Column { table: second, column: b }] = args.as_slice()
        else {
            return None;
        };
        let places = (self.place(first.as_deref(), a)?, self.place(second.as_deref(), b)?);
        match places {
            _ if operator != "=" => None,
            (x, y) if (x, y) == (old, new) => Some((it, a, b)),
            (x, y) if (x, y) == (new, old) => Some((it, b, a)),
            _ => None,
        }
    }
}

impl Query {
    /// It answers every row of the table, or every one in which the column is NULL.
    fn holds_rows_of(&self, table: &Name, nulls: bool, column: &str) -> bool {
        let [Source { of: Relation::Table(only), .. }] = self.sources.as_slice() else { return false };
        let reached = self.condition.as_ref().is_none_or(|it| nulls && it.holds_where_null(column));
        only == table && reached && !self.limited && !self.grouped && !self.whole
    }
}

fn flatten<'e>(condition: Option<&'e Expr>, into: &mut Vec<&'e Expr>) {
    match condition {
        Some(Expr::And(parts)) => parts.iter().for_each(|it| flatten(Some(it), into)),
        Some(other) => into.push(other),
        None => {}
    }
}

impl Facts for Scope<'_> {
    fn column(&self, relation: Option<&str>, column: &str) -> bool {
        let Some(at) = self.place(relation, column) else { return false };
        match &self.sources[at].of {
            Relation::Table(table) => self.schema.proof(table, column).is_some(),
            Relation::Query(query) => {
                query.columns.iter().find(|(name, _)| name == column).is_some_and(|(_, value)| {
                    let inner = Scope::of(self.schema, &query.sources, query.inserted.as_slice());
                    let inner = Scope { grouped: query.grouped, ..inner };
                    value.never_null(&inner)
                })
            }
            Relation::Other => false,
        }
    }

    fn call(&self, function: &Name, values: &[bool]) -> bool {
        let of_group = self.grouped && Query::AGGREGATES.contains(&function.name.as_str());
        (of_group && values.iter().all(|it| *it)) || self.schema.answers(function, values, 0)
    }

    fn query(&self, query: &Query) -> bool {
        let mut scope = Scope::of(self.schema, &query.sources, &[]);
        scope.sources.extend(&self.sources);
        let Some((_, value)) = query.columns.first() else { return false };
        let one = || scope.without_partners(query.condition.as_ref(), "").is_some_and(|it| it.is_empty());
        (query.whole || (!query.grouped && one())) && value.never_null(&scope)
    }
}

/// What a body in SQL knows of its parameters.
pub(super) struct Given<'a> {
    pub(super) schema: &'a Schema,
    pub(super) body: &'a crate::statement::Body,
    pub(super) values: &'a [bool],
    /// How many functions call each other: one may call itself.
    pub(super) depth: u8,
}

impl Facts for Given<'_> {
    fn column(&self, _: Option<&str>, column: &str) -> bool {
        let at = self.body.parameter(column);
        at.and_then(|at| self.values.get(at)).copied().unwrap_or(false)
    }

    fn call(&self, function: &Name, values: &[bool]) -> bool {
        self.schema.answers(function, values, self.depth + 1)
    }
}

impl Facts for Table {
    fn column(&self, _: Option<&str>, column: &str) -> bool {
        self.proof(column).is_some()
    }
}
