//! Columns that are added, dropped, or made `NOT NULL`.

use super::{
    Mode, Part, Work,
    cast::is_constrained,
    ledger::Ledger,
    volatility::{Changes, changes},
};
use crate::{
    schema::{self, Known},
    statement::{Column, Demand, Expr, Generation, Name},
};

impl Ledger<'_> {
    pub(super) fn add_column(&mut self, table: &Name, column: &Column, if_not_exists: bool, members: &[Name]) {
        if if_not_exists && self.schema.column(table, &column.name).yes().is_some() {
            return;
        }
        let (work, doubt) = self.filling(column);
        let partitions = self.schema.partitions(table);
        for member in members {
            self.doubtful(member, work, doubt.as_deref());
            for constraint in &column.constraints {
                match &constraint.rule {
                    Demand::Check(_) if constraint.enforced => self.work(member, Work::Scan),
                    Demand::PrimaryKey { .. } | Demand::Unique { .. } | Demand::Exclude
                        if partitions.contains(member) =>
                    {
                        self.work(member, Work::Build);
                    }
                    _ => {}
                }
            }
        }
        for constraint in &column.constraints {
            if let Demand::ForeignKey { table: referenced, .. } = &constraint.rule {
                self.refer(referenced, Mode::ShareRowExclusive);
                // Rows that get NULL have nothing to be checked (`transformAlterTableStmt`).
                let valued = column.default.is_some() || column.generation == Some(Generation::Serial);
                if valued && constraint.enforced {
                    self.work_all(&partitions, Work::Scan);
                    self.read(referenced);
                }
            }
        }
    }

    /// What it takes to give every row its value.
    fn filling(&self, column: &Column) -> (Work, Option<String>) {
        match &column.generation {
            Some(Generation::Virtual(_)) => return (Work::Brief, None),
            Some(_) => return (Work::Rewrite, None),
            None => {}
        }
        if is_constrained(&column.kind, self.schema) {
            return (Work::Rewrite, None);
        }
        let domain = self.schema.domain(&column.kind).filter(|_| column.kind.dimensions == 0);
        let default = column.default.as_ref().or_else(|| domain.and_then(|it| it.default.as_ref()));
        let empty = default.is_none_or(|it| *it == Expr::Null);
        match default.map_or(Changes::No, |it| changes(it, self.schema)) {
            Changes::Yes => (Work::Rewrite, None),
            Changes::Unknown(what) => (Work::Rewrite, Some(format!("whether {what} is VOLATILE is not known"))),
            // Nothing proves that there is no row.
            Changes::No if column.not_null && empty => (Work::Scan, None),
            Changes::No if self.is_foreign(column) => {
                (Work::Rewrite, Some(format!("whether `{}` is a domain is not known", column.kind)))
            }
            Changes::No => (Work::Brief, None),
        }
    }

    /// A type that may be a domain: it is no built-in one, and the history has not made it.
    fn is_foreign(&self, column: &Column) -> bool {
        let kind = &column.kind;
        kind.schema.is_some()
            && kind.dimensions == 0
            && !self.schema.is_enum(kind)
            && self.schema.domain(kind).is_none()
    }

    pub(super) fn drop_column(&mut self, table: &Name, column: &str, cascade: bool, members: &[Name]) {
        if cascade && !self.schema.readers(table).is_empty() {
            self.gap("the views that read the column are dropped too");
        }
        let holds = |it: &schema::Constraint| matches!(&it.rule, Demand::ForeignKey { columns, .. } if columns.iter().any(|it| it == column));
        for member in members {
            for referenced in self.referenced(member, &holds) {
                self.release(&referenced);
            }
        }
        let to_it = |referred: &[String]| referred.iter().any(|it| it == column);
        self.referring(table, Mode::AccessExclusive, &to_it);
    }

    pub(super) fn set_not_null(&mut self, column: &str, members: &[Name]) {
        for member in members {
            if !self.is_proven(member, column) {
                self.work(member, Work::Scan);
            }
        }
    }

    /// The server itself knows that the column of a table holds no NULL: it is `NOT NULL`, or a valid CHECK says so.
    pub(super) fn is_proven(&self, table: &Name, column: &str) -> bool {
        let mut open = vec![table.clone()];
        let mut seen = Vec::new();
        while let Some(name) = open.pop() {
            if seen.contains(&name) {
                continue;
            }
            if matches!(self.schema.column(&name, column), Known::Yes(it) if matches!(it.not_null, Known::Yes(_))) {
                return true;
            }
            open.extend(self.schema.parents(&name).iter().map(|it| it.name.clone()));
            seen.push(name);
        }
        let demands = |it: &&schema::Constraint| match &it.rule {
            Demand::Check(check) => it.valid && check.demands(column),
            Demand::PrimaryKey { columns, .. } => columns.iter().any(|it| it == column),
            Demand::NotNull { column: of } => it.valid && of == column,
            _ => false,
        };
        self.constraints(table).iter().any(demands)
    }

    fn primary_key(&self, table: &Name) -> Vec<String> {
        let keys = self.table(table).into_iter().flat_map(schema::Table::constraints);
        let mut keys = keys.filter_map(|it| match &it.rule {
            Demand::PrimaryKey { columns, .. } => Some(columns.clone()),
            _ => None,
        });
        keys.next().unwrap_or_default()
    }

    /// Locks the table that a foreign key refers to, and its partitions.
    pub(super) fn refer(&mut self, referenced: &Name, mode: Mode) {
        for member in self.schema.partitions(referenced) {
            self.lock(&member, mode, Part::Referenced);
        }
    }

    /// The same where a foreign key goes with its table or column. Before version 15 a partitioned table has no
    /// triggers of the key, and only its partitions are locked.
    pub(super) fn release(&mut self, referenced: &Name) {
        for member in self.schema.partitions(referenced) {
            if self.server.version >= 15 || !self.is_partitioned(&member) {
                self.lock(&member, Mode::AccessExclusive, Part::Referenced);
            }
        }
    }

    /// The rows of the referenced table are looked up one by one, or all read.
    pub(super) fn read(&mut self, referenced: &Name) {
        for member in self.schema.partitions(referenced) {
            self.work(&member, Work::Scan);
        }
    }

    /// Locks the tables whose foreign keys refer to these columns of the table; a key that names none refers to the
    /// primary key.
    pub(super) fn referring(&mut self, table: &Name, mode: Mode, to_it: &dyn Fn(&[String]) -> bool) -> Vec<Name> {
        let mut names: Vec<Name> = Vec::new();
        let primary = self.primary_key(table);
        for (other, constraint) in self.schema.references_to(table) {
            if let Demand::ForeignKey { referred, .. } = &constraint.rule
                && to_it(if referred.is_empty() { &primary } else { referred })
                && !names.contains(&other.name)
            {
                names.push(other.name.clone());
            }
        }
        for name in &names {
            for member in self.schema.partitions(name) {
                self.lock(&member, mode, Part::Referring);
            }
        }
        names
    }
}
