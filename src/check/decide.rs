//! The replay: the schema before and after each revision, and what its guards come to.

use super::{Decisions, Migrated, graph::Graph};
use crate::{
    finding::Direction,
    op::{Guard, Qualified, Question},
    reason::Class,
    schema::{Known, Moment, Run, Schema, Sort, Touched},
    statement::{Kind, Name, Way},
};
use std::collections::BTreeSet;

/// One revision's turn in the replay.
pub(super) struct Turn {
    /// Its place in the history.
    pub(super) place: usize,
    /// It as SQL.
    pub(super) migrated: Migrated,
    /// The schema before it.
    pub(super) before: Schema,
    /// The schema after its upgrade.
    pub(super) after: Schema,
    /// The schema after its upgrade and its downgrade.
    pub(super) back: Schema,
    /// What either way has touched.
    pub(super) touched: BTreeSet<Touched>,
    /// What its guards come to.
    pub(super) decisions: Decisions,
    /// The stamps from which the statements of the two ways count, and the last.
    pub(super) stamps: [u32; 3],
}

/// Replays every revision, parents first.
pub(super) struct Replay<'a> {
    graph: &'a Graph,
    /// What has not had its turn.
    migrations: std::iter::Enumerate<std::vec::IntoIter<Migrated>>,
    stamp: u32,
    /// How many children have not had their turn.
    waiting: Vec<usize>,
    left: Vec<Option<Schema>>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(graph: &'a Graph, migrations: Vec<Migrated>) -> Self {
        Self::behind(graph, migrations, &[], graph.start.stamp)
    }

    /// Begins behind the first revisions, of which is known what schema each leaves, and the last stamp.
    pub(super) fn behind(graph: &'a Graph, migrations: Vec<Migrated>, known: &[&Schema], stamp: u32) -> Self {
        let mut waiting = graph.children.clone();
        for parent in graph.parents.iter().take(known.len()).flatten() {
            waiting[*parent] -= 1;
        }
        let mut left: Vec<Option<Schema>> = vec![None; migrations.len()];
        for (place, schema) in known.iter().enumerate() {
            let leaves = if graph.start.behind == Some(place) { &graph.start.schema } else { *schema };
            left[place] = (waiting[place] > 0).then(|| leaves.clone());
        }
        let mut migrations = migrations.into_iter().enumerate();
        migrations.by_ref().take(known.len()).for_each(drop);
        Self { graph, migrations, stamp, waiting, left }
    }

    /// The schema that the parents leave; a parent's is let go with its last child.
    fn join(&mut self, place: usize) -> Schema {
        let mut joined: Option<Schema> = None;
        for parent in self.graph.parents.get(place).into_iter().flatten() {
            self.waiting[*parent] -= 1;
            let theirs =
                if self.waiting[*parent] == 0 { self.left[*parent].take() } else { self.left[*parent].clone() };
            joined = match (joined, theirs) {
                (Some(mut ours), Some(theirs)) => {
                    ours.join(&theirs);
                    Some(ours)
                }
                (ours, theirs) => ours.or(theirs),
            };
        }
        let start = &self.graph.start;
        joined.unwrap_or_else(|| if start.behind.is_none() { start.schema.clone() } else { Schema::default() })
    }
}

impl Iterator for Replay<'_> {
    type Item = Turn;

    fn next(&mut self) -> Option<Turn> {
        let (place, migrated) = self.migrations.next()?;
        let before = self.join(place);
        let start = self.stamp;
        let mut after = before.clone();
        after.take_touched();
        let mut open = Vec::new();
        let up = Run::new(place, Direction::Upgrade);
        let upgrade = run(&migrated.upgrade, &mut after, up, &mut self.stamp, &mut open);
        let middle = self.stamp;
        let down = Run::new(place, Direction::Downgrade);
        let mut touched = after.take_touched();
        let mut back = after.clone();
        let downgrade = run(&migrated.downgrade, &mut back, down, &mut self.stamp, &mut open);
        touched.extend(back.take_touched());
        if self.graph.children.get(place).is_some_and(|it| *it > 0) {
            let told = self.graph.start.behind == Some(place);
            self.left[place] = Some(if told { self.graph.start.schema.clone() } else { after.clone() });
        }
        let decisions = Decisions { upgrade, downgrade, open };
        let stamps = [start, middle, self.stamp];
        Some(Turn { place, migrated, before, after, back, touched, decisions, stamps })
    }
}

