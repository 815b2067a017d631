//! What a pull request is held against: the same history as its base has it.

use crate::{
    history::History,
    python::Model,
    revision::Revision,
    source::{SourceId, Sources, Span},
};
use std::collections::{BTreeMap, BTreeSet};

/// What of a revision is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `down_revision` or `depends_on`.
    Parents,
    /// `branch_labels`.
    Labels,
    /// What the upgrade sends; also where that cannot be told and the code differs.
    Upgrade,
    /// What the downgrade sends, likewise.
    Downgrade,
}

/// The base of a pull request, for one history.
#[derive(Debug)]
pub struct Base {
    /// As the user named it: `origin/main`.
    pub name: String,
    /// The history where the work at hand left the base; `None` where git cannot tell, as in a shallow clone.
    pub fork: Option<History>,
    /// The history at the tip of the base.
    pub tip: History,
    /// The revisions that have landed and are others now, by id. Comments, layout, and code that sends the same make
    /// no other revision.
    pub edits: BTreeMap<String, BTreeSet<Part>>,
    /// Files outside the script folder that are changed with the work at hand, in the order of their paths.
    pub outside: Vec<String>,
    /// Where the project's models and the history have parted with the work at hand.
    pub apart: Vec<Apart>,
    /// What a merge would make of the work at hand and the tip.
    merged: History,
    landed: BTreeSet<String>,
}

/// The project's models, as the work at hand has them and as the fork had them.
#[derive(Debug, Default)]
pub struct Described {
    /// The tables.
    pub now: Vec<Model>,
    /// The tables, as the fork had them.
    pub fork: Vec<Model>,
    /// The names of all columns that any class has now, mixins included.
    pub columns: BTreeSet<String>,
    /// The files that are changed.
    pub changed: BTreeSet<SourceId>,
}

/// Something that only the models, or only the history has got or lost with the work at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    /// The table, as the user writes it.
    pub table: String,
    /// The column; `None`: the table as a whole.
    pub column: Option<String>,
    /// Where it is made or dropped.
    pub span: Span,
    /// The model that still has what a revision drops.
    pub model: Option<Span>,
    /// The new revision that does it; `None`: the models have it, and no revision makes it.
    pub revision: Option<String>,
}

impl Apart {
    /// What it is, in words: the column or the table.
    #[must_use]
    pub fn what(&self) -> String {
        match &self.column {
            Some(column) => format!("the column `{}.{column}`", self.table),
            None => format!("the table `{}`", self.table),
        }
    }
}

/// A line of new revisions that hangs on one that has been followed on the base meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Stale<'a> {
    /// Its first revision, which names the parent.
    pub start: &'a Revision,
    /// Its last.
    pub head: &'a Revision,
    /// The head of the base.
    pub theirs: &'a Revision,
}

impl Base {
    /// Puts the histories side by side; `now` is that of the work at hand.
    #[must_use]
    pub fn new(
        name: String,
        (fork, tip): (Option<History>, History),
        edits: BTreeMap<String, BTreeSet<Part>>,
        now: &History,
        sources: &Sources,
    ) -> Self {
        let ids = |history: &History| history.revisions.iter().map(|it| it.id.id.clone()).collect::<BTreeSet<_>>();
        let landed = ids(fork.as_ref().unwrap_or(&tip));
        // What is not here though it was there at the fork was deleted here, and stays so in a merge.
        let deleted = |id: &str| fork.as_ref().is_some_and(|fork| fork.find(id).is_some());
        let theirs = tip.revisions.iter().filter(|it| now.find(&it.id.id).is_none() && !deleted(&it.id.id));
        let both: Vec<Revision> = now.revisions.iter().chain(theirs).cloned().collect();
        let mut environment = now.environment.clone();
        environment.files = both.iter().map(|it| it.source).collect();
        let merged = History::build(environment, both, sources);
        Self { name, fork, tip, edits, outside: Vec::new(), apart: Vec::new(), merged, landed }
    }

    /// The ids of the revisions that have landed: what databases may have run. Those at the fork, or, where that is
    /// not known, those at the tip.
    #[must_use]
    pub fn landed(&self) -> &BTreeSet<String> {
        &self.landed
    }

    /// The revision has landed, and is another now.
    #[must_use]
    pub fn is_edited(&self, id: &str) -> bool {
        self.edits.get(id).is_some_and(|parts| !parts.is_empty())
    }

    /// Revisions of the fork, and still of the tip, that are gone here. A file that is there and cannot be read is
    /// not gone.
    #[must_use]
    pub fn lost(&self, now: &History) -> Vec<&Revision> {
        let Some(fork) = &self.fork else { return Vec::new() };
        let there = |source: SourceId| now.unread.iter().any(|file| file.path == fork.path(source));
        let kept = |it: &Revision| now.find(&it.id.id).is_some() || there(it.source);
        fork.revisions.iter().filter(|it| !kept(it) && self.tip.find(&it.id.id).is_some()).collect()
    }

    /// Lines of new revisions that would be a head beside the base's own. None where the work at hand has several
    /// heads already, which is a fault of its own.
    #[must_use]
    pub fn stale(&self, now: &History) -> Vec<Stale<'_>> {
        let own = now.heads();
        if own.len() > 1 && !now.are_branches(&own) { Vec::new() } else { self.parted() }
    }

    /// Lines of new revisions that are a head beside the base's own after a merge, or that are one already.
    #[must_use]
    pub fn parted(&self) -> Vec<Stale<'_>> {
        let heads = self.merged.heads();
        if heads.len() < 2 || self.merged.are_branches(&heads) {
            return Vec::new();
        }
        let Some(theirs) = heads.iter().find(|it| self.tip.find(&it.id.id).is_some()).copied() else {
            return Vec::new();
        };
        let new = (0..heads.len()).filter(|&at| self.tip.find(&heads[at].id.id).is_none());
        let found = new.filter_map(|at| {
            let start = self.merged.branch_start(&heads, at)?;
            Some(Stale { start, head: heads[at], theirs })
        });
        found.collect()
    }

    /// The new revisions that come before a landed one, which a database at that one never runs.
    #[must_use]
    pub fn passed_over<'a>(&self, now: &'a History, id: &str) -> Vec<&'a Revision> {
        let before = now.ancestors_of(id);
        let new = |it: &&Revision| before.contains(it.id.id.as_str()) && !self.landed.contains(&it.id.id);
        now.revisions.iter().filter(new).collect()
    }

    /// The path that a revision of the base had there, relative to the repository's root.
    #[must_use]
    pub fn path(&self, source: SourceId) -> &str {
        let of = |history: &'_ History| history.revisions.iter().any(|it| it.source == source);
        match &self.fork {
            Some(fork) if of(fork) => fork.path(source),
            _ => self.tip.path(source),
        }
    }
}
