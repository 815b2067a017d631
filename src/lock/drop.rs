//! Tables that are dropped or emptied.

use super::{Mode, Part, ledger::Ledger};
use crate::{
    schema::{Known, Table},
    statement::{Demand, Name},
};

impl Ledger<'_> {
    pub(super) fn drop_tables(&mut self, tables: &[Name], cascade: bool) {
        for table in tables {
            if matches!(self.schema.table(table), Known::No) {
                continue;
            }
            let members = self.members(table, false, Mode::AccessExclusive);
            for member in &members {
                let own = self.table(member).into_iter().flat_map(Table::constraints);
                // A key that a partition has from its parent goes without a lock on what it refers to.
                let keys: Vec<Name> = own
                    .filter(|it| !it.inherited)
                    .filter_map(|it| match &it.rule {
                        Demand::ForeignKey { table, .. } => Some(table.clone()),
                        _ => None,
                    })
                    .collect();
                for referenced in keys {
                    self.release(&referenced);
                }
                if cascade {
                    self.drop_readers(member);
                    self.referring(member, Mode::AccessExclusive, &|_| true);
                }
            }
            for parent in self.schema.parents(table).to_vec() {
                if parent.partition {
                    self.lock(&parent.name, Mode::AccessExclusive, Part::Parent);
                    if let Some(default) = self.schema.default_partition(&parent.name).cloned() {
                        self.lock(&default, Mode::AccessExclusive, Part::DefaultPartition);
                    }
                }
            }
            self.gap_of(table);
        }
    }

    /// `CASCADE` takes the views along that read from a relation.
    fn drop_readers(&mut self, relation: &Name) {
        let mut open = vec![relation.clone()];
        let mut seen: Vec<Name> = Vec::new();
        while let Some(next) = open.pop() {
            for view in self.schema.readers(&next) {
                if !seen.contains(&view) {
                    self.lock(&view, Mode::AccessExclusive, Part::Dependent);
                    seen.push(view.clone());
                    open.push(view);
                }
            }
        }
    }

    pub(super) fn drop_schemas(&mut self, schemas: &[String]) {
        let within = |it: &&crate::schema::Table| schemas.iter().any(|schema| it.name.home() == schema);
        let tables: Vec<Name> = self.schema.tables().filter(within).map(|it| it.name.clone()).collect();
        self.drop_tables(&tables, true);
        self.gap("other things may be in the schema");
    }

    pub(super) fn truncate(&mut self, tables: &[Name], only: &[Name], cascade: bool) {
        let mut open: Vec<(Name, Part)> = tables.iter().map(|it| (it.clone(), Part::Target)).collect();
        let mut seen: Vec<Name> = Vec::new();
        while let Some((table, part)) = open.pop() {
            let alone = part == Part::Target && only.contains(&table);
            let members = if alone { vec![table.clone()] } else { self.schema.family(&table) };
            for member in members {
                if seen.contains(&member) {
                    continue;
                }
                let part = if member == table { part } else { Part::Partition };
                let emptied = !self.is_partitioned(&member);
                self.lock(&member, Mode::AccessExclusive, part).emptied = emptied;
                if cascade {
                    let others = self.schema.references_to(&member);
                    open.extend(others.into_iter().map(|(other, _)| (other.name.clone(), Part::Referring)));
                }
                seen.push(member);
            }
        }
    }
}