/// Applies a way to the schema; the answer says of each statement whether it is run. `open` is told of the
/// conditions that stay undecided.
fn run(
    way: &Way,
    schema: &mut Schema,
    run: Run,
    stamp: &mut u32,
    open: &mut Vec<(Direction, Guard)>,
) -> Vec<Option<bool>> {
    let mut answers = Answers::default();
    let mut walk = Walk::new(way, *stamp, run);
    let mut decided = Vec::with_capacity(way.statements.len());
    for statement in &way.statements {
        walk.blur(statement.step, schema);
        let unasked = statement.checkfirst && is_done(&statement.kind, schema);
        let answer = if unasked { Some(false) } else { answers.all(&statement.guards, schema) };
        if answer != Some(false) {
            schema.apply(statement, walk.moment());
        }
        decided.push(answer);
    }
    walk.blur(usize::MAX, schema);
    // Where Alembic itself stops, an exception ends what follows: it is run only as far as somebody catches that.
    if way.unresolved.iter().any(|it| it.reason.class == Class::Refused) {
        schema.blur(walk.moment());
    }
    *stamp = walk.stamp;
    let asked = answers.0.into_iter().filter(|(_, answer)| answer.is_none());
    open.extend(asked.map(|(guard, _)| (run.direction, guard)));
    decided
}

/// What is to be created is there, or what is to be dropped is not: with `checkfirst` nothing is sent.
fn is_done(kind: &Kind, schema: &Schema) -> bool {
    let there = |sort, name: &Name| matches!(schema.object(sort, name), Known::Yes(_));
    let gone = |sort, name: &Name| matches!(schema.object(sort, name), Known::No);
    match kind {
        Kind::CreateEnum { name, .. } => there(Sort::Enum, name),
        Kind::CreateSequence { name } => there(Sort::Sequence, name),
        Kind::CreateTable(create) => matches!(schema.table(&create.table), Known::Yes(_)),
        Kind::DropType { names, .. } => names.iter().all(|name| gone(Sort::Enum, name)),
        Kind::DropSequence { names } => names.iter().all(|name| gone(Sort::Sequence, name)),
        Kind::DropTable { tables, .. } => tables.iter().all(|table| matches!(schema.table(table), Known::No)),
        _ => false,
    }
}

/// Counts the moments of a way, and knows what is not understood in it.
pub(super) struct Walk<'a> {
    unresolved: std::iter::Peekable<std::slice::Iter<'a, crate::statement::Unresolved>>,
    pub(super) run: Run,
    stamp: u32,
}

impl<'a> Walk<'a> {
    pub(super) fn new(way: &'a Way, stamp: u32, run: Run) -> Self {
        Self { unresolved: way.unresolved.iter().peekable(), run, stamp }
    }

    /// The next moment.
    pub(super) fn moment(&mut self) -> Moment {
        self.stamp = self.stamp.saturating_add(1);
        Moment { stamp: self.stamp, run: self.run }
    }

    /// What is not understood and comes before this step has been done.
    pub(super) fn blur(&mut self, step: usize, schema: &mut Schema) {
        while self.unresolved.next_if(|it| it.step < step).is_some() {
            schema.blur(self.moment());
        }
    }
}

/// What guards came to: a condition is asked once, however many steps it guards and whatever the first of them does.
#[derive(Default)]
struct Answers(Vec<(Guard, Option<bool>)>);

impl Answers {
    fn all(&mut self, guards: &[Guard], schema: &Schema) -> Option<bool> {
        let mut sum = Some(true);
        for guard in guards {
            match self.one(guard, schema) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => sum = None,
            }
        }
        sum
    }

    fn one(&mut self, guard: &Guard, schema: &Schema) -> Option<bool> {
        // Guards of one condition follow each other, so that the last few are enough.
        if let Some((_, answer)) = self.0.iter().rev().take(16).find(|(known, _)| known == guard) {
            return *answer;
        }
        let exists = match &guard.question {
            Question::Table(table) => truth(&schema.table(&name(table))),
            Question::Column(table, column) => truth(&schema.column(&name(table), column)),
            Question::Index(table, index) => truth(&schema.index_on(&name(table), index)),
            Question::Constraint(table, constraint) => truth(&schema.constraint(&name(table), constraint)),
            Question::AnyIndex(index) => truth(&schema.index(&name(index))),
            Question::Type(it) => match truth(&schema.object(Sort::Enum, &name(it))) {
                Some(true) => Some(true),
                enums => truth(&schema.object(Sort::Domain, &name(it))).or(enums),
            },
            Question::View(it) => truth(&schema.object(Sort::View, &name(it))),
            Question::Schema(it) => truth(&schema.object(Sort::Schema, &Name::bare(it))),
            Question::Unknown(_) => None,
        };
        let answer = exists.map(|exists| exists == guard.holds);
        self.0.push((guard.clone(), answer));
        answer
    }
}

fn truth<T>(known: &Known<T>) -> Option<bool> {
    match known {
        Known::Yes(_) => Some(true),
        Known::No => Some(false),
        Known::Unknown => None,
    }
}

/// The inspector looks in the default schema where none is named.
fn name(table: &Qualified) -> Name {
    Name { schema: table.schema.as_ref().map(|it| it.text.clone()), name: table.name.text.clone() }
}
