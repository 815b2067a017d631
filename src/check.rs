//! The fold: History × Schema × rules × Policy to a report.
//!
//! The history is always replayed from its base; what is reported of it is decided last.

use crate::{
    base::Base,
    environment::{Environment, Stack},
    finding::{Direction, Finding, Severity},
    history::History,
    op::Guard,
    policy::Policy,
    rule::Rule,
    schema::{Schema, Touched},
    source::{Sources, Span},
    statement::{Unresolved, Way},
    stats::Stats,
};
use std::{collections::BTreeSet, sync::Arc};

mod apart;
mod coverage;
mod decide;
mod graph;
mod judge;
mod locks;
mod merges;
mod migrate;
mod past;
mod sift;
mod size;
mod start;

pub use apart::apart;
pub use coverage::{Coverage, Gap, cover, why};
pub use locks::{Locked, Locks, locks};
pub use migrate::migrate;
pub use past::Past;
pub use start::dumped;

/// A revision as SQL, both ways. They are shared by all who hold it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Migrated {
    /// `upgrade()`.
    pub upgrade: Arc<Way>,
    /// `downgrade()`.
    pub downgrade: Arc<Way>,
}

/// All that is judged together: one environment.
pub struct Case<'a> {
    /// The revisions and how they follow each other.
    pub history: &'a History,
    /// The texts that places are of.
    pub sources: &'a Sources,
    /// Each revision as SQL, in the order of [`History::revisions`]. What has been judged is let go.
    pub migrations: Vec<Migrated>,
    /// What the reader, the graph and the discovery have found.
    pub found: Vec<Finding>,
    /// Every Python comment of the revision files, from `#` to before the line's end.
    pub comments: &'a [Span],
    /// What the user wants.
    pub policy: &'a Policy,
    /// What the work at hand is held against, if anything.
    pub base: Option<&'a Base>,
}

/// What there is to say of an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By path, line, column, rule and message; those that a comment suppresses are among them.
    pub findings: Vec<Finding>,
    /// How much was read and found.
    pub summary: Summary,
    /// What was read, by script folder, and what it is run with.
    pub environments: Vec<(String, Stack)>,
    /// How much of each environment is understood.
    pub coverage: Vec<Coverage>,
    /// The revisions of each environment that are reported on; `None`: all.
    pub reported: Vec<Option<BTreeSet<String>>>,
    /// The revisions of each environment that are known to be new; `None`: nothing says which are.
    pub fresh: Vec<Option<BTreeSet<String>>>,
    /// The rules of the project's own.
    pub own: Vec<&'static Rule>,
}

impl Report {
    /// Takes the findings of these places in [`Self::findings`] as accepted: they are counted, and not shown.
    pub fn accept(&mut self, places: &BTreeSet<usize>) {
        for (place, finding) in self.findings.iter_mut().enumerate() {
            if places.contains(&place) && !finding.suppressed {
                finding.suppressed = true;
                finding.accepted = true;
            }
        }
        self.summary = Summary { errors: 0, warnings: 0, notes: 0, accepted: 0, ..self.summary };
        for finding in &self.findings {
            self.summary.count(finding);
        }
    }

    /// Adds and counts the findings of another history. What engines share, such as the head of a file, is told once.
    pub fn add(&mut self, findings: Vec<Finding>, is_engine: bool) {
        for finding in findings {
            let same =
                |it: &Finding| it.rule == finding.rule && it.span == finding.span && it.message == finding.message;
            if is_engine && self.findings.iter().any(same) {
                continue;
            }
            self.summary.count(&finding);
            self.findings.push(finding);
        }
    }
}

/// Counts; a suppressed finding is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the word says it")]
pub struct Summary {
    pub revisions: usize,
    pub statements: usize,
    pub operations: usize,
    pub unresolved: usize,
    pub undecided: usize,
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
    pub accepted: usize,
}

impl Summary {
    /// The sum of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            revisions: self.revisions + other.revisions,
            statements: self.statements + other.statements,
            operations: self.operations + other.operations,
            unresolved: self.unresolved + other.unresolved,
            undecided: self.undecided + other.undecided,
            errors: self.errors + other.errors,
            warnings: self.warnings + other.warnings,
            notes: self.notes + other.notes,
            accepted: self.accepted + other.accepted,
        }
    }

    fn count(&mut self, finding: &Finding) {
        self.accepted += usize::from(finding.accepted);
        if finding.suppressed {
            return;
        }
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }
}

