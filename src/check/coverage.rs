//! How much of a history is understood: what is resolved, what is not, and which conditions stay open.

use super::{Decisions, Migrated};
use crate::{
    finding::Direction,
    history::History,
    op::{Guard, Op, Question},
    reason::{Class, Reason},
    revision::{Body, Revision},
    source::Span,
    statement::Way,
};
use std::collections::{BTreeMap, BTreeSet};

/// How much of one history is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The script folder.
    pub environment: String,
    /// The revisions that were looked at.
    pub revisions: usize,
    /// What they ask Alembic for, both ways, each call once.
    pub operations: usize,
    /// Of these, what is not understood; by class, reason and place.
    pub unresolved: Vec<Gap>,
    /// Of the others, what Alembic itself refuses, so that the revision fails there.
    pub refused: Vec<Gap>,
    /// The conditions that only a run can decide; by class, reason and place.
    pub undecided: Vec<Gap>,
}

/// Something that is not known, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why, and of which class that is.
    pub reason: Reason,
    /// The Python of a condition.
    pub condition: Option<String>,
    /// Where it stands.
    pub span: Span,
    /// The revision.
    pub revision: String,
    /// Which way.
    pub direction: Direction,
}

impl Coverage {
    /// How many of the operations are resolved.
    #[must_use]
    pub fn resolved(&self) -> usize {
        self.operations.saturating_sub(self.unresolved.len())
    }

    /// The gaps of one reason together: by class, then the most frequent first, then by the words.
    #[must_use]
    pub fn grouped(gaps: &[Gap]) -> Vec<(Class, &str, Vec<&Gap>)> {
        let mut groups: BTreeMap<(Class, &str), Vec<&Gap>> = BTreeMap::new();
        for gap in gaps {
            groups.entry((gap.reason.class, &gap.reason.text)).or_default().push(gap);
        }
        let mut groups: Vec<_> = groups.into_iter().map(|((class, text), gaps)| (class, text, gaps)).collect();
        groups.sort_by_key(|(class, text, gaps)| (*class, std::cmp::Reverse(gaps.len()), *text));
        groups
    }
}

/// Measures a history: `migrations` and `decisions` are in the order of its revisions.
#[must_use]
pub fn cover(history: &History, migrations: &[Migrated], decisions: &[Decisions]) -> Coverage {
    let mut coverage = Coverage::of(history);
    for ((revision, migrated), decided) in history.revisions.iter().zip(migrations).zip(decisions) {
        coverage.add(history, revision, migrated, decided);
    }
    coverage
}

impl Coverage {
    /// That of a history of which no revision has been looked at.
    pub(super) fn of(history: &History) -> Self {
        Self { environment: history.environment.folder.clone(), ..Self::default() }
    }

    /// Takes in the next revision.
    pub(super) fn add(&mut self, history: &History, revision: &Revision, migrated: &Migrated, decided: &Decisions) {
        if history.environment.selected.as_ref().is_some_and(|it| !it.contains(&revision.source)) {
            return;
        }
        self.revisions += 1;
        self.way(revision, Direction::Upgrade, (&revision.upgrade, &migrated.upgrade), &decided.open);
        self.way(revision, Direction::Downgrade, (&revision.downgrade, &migrated.downgrade), &decided.open);
    }

    fn way(
        &mut self,
        revision: &Revision,
        direction: Direction,
        (body, way): (&Body, &Way),
        open: &[(Direction, Guard)],
    ) {
        self.operations += body.steps.iter().filter(|step| !matches!(step.op, Op::Raise { .. })).count();
        let gap = |reason: Reason, condition: Option<String>, span: Span| Gap {
            reason,
            condition,
            span,
            revision: revision.id.id.clone(),
            direction,
        };
        let mut steps = BTreeSet::new();
        for it in &way.unresolved {
            // Several faults of one operation are one operation.
            if steps.insert(it.step) {
                let refused = it.reason.class == Class::Refused;
                let gaps = if refused { &mut self.refused } else { &mut self.unresolved };
                gaps.push(gap(it.reason.told(), None, it.sent));
            }
        }
        let mut seen = BTreeSet::new();
        let asked = open.iter().filter(|(it, _)| *it == direction).map(|(_, guard)| guard);
        // What stands before something that is not understood is asked of nobody else.
        let before = way.unresolved.iter().filter_map(|it| body.steps.get(it.step)).flat_map(|step| &step.when);
        for guard in asked.chain(before.filter(|guard| guard.question.open().is_some())) {
            if seen.insert((guard.span.source, guard.span.start, guard.span.end)) {
                self.undecided.push(gap(why(guard).told(), Some(guard.text.clone()), guard.span));
            }
        }
    }
}

/// Why a condition is open.
#[must_use]
pub fn why(guard: &Guard) -> Reason {
    let there = |what: String| Reason::data(format!("the history does not say whether {what}"));
    match &guard.question {
        Question::Unknown(reason) => reason.clone(),
        Question::Table(table) => there(format!("there is a table `{}`", table.name.text)),
        Question::Column(table, column) => there(format!("table `{}` has a column `{column}`", table.name.text)),
        Question::Index(table, index) => there(format!("table `{}` has an index `{index}`", table.name.text)),
        Question::AnyIndex(index) => there(format!("there is an index `{}`", index.name.text)),
        Question::Type(kind) => there(format!("there is a type `{}`", kind.name.text)),
        Question::View(view) => there(format!("there is a view `{}`", view.name.text)),
        Question::Schema(schema) => there(format!("there is a schema `{schema}`")),
        Question::Constraint(table, name) => there(format!("table `{}` has a constraint `{name}`", table.name.text)),
    }
}
