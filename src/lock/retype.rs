//! `ALTER COLUMN … TYPE`.

use super::{
    Mode, Work,
    cast::{Cast, cast},
    ledger::Ledger,
};
use crate::{
    schema::Table,
    statement::{Demand, Expr, Name, Type},
};

/// What a column becomes.
pub(super) struct Retyped<'a> {
    pub(super) kind: &'a Type,
    pub(super) using: Option<&'a Expr>,
    /// `COLLATE` is written.
    pub(super) collated: bool,
}

impl Ledger<'_> {
    pub(super) fn retype(&mut self, column: &str, to: &Retyped<'_>, members: &[Name]) {
        let new = to.kind;
        for member in members {
            let old = self.column_type(member, column);
            let cast = old.as_ref().map_or(Cast::Unknown, |old| cast(column, old, new, to.using, self.schema));
            self.rows_of(member, column, old.as_ref(), to, cast);
        }
    }

    /// The foreign keys, once it is known whether the table is rewritten.
    pub(super) fn rekey(&mut self, column: &str, new: &Type, members: &[Name]) {
        for member in members {
            let old = self.column_type(member, column);
            self.keys_of(member, column, old.as_ref(), new);
        }
    }

    /// The type of a column; a partition has those of its parent.
    fn column_type(&self, table: &Name, column: &str) -> Option<Type> {
        self.schema.inherited(table, &|it| {
            it.columns().find(|(name, _)| *name == column).and_then(|(_, known)| known.kind.clone())
        })
    }

    fn rows_of(&mut self, table: &Name, column: &str, old: Option<&Type>, to: &Retyped<'_>, cast: Cast) {
        match cast {
            Cast::Rewrite => return self.work(table, Work::Rewrite),
            Cast::TimeZone => {
                self.doubtful(table, Work::Rewrite, Some("in a session whose time zone is UTC no row is"));
            }
            Cast::Unknown => self.doubtful(table, Work::Rewrite, Some("the history does not say what both types are")),
            Cast::Free => {}
        }
        let rules = self.constraints(table);
        let checks = rules.iter().any(|it| matches!(&it.rule, Demand::Check(check) if check.mentions(column)));
        if checks {
            self.work(table, Work::Scan);
        }
        let other = to.collated || old.is_none_or(|old| self.class(old) != self.class(to.kind));
        let keyed = rules.iter().any(|it| match &it.rule {
            Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } => {
                columns.iter().any(|it| it == column)
            }
            _ => false,
        });
        if (other && keyed) || self.rebuilds(table, column, other) || self.is_indexed_above(table, column) {
            self.work(table, Work::Build);
        }
    }

    /// An index of a partitioned table is made anew with all that is below it, whatever the types are.
    fn is_indexed_above(&self, table: &Name, column: &str) -> bool {
        self.schema.parents(table).iter().filter(|it| it.partition).any(|parent| {
            let index = self
                .indexes(&parent.name)
                .into_iter()
                .any(|it| it.columns.iter().flatten().chain(&it.mentions).any(|it| it == column));
            let key = self.table(&parent.name).into_iter().flat_map(Table::constraints).any(|it| match &it.rule {
                Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } => {
                    columns.iter().any(|it| it == column)
                }
                _ => false,
            });
            index || key || self.is_indexed_above(&parent.name, column)
        })
    }

    /// An index of the table has to be built anew: its operator class is another for the new type, or it has an
    /// expression or a `WHERE` (`CheckIndexCompatible` in `commands/indexcmds.c`).
    fn rebuilds(&self, table: &Name, column: &str, other: bool) -> bool {
        self.indexes(table).into_iter().any(|index| {
            let plain = index.columns.iter().flatten().any(|it| it == column);
            let special = index.partial || index.columns.iter().any(Option::is_none);
            let mentioned = index.mentions.iter().any(|it| it == column);
            (plain && (other || special)) || mentioned
        })
    }

    /// Foreign keys of the column, and to it, are made anew; they are checked again where another operator compares,
    /// or the table is rewritten (`ATPostAlterTypeParse`).
    fn keys_of(&mut self, table: &Name, column: &str, old: Option<&Type>, new: &Type) {
        let compared = old.is_some_and(|old| self.class(old) != self.class(new));
        let again = compared || self.is_rewritten(table);
        let keys = |it: &crate::schema::Constraint| matches!(&it.rule, Demand::ForeignKey { columns, .. } if columns.iter().any(|it| it == column));
        for referenced in self.referenced(table, &keys) {
            self.refer(&referenced, Mode::AccessExclusive);
            if again {
                self.work(table, Work::Scan);
                self.read(&referenced);
            }
        }
        let to_it = |referred: &[String]| referred.iter().any(|it| it == column);
        for referring in self.referring(table, Mode::AccessExclusive, &to_it) {
            if again {
                self.read(table);
                self.read(&referring);
            }
        }
    }

    /// What compares the values of a type: `text` and `varchar` share it, a domain has that of its base.
    fn class(&self, kind: &Type) -> String {
        if let Some(domain) = self.schema.domain(kind).filter(|_| kind.dimensions == 0) {
            return self.class(&domain.base);
        }
        let name = match kind.name.as_str() {
            "varchar" => "text",
            "cidr" => "inet",
            name if super::cast::is_oid(name) => "oid",
            name => name,
        };
        if kind.dimensions > 0 { "array".to_owned() } else { name.to_owned() }
    }
}
