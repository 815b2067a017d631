//! A table.

use super::{Known, Made, Moment, Slot, Sort};
use crate::statement::{Demand, Expr, Generation, Name, Nothing, Type, identifier};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A table that the history has made, or worked on.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Where it was made; `None`: before the history, or in a way that is not understood.
    pub made: Option<Made>,
    /// Where it was last changed; where it was made, if never.
    pub changed: Option<Made>,
    /// Counts up with each thing that is made; 0 where it was made before the history.
    pub order: u32,
    /// Where the history has written rows into it.
    pub rows: Option<Made>,
    /// `PARTITION BY`: indexes on it cannot be built `CONCURRENTLY`.
    pub partitioned: bool,
    /// `RANGE (a)` of `PARTITION BY RANGE (a)`.
    pub partition_by: Option<String>,
    /// The table that it is a partition of, and which: `FOR VALUES …`, `DEFAULT`.
    pub partition_of: Option<(Name, String)>,
    /// `INHERITS`.
    pub inherits: Vec<Name>,
    /// Its partitions, and tables that inherit from it; one that no longer does may be among them.
    pub children: BTreeSet<Name>,
    /// `UNLOGGED`.
    pub unlogged: bool,
    /// It is gone with the session.
    pub temporary: bool,
    /// Row security is enabled, and forced on the owner too.
    pub row_security: (bool, bool),
    /// Its comment.
    pub comment: Option<String>,
    /// The stamp since which all its columns are known; `None`: there may be others.
    pub(super) whole: Option<u32>,
    pub(super) columns: BTreeMap<String, Slot<Column>>,
    pub(super) constraints: BTreeMap<String, Slot<Constraint>>,
    /// Names of its indexes; one that is gone may still be among them.
    pub(super) indexes: BTreeSet<String>,
    /// What hangs on it, and sequences that belong to it; one that is gone may still be among them.
    pub(super) attached: BTreeSet<(Sort, Name)>,
    /// The place of the next column.
    pub(super) next: u32,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its type, as far as it is known.
    pub kind: Option<Type>,
    /// It is `NOT NULL`, and since where; `No`: it is known to take NULL.
    pub not_null: Known<Made>,
    /// Its default.
    pub default: Option<Box<Expr>>,
    /// An identity, a serial or computed: every row gets a value.
    pub generated: bool,
    /// Where the history has given every row a value.
    pub filled: Option<Made>,
    /// Where the history has written a row that may hold NULL here, and not filled it since.
    pub nulls: Option<Made>,
    /// Where it was made.
    pub made: Option<Made>,
    /// Where it was last changed; where it was made, if never.
    pub changed: Option<Made>,
    /// Counts up: a later column has a greater one.
    pub place: u32,
    /// The default as SQL.
    pub default_sql: Option<String>,
    /// `GENERATED … AS …` as SQL.
    pub generation_sql: Option<String>,
    /// How its values come about, beside the default.
    pub generation: Option<Box<Generation>>,
    /// `COLLATE`.
    pub collation: Option<Box<Name>>,
    /// It is there because the table that this one is a partition of has it.
    pub inherited: bool,
    /// Its comment.
    pub comment: Option<String>,
}

impl Column {
    /// A column of which nothing is known but that it is there.
    pub(super) fn met() -> Self {
        Self {
            kind: None,
            not_null: Known::Unknown,
            default: None,
            generated: false,
            filled: None,
            nulls: None,
            made: None,
            changed: None,
            place: 0,
            default_sql: None,
            generation_sql: None,
            generation: None,
            collation: None,
            inherited: false,
            comment: None,
        }
    }

    /// A row that does not name the column gets a value.
    pub(super) fn defaults_to_value(&self) -> bool {
        self.generated || self.default.as_ref().is_some_and(|it| it.never_null(&Nothing))
    }
}

/// A constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Its name, given or made up as the server does.
    pub name: String,
    /// Every row satisfies it.
    pub valid: bool,
    /// What it demands.
    pub rule: Demand,
    /// Where it was made.
    pub made: Made,
    /// Where it was validated, if apart.
    pub validated: Option<Made>,
    /// Where it was last changed; where it was made, if never.
    pub changed: Made,
    /// As [`crate::statement::Constraint::sql`].
    pub sql: String,
    /// It is there because the table that this one is a partition of has it.
    pub inherited: bool,
    /// Its comment.
    pub comment: Option<String>,
}

impl Constraint {
    /// Its definition as it stands behind its name in SQL.
    #[must_use]
    pub fn definition(&self) -> String {
        let it = self;
        let list = |columns: &[String]| columns.iter().map(|it| identifier(it)).collect::<Vec<_>>().join(", ");
        let tail = |sql: String| if it.sql.is_empty() { sql } else { format!("{sql} {}", it.sql) };
        match &it.rule {
            Demand::PrimaryKey { columns, .. } => tail(format!("PRIMARY KEY ({})", list(columns))),
            Demand::Unique { columns, .. } => tail(match it.sql.strip_prefix("NULLS NOT DISTINCT") {
                Some(_) => return format!("UNIQUE NULLS NOT DISTINCT ({}){}", list(columns), &it.sql[18..]),
                None => format!("UNIQUE ({})", list(columns)),
            }),
            Demand::ForeignKey { columns, table, referred } => {
                let referred = if referred.is_empty() { String::new() } else { format!(" ({})", list(referred)) };
                tail(format!("FOREIGN KEY ({}) REFERENCES {}{referred}", list(columns), table.quoted()))
            }
            Demand::NotNull { column } => format!("NOT NULL {}", identifier(column)),
            Demand::Check(_) | Demand::Exclude => it.sql.clone(),
        }
    }

