//! What statements really lock, rewrite and read, beside what the lock model says of them.
//!
//! Asked of the server in the transaction that has just run the statement: `pg_locks` for what it holds,
//! `pg_relation_filenode` for what was written anew, `pg_stat_xact_user_tables` for what was read from end to end. What
//! is sent outside of a transaction has let go of its locks by then; of it only files and time are told.

use super::{
    acts::Act,
    session::{Refusal, Session},
};
use crate::{
    check::Locked,
    lock::{Mode, Relation, Waiter, Work, waiters},
    source::Span,
    statement::Name,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Relations of the history's own: what they hold, and where.
const QUERY: &str = "
WITH ours AS (
    SELECT c.oid, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name, c.relkind
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'limbeck_roundtrip')
    AND c.relkind IN ('r', 'p', 'm', 'i', 'I', 'v') AND c.relname !~ '^alembic_version'
)
SELECT 'file', oid::text, name, coalesce(pg_catalog.pg_relation_filenode(oid)::text, '') FROM ours
UNION ALL
SELECT 'scan', oid::text, name, pg_catalog.pg_stat_get_xact_numscans(oid)::text FROM ours WHERE relkind IN ('r', 'm')
UNION ALL
SELECT 'home', o.oid::text, o.name, i.indrelid::text FROM ours o JOIN pg_catalog.pg_index i ON i.indexrelid = o.oid
UNION ALL
SELECT 'lock', l.relation::text, '', l.mode FROM pg_catalog.pg_locks l
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.relation >= 16384
";

/// What one string of SQL was seen to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// Where it is written.
    pub span: Option<Span>,
    /// What was sent.
    pub sql: String,
    /// How long the server took, in microseconds.
    pub micros: u128,
    /// It was sent outside of a transaction: its locks were not seen.
    pub outside: bool,
    /// Relations that were there before the run, and the strongest lock that it took on each.
    pub locks: Vec<(String, Mode)>,
    /// Those of them that were written anew.
    pub rewritten: Vec<String>,
    /// Tables of them that were read from end to end.
    pub scanned: Vec<String>,
    /// Where the lock model says something else.
    pub differs: Vec<String>,
}

/// What the database is at a moment of a run, by the number of the relation.
#[derive(Clone, Debug, Default)]
pub(super) struct Moment {
    names: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    scans: BTreeMap<String, u64>,
    /// Each index's table, by name and number.
    homes: BTreeMap<String, String>,
    locks: BTreeMap<String, BTreeSet<Mode>>,
}

impl Moment {
    /// Asks for it.
    pub(super) async fn of(session: &mut Session) -> Result<Self, Refusal> {
        let mut moment = Self::default();
        for line in session.ask(QUERY).await? {
            let mut fields = line.into_iter().map(Option::unwrap_or_default);
            let mut next = || fields.next().unwrap_or_default();
            let (kind, id, name, value) = (next(), next(), next(), next());
            match kind.as_str() {
                "file" => {
                    moment.files.insert(id.clone(), value);
                    moment.names.insert(id, name);
                }
                "scan" => {
                    moment.scans.insert(id, value.parse().unwrap_or(0));
                }
                "home" => {
                    moment.homes.insert(name, value);
                }
                _ => {
                    moment.locks.entry(id).or_default().extend(mode(&value));
                }
            }
        }
        Ok(moment)
    }
}

/// A run that is watched, one revision one way.
pub(super) struct Watch<'a> {
    model: &'a [Locked],
    /// The relations that were there when it began, by number.
    there: Option<BTreeMap<String, String>>,
    /// What was seen, in its order.
    pub(super) seen: Vec<Traced>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(model: &'a [Locked]) -> Self {
        Self { model, there: None, seen: Vec::new() }
    }

    /// A string is about to be sent.
    pub(super) async fn before(&mut self, session: &mut Session) -> Result<Moment, Refusal> {
        let moment = Moment::of(session).await?;
        self.there.get_or_insert_with(|| moment.names.clone());
        Ok(moment)
    }

    /// It was sent; `outside`: in no transaction, or in one that it has ended.
    pub(super) async fn after(
        &mut self,
        session: &mut Session,
        act: &Act,
        before: &Moment,
        (elapsed, outside): (Duration, bool),
    ) -> Result<(), Refusal> {
        let after = Moment::of(session).await?;
        let there = self.there.clone().unwrap_or_default();
        let mut traced = between(&there, before, &after);
        if let ([part], false) = (&act.parts[..], outside)
            && let Some(model) = self.model.iter().find(|it| Some(it.statement) == part.at)
        {
            let table = |index: &str| there.get(before.homes.get(index)?).cloned();
            traced.differs = compare(&traced, model, &held(&there, &after), &table);
        }
        let sql = act.text().as_str().to_owned();
        self.seen.push(Traced { span: Some(act.called), sql, micros: elapsed.as_micros(), outside, ..traced });
        Ok(())
    }
}

/// `AccessExclusiveLock`
fn mode(word: &str) -> Option<Mode> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(' ', "");
    let word = word.strip_suffix("Lock")?;
    Mode::ALL.into_iter().find(|it| plain(it.words()) == plain(word))
}

/// What has happened between two moments to the relations that were there when the run began.
pub(super) fn between(there: &BTreeMap<String, String>, before: &Moment, after: &Moment) -> Traced {
    let mut traced = Traced::default();
    for (id, name) in there {
        let held = before.locks.get(id);
        let new = after.locks.get(id).into_iter().flatten().filter(|it| held.is_none_or(|held| !held.contains(it)));
        if let Some(strongest) = new.max() {
            traced.locks.push((name.clone(), *strongest));
        }
        if let (Some(old), Some(new)) = (before.files.get(id), after.files.get(id))
            && old != new
        {
            traced.rewritten.push(name.clone());
        }
        if after.scans.get(id).unwrap_or(&0) > before.scans.get(id).unwrap_or(&0) {
            traced.scanned.push(name.clone());
        }
    }
    traced
}

