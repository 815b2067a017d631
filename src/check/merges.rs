//! Where branches meet: what two of them do to one thing, neither knowing of the other.

use super::{Migrated, graph::Graph};
use crate::{
    schema::{Piece, Sort},
    source::Span,
    statement::{Action, Change, Constraint, Definition, Demand, Kind, Name, Statement, Way},
};
use std::{collections::BTreeMap, sync::Arc};

/// What two branches do that does not go together.
pub(super) struct Clash {
    /// The thing that both work on.
    pub(super) what: Piece,
    /// What they do with it, in words.
    pub(super) how: String,
    /// Where the one does it, and where the other.
    pub(super) places: [Span; 2],
    /// It fails whichever comes first.
    pub(super) fails: bool,
}

/// What a statement does to a thing.
#[derive(Clone, Debug, PartialEq)]
enum Deed {
    Make,
    Drop,
    /// It works on it, so that it has to be there.
    Change,
    /// It gives it this value of this aspect: type, default, nullability.
    Set(&'static str, String),
}

/// The upgrades that a merge further on is held against.
#[derive(Default)]
pub(super) struct Held {
    ways: BTreeMap<usize, Arc<Way>>,
    /// For each revision, the last merge that asks for it.
    until: Vec<usize>,
}

impl Held {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut until = vec![0; graph.parents.len()];
        for (merge, parents) in graph.parents.iter().enumerate() {
            let pairs =
                parents.iter().enumerate().flat_map(|(at, left)| parents[at + 1..].iter().map(|it| (*left, *it)));
            for place in pairs.flat_map(|(left, right)| apart(graph, left, right)).flatten() {
                until[place] = merge;
            }
        }
        Self { ways: BTreeMap::new(), until }
    }

    /// Keeps what will be asked for.
    pub(super) fn keep(&mut self, place: usize, migrated: &Migrated) {
        if self.until.get(place).is_some_and(|until| *until > place) {
            self.ways.insert(place, Arc::clone(&migrated.upgrade));
        }
    }

    /// Lets go of what nobody behind a revision asks for.
    pub(super) fn release(&mut self, place: usize) {
        let until = &self.until;
        self.ways.retain(|of, _| until[*of] > place);
    }
}

/// What one branch does to each thing, in order.
type Deeds = BTreeMap<Piece, Vec<(Deed, Span)>>;

/// The clashes between the branches that meet at a revision; each pair of revisions is held together where it meets first.
pub(super) fn clashes(graph: &Graph, held: &Held, place: usize) -> Vec<Clash> {
    let Some(parents) = graph.parents.get(place) else { return Vec::new() };
    let mut found = Vec::new();
    for (at, left) in parents.iter().enumerate() {
        for right in parents.iter().skip(at + 1) {
            let [ours, theirs] = apart(graph, *left, *right);
            if ours.is_empty() || theirs.is_empty() {
                continue;
            }
            let (ours, theirs) = (deeds(held, &ours), deeds(held, &theirs));
            let both = ours.iter().filter_map(|(what, mine)| Some((what, mine, theirs.get(what)?)));
            found.extend(both.filter_map(|(what, mine, others)| clash(what, mine, others)));
        }
    }
    found
}

/// The revisions that only one of two leads back to, for each, parents first.
fn apart(graph: &Graph, left: usize, right: usize) -> [Vec<usize>; 2] {
    let mut open = BTreeMap::from([(left, 1_u8)]);
    *open.entry(right).or_default() |= 2;
    let mut found = [Vec::new(), Vec::new()];
    // A child comes after its parents, so that the last of those that wait is known in full.
    while open.values().any(|it| *it != 3) {
        let Some((place, seen)) = open.pop_last() else { break };
        if let Some(list) = found.get_mut(usize::from(seen) - 1) {
            list.push(place);
        }
        for parent in graph.parents.get(place).into_iter().flatten() {
            *open.entry(*parent).or_default() |= seen;
        }
    }
    found.map(|it| it.into_iter().rev().collect())
}

fn clash(what: &Piece, mine: &[(Deed, Span)], others: &[(Deed, Span)]) -> Option<Clash> {
    let made = |it: &[(Deed, Span)]| matches!(it.first(), Some((Deed::Make, _)));
    let dropped = |it: &[(Deed, Span)]| {
        let last = it.iter().rev().find(|(deed, _)| matches!(deed, Deed::Make | Deed::Drop));
        last.and_then(|(deed, span)| (*deed == Deed::Drop).then_some(*span))
    };
    let first = |it: &[(Deed, Span)]| it.first().map(|(_, span)| *span);
    let words = words(what);
    let told = |how: String, one: Span, other: Span, fails| {
        Some(Clash { what: what.clone(), how, places: [one, other], fails })
    };
    match (made(mine), made(others), dropped(mine), dropped(others)) {
        (true, true, None, None) => told(format!("both make the {words}"), first(mine)?, first(others)?, true),
        (false, false, Some(one), Some(other)) => told(format!("both drop the {words}"), one, other, true),
        (false, false, Some(gone), None) => {
            told(format!("one drops the {words}, and the other works on it"), gone, first(others)?, false)
        }
        (false, false, None, Some(gone)) => {
            told(format!("one drops the {words}, and the other works on it"), gone, first(mine)?, false)
        }
        (false, false, None, None) => mine.iter().rev().find_map(|(deed, one)| {
            let Deed::Set(aspect, value) = deed else { return None };
            let theirs = others.iter().rev().find_map(|(deed, other)| match deed {
                Deed::Set(same, value) if same == aspect => Some((value, *other)),
                _ => None,
            });
            let (differs, other) = theirs.filter(|(it, _)| *it != value)?;
            told(
                format!("one sets the {aspect} of the {words} to `{value}`, the other to `{differs}`"),
                *one,
                other,
                false,
            )
        }),
        _ => None,
    }
}

