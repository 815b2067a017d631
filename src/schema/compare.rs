//! What is different between two schemas, of what a revision has touched.

use super::{Column, Constraint, Index, Known, Made, Object, Schema, Slot, Sort, Table, Touched};
use crate::statement::{Demand, Name, formatted};
use std::{collections::BTreeSet, sync::Arc};

/// Something that is another in the second schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What.
    pub what: Piece,
    /// In which way.
    pub how: How,
}

/// What can be different.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the fields are the names")]
pub enum Piece {
    Object(Sort, Name),
    Table(Name),
    Column(Name, String),
    Constraint(Name, String),
    Index(Name, Name),
}

/// How it is different.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// The first schema has it, the second has not.
    Lost,
    /// The second has it, the first has not.
    Left,
    /// Both have it, but of this they say something else: what the first says, and the second.
    Changed(&'static str, String, String),
}

impl Piece {
    /// Its name in words: "column `t.c`".
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Object(sort, name) => format!("{} `{name}`", sort.word()),
            Self::Table(name) => format!("table `{name}`"),
            Self::Column(table, name) => format!("column `{table}.{name}`"),
            Self::Constraint(table, name) => format!("constraint `{name}` of `{table}`"),
            Self::Index(name, table) => format!("index `{name}` of `{table}`"),
        }
    }

    /// Its name alone.
    #[must_use]
    pub fn object(&self) -> String {
        match self {
            Self::Object(_, name) | Self::Table(name) | Self::Index(name, _) => name.to_string(),
            Self::Column(table, name) | Self::Constraint(table, name) => format!("{table}.{name}"),
        }
    }
}

