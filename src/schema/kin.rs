//! What tables, types and functions are to each other: partitions and children, domains, the volatility of functions.

use super::{Known, Map, Schema, Slot, reach::Given};
use crate::statement::{Action, Body, Constraint, Demand, DomainChange, Expr, Function, Kind, Name, Type, Volatility};
use std::{collections::BTreeSet, sync::Arc};

/// A table that another one is a partition or child of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its name.
    pub name: Name,
    /// The child is a partition of it.
    pub partition: bool,
    /// And the default one.
    pub default: bool,
}

/// A domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// What it is over.
    pub base: Type,
    /// Its constraints, `NOT NULL` among them.
    pub constraints: Vec<Constraint>,
    /// Its default.
    pub default: Option<Expr>,
}

/// Functions that call each other are followed this far.
const DEEPEST: u8 = 8;

/// What is known of the functions of one name.
#[derive(Clone, Debug)]
struct Callable {
    /// As of [`Schema::volatility`].
    volatility: (Volatility, bool),
    /// What its parameters are, and its body; `None` where there are several.
    only: Option<(Vec<String>, Option<Box<Body>>)>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Kin {
    parents: Map<Name, Slot<Vec<Parent>>>,
    /// Tables that are, or once were, children of a table.
    children: Map<Name, Arc<BTreeSet<Name>>>,
    domains: Map<Name, Slot<Domain>>,
    functions: Map<Name, Slot<Callable>>,
    /// Tables that are not logged, and materialized views.
    unlogged: Map<Name, Slot<()>>,
    materialized: Map<Name, Slot<()>>,
}

impl Schema {
    /// The tables that this one is a partition or child of.
    #[must_use]
    pub fn parents(&self, table: &Name) -> &[Parent] {
        self.kin.parents.get(table).and_then(|it| it.value.as_deref()).map_or(&[], Vec::as_slice)
    }

    /// The partitions and children of a table, by name, without theirs.
    #[must_use]
    pub fn children(&self, table: &Name) -> Vec<&Name> {
        let named = self.kin.children.get(table).into_iter().flat_map(|it| it.iter());
        named.filter(|child| self.parents(child).iter().any(|it| it.name == *table)).collect()
    }

    /// The table, its partitions and children, and theirs.
    #[must_use]
    pub fn family(&self, table: &Name) -> Vec<Name> {
        self.descent(table, false)
    }

    /// The table, its partitions, and theirs.
    #[must_use]
    pub fn partitions(&self, table: &Name) -> Vec<Name> {
        self.descent(table, true)
    }

    fn descent(&self, table: &Name, partitions: bool) -> Vec<Name> {
        let mut found = vec![table.clone()];
        let mut at = 0;
        while let Some(next) = found.get(at).cloned() {
            for child in self.children(&next) {
                let is_partition = || self.parents(child).iter().any(|it| it.name == next && it.partition);
                if !found.contains(child) && (!partitions || is_partition()) {
                    found.push(child.clone());
                }
            }
            at += 1;
        }
        found
    }

    /// The views that read from a table or view by their own words.
    #[must_use]
    pub fn readers(&self, relation: &Name) -> Vec<Name> {
        let views = self.objects.iter().filter(|((sort, _), _)| *sort == super::Sort::View);
        let reads = views.filter(|(_, slot)| slot.value.as_ref().is_some_and(|it| it.reads.contains(relation)));
        reads.map(|((_, name), _)| name.clone()).collect()
    }

    /// The default partition of a table.
    #[must_use]
    pub fn default_partition(&self, table: &Name) -> Option<&Name> {
        let is_default = |child: &&Name| self.parents(child).iter().any(|it| it.name == *table && it.default);
        self.children(table).into_iter().find(is_default)
    }

    /// A domain that the history has made.
    #[must_use]
    pub fn domain(&self, kind: &Type) -> Option<&Domain> {
        let name = Name { schema: kind.schema.clone(), name: kind.name.clone() };
        self.kin.domains.get(&name)?.value.as_deref()
    }

    /// How much the answer of a function that the history has made may change, of several with one name the most; and
    /// whether its body may be put in its place (`LANGUAGE sql`).
    #[must_use]
    pub fn volatility(&self, function: &Name) -> Option<(Volatility, bool)> {
        Some(self.kin.functions.get(function)?.value.as_deref()?.volatility)
    }

