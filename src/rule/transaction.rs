//! What the open transaction has done already, as far as it matters to what follows in it.
//!
//! By Alembic's default all revisions of a run share one transaction (`EnvironmentContext.configure`,
//! `transaction_per_migration`). That is held against a revision only where the ones before it are known to be new
//! too: others have been run before, by themselves.

use super::Site;
use crate::{
    lock::Relation,
    schema::{Known, Run, Sort},
    source::Span,
    statement::{Action, Kind, Mode, Name},
};
use std::collections::BTreeMap;

/// A place, and the run that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Where.
    pub span: Span,
    /// Of which revision.
    pub run: Run,
}

/// The open transaction.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// Values that were added to enums which are older than the transaction.
    pub values: BTreeMap<(Name, String), Deed>,
    /// Constraints that were added `NOT VALID`, by table and name.
    pub unvalidated: BTreeMap<(Name, String), Deed>,
    /// Tables in use that nobody else can read until it ends.
    pub locked: BTreeMap<Name, Deed>,
}

/// What one statement does to the open transaction.
#[derive(Clone, Debug, Default)]
pub struct Deeds {
    ends: bool,
    did: Transaction,
}

impl Deeds {
    /// Those of the site's statement.
    #[must_use]
    pub fn of(site: &Site<'_>) -> Self {
        let statement = site.statement;
        let deed = Deed { span: statement.span, run: site.run };
        let mut did = Transaction::default();
        if !site.in_transaction || matches!(statement.kind, Kind::Begin | Kind::End) {
            return Self { ends: true, did };
        }
        match &statement.kind {
            Kind::AddEnumValue { name, value } => {
                let made = site.schema.object(Sort::Enum, name).yes().map(|it| it.made.run);
                if made != Some(site.run) {
                    did.values.insert((name.clone(), value.clone()), deed);
                }
            }
            Kind::AlterTable { table, actions, .. } => {
                for action in actions {
                    if let Action::AddConstraint(constraint) = action
                        && let (false, Some(name)) = (constraint.valid, &constraint.name)
                    {
                        did.unvalidated.insert((table.clone(), name.clone()), deed);
                    }
                }
            }
            _ => {}
        }
        let exclusive = site.effect().locks.iter().filter(|it| it.mode == Mode::AccessExclusive);
        for lock in exclusive.filter(|it| it.sort == Relation::Table && site.in_use(&it.relation) != Known::No) {
            did.locked.insert(lock.relation.clone(), deed);
        }
        Self { ends: false, did }
    }
}

impl Transaction {
    /// The statement has been run.
    pub fn add(&mut self, deeds: Deeds) {
        if deeds.ends {
            *self = Self::default();
            return;
        }
        self.values.extend(deeds.did.values);
        self.unvalidated.extend(deeds.did.unvalidated);
        for (table, deed) in deeds.did.locked {
            self.locked.entry(table).or_insert(deed);
        }
    }
}
