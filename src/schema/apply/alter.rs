//! What `ALTER TABLE` does to the schema.

use super::typed;
use crate::{
    schema::{Column, Known, Made, Moment, Piece, Schema, Slot, table},
    statement::{Action, Demand, Generation, Name, RowSecurity, Statement, Type, formatted, mentions},
};
use std::sync::Arc;

impl Schema {
    /// An action on a table, and on its partitions and the tables that inherit from it.
    pub(super) fn alter_all(
        &mut self,
        table: &Name,
        action: &Action,
        only: bool,
        statement: &Statement,
        moment: Moment,
    ) {
        self.alter(table, action, statement, moment);
        if only {
            return;
        }
        let made = Made { span: statement.span, run: moment.run };
        for child in self.children_of(table) {
            match action {
                Action::AddConstraint(constraint) if inherits(&constraint.rule, &child, self) => {
                    let keeps = matches!(constraint.rule, Demand::ForeignKey { .. } | Demand::Check(_));
                    let mut own = (**constraint).clone();
                    own.name = own.name.filter(|_| keeps);
                    self.add_inherited(&child, &own, made, moment);
                }
                Action::AddColumn { column, .. } => {
                    self.alter_all(&child, action, only, statement, moment);
                    self.work(&child, moment, |it| it.change(&column.name, moment, |it| it.inherited = true));
                }
                Action::DropColumn { .. }
                | Action::SetNotNull { .. }
                | Action::DropNotNull { .. }
                | Action::SetDefault { .. }
                | Action::DropDefault { .. }
                | Action::SetType { .. }
                | Action::DropConstraint { .. }
                | Action::ValidateConstraint { .. } => self.alter_all(&child, action, only, statement, moment),
                _ => {}
            }
        }
    }

    fn alter(&mut self, table: &Name, action: &Action, statement: &Statement, moment: Moment) {
        let made = Made { span: statement.span, run: moment.run };
        match action {
            Action::AddColumn { column, if_not_exists } => {
                // One that is there for certain stays what it is: the server refuses.
                let there = self.surely(&Piece::Column(table.clone(), column.name.clone())).is_some();
                let asked = *if_not_exists && self.column(table, &column.name).yes().is_some();
                if !(there || asked) {
                    self.add_column(table, column, statement, moment);
                }
            }
            Action::DropColumn { column, cascade, .. } => {
                if *cascade {
                    self.release(table, moment, |columns| columns.iter().any(|it| it == column));
                    self.drop_views_of(table, column, moment);
                }
                self.drop_column(table, column, moment);
            }
            Action::AddConstraint(constraint) => self.add_constraint(table, constraint, made, moment),
            Action::DropConstraint { constraint, cascade, .. } => {
                self.drop_constraint(table, constraint, *cascade, moment);
            }
            Action::ValidateConstraint { constraint } => self.validate(table, constraint, made, moment),
            Action::AttachPartition { partition, bound, .. } => self.attach_partition(table, partition, bound, moment),
            Action::DetachPartition { partition, .. } => {
                self.work(partition, moment, |it| {
                    it.partition_of = None;
                    it.changed = Some(made);
                    it.disinherit();
                });
                self.work(table, moment, |it| it.children.remove(partition));
            }
            Action::Inherit { parent } => {
                self.work(parent, moment, |it| it.children.insert(table.clone()));
                self.work(table, moment, |it| it.inherits.push(parent.clone()));
            }
            Action::NoInherit { parent } => {
                self.work(table, moment, |it| {
                    it.inherits.retain(|it| it != parent);
                    it.disinherit();
                });
            }
            Action::RowSecurity(change) => self.work(table, moment, |it| match change {
                RowSecurity::Enable => it.row_security.0 = true,
                RowSecurity::Disable => it.row_security.0 = false,
                RowSecurity::Force => it.row_security.1 = true,
                RowSecurity::NoForce => it.row_security.1 = false,
            }),
            Action::SetLogged => self.work(table, moment, |it| it.unlogged = false),
            Action::SetUnlogged => self.work(table, moment, |it| it.unlogged = true),
            Action::SetType { column, kind, .. } => {
                self.use_type(table, kind);
                self.alter_column(table, column, action, made, moment);
            }
            other => match other.column() {
                Some(column) => self.alter_column(table, column, action, made, moment),
                None => self.work(table, moment, |_| ()),
            },
        }
    }

    fn alter_column(&mut self, table: &Name, column: &str, action: &Action, made: Made, moment: Moment) {
        self.work(table, moment, |table| {
            let filled = match action {
                Action::SetType { using: Some(value), .. } => value.never_null(table),
                _ => true,
            };
            table.change(column, moment, |it| {
                it.changed = Some(made);
                it.alter(action, made, filled);
            });
        });
    }

    /// `CASCADE` takes the foreign keys along that refer to a key of the table.
    pub(super) fn release(&mut self, table: &Name, moment: Moment, goes: impl Fn(&Vec<String>) -> bool) {
        let mut gone = Vec::new();
        for (other, constraint) in self.references_to(table) {
            if let Demand::ForeignKey { referred, .. } = &constraint.rule
                && (referred.is_empty() || goes(referred))
            {
                gone.push((other.name.clone(), constraint.name.clone()));
            }
        }
        for (other, constraint) in gone {
            let slot = Slot { stamp: moment.stamp, value: None };
            self.work(&other, moment, |it| it.constraints.insert(constraint, slot));
        }
    }

