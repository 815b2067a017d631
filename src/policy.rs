//! What the configuration and the flags come to; no parsing here.

use crate::{finding::Severity, history::History, rule::Rule, rules, statement::Name, stats::Stats};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The lowest PostgreSQL version where none is configured: the oldest that its makers still serve (14, until
/// November 2026).
pub const DEFAULT_POSTGRES: u32 = 14;

/// What rules may know of the user's wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The lowest PostgreSQL major version that the history is run on.
    pub postgres: u32,
    /// The configuration, a flag or the database itself says so.
    pub postgres_told: bool,
    /// Schemas that every table must name; empty: what the rest of the history does decides.
    pub schemas: Vec<String>,
    /// A revision: only what is neither it nor its ancestor is new.
    pub since: Option<String>,
    /// The ids of the revisions that have landed on the base of a pull request: only the others are new.
    pub landed: Option<BTreeSet<String>>,
    /// Tables that must not be kept waiting.
    pub hot: Vec<Name>,
    /// Tables of which every row is read in no time.
    pub small: Vec<Name>,
    /// The database that the history is to be run on next.
    pub stats: Option<Arc<Stats>>,
}

impl Default for Target {
    /// What holds without any configuration.
    fn default() -> Self {
        Self {
            postgres: DEFAULT_POSTGRES,
            postgres_told: false,
            schemas: Vec::new(),
            since: None,
            landed: None,
            hot: Vec::new(),
            small: Vec::new(),
            stats: None,
        }
    }
}

impl Target {
    /// The revisions that are not reported on any more, because they are old. Empty where all are.
    #[must_use]
    pub fn settled<'a>(&'a self, history: &'a History) -> BTreeSet<&'a str> {
        let mut settled = history.settled(self.since.as_deref());
        settled.extend(self.landed.iter().flatten().map(String::as_str));
        settled
    }

    /// It is told which revisions are new.
    #[must_use]
    pub fn knows_new(&self) -> bool {
        self.since.is_some() || self.landed.is_some() || self.stats.is_some()
    }
}

/// Which findings are kept, and how they are graded.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What rules may know.
    pub target: Target,
    /// Only these rules; `None`: those that are on by default.
    pub select: Option<BTreeSet<&'static str>>,
    /// Never these.
    pub ignore: BTreeSet<&'static str>,
    /// A severity in place of the rule's own.
    pub severity: BTreeMap<&'static str, Severity>,
    /// The project's own rules, by name.
    pub own: Vec<&'static Rule>,
    /// Rules that are not applied in the files that a glob matches (paths relative to the repository's root).
    pub per_file_ignores: Vec<(globset::GlobMatcher, BTreeSet<&'static str>)>,
}

impl Policy {
    /// The rule is on, wherever it was silenced, and what it finds is an error.
    pub fn insist(&mut self, rule: &'static str) {
        if let Some(select) = &mut self.select {
            select.insert(rule);
        }
        self.ignore.remove(rule);
        self.severity.insert(rule, Severity::Error);
        for (_, rules) in &mut self.per_file_ignores {
            rules.remove(rule);
        }
    }

    /// Every rule, limbeck's and the project's.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> + use<'_> {
        rules::ALL.iter().chain(self.own.iter().copied())
    }

    /// The rule of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Rule> {
        rules::find(name).or_else(|| self.own.iter().find(|it| it.name == name).copied())
    }

    /// The rule is on.
    #[must_use]
    pub fn applies(&self, rule: &Rule) -> bool {
        let selected = self.select.as_ref().map_or(rule.spec.default, |names| names.contains(rule.name));
        selected && !self.ignore.contains(rule.name)
    }
}