impl Schema {
    /// What of the things touched is another in `second`; only what is known in both is spoken of. Parts of what is
    /// lost or left as a whole are not told apart.
    #[must_use]
    pub fn differences(&self, second: &Self, touched: &BTreeSet<Touched>) -> Vec<Difference> {
        let mut found = BTreeSet::new();
        for it in touched {
            match it {
                Touched::Table(name) => self.of_table(second, name, &mut found),
                Touched::Index(name) => self.of_index(second, name, &mut found),
                Touched::Object(sort, name) => self.of_object(second, *sort, name, &mut found),
            }
        }
        let whole: BTreeSet<Name> = found
            .iter()
            .filter_map(|it| match (&it.what, &it.how) {
                (Piece::Table(name), How::Lost | How::Left) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let columns: BTreeSet<(Name, String)> = found
            .iter()
            .filter_map(|it| match (&it.what, &it.how) {
                (Piece::Column(table, name), How::Lost | How::Left) => Some((table.clone(), name.clone())),
                _ => None,
            })
            .collect();
        found.retain(|it| !self.is_part(second, it, &whole, &columns));
        found.into_iter().collect()
    }

    fn of_table(&self, second: &Self, name: &Name, found: &mut BTreeSet<Difference>) {
        let whole = |how| Difference { what: Piece::Table(name.clone()), how };
        match (self.tables.get(name), second.tables.get(name)) {
            (Some(Slot { value: Some(_), .. }), Some(Slot { value: None, .. })) => {
                found.insert(whole(How::Lost));
            }
            (None | Some(Slot { value: None, .. }), Some(Slot { value: Some(table), .. })) if table.made.is_some() => {
                found.insert(whole(How::Left));
            }
            (Some(Slot { value: Some(first), .. }), Some(Slot { value: Some(second), .. }))
                if !Arc::ptr_eq(first, second) =>
            {
                columns(first, second, found);
                constraints(first, second, found);
            }
            _ => {}
        }
    }

    fn of_index(&self, second: &Self, name: &Name, found: &mut BTreeSet<Difference>) {
        let (first, now) = (self.indexes.get(name), second.indexes.get(name));
        let (Some(old), Some(new)) = (first.and_then(|it| it.value.as_ref()), now.and_then(|it| it.value.as_ref()))
        else {
            let gone = now.is_some_and(|it| it.value.is_none());
            let (index, how) = match (first.and_then(|it| it.value.as_ref()), now.and_then(|it| it.value.as_ref())) {
                (Some(old), None) if gone => (old, How::Lost),
                (None, Some(new)) => (new, How::Left),
                _ => return,
            };
            if !index.inherited {
                found.insert(Difference { what: Piece::Index(name.clone(), index.table.clone()), how });
            }
            return;
        };
        let text = |it: &Index| format!("{}{}", if it.unique { "UNIQUE " } else { "" }, it.sql);
        if text(old) != text(new) {
            let how = How::Changed("definition", text(old), text(new));
            found.insert(Difference { what: Piece::Index(name.clone(), new.table.clone()), how });
        }
    }

    fn of_object(&self, second: &Self, sort: Sort, name: &Name, found: &mut BTreeSet<Difference>) {
        let key = (sort, name.clone());
        let (first, now) = (self.objects.get(&key), second.objects.get(&key));
        let what = || Piece::Object(sort, name.clone());
        match (first.and_then(|it| it.value.as_ref()), now.and_then(|it| it.value.as_ref())) {
            (Some(_), None) if now.is_some() => {
                found.insert(Difference { what: what(), how: How::Lost });
            }
            (None, Some(_)) => {
                found.insert(Difference { what: what(), how: How::Left });
            }
            (Some(old), Some(new)) if !old.stale && !new.stale => {
                let text = |it: &Object| {
                    let text = [std::slice::from_ref(&it.sql), &it.amends].concat().join("; ");
                    // Blanks in a function's body change nothing, nor how it came to be there.
                    let bare = || text.replacen("CREATE OR REPLACE ", "CREATE ", 1).split_whitespace().collect();
                    if sort == Sort::Function { bare() } else { text }
                };
                if text(old) != text(new) {
                    found.insert(Difference { what: what(), how: How::Changed("definition", text(old), text(new)) });
                }
                let lost: Vec<&String> = old.labels.iter().filter(|it| !new.labels.contains(it)).collect();
                if !lost.is_empty() {
                    let how = How::Changed("values", old.labels.join(", "), new.labels.join(", "));
                    found.insert(Difference { what: what(), how });
                }
            }
            _ => {}
        }
    }

    /// It goes without saying, since the whole that it is a part of is lost or left.
    fn is_part(
        &self,
        second: &Self,
        it: &Difference,
        tables: &BTreeSet<Name>,
        columns: &BTreeSet<(Name, String)>,
    ) -> bool {
        let of_column = |table: &Name, column: &str| columns.contains(&(table.clone(), column.to_owned()));
        match &it.what {
            Piece::Table(_) => false,
            Piece::Column(table, _) => tables.contains(table),
            Piece::Constraint(table, name) => {
                let of = |schema: &Self| {
                    let found = schema.constraint(table, name).yes()?;
                    Some(columns_of(&found.rule).iter().any(|column| of_column(table, column)))
                };
                tables.contains(table) || of(self).or_else(|| of(second)).unwrap_or(false)
            }
            Piece::Index(name, table) => {
                let index = self.index(name).yes().or_else(|| second.index(name).yes());
                tables.contains(table)
                    || index.is_some_and(|it| it.columns.iter().flatten().any(|column| of_column(table, column)))
            }
            Piece::Object(sort, name) => {
                let object = self.object(*sort, name).yes().or_else(|| second.object(*sort, name).yes());
                object.is_some_and(|it| {
                    it.serial
                        || it.on.as_ref().is_some_and(|on| tables.contains(on))
                        || it
                            .owned_by
                            .as_ref()
                            .is_some_and(|(table, column)| tables.contains(table) || of_column(table, column))
                })
            }
        }
    }
}

fn columns_of(rule: &Demand) -> Vec<String> {
    match rule {
        Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } | Demand::ForeignKey { columns, .. } => {
            columns.clone()
        }
        Demand::NotNull { column } => vec![column.clone()],
        Demand::Check(check) => check.only_column().map(str::to_owned).into_iter().collect(),
        Demand::Exclude => Vec::new(),
    }
}

fn columns(first: &Table, second: &Table, found: &mut BTreeSet<Difference>) {
    let table = &second.name;
    let names: BTreeSet<&String> = first.columns.keys().chain(second.columns.keys()).collect();
    for name in names {
        let what = || Piece::Column(table.clone(), name.clone());
        let (old, new) = (first.columns.get(name), second.columns.get(name));
        match (old.and_then(|it| it.value.as_deref()), new.and_then(|it| it.value.as_deref())) {
            (Some(old), None) if new.is_some() && old.made.is_some() => {
                found.insert(Difference { what: what(), how: How::Lost });
            }
            (None, Some(new)) if new.made.is_some() => {
                found.insert(Difference { what: what(), how: How::Left });
            }
            (Some(old), Some(new)) => column(old, new, &what, found),
            _ => {}
        }
    }
}

fn column(old: &Column, new: &Column, what: &dyn Fn() -> Piece, found: &mut BTreeSet<Difference>) {
    let mut changed = |aspect, was: String, is: String| {
        found.insert(Difference { what: what(), how: How::Changed(aspect, was, is) });
    };
    if let (Some(was), Some(is)) = (&old.kind, &new.kind)
        && formatted(was) != formatted(is)
    {
        changed("type", formatted(was), formatted(is));
    }
    match (&old.not_null, &new.not_null) {
        (Known::Yes(_), Known::No) => changed("nullability", "NOT NULL".to_owned(), "nullable".to_owned()),
        (Known::No, Known::Yes(_)) => changed("nullability", "nullable".to_owned(), "NOT NULL".to_owned()),
        _ => {}
    }
    // Of a column that the history has only met it is not known what default it had.
    if old.made.is_some() {
        let text = |it: &Column| it.generation_sql.clone().or_else(|| it.default_sql.clone());
        let (was, is) = (text(old), text(new));
        if was.as_deref().map(|it| meaning(it, old)) != is.as_deref().map(|it| meaning(it, new)) {
            let none = || "none".to_owned();
            changed("default", was.unwrap_or_else(none), is.unwrap_or_else(none));
        }
    }
}

/// What a default comes to: there are several spellings of `false`, `0` and `now()`.
fn meaning(sql: &str, column: &Column) -> String {
    let bare = bare(sql);
    let kind = column.kind.as_ref().filter(|it| it.dimensions == 0).map(|it| it.name.as_str());
    let inner = bare.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')).unwrap_or(bare);
    match (kind, inner.to_ascii_lowercase().as_str()) {
        (Some("bool"), "f" | "false" | "no" | "off" | "0" | "n") => "false".to_owned(),
        (Some("bool"), "t" | "true" | "yes" | "on" | "1" | "y") => "true".to_owned(),
        (Some("int2" | "int4" | "int8" | "numeric" | "float4" | "float8"), _) => inner.to_owned(),
        (_, "current_timestamp" | "now()" | "transaction_timestamp()") => "now()".to_owned(),
        _ => bare.to_owned(),
    }
}

/// A constant without the cast that a change of the column's type has given it.
fn bare(sql: &str) -> &str {
    match sql.split_once("'::") {
        Some((constant, _)) if sql.starts_with('\'') && !constant[1..].contains('\'') => &sql[..=constant.len()],
        _ => sql,
    }
}

fn constraints(first: &Table, second: &Table, found: &mut BTreeSet<Difference>) {
    let table = &second.name;
    let names: BTreeSet<&String> = first.constraints.keys().chain(second.constraints.keys()).collect();
    for name in names {
        let what = || Piece::Constraint(table.clone(), name.clone());
        let (old, new) = (first.constraints.get(name), second.constraints.get(name));
        let (was, is) = (old.and_then(|it| it.value.as_deref()), new.and_then(|it| it.value.as_deref()));
        if was.or(is).is_some_and(|it| it.inherited) {
            continue;
        }
        match (was, is) {
            (Some(_), None) if new.is_some() => {
                found.insert(Difference { what: what(), how: How::Lost });
            }
            (None, Some(_)) => {
                found.insert(Difference { what: what(), how: How::Left });
            }
            (Some(old), Some(new)) => constraint(old, new, &what, found),
            _ => {}
        }
    }
}

fn constraint(old: &Constraint, new: &Constraint, what: &dyn Fn() -> Piece, found: &mut BTreeSet<Difference>) {
    let same_rule = match (&old.rule, &new.rule) {
        // What is referred to where nothing is named is the primary key.
        (
            Demand::ForeignKey { columns, table, referred },
            Demand::ForeignKey { columns: now, table: to, referred: these },
        ) => columns == now && table == to && (referred == these || referred.is_empty() || these.is_empty()),
        (Demand::Check(_), Demand::Check(_)) => true,
        (old, new) => old == new,
    };
    // One that comes back `NOT VALID` comes back as it is done without a lock: no fault.
    // And a text may be cast to text by its writer as it is by the server.
    let text = |it: &Constraint| match it.rule {
        Demand::Check(_) => it.sql.replace("::text", ""),
        _ => it.sql.clone(),
    };
    if !same_rule || text(old) != text(new) {
        let how = How::Changed("definition", old.definition(), new.definition());
        found.insert(Difference { what: what(), how });
    }
}

impl Schema {
    /// Where a thing was made that is there for certain: nothing that is not understood has been done since.
    #[must_use]
    pub fn surely(&self, what: &Piece) -> Option<Made> {
        let (stamp, made) = match what {
            Piece::Object(sort, name) => {
                let slot = self.objects.get(&(*sort, name.clone()))?;
                (slot.stamp, slot.value.as_ref()?.made)
            }
            Piece::Table(name) => {
                let slot = self.tables.get(name)?;
                (slot.stamp, slot.value.as_ref()?.made?)
            }
            Piece::Index(name, _) => {
                let slot = self.indexes.get(name)?;
                (slot.stamp, slot.value.as_ref()?.made)
            }
            Piece::Column(table, name) => {
                let slot = self.table(table).yes()?.columns.get(name)?;
                (slot.stamp, slot.value.as_ref()?.made?)
            }
            Piece::Constraint(table, name) => {
                let slot = self.table(table).yes()?.constraints.get(name)?;
                (slot.stamp, slot.value.as_ref()?.made)
            }
        };
        (stamp >= self.blurred).then_some(made)
    }

    /// Where a thing was made or last changed, if it is there.
    #[must_use]
    pub fn changed(&self, what: &Piece) -> Option<Made> {
        match what {
            Piece::Object(sort, name) => self.object(*sort, name).yes().map(|it| it.changed),
            Piece::Table(name) => self.table(name).yes().and_then(|it| it.changed),
            Piece::Column(table, name) => self.column(table, name).yes().and_then(|it| it.changed),
            Piece::Constraint(table, name) => self.constraint(table, name).yes().map(|it| it.changed),
            Piece::Index(name, _) => self.index(name).yes().map(|it| it.changed),
        }
    }
}