    /// A function that the history has made gives a value, where these of its arguments do.
    pub(super) fn answers(&self, function: &Name, values: &[bool], depth: u8) -> bool {
        let known = self.kin.functions.get(function).and_then(|it| it.value.as_deref());
        let Some((_, Some(body))) = known.and_then(|it| it.only.as_ref()) else { return false };
        let given = !body.strict || values.iter().all(|it| *it);
        given && depth < DEEPEST && body.value.never_null(&Given { schema: self, body, values, depth })
    }

    /// The table is not written to the log.
    #[must_use]
    pub fn is_unlogged(&self, table: &Name) -> bool {
        self.kin.unlogged.get(table).is_some_and(|it| it.value.is_some())
    }

    /// It is a materialized view.
    #[must_use]
    pub fn is_materialized(&self, view: &Name) -> bool {
        self.kin.materialized.get(view).is_some_and(|it| it.value.is_some())
    }

    /// A constraint of the table, or of one that it is a partition or child of.
    pub fn inherited<T>(&self, table: &Name, find: &dyn Fn(&super::Table) -> Option<T>) -> Option<T> {
        let mut open = vec![table];
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name) {
                continue;
            }
            if let Known::Yes(known) = self.table(name)
                && let Some(found) = find(known)
            {
                return Some(found);
            }
            open.extend(self.parents(name).iter().map(|it| &it.name));
        }
        None
    }
}

impl Kin {
    /// What the statement changes of it.
    pub(super) fn apply(&mut self, kind: &Kind, stamp: u32) {
        match kind {
            Kind::CreateTable(create) => {
                let mut parents = Vec::new();
                if let Some(of) = &create.partition_of {
                    parents.push(Parent { name: of.parent.clone(), partition: true, default: of.default });
                }
                let inherited = create.inherits.iter().cloned();
                parents.extend(inherited.map(|name| Parent { name, partition: false, default: false }));
                for parent in parents {
                    self.adopt(&create.table, parent, stamp);
                }
                if create.unlogged {
                    self.unlogged.insert_mut(create.table.clone(), kept((), stamp));
                }
            }
            Kind::AlterTable { table, actions, .. } => actions.iter().for_each(|it| self.alter(table, it, stamp)),
            Kind::DropTable { tables, .. } => tables.iter().for_each(|it| self.forget(it, stamp)),
            Kind::RenameTable { table, to } => self.rename(table, &table.renamed(to), stamp),
            Kind::MoveTable { table, schema } => self.rename(table, &Name::within(schema, &table.name), stamp),
            Kind::CreateDomain(domain) => {
                let (base, constraints) = (domain.base.clone(), domain.constraints.clone());
                let value = Domain { base, constraints, default: domain.default.clone() };
                self.domains.insert_mut(domain.name.clone(), kept(value, stamp));
            }
            Kind::AlterDomain { name, change } => self.alter_domain(name, change, stamp),
            Kind::DropType { names, .. } => names.iter().for_each(|name| {
                self.domains.insert_mut(name.clone(), gone(stamp));
            }),
            Kind::CreateFunction(function) => self.define(function, stamp),
            Kind::CreateView { view, materialized: true, .. } => {
                self.materialized.insert_mut(view.clone(), kept((), stamp));
            }
            Kind::DropView { views, .. } => views.iter().for_each(|view| {
                self.materialized.insert_mut(view.clone(), gone(stamp));
            }),
            _ => {}
        }
    }

    fn alter(&mut self, table: &Name, action: &Action, stamp: u32) {
        match action {
            Action::AttachPartition { partition, default, .. } => {
                self.adopt(partition, Parent { name: table.clone(), partition: true, default: *default }, stamp);
            }
            Action::DetachPartition { partition, .. } => self.leave(partition, table, stamp),
            Action::Inherit { parent } => {
                self.adopt(table, Parent { name: parent.clone(), partition: false, default: false }, stamp);
            }
            Action::NoInherit { parent } => self.leave(table, parent, stamp),
            Action::SetUnlogged => {
                self.unlogged.insert_mut(table.clone(), kept((), stamp));
            }
            Action::SetLogged => {
                self.unlogged.insert_mut(table.clone(), gone(stamp));
            }
            _ => {}
        }
    }

    fn adopt(&mut self, child: &Name, parent: Parent, stamp: u32) {
        match self.children.get_mut(&parent.name) {
            Some(children) => {
                Arc::make_mut(children).insert(child.clone());
            }
            None => {
                self.children.insert_mut(parent.name.clone(), Arc::new([child.clone()].into()));
            }
        }
        let mut parents = self.of(child);
        parents.retain(|it| it.name != parent.name);
        parents.push(parent);
        self.parents.insert_mut(child.clone(), kept(parents, stamp));
    }

