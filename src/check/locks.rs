//! What each statement of a history locks, at its place in the history.

use super::{
    Migrated,
    decide::{Replay, Walk},
    graph::Graph,
};
use crate::{
    finding::Direction,
    history::History,
    lock::{self, Effect, Server},
    schema::{Run, Schema},
    statement::{Kind, Name, Way},
};

/// What one statement locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Its place in [`Way::statements`].
    pub statement: usize,
    /// Whether it is run; `None`: only a run can tell.
    pub decided: Option<bool>,
    /// The locks.
    pub effect: Effect,
    /// For each lock: the same run has made the relation, so that nobody else sees it yet.
    pub fresh: Vec<bool>,
}

/// What a revision locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    /// By statement; those that are never run are left out.
    pub upgrade: Vec<Locked>,
    /// Likewise.
    pub downgrade: Vec<Locked>,
}

/// What every revision locks, in the order of [`History::revisions`].
#[must_use]
pub fn locks(history: &History, migrations: &[Migrated], server: Server) -> Vec<Locks> {
    let graph = Graph::new(history);
    let turns = Replay::new(&graph, migrations.to_vec()).map(|turn| {
        let way = |direction, way, schema: &Schema, decided: &[Option<bool>], stamp| {
            let run = Run::new(turn.place, direction);
            of_way(way, schema.clone(), decided, Walk::new(way, stamp, run), server)
        };
        let (migrated, decisions) = (&turn.migrated, &turn.decisions);
        let [up, down, _] = turn.stamps;
        Locks {
            upgrade: way(Direction::Upgrade, &migrated.upgrade, &turn.before, &decisions.upgrade, up),
            downgrade: way(Direction::Downgrade, &migrated.downgrade, &turn.after, &decisions.downgrade, down),
        }
    });
    turns.collect()
}

fn of_way(way: &Way, mut schema: Schema, decided: &[Option<bool>], mut walk: Walk<'_>, server: Server) -> Vec<Locked> {
    let mut found = Vec::new();
    for (at, (statement, decided)) in way.statements.iter().zip(decided).enumerate() {
        walk.blur(statement.step, &mut schema);
        if *decided == Some(false) {
            continue;
        }
        let mut effect = lock::effect(&statement.kind, &schema, server);
        // The statements of a block that is wholly read are told of by themselves.
        if statement.kind == Kind::Do && !way.unresolved.iter().any(|it| it.within && it.step == statement.step) {
            effect.gaps.clear();
        }
        let fresh = effect.locks.iter().map(|lock| is_fresh(&lock.relation, &schema, walk.run)).collect();
        found.push(Locked { statement: at, decided: *decided, effect, fresh });
        schema.apply(statement, walk.moment());
    }
    found
}

/// The run has made it: nobody else sees it yet.
fn is_fresh(relation: &Name, schema: &Schema, run: Run) -> bool {
    let table = schema.table(relation).yes().and_then(|it| it.made);
    let index = || schema.index(relation).yes().map(|it| it.made);
    table.or_else(index).is_some_and(|made| made.run == run)
}