/// As [`Piece::words`], of an index without its table.
fn words(what: &Piece) -> String {
    match what {
        Piece::Index(name, _) => format!("index `{name}`"),
        what => what.words(),
    }
}

fn deeds(held: &Held, places: &[usize]) -> Deeds {
    let mut deeds = Deeds::new();
    let ways = places.iter().filter_map(|place| held.ways.get(place));
    // What is sent under a condition may be made for this very case.
    let sent = ways.flat_map(|it| &it.statements).filter(|it| it.guards.is_empty() && !it.checkfirst);
    for statement in sent {
        for (what, deed) in of(statement) {
            deeds.entry(what).or_default().push((deed, statement.span));
        }
    }
    deeds
}

fn of(statement: &Statement) -> Vec<(Piece, Deed)> {
    if let Some(definition) = statement.definition.as_deref() {
        return match definition {
            // An operator is told from others of its name by what it compares.
            Definition::Make(it) if it.sort != Sort::Other && !it.replace && !it.if_not_exists && !it.temporary => {
                vec![(Piece::Object(it.sort, it.name.clone()), Deed::Make)]
            }
            Definition::Drop { sort, names, if_exists: false, .. } if *sort != Sort::Other => {
                names.iter().map(|it| (Piece::Object(*sort, it.clone()), Deed::Drop)).collect()
            }
            Definition::Change { sort, name, change: Change::Rename { to } } if !matches!(sort, Sort::Function) => {
                vec![
                    (Piece::Object(*sort, name.clone()), Deed::Drop),
                    (Piece::Object(*sort, name.renamed(to)), Deed::Make),
                ]
            }
            Definition::Change { sort, name, .. } => vec![(Piece::Object(*sort, name.clone()), Deed::Change)],
            _ => Vec::new(),
        };
    }
    let table = |it: &Name, deed| (Piece::Table(it.clone()), deed);
    let column = |it: &Name, name: &String, deed| (Piece::Column(it.clone(), name.clone()), deed);
    match &statement.kind {
        Kind::CreateTable(it) if !it.if_not_exists && !it.temporary => vec![table(&it.table, Deed::Make)],
        Kind::DropTable { tables, if_exists: false, .. } => tables.iter().map(|it| table(it, Deed::Drop)).collect(),
        Kind::RenameTable { table: old, to } => vec![table(old, Deed::Drop), table(&old.renamed(to), Deed::Make)],
        Kind::MoveTable { table: old, .. } => vec![table(old, Deed::Drop)],
        Kind::RenameColumn { table: on, column: old, to } => {
            vec![table(on, Deed::Change), column(on, old, Deed::Drop), column(on, to, Deed::Make)]
        }
        Kind::AlterTable { table: on, if_exists: false, actions, .. } => {
            let parts = actions.iter().flat_map(|it| of_action(on, it));
            [table(on, Deed::Change)].into_iter().chain(parts).collect()
        }
        Kind::CreateIndex(it) if !it.if_not_exists => {
            let name = it.index.as_ref().map(|name| it.table.renamed(name));
            let own = name.map(|name| (Piece::Index(name.clone(), name), Deed::Make));
            let columns = it.columns.iter().flatten().map(|name| column(&it.table, name, Deed::Change));
            [table(&it.table, Deed::Change)].into_iter().chain(columns).chain(own).collect()
        }
        Kind::DropIndex { indexes, if_exists: false, .. } => {
            indexes.iter().map(|it| (Piece::Index(it.clone(), it.clone()), Deed::Drop)).collect()
        }
        Kind::Insert(it) => vec![table(&it.table, Deed::Change)],
        Kind::Update(it) => {
            let columns = it.set.iter().map(|(name, _)| column(&it.table, name, Deed::Change));
            [table(&it.table, Deed::Change)].into_iter().chain(columns).collect()
        }
        Kind::Delete { table: on, .. } => vec![table(on, Deed::Change)],
        _ => Vec::new(),
    }
}

fn of_action(on: &Name, action: &Action) -> Vec<(Piece, Deed)> {
    let column = |name: &String, deed| vec![(Piece::Column(on.clone(), name.clone()), deed)];
    let own = |name: &String, deed| (Piece::Constraint(on.clone(), name.clone()), deed);
    let referred = |it: &Constraint| match &it.rule {
        Demand::ForeignKey { table, .. } => Some((Piece::Table(table.clone()), Deed::Change)),
        _ => None,
    };
    match action {
        Action::AddColumn { column: it, if_not_exists: false } => {
            let mut deeds = column(&it.name, Deed::Make);
            deeds.extend(it.constraints.iter().filter_map(referred));
            deeds
        }
        Action::DropColumn { column: name, if_exists: false, .. } => column(name, Deed::Drop),
        Action::SetNotNull { column: name } => column(name, Deed::Set("nullability", "NOT NULL".to_owned())),
        Action::DropNotNull { column: name } => column(name, Deed::Set("nullability", "NULL".to_owned())),
        Action::SetDefault { column: name, sql, .. } => column(name, Deed::Set("default", sql.clone())),
        Action::DropDefault { column: name } => column(name, Deed::Set("default", "none".to_owned())),
        Action::SetType { column: name, kind, .. } => column(name, Deed::Set("type", kind.to_string())),
        Action::AddConstraint(it) => {
            let named = it.name.as_ref().map(|name| own(name, Deed::Make));
            named.into_iter().chain(referred(it)).collect()
        }
        Action::DropConstraint { constraint, if_exists: false, .. } => vec![own(constraint, Deed::Drop)],
        _ => Vec::new(),
    }
}
