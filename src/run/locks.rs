//! `limbeck locks`: what each statement locks, and what a whole transaction holds.

use super::project::{Project, Story};
use crate::{
    check::{self, Locked, Report},
    finding::Direction,
    lock::{Server, waiters},
    output::{
        environment::Surroundings,
        locks::{Held, LockTold, LocksReport, RevisionLocks, StatementLocks, TransactionLocks, WayLocks},
    },
    revision::Revision,
    source::Sources,
    statement::{Kind, Way},
};

/// The report for the revisions that are asked for.
pub(super) fn report(project: &Project, revision: Option<&str>, ways: &[Direction], server: Server) -> LocksReport {
    let only = |story: &Story| revision.map(|id| story.history.resolve(id).map(|it| it.id.id.clone()));
    let wanted: Vec<_> = project.stories.iter().map(only).collect();
    of_those(project, ways, server, &|at, it| wanted[at].as_ref().is_none_or(|only| only.as_ref() == Some(&it.id.id)))
}

/// What the revisions that a check has reported on lock on the way up.
pub(super) fn reported(project: &Project, report: &Report, server: Server) -> LocksReport {
    let is_reported = |at: usize, it: &Revision| {
        report.reported.get(at).is_none_or(|ids| ids.as_ref().is_none_or(|ids| ids.contains(&it.id.id)))
    };
    of_those(project, &[Direction::Upgrade], server, &is_reported)
}

/// `wanted` is asked with the place of the history and a revision of it.
fn of_those(
    project: &Project,
    ways: &[Direction],
    server: Server,
    wanted: &dyn Fn(usize, &Revision) -> bool,
) -> LocksReport {
    let mut report = LocksReport { postgres: server.version, ..LocksReport::default() };
    for (at, story) in project.stories.iter().enumerate() {
        let environment = &story.history.environment;
        let said = Surroundings::of(&environment.folder, &environment.stack, &|path| project.shown(path));
        report.environments.push(said);
        if !story.history.revisions.iter().any(|it| wanted(at, it)) {
            continue;
        }
        let migrations = project.migrate(story);
        let locks = check::locks(&story.history, &migrations, server);
        for (it, (migrated, locks)) in story.history.revisions.iter().zip(migrations.iter().zip(&locks)) {
            if !wanted(at, it) || !asked(story, it) {
                continue;
            }
            let told =
                |direction, way, locked| ways.contains(&direction).then(|| of_way(&project.sources, way, locked));
            report.revisions.push(RevisionLocks {
                environment: environment.folder.clone(),
                revision: it.id.id.clone(),
                file: project.shown(&project.sources.get(it.source).path),
                upgrade: told(Direction::Upgrade, &migrated.upgrade, &locks.upgrade),
                downgrade: told(Direction::Downgrade, &migrated.downgrade, &locks.downgrade),
            });
        }
    }
    report
}

/// Single files were given, and it is one of them; or whole histories were.
fn asked(story: &Story, revision: &Revision) -> bool {
    story.history.environment.selected.as_ref().is_none_or(|selected| selected.contains(&revision.source))
}

fn of_way(sources: &Sources, way: &Way, locked: &[Locked]) -> WayLocks {
    let statements: Vec<StatementLocks> = locked.iter().filter_map(|it| of_statement(sources, way, it)).collect();
    let transactions = transactions(way, locked);
    WayLocks { complete: way.unresolved.is_empty() && way.rejected.is_empty(), statements, transactions }
}

fn of_statement(sources: &Sources, way: &Way, locked: &Locked) -> Option<StatementLocks> {
    let statement = way.statements.get(locked.statement)?;
    let longest = locked.effect.work();
    let locks = locked.effect.locks.iter().zip(&locked.fresh).map(|(lock, new)| LockTold {
        relation: lock.relation.to_string(),
        kind: lock.sort.word(),
        part: lock.part.word(),
        mode: lock.mode.words(),
        work: lock.work.word(),
        duration: longest.word(),
        waits: if *new { Vec::new() } else { waiters(lock.mode).iter().map(|it| it.word()).collect() },
        new: *new,
        emptied: lock.emptied,
        certain: lock.doubt.is_none(),
        doubt: lock.doubt.clone(),
    });
    Some(StatementLocks {
        sql: statement.sql.as_str().to_owned(),
        line: sources.place(statement.sent).line,
        autocommit: statement.autocommit,
        sent: locked.decided,
        duration: longest.word(),
        locks: locks.collect(),
        gaps: locked.effect.gaps.clone(),
    })
}

/// The transactions of a way: what `autocommit_block()` or a `COMMIT` parts. A statement outside any is one by itself.
fn transactions(way: &Way, locked: &[Locked]) -> Vec<TransactionLocks> {
    let mut groups: Vec<(bool, Vec<(usize, &Locked)>)> = Vec::new();
    let (mut open, mut ended) = (false, false);
    for (number, it) in locked.iter().enumerate() {
        let Some(statement) = way.statements.get(it.statement) else { continue };
        if statement.autocommit || ended {
            groups.push((statement.autocommit || ended, vec![(number, it)]));
            open = false;
        } else if let Some((_, last)) = groups.last_mut().filter(|_| open) {
            last.push((number, it));
        } else {
            groups.push((false, vec![(number, it)]));
            open = true;
        }
        match statement.kind {
            Kind::End => (open, ended) = (false, true),
            Kind::Begin => ended = false,
            _ if statement.autocommit => ended = false,
            _ => {}
        }
    }
    groups.into_iter().map(|(autocommit, group)| transaction(autocommit, &group)).collect()
}

/// Each lock is held from its statement to the end: as long as the heaviest work from there on.
fn transaction(autocommit: bool, group: &[(usize, &Locked)]) -> TransactionLocks {
    let mut held: Vec<Held> = Vec::new();
    for (place, (number, it)) in group.iter().enumerate() {
        let rest = group[place..].iter().map(|(_, it)| it.effect.work()).max();
        for (lock, new) in it.effect.locks.iter().zip(&it.fresh) {
            let relation = lock.relation.to_string();
            let known = held.iter_mut().find(|held| held.relation == relation && held.kind == lock.sort.word());
            let (mode, waits) = (lock.mode, if *new { &[][..] } else { waiters(lock.mode) });
            match known {
                Some(held) if held.strength >= mode => {}
                Some(held) => {
                    held.strength = mode;
                    held.mode = mode.words();
                    held.waits = waits.iter().map(|it| it.word()).collect();
                    held.since = *number;
                    held.duration = rest.map_or("brief", |it| it.word());
                }
                None => held.push(Held {
                    relation,
                    kind: lock.sort.word(),
                    strength: mode,
                    mode: mode.words(),
                    since: *number,
                    duration: rest.map_or("brief", |it| it.word()),
                    waits: waits.iter().map(|it| it.word()).collect(),
                    new: *new,
                }),
            }
        }
    }
    let duration = group.iter().map(|(_, it)| it.effect.work()).max().map_or("brief", |it| it.word());
    TransactionLocks {
        statements: group.iter().map(|(number, _)| *number).collect(),
        autocommit,
        duration,
        locks: held,
    }
}