/// Of each statement, whether its guards let it run; see [`decide`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// For [`Migrated::upgrade`], by statement.
    pub upgrade: Vec<Option<bool>>,
    /// For [`Migrated::downgrade`], by statement.
    pub downgrade: Vec<Option<bool>>,
    /// The conditions of either way that only a run can decide, in the order in which they are met.
    pub open: Vec<(Direction, Guard)>,
}

/// Answers what the revisions ask the database, as far as the replayed schema can.
///
/// The answer has one entry for each revision, in the order of [`History::revisions`]: `Some(true)` for a statement
/// that is run (also one without guards), `Some(false)` for one that is not, `None` where only a run can tell.
#[must_use]
pub fn decide(history: &History, migrations: &[Migrated]) -> Vec<Decisions> {
    let graph = graph::Graph::new(history);
    decide::Replay::new(&graph, migrations.to_vec()).map(|turn| turn.decisions).collect()
}

/// What the upgrades to some revisions come to.
#[derive(Clone, Debug, Default)]
pub struct Replayed {
    /// The schema that they leave.
    pub schema: Schema,
    /// What is not understood on the way, by the revision's place in the history.
    pub unresolved: Vec<(usize, Unresolved)>,
    /// The conditions that only a run can decide; what they guard is taken to be done.
    pub undecided: Vec<(usize, Guard)>,
}

/// Replays a history up to some of its revisions, by their whole ids.
#[must_use]
pub fn replayed(history: &History, migrations: &[Migrated], at: &[String]) -> Replayed {
    let graph = graph::Graph::new(history);
    let ends: Vec<usize> = at.iter().filter_map(|id| history.position(id)).collect();
    let mut wanted = vec![false; migrations.len()];
    let mut open = ends.clone();
    while let Some(place) = open.pop() {
        if !std::mem::replace(&mut wanted[place], true) {
            open.extend(&graph.parents[place]);
        }
    }
    let mut replayed = Replayed::default();
    for turn in decide::Replay::new(&graph, migrations.to_vec()) {
        if wanted[turn.place] {
            let open = turn.migrated.upgrade.unresolved.iter();
            replayed.unresolved.extend(open.map(|it| (turn.place, it.clone())));
            let upgrade = turn.decisions.open.iter().filter(|(direction, _)| *direction == Direction::Upgrade);
            replayed.undecided.extend(upgrade.map(|(_, guard)| (turn.place, guard.clone())));
        }
        if ends.contains(&turn.place) {
            replayed.schema.join(&turn.after);
        }
    }
    replayed
}

/// What each revision makes of the schema, by its place in the history: the schema before its upgrade, the one after,
/// and what its two ways touch.
pub fn each_step(
    history: &History,
    migrations: &[Migrated],
    mut visit: impl FnMut(usize, &Schema, &Schema, &BTreeSet<Touched>),
) {
    let graph = graph::Graph::new(history);
    for turn in decide::Replay::new(&graph, migrations.to_vec()) {
        visit(turn.place, &turn.before, &turn.after, &turn.touched);
    }
}

/// Judges an environment.
#[must_use]
pub fn check(case: Case<'_>) -> Report {
    judged(case, None)
}

/// Judges an environment again: what is as it was is taken from the last time. The report is that of [`check`].
#[must_use]
pub fn check_again(case: Case<'_>, past: &mut Past) -> Report {
    judged(case, Some(past))
}