    /// It is a foreign key to that table.
    #[must_use]
    pub fn refers_to(&self, name: &Name) -> bool {
        matches!(&self.rule, Demand::ForeignKey { table, .. } if table == name)
    }
}

/// Why a column holds no NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is `NOT NULL`.
    NotNull(Made),
    /// A validated CHECK of this name says so.
    Check(String),
    /// Every row was given a value here.
    Filled(Made),
}

impl Table {
    pub(super) fn new(name: Name, made: Option<Made>) -> Self {
        Self {
            name,
            made,
            changed: made,
            order: 0,
            rows: None,
            partitioned: false,
            partition_by: None,
            partition_of: None,
            inherits: Vec::new(),
            children: BTreeSet::new(),
            unlogged: false,
            temporary: false,
            row_security: (false, false),
            comment: None,
            whole: None,
            columns: BTreeMap::new(),
            constraints: BTreeMap::new(),
            indexes: BTreeSet::new(),
            attached: BTreeSet::new(),
            next: 1,
        }
    }

    /// Nothing can be there that the history does not say.
    pub(super) fn is_whole(&self, blurred: u32) -> bool {
        self.whole.is_some_and(|since| since >= blurred)
    }

    /// A column by name.
    pub(super) fn column(&self, name: &str, blurred: u32) -> Known<&Column> {
        match self.columns.get(name) {
            Some(Slot { value: Some(column), .. }) => Known::Yes(column),
            Some(Slot { value: None, stamp }) if *stamp >= blurred => Known::No,
            None if self.is_whole(blurred) => Known::No,
            Some(_) | None => Known::Unknown,
        }
    }

    /// A constraint by name.
    pub(super) fn constraint(&self, name: &str, blurred: u32) -> Known<&Constraint> {
        match self.constraints.get(name) {
            Some(Slot { value: Some(constraint), .. }) => Known::Yes(constraint),
            Some(Slot { value: None, stamp }) if *stamp >= blurred => Known::No,
            None if self.is_whole(blurred) => Known::No,
            Some(_) | None => Known::Unknown,
        }
    }

    /// It is a partition of that table, or inherits from it.
    #[must_use]
    pub fn is_child_of(&self, parent: &Name) -> bool {
        self.partition_of.as_ref().is_some_and(|(of, _)| of == parent) || self.inherits.contains(parent)
    }

    /// What it has from a parent is its own from now on.
    pub(super) fn disinherit(&mut self) {
        for slot in self.columns.values_mut() {
            if let Some(column) = slot.value.as_mut().filter(|it| it.inherited) {
                Arc::make_mut(column).inherited = false;
            }
        }
        for slot in self.constraints.values_mut() {
            if let Some(constraint) = slot.value.as_mut().filter(|it| it.inherited) {
                Arc::make_mut(constraint).inherited = false;
            }
        }
    }

    /// Every constraint, by name.
    pub fn constraints(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.values().filter_map(|slot| slot.value.as_deref())
    }

    /// The names of its indexes; one that is gone may still be among them.
    pub fn indexes(&self) -> impl Iterator<Item = &str> {
        self.indexes.iter().map(String::as_str)
    }

    /// Every column that is known, by name.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().filter_map(|(name, slot)| Some((name.as_str(), slot.value.as_deref()?)))
    }

    /// Every column that is known, in the table's order; those that the history did not make come first.
    #[must_use]
    pub fn columns_in_order(&self) -> Vec<(&str, &Column)> {
        let mut columns: Vec<_> = self.columns().collect();
        columns.sort_by_key(|(_, column)| column.place);
        columns
    }

    /// Why a column holds no NULL.
    #[must_use]
    pub fn proof(&self, column: &str) -> Option<Proof> {
        let known = self.columns.get(column).and_then(|slot| slot.value.as_deref());
        if let Some(Column { not_null: Known::Yes(made), .. }) = known {
            return Some(Proof::NotNull(*made));
        }
        let demands = |it: &&Constraint| it.valid && matches!(&it.rule, Demand::Check(check) if check.demands(column));
        if let Some(check) = self.constraints().find(demands) {
            return Some(Proof::Check(check.name.clone()));
        }
        known.and_then(|it| it.filled).map(Proof::Filled)
    }

    /// Changes a column, which is taken to be there.
    pub(super) fn change(&mut self, column: &str, moment: Moment, change: impl FnOnce(&mut Column)) {
        let stamp = moment.stamp;
        let slot = self.columns.entry(column.to_owned()).or_insert(Slot { stamp, value: None });
        let value = slot.value.get_or_insert_with(|| Arc::new(Column::met()));
        change(Arc::make_mut(value));
        slot.stamp = stamp;
    }
}
