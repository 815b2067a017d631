//! Constraints that are added, dropped and validated.

use super::{Mode, Part, Work, ledger::Ledger};
use crate::statement::{Constraint, Demand, Name};

impl Ledger<'_> {
    pub(super) fn add_constraint(&mut self, table: &Name, constraint: &Constraint, members: &[Name]) {
        let checked = constraint.valid && constraint.enforced;
        match &constraint.rule {
            Demand::Check(_) => {
                if checked {
                    self.work_all(members, Work::Scan);
                }
            }
            Demand::NotNull { column } => {
                if checked {
                    self.set_not_null(column, members);
                }
            }
            Demand::ForeignKey { table: referenced, .. } => {
                self.refer(referenced, Mode::ShareRowExclusive);
                if checked {
                    let partitions = self.schema.partitions(table);
                    self.work_all(&partitions, Work::Scan);
                    self.read(referenced);
                }
            }
            Demand::Unique { using: None, .. } | Demand::Exclude | Demand::PrimaryKey { using: None, .. } => {
                for member in self.schema.partitions(table) {
                    let part = if member == *table { Part::Target } else { Part::Partition };
                    self.lock(&member, Mode::Share, part);
                    self.work(&member, Work::Build);
                }
                if let Demand::PrimaryKey { columns, .. } = &constraint.rule {
                    for column in columns {
                        self.set_not_null(column, members);
                    }
                }
            }
            Demand::Unique { using: Some(_), .. } => {}
            Demand::PrimaryKey { using: Some(index), .. } => self.promote(table, index, members),
        }
    }

    /// `PRIMARY KEY USING INDEX`: its columns become `NOT NULL`.
    fn promote(&mut self, table: &Name, index: &str, members: &[Name]) {
        match self.schema.index(&table.renamed(index)).yes() {
            Some(index) => {
                for column in index.columns.iter().flatten() {
                    self.set_not_null(column, members);
                }
            }
            None => self.doubtful(table, Work::Scan, Some("the columns of the index are not known")),
        }
    }

    pub(super) fn drop_constraint(&mut self, table: &Name, constraint: &str, cascade: bool, members: &[Name]) {
        let Some(known) = self.schema.constraint(table, constraint).yes().map(|it| it.rule.clone()) else {
            self.gap(format!(
                "the history does not say what `{constraint}` is: a foreign key locks the other table too"
            ));
            return;
        };
        match known {
            Demand::ForeignKey { table: referenced, .. } => {
                self.refer(&referenced, Mode::AccessExclusive);
                for member in members.iter().skip(1) {
                    self.lock(member, Mode::AccessExclusive, Part::Partition);
                }
            }
            Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } if cascade => {
                let to_it = |referred: &[String]| referred == columns.as_slice();
                self.referring(table, Mode::AccessExclusive, &to_it);
            }
            _ => {}
        }
    }

    pub(super) fn validate(&mut self, table: &Name, constraint: &str, members: &[Name]) {
        let Some(known) = self.schema.constraint(table, constraint).yes() else {
            self.doubtful(table, Work::Scan, Some("the history does not say whether it is valid already"));
            return;
        };
        if known.valid {
            return;
        }
        if let Demand::ForeignKey { table: referenced, .. } = &known.rule {
            self.refer(referenced, Mode::RowShare);
            self.read(referenced);
        }
        self.work_all(members, Work::Scan);
    }

    pub(super) fn alter_constraint(&mut self, table: &Name, constraint: &str) {
        let rule = self.schema.constraint(table, constraint).yes().map(|it| &it.rule);
        if let Some(Demand::ForeignKey { table: referenced, .. }) = rule {
            let referenced = referenced.clone();
            if self.server.version >= 18 {
                self.gap(format!("`ENFORCED` locks `{referenced}` too"));
            }
        }
    }
}
