//! What is kept from one check of a history to the next.
//!
//! The revisions before the first that is another one, or is asked about in other terms, have the schema and the findings
//! that they had: a rule sees nothing that comes after its revision but what is compared here.

use super::{Decisions, Migrated, Newness, decide::Turn, graph::Graph, judge::Raised};
use crate::{
    environment::{Dump, Stack},
    history::History,
    policy::Target,
    revision::Revision,
    rule::Transaction,
    schema::{Answer, Names, Schema},
};
use std::sync::Arc;

/// The last check of a history.
#[derive(Default)]
pub struct Past {
    terms: Option<Terms>,
    steps: Vec<Step>,
    /// How many revisions were judged since the last question.
    anew: usize,
}

/// What every revision is judged by.
#[derive(Clone, PartialEq)]
pub(super) struct Terms {
    /// Where each is kept: a project's own may be another under its name.
    pub(super) rules: Vec<usize>,
    pub(super) target: Target,
    pub(super) selected: bool,
    pub(super) folder: String,
    pub(super) stack: Stack,
    pub(super) dump: Option<Dump>,
}

/// What is asked now.
pub(super) struct Now<'a> {
    pub(super) history: &'a History,
    pub(super) graph: &'a Graph,
    pub(super) newness: &'a Newness,
    pub(super) names: &'a Names,
}

/// One revision: what its findings depend on, and what they were.
pub(super) struct Step {
    revision: Revision,
    pub(super) migrated: Migrated,
    stands: Stands,
    /// The tables whose names the rules have asked for, and the answers.
    names: Vec<(String, Answer)>,
    pub(super) after: Schema,
    pub(super) stamp: u32,
    pub(super) decisions: Decisions,
    pub(super) raised: Vec<Raised>,
    /// The transaction that it leaves open.
    pub(super) open: Transaction,
}

/// How a revision stands in its history.
#[derive(PartialEq)]
struct Stands {
    parents: Vec<usize>,
    needs: Vec<usize>,
    is_head: bool,
    is_selected: bool,
    /// As in [`Newness`].
    fresh: Option<bool>,
    reported: Option<bool>,
}

/// What the rules have said of a revision.
#[derive(Default)]
pub(super) struct Verdict {
    pub(super) raised: Vec<Raised>,
    pub(super) names: Vec<(String, Answer)>,
    pub(super) open: Transaction,
}

impl Past {
    /// The first revisions, as far as they are what they were; the others are forgotten.
    pub(super) fn known(&mut self, terms: Terms, now: &Now<'_>, migrations: &[Migrated]) -> &[Step] {
        if self.terms.as_ref() != Some(&terms) {
            self.steps.clear();
            self.terms = Some(terms);
        }
        let same =
            self.steps.iter().enumerate().take_while(|(place, step)| step.holds(*place, now, migrations)).count();
        self.steps.truncate(same);
        &self.steps
    }

    /// Takes in the next revision.
    pub(super) fn push(&mut self, turn: &Turn, verdict: Verdict, now: &Now<'_>) {
        let Some(revision) = now.history.revisions.get(turn.place) else { return };
        self.anew += 1;
        let Verdict { raised, names, open } = verdict;
        self.steps.push(Step {
            revision: revision.clone(),
            migrated: turn.migrated.clone(),
            stands: Stands::of(turn.place, revision, now),
            names,
            after: turn.after.clone(),
            stamp: turn.stamps[2],
            decisions: turn.decisions.clone(),
            raised,
            open,
        });
    }

    /// How many revisions were replayed and judged since the last question.
    pub fn anew(&mut self) -> usize {
        std::mem::take(&mut self.anew)
    }
}

impl Step {
    fn holds(&self, place: usize, now: &Now<'_>, migrations: &[Migrated]) -> bool {
        let (Some(revision), Some(migrated)) = (now.history.revisions.get(place), migrations.get(place)) else {
            return false;
        };
        let stands = Stands::of(place, revision, now);
        is_same(&self.revision, revision)
            && Arc::ptr_eq(&self.migrated.upgrade, &migrated.upgrade)
            && Arc::ptr_eq(&self.migrated.downgrade, &migrated.downgrade)
            && stands == self.stands
            // Where revisions need each other in a circle, nothing comes before.
            && stands.needs.iter().all(|it| *it < place)
            && self.names.iter().all(|(table, answer)| now.names.answer(table) == *answer)
    }
}

impl Stands {
    fn of(place: usize, revision: &Revision, now: &Now<'_>) -> Self {
        let newness = |chosen: &Option<Vec<bool>>| chosen.as_ref().map(|it| it.get(place) == Some(&true));
        let selected = now.history.environment.selected.as_ref();
        Self {
            parents: now.graph.parents.get(place).cloned().unwrap_or_default(),
            needs: now.history.needs(place),
            is_head: now.history.children(&revision.id.id).is_empty(),
            is_selected: selected.is_none_or(|it| it.contains(&revision.source)),
            fresh: newness(&now.newness.fresh),
            reported: newness(&now.newness.reported),
        }
    }
}

/// The same reading of the same text.
fn is_same(one: &Revision, other: &Revision) -> bool {
    one.source == other.source
        && Arc::ptr_eq(&one.upgrade, &other.upgrade)
        && Arc::ptr_eq(&one.downgrade, &other.downgrade)
        && (&one.id, &one.parents, &one.depends_on) == (&other.id, &other.parents, &other.depends_on)
        && (&one.labels, &one.docstring) == (&other.labels, &other.docstring)
}