    fn drop_constraint(&mut self, table: &Name, constraint: &str, cascade: bool, moment: Moment) {
        let key = match self.constraint(table, constraint).yes().map(|it| &it.rule) {
            Some(Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. }) => Some(columns.clone()),
            _ => None,
        };
        if cascade {
            self.release(table, moment, |columns| key.as_ref().is_none_or(|key| key == columns));
        }
        // What a primary key made NOT NULL stays so (PostgreSQL up to 18).
        let slot = Slot { stamp: moment.stamp, value: None };
        self.work(table, moment, |it| {
            if let Some(Slot { value: Some(found), .. }) = it.constraints.get(constraint)
                && let Demand::NotNull { column } = found.rule.clone()
            {
                it.change(&column, moment, |it| it.not_null = Known::No);
            }
            it.constraints.insert(constraint.to_owned(), slot)
        });
    }

    fn attach_partition(&mut self, table: &Name, partition: &Name, bound: &str, moment: Moment) {
        self.work(partition, moment, |it| it.partition_of = Some((table.clone(), bound.to_owned())));
        self.work(table, moment, |it| it.children.insert(partition.clone()));
        let Known::Yes(parent) = self.table(table) else { return };
        let columns: Vec<String> = parent.columns().map(|(name, _)| name.to_owned()).collect();
        let keys: Vec<table::Constraint> = parent.constraints().cloned().collect();
        let indexes: Vec<crate::schema::Index> = self.indexes_of(parent).into_iter().cloned().collect();
        self.work(partition, moment, |it| {
            for column in columns {
                it.change(&column, moment, |it| it.inherited = true);
            }
        });
        // A key or index that the partition has already becomes a part of the parent's; others are made.
        for key in keys {
            let same = |it: &&mut Slot<table::Constraint>| {
                it.value.as_ref().is_some_and(|it| it.rule == key.rule && it.sql == key.sql)
            };
            let found = self.work(partition, moment, |it| match it.constraints.values_mut().find(same) {
                Some(Slot { value: Some(own), .. }) => {
                    Arc::make_mut(own).inherited = true;
                    true
                }
                _ => false,
            });
            if !found {
                let own = crate::statement::Constraint {
                    name: matches!(key.rule, Demand::ForeignKey { .. }).then(|| key.name.clone()),
                    valid: key.valid,
                    enforced: true,
                    no_inherit: false,
                    rule: key.rule.clone(),
                    sql: key.sql.clone(),
                };
                self.add_inherited(partition, &own, key.made, moment);
            }
        }
        for index in indexes {
            self.attach_index(partition, &index, moment);
        }
    }

    fn validate(&mut self, table: &Name, constraint: &str, made: Made, moment: Moment) {
        self.work(table, moment, |table| {
            let Some(slot) = table.constraints.get_mut(constraint) else { return };
            slot.stamp = moment.stamp;
            let Some(value) = &mut slot.value else { return };
            let value = Arc::make_mut(value);
            (value.valid, value.validated, value.changed) = (true, Some(made), made);
            if let Demand::NotNull { column } = value.rule.clone() {
                table.change(&column, moment, |it| it.not_null = Known::Yes(made));
            }
        });
    }
}

/// A constraint of a parent that a child gets: checks always, keys only in partitions.
fn inherits(rule: &Demand, child: &Name, schema: &Schema) -> bool {
    let partition = schema.table(child).yes().is_some_and(|it| it.partition_of.is_some());
    matches!(rule, Demand::Check(_)) || (partition && !matches!(rule, Demand::NotNull { .. }))
}

impl Column {
    fn alter(&mut self, action: &Action, made: Made, filled: bool) {
        match action {
            Action::SetNotNull { .. } => (self.not_null, self.nulls) = (Known::Yes(made), None),
            Action::DropNotNull { .. } => (self.not_null, self.filled) = (Known::No, None),
            Action::SetDefault { default, sql, .. } => {
                (self.default, self.default_sql) = (Some(default.clone()), Some(sql.clone()));
            }
            Action::DropDefault { .. } => (self.default, self.default_sql) = (None, None),
            Action::SetType { kind, collation, .. } => {
                self.default_sql = self.default_sql.take().map(|sql| kept(&sql, self.kind.as_ref(), kind));
                self.kind = typed(kind);
                self.collation = collation.clone().map(Box::new);
                self.filled = self.filled.filter(|_| filled);
            }
            Action::AddIdentity { sql, .. } => {
                (self.generated, self.generation, self.generation_sql) =
                    (true, Some(Box::new(Generation::Identity)), Some(sql.clone()));
            }
            Action::AlterIdentity { always: Some(always), .. } => {
                let (old, new) = if *always { ("BY DEFAULT", "ALWAYS") } else { ("ALWAYS", "BY DEFAULT") };
                self.generation_sql = self.generation_sql.take().map(|sql| sql.replacen(old, new, 1));
            }
            Action::DropIdentity { .. } | Action::DropExpression { .. } => {
                (self.generated, self.generation, self.generation_sql) = (false, None, None);
            }
            _ => {}
        }
    }
}

/// A default's text when the column becomes of another type: a constant stays one of the old type, and is cast.
fn kept(sql: &str, old: Option<&Type>, new: &Type) -> String {
    let Some(old) = old else { return sql.to_owned() };
    let constant = sql.starts_with('\'') && sql.ends_with('\'');
    if constant && (old.name != new.name || old.schema != new.schema) {
        let bare = Type { modifiers: Vec::new(), ..old.clone() };
        return format!("{sql}::{}", formatted(&bare));
    }
    sql.to_owned()
}

/// The constraint is about the column.
pub(super) fn holds(constraint: &table::Constraint, column: &str) -> bool {
    match &constraint.rule {
        Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } | Demand::ForeignKey { columns, .. } => {
            columns.iter().any(|it| it == column) || mentions(&constraint.sql, column)
        }
        Demand::Check(check) => check.mentions(column) || mentions(&constraint.sql, column),
        Demand::NotNull { column: it } => it == column,
        Demand::Exclude => mentions(&constraint.sql, column),
    }
}