    fn leave(&mut self, child: &Name, parent: &Name, stamp: u32) {
        let mut parents = self.of(child);
        parents.retain(|it| it.name != *parent);
        self.parents.insert_mut(child.clone(), kept(parents, stamp));
    }

    fn of(&self, child: &Name) -> Vec<Parent> {
        self.parents.get(child).and_then(|it| it.value.as_deref()).cloned().unwrap_or_default()
    }

    fn forget(&mut self, table: &Name, stamp: u32) {
        if self.parents.contains_key(table) {
            self.parents.insert_mut(table.clone(), gone(stamp));
        }
        if self.unlogged.contains_key(table) {
            self.unlogged.insert_mut(table.clone(), gone(stamp));
        }
    }

    fn rename(&mut self, from: &Name, to: &Name, stamp: u32) {
        for parent in self.of(from) {
            self.adopt(to, parent, stamp);
        }
        for child in self.children.get(from).map(|it| (**it).clone()).unwrap_or_default() {
            let old = self.of(&child).into_iter().find(|it| it.name == *from);
            if let Some(parent) = old {
                self.leave(&child, from, stamp);
                self.adopt(&child, Parent { name: to.clone(), ..parent }, stamp);
            }
        }
        let unlogged = self.unlogged.get(from).is_some_and(|it| it.value.is_some());
        self.forget(from, stamp);
        if unlogged {
            self.unlogged.insert_mut(to.clone(), kept((), stamp));
        }
    }

    fn alter_domain(&mut self, name: &Name, change: &DomainChange, stamp: u32) {
        let Some(Slot { value: Some(domain), stamp: at }) = self.domains.get_mut(name) else { return };
        *at = stamp;
        let domain = Arc::make_mut(domain);
        match change {
            DomainChange::AddConstraint(constraint) => domain.constraints.push(constraint.clone()),
            DomainChange::DropConstraint { constraint } => {
                domain.constraints.retain(|it| it.name.as_ref() != Some(constraint));
            }
            DomainChange::ValidateConstraint { constraint } => {
                let named = domain.constraints.iter_mut().filter(|it| it.name.as_ref() == Some(constraint));
                named.for_each(|it| it.valid = true);
            }
            DomainChange::SetNotNull => {
                let rule = Demand::NotNull { column: "VALUE".to_owned() };
                let sql = String::new();
                let constraint = Constraint { name: None, valid: true, enforced: true, no_inherit: false, rule, sql };
                domain.constraints.push(constraint);
            }
            DomainChange::DropNotNull => {
                domain.constraints.retain(|it| !matches!(it.rule, Demand::NotNull { .. }));
            }
            DomainChange::Default(default) => domain.default.clone_from(default),
        }
    }

    fn define(&mut self, function: &Function, stamp: u32) {
        let known = self.functions.get(&function.name).and_then(|it| it.value.as_deref());
        let mut value = Callable {
            volatility: (function.volatility, function.inlined),
            only: Some((function.signature.clone(), function.body.clone())),
        };
        if let Some(known) = known {
            if !function.replace {
                value.volatility.0 = value.volatility.0.max(known.volatility.0);
                value.volatility.1 |= known.volatility.1;
            }
            // Which of several it replaces is told by the parameters.
            let replaced = known.only.as_ref().is_some_and(|(signature, _)| *signature == function.signature);
            value.only = value.only.filter(|_| replaced);
        }
        self.functions.insert_mut(function.name.clone(), kept(value, stamp));
    }

    /// Takes in what another branch has done; see [`Schema::join`].
    pub(super) fn join(&mut self, other: &Self) {
        super::join::later(&mut self.parents, &other.parents);
        super::join::later(&mut self.domains, &other.domains);
        super::join::later(&mut self.functions, &other.functions);
        super::join::later(&mut self.unlogged, &other.unlogged);
        super::join::later(&mut self.materialized, &other.materialized);
        super::join::all(&mut self.children, &other.children);
    }
}

fn kept<T>(value: T, stamp: u32) -> Slot<T> {
    Slot { stamp, value: Some(Arc::new(value)) }
}

fn gone<T>(stamp: u32) -> Slot<T> {
    Slot { stamp, value: None }
}
