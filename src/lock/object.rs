//! Views and domains.

use super::{Mode, Part, Relation, Work, ledger::Ledger};
use crate::{
    schema::{Known, Sort},
    statement::{Demand, DomainChange, Name, Type},
};

impl Ledger<'_> {
    pub(super) fn view(&mut self, view: &Name, mode: Mode) {
        let sort = if self.schema.is_materialized(view) { Relation::MaterializedView } else { Relation::View };
        self.take(view, sort, mode, Part::Target);
    }

    pub(super) fn replace_view(&mut self, view: &Name) {
        if !matches!(self.schema.object(Sort::View, view), Known::No) && self.is_there(view) {
            self.view(view, Mode::AccessExclusive);
        }
    }

    fn is_there(&self, view: &Name) -> bool {
        self.schema.object(Sort::View, view).yes().is_some()
    }

    pub(super) fn alter_domain(&mut self, name: &Name, change: &DomainChange) {
        let (mode, scanned) = match change {
            DomainChange::SetNotNull => (Mode::Share, true),
            DomainChange::AddConstraint(constraint) => match constraint.rule {
                Demand::Check(_) | Demand::NotNull { .. } if constraint.valid => (Mode::Share, true),
                _ => return,
            },
            DomainChange::ValidateConstraint { .. } => (Mode::Share, true),
            _ => return,
        };
        for table in self.users(name) {
            self.lock(&table, mode, Part::DomainUser);
            if scanned {
                self.work(&table, Work::Scan);
            }
        }
        if self.schema.is_blurred() {
            self.gap("the history does not show every table that uses the domain");
        }
    }

    /// The tables with a column of the domain, or of one that is over it.
    fn users(&self, domain: &Name) -> Vec<Name> {
        let mut names: Vec<Name> = Vec::new();
        for table in self.schema.tables() {
            if table.columns().any(|(_, column)| column.kind.as_ref().is_some_and(|it| self.is_over(it, domain))) {
                for member in self.schema.family(&table.name) {
                    if !self.is_partitioned(&member) && !names.contains(&member) {
                        names.push(member);
                    }
                }
            }
        }
        names
    }

    fn is_over(&self, kind: &Type, domain: &Name) -> bool {
        let mut kind = kind;
        for _ in 0..64 {
            if (Name { schema: kind.schema.clone(), name: kind.name.clone() }) == *domain {
                return true;
            }
            match self.schema.domain(kind) {
                Some(over) => kind = &over.base,
                None => return false,
            }
        }
        false
    }
}