/// Where the model and the server do not say the same of one statement. `held` is the strongest lock on each relation
/// after it, whichever statement of the transaction took it; `table` is that of an index.
pub(super) fn compare(
    traced: &Traced,
    model: &Locked,
    held: &BTreeMap<String, Mode>,
    table: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let effect = &model.effect;
    // What the model leaves open is not wrong.
    if !effect.gaps.is_empty() || model.decided != Some(true) {
        return Vec::new();
    }
    let blocks = |mode: Mode| waiters(mode).len() > 1;
    let known: BTreeMap<String, _> = effect.locks.iter().map(|it| (plain(&it.relation), it)).collect();
    let mut differs = Vec::new();
    for (name, mode) in traced.locks.iter().filter(|(_, mode)| blocks(*mode)) {
        // Who has to wait for an index has to wait for its table already.
        let with = |table: &String| known.get(table).is_some_and(|lock| lock.mode >= *mode);
        match known.get(name) {
            None if table(name).as_ref().is_some_and(with) => {}
            None => differs.push(format!("`{name}` is locked {}, the model says nothing of it", mode.words())),
            Some(lock) if lock.mode < *mode => {
                differs.push(format!("`{name}` is locked {}, the model says {}", mode.words(), lock.mode.words()));
            }
            Some(_) => {}
        }
    }
    for (name, lock) in &known {
        let fresh = effect.locks.iter().zip(&model.fresh).any(|(it, fresh)| *fresh && plain(&it.relation) == *name);
        let rewritten = traced.rewritten.contains(name);
        if fresh {
            continue;
        }
        if !traced.outside && blocks(lock.mode) && held.get(name).is_some_and(|it| *it < lock.mode) {
            let real = held.get(name).map_or("", |it| it.words());
            differs.push(format!("`{name}` is locked {real} at most, the model says {}", lock.mode.words()));
        }
        let certain = lock.work == Work::Rewrite && lock.doubt.is_none();
        if certain && !rewritten && held.contains_key(name) {
            differs.push(format!("`{name}` is not rewritten, the model says it is"));
        }
        let table = matches!(lock.sort, Relation::Table | Relation::MaterializedView);
        if rewritten && table && !lock.emptied && lock.work < Work::Rewrite {
            differs.push(format!("`{name}` is rewritten, the model says nothing of it"));
        }
        let reads = waiters(lock.mode).contains(&Waiter::Reads) || waiters(lock.mode).contains(&Waiter::Writes);
        if reads && lock.work < Work::Rows && traced.scanned.contains(name) {
            differs.push(format!("every row of `{name}` is read, the model says nothing of it"));
        }
    }
    differs
}

/// The strongest lock on each relation at a moment, by name.
pub(super) fn held(there: &BTreeMap<String, String>, after: &Moment) -> BTreeMap<String, Mode> {
    let strongest = |id: &String| after.locks.get(id).and_then(|all| all.iter().max()).copied();
    // One that was dropped is locked still, but nobody is told its name any more.
    let all = there.iter().filter(|(id, _)| after.names.contains_key(*id));
    all.map(|(id, name)| (name.clone(), strongest(id).unwrap_or(Mode::AccessShare))).collect()
}

fn plain(name: &Name) -> String {
    let text = name.to_string();
    text.strip_prefix("public.").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{Traced, compare};
    use crate::{
        check::Locked,
        lock::{Effect, Lock, Mode, Part, Relation, Work},
        statement::Name,
    };
    use std::collections::BTreeMap;

    fn says(locks: Vec<(Mode, Work)>) -> Locked {
        let of = |(mode, work)| Lock {
            relation: Name::bare("t"),
            sort: Relation::Table,
            part: Part::Target,
            mode,
            work,
            emptied: false,
            doubt: None,
        };
        let fresh = vec![false; locks.len()];
        let effect = Effect { locks: locks.into_iter().map(of).collect(), gaps: Vec::new() };
        Locked { statement: 0, decided: Some(true), effect, fresh }
    }

    #[test]
    fn a_model_that_says_something_else_is_told_of() {
        let name = || "t".to_owned();
        let seen = |mode, rewritten: bool| Traced {
            locks: vec![(name(), mode)],
            rewritten: rewritten.then(name).into_iter().collect(),
            ..Traced::default()
        };
        let (strong, weak) = (Mode::AccessExclusive, Mode::Share);
        for (seen, model, count) in [
            (seen(strong, true), says(vec![(strong, Work::Rewrite)]), 0),
            (seen(strong, false), says(vec![(strong, Work::Rewrite)]), 1),
            (seen(strong, true), says(vec![(strong, Work::Brief)]), 1),
            (seen(strong, false), says(vec![(weak, Work::Brief)]), 1),
            (seen(weak, false), says(vec![(strong, Work::Brief)]), 1),
            (seen(weak, false), says(Vec::new()), 1),
            (seen(Mode::AccessShare, false), says(Vec::new()), 0),
        ] {
            let held = BTreeMap::from(seen.locks.clone().try_into().map(|it: [(String, Mode); 1]| it).unwrap());
            assert_eq!(compare(&seen, &model, &held, &|_| None).len(), count, "{seen:?} {model:?}");
        }
    }
}