fn judged(mut case: Case<'_>, past: Option<&mut Past>) -> Report {
    let migrations = std::mem::take(&mut case.migrations);
    let case = &case;
    let mut summary = Summary { revisions: case.history.revisions.len(), ..Summary::default() };
    for way in migrations.iter().flat_map(|it| [&it.upgrade, &it.downgrade]) {
        summary.statements += way.statements.len() + way.rejected.len();
    }
    let graph = graph::Graph::new(case.history);
    let newness = newness(case, &graph);
    let remarks = sift::remarks(&migrations);
    let (raised, coverage) = judge::judge(case, migrations, &graph, &newness, past);
    summary.operations = coverage.operations;
    summary.unresolved = coverage.unresolved.len();
    summary.undecided = coverage.undecided.len();
    let mut findings = sift::sift(case, raised, &remarks, newness.reported.as_deref());
    if case.policy.target.stats.is_some() {
        // What is asked is what `upgrade head` does there.
        findings.retain(|it| it.subject.direction != Some(Direction::Downgrade));
    }
    sort(&mut findings, case.sources);
    // One line that serves both ways, such as a table of the module, is one fault.
    findings
        .dedup_by(|next, first| next.rule == first.rule && next.span == first.span && next.message == first.message);
    for finding in &findings {
        summary.count(finding);
    }
    let Environment { folder, stack, .. } = &case.history.environment;
    let ids = |chosen: &Vec<bool>| {
        let all = case.history.revisions.iter().zip(chosen);
        all.filter(|(_, reported)| **reported).map(|(it, _)| it.id.id.clone()).collect()
    };
    Report {
        findings,
        summary,
        environments: vec![(folder.clone(), stack.clone())],
        coverage: vec![coverage],
        reported: vec![newness.reported.as_ref().map(ids)],
        fresh: vec![newness.fresh.as_ref().map(ids)],
        own: case.policy.own.clone(),
    }
}

/// What a run has shown, as it is reported: a finding, the operation's call, and the comments in its SQL.
#[must_use]
pub fn sift_run(case: &Case<'_>, shown: Vec<(Finding, Option<Span>, Vec<Span>)>) -> Vec<Finding> {
    let raised = |(finding, called, remarks)| judge::Raised { finding, called, remarks };
    let mut findings = sift::sift_run(case, shown.into_iter().map(raised).collect());
    sort(&mut findings, case.sources);
    findings
}

/// Which revisions are reported on under the policy and the base, by their place in the history; `None`: all.
#[must_use]
pub fn reported(case: &Case<'_>) -> Option<Vec<bool>> {
    newness(case, &graph::Graph::new(case.history)).reported
}

/// Which revisions are new and which are reported on, by their place in the history; `None`: all are reported on, and
/// nothing is told of how new they are.
#[derive(Debug, Default)]
struct Newness {
    fresh: Option<Vec<bool>>,
    reported: Option<Vec<bool>>,
}

fn newness(case: &Case<'_>, graph: &graph::Graph) -> Newness {
    if let Some(stats) = &case.policy.target.stats {
        let pending = pending(case.history, graph, stats);
        return Newness { fresh: Some(pending.clone()), reported: Some(pending) };
    }
    let after = case.policy.target.since.as_deref().and_then(|since| graph.after(case.history, since));
    let Some(base) = case.base else { return Newness { fresh: after.clone(), reported: after } };
    let ids = || case.history.revisions.iter().map(|it| it.id.id.as_str()).enumerate();
    let young = |at: usize| after.as_ref().is_none_or(|it| it.get(at) == Some(&true));
    let fresh = ids().map(|(at, id)| young(at) && !base.landed().contains(id)).collect();
    let reported = ids().map(|(at, id)| young(at) && (!base.landed().contains(id) || base.is_edited(id))).collect();
    Newness { fresh: Some(fresh), reported: Some(reported) }
}

/// What `upgrade head` runs on a database, by the place in the history. Nothing, where it is stamped with what the
/// history does not know.
fn pending(history: &History, graph: &graph::Graph, stats: &Stats) -> Vec<bool> {
    let mut pending = vec![true; history.revisions.len()];
    for revision in stats.stamps.iter().flat_map(|it| &it.revisions) {
        let known = history.find(revision).and_then(|it| graph.after(history, &it.id.id));
        let Some(after) = known else { return vec![false; history.revisions.len()] };
        pending.iter_mut().zip(after).for_each(|(one, after)| *one &= after);
    }
    pending
}

/// By path, line, column, rule and message: nothing of it depends on the order of reading.
fn sort(findings: &mut [Finding], sources: &Sources) {
    findings.sort_by_cached_key(|finding| {
        let source = sources.get(finding.span.source);
        let (line, column) = source.line_column(finding.span.start);
        (source.path.clone(), line, column, finding.rule, finding.message.clone(), finding.subject.clone())
    });
}
