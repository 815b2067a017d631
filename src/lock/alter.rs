//! `ALTER TABLE`.
//!
//! The whole statement takes the strongest lock that any of its parts needs (`AlterTableGetLockLevel` in
//! `commands/tablecmds.c`).

use super::{Mode, Part, Work, ledger::Ledger, retype::Retyped};
use crate::{
    schema::Known,
    statement::{Action, Constraint, Demand, Name},
};

impl Ledger<'_> {
    pub(super) fn alter_table(&mut self, table: &Name, actions: &[Action], only: bool) {
        if self.schema.is_materialized(table) {
            self.view(table, Mode::AccessExclusive);
            return;
        }
        let mode = actions.iter().map(level).max().unwrap_or(Mode::AccessExclusive);
        self.lock(table, mode, Part::Target);
        for action in actions {
            let recurses = !only && self.recurses(table, action);
            let members = self.members(table, !recurses, mode);
            self.act(table, action, mode, &members);
            if !only && matches!(action, Action::AddConstraint(_)) && self.server.version >= 18 {
                // Since version 18 the children are locked whether they get the constraint or not.
                self.family(table, mode);
            }
        }
        for action in actions {
            if let Action::SetType { column, kind, .. } = action {
                let members = self.members(table, only, mode);
                self.rekey(column, kind, &members);
            }
        }
        if mode >= Mode::ShareRowExclusive {
            self.gap_of(table);
        }
    }

    /// What the action does is done to the partitions and children too.
    fn recurses(&self, table: &Name, action: &Action) -> bool {
        match action {
            Action::AddConstraint(constraint) => self.is_inherited(table, constraint),
            Action::AddColumn { column, if_not_exists } => {
                !(*if_not_exists && self.schema.column(table, &column.name).yes().is_some())
            }
            Action::DropColumn { column, if_exists, .. } => {
                !(*if_exists && matches!(self.schema.column(table, column), Known::No))
            }
            Action::SetNotNull { column } => {
                let stops = self.is_partitioned(table) || self.server.version >= 18;
                !(stops && self.is_not_null(table, column))
            }
            Action::DropConstraint { constraint, .. } => self.is_partitioned(table) || self.is_check(table, constraint),
            Action::ValidateConstraint { constraint } => {
                !matches!(self.schema.constraint(table, constraint), Known::Yes(it) if it.valid)
            }
            Action::DropNotNull { .. }
            | Action::SetDefault { .. }
            | Action::DropDefault { .. }
            | Action::SetType { .. }
            | Action::AlterConstraint { .. }
            | Action::SetStorage { .. }
            | Action::SetStatistics { .. }
            | Action::SetExpression { .. }
            | Action::DropExpression { .. } => true,
            Action::AddIdentity { .. } | Action::AlterIdentity { .. } | Action::DropIdentity { .. } => {
                self.server.version >= 17 && self.is_partitioned(table)
            }
            _ => false,
        }
    }

    /// A constraint that the children have too: a partition has all, a child those of its rows alone.
    fn is_inherited(&self, table: &Name, constraint: &Constraint) -> bool {
        match constraint.rule {
            Demand::Check(_) | Demand::NotNull { .. } => !constraint.no_inherit,
            Demand::ForeignKey { .. } => self.is_partitioned(table),
            Demand::PrimaryKey { .. } => true,
            // Its index is built on the partitions, which a weaker lock does for.
            Demand::Unique { .. } | Demand::Exclude => false,
        }
    }

    fn is_not_null(&self, table: &Name, column: &str) -> bool {
        matches!(self.schema.column(table, column), Known::Yes(it) if matches!(it.not_null, Known::Yes(_)))
    }

    fn is_check(&self, table: &Name, constraint: &str) -> bool {
        let known = self.schema.constraint(table, constraint).yes();
        known.is_some_and(|it| matches!(it.rule, Demand::Check(_) | Demand::NotNull { .. }))
    }

    /// `ALTER TABLE … RENAME CONSTRAINT`.
    pub(super) fn rename_constraint(&mut self, table: &Name, constraint: &str) {
        if self.is_check(table, constraint) {
            self.family(table, Mode::AccessExclusive);
        } else {
            self.whole(table);
        }
    }

    fn act(&mut self, table: &Name, action: &Action, mode: Mode, members: &[Name]) {
        match action {
            Action::AddColumn { column, if_not_exists } => self.add_column(table, column, *if_not_exists, members),
            Action::DropColumn { column, cascade, .. } => self.drop_column(table, column, *cascade, members),
            Action::SetNotNull { column } => self.set_not_null(column, members),
            Action::SetType { column, kind, using, collation } => {
                let to = Retyped { kind, using: using.as_deref(), collated: collation.is_some() };
                self.retype(column, &to, members);
            }
            Action::AddConstraint(constraint) => self.add_constraint(table, constraint, members),
            Action::DropConstraint { constraint, cascade, .. } => {
                self.drop_constraint(table, constraint, *cascade, members);
            }
            Action::ValidateConstraint { constraint } => self.validate(table, constraint, members),
            Action::AlterConstraint { constraint } => self.alter_constraint(table, constraint),
            Action::SetExpression { .. } => self.work_all(members, Work::Rewrite),
            Action::SetLogged if self.schema.is_unlogged(table) => self.work(table, Work::Rewrite),
            Action::SetUnlogged if !self.schema.is_unlogged(table) => self.work(table, Work::Rewrite),
            Action::SetTablespace { .. } => self.doubtful(table, Work::Rewrite, Some("it may be there already")),
            Action::SetAccessMethod { .. } => self.doubtful(table, Work::Rewrite, Some("it may have that already")),
            Action::SwitchTrigger if self.is_partitioned(table) => {
                self.gap("where it has triggers of rows, its partitions are locked too");
            }
            Action::Inherit { parent } => {
                self.lock(parent, Mode::ShareUpdateExclusive, Part::Parent);
            }
            Action::AttachPartition { partition, default, .. } => self.attach(table, partition, *default),
            Action::DetachPartition { partition, concurrently } => self.detach(table, partition, *concurrently, mode),
            _ => {}
        }
    }
}

/// The lock that one part needs on the table.
fn level(action: &Action) -> Mode {
    match action {
        Action::AddConstraint(constraint) => constraint_level(constraint),
        Action::SetStatistics { .. }
        | Action::SetColumnOptions { .. }
        | Action::ClusterOn
        | Action::ValidateConstraint { .. }
        | Action::AttachPartition { .. } => Mode::ShareUpdateExclusive,
        Action::DetachPartition { concurrently: true, .. } => Mode::ShareUpdateExclusive,
        Action::SetOptions(names) => names.iter().map(|it| option_level(it)).max().unwrap_or(Mode::AccessExclusive),
        Action::SwitchTrigger => Mode::ShareRowExclusive,
        _ => Mode::AccessExclusive,
    }
}

fn constraint_level(constraint: &Constraint) -> Mode {
    match constraint.rule {
        Demand::ForeignKey { .. } => Mode::ShareRowExclusive,
        _ => Mode::AccessExclusive,
    }
}

/// The lock that a storage parameter needs (`access/common/reloptions.c`).
fn option_level(name: &str) -> Mode {
    match name {
        "user_catalog_table" | "security_barrier" | "security_invoker" | "check_option" | "buffering"
        | "deduplicate_items" => Mode::AccessExclusive,
        _ => Mode::ShareUpdateExclusive,
    }
}
