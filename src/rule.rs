//! All that a rule is, and all that it may see.
//!
//! A rule is one file in `src/rules/` and one document in `rules/`; its name is the name of the file.
//! It cannot keep state, do IO or fail: it is handed what it needs and reports into a sink.

use crate::{
    base::Base,
    environment::Stack,
    finding::{Breaks, Direction, Finding, Severity, Subject},
    history::History,
    lock::{self, Effect, Server},
    op::Step,
    policy::Target,
    revision::Revision,
    schema::{Known, Naming, Run, Schema, Sort, Touched},
    source::Span,
    statement::{Kind, Name, Statement, Unresolved, Way},
};
use std::collections::{BTreeMap, BTreeSet};

use std::cell::OnceCell;

pub mod code;
mod columns;
mod line;
pub mod mend;
pub mod own;
mod rows;
mod transaction;
mod waiting;

pub use line::Line;
pub use transaction::{Deed, Deeds, Transaction};
pub use waiting::{Wait, in_two_steps, not_null_in_two_steps};

/// A rule as `build.rs` registers it from the folders, or as a configuration tells it. Two of one name are the same.
#[derive(Debug)]
pub struct Rule {
    /// The file's name: `non-concurrent-index`.
    pub name: &'static str,
    /// The whole Markdown document.
    pub doc: &'static str,
    /// What its Rust file says of it.
    pub spec: &'static Spec,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Rule {}

impl Rule {
    /// The first paragraph of the document: one sentence that says what is wrong.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.doc.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or("")
    }
}

impl Rule {
    /// What other tools call it, and which tools: `ban-drop-column` and `squawk`. From the line `Other tools: …` of the
    /// document.
    pub fn aliases(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        let line = self.doc.lines().find_map(|line| line.strip_prefix("Other tools: ")).unwrap_or("");
        line.trim_end_matches('.').split(", ").filter_map(|it| {
            let (name, tool) = it.strip_prefix('`')?.split_once("` (")?;
            Some((name, tool.strip_suffix(')')?))
        })
    }

    /// The word stands in its name, its summary or what other tools call it; in whatever case.
    #[must_use]
    pub fn speaks_of(&self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        let says = |text: &str| text.to_ascii_lowercase().contains(&word);
        says(self.name) || says(self.summary()) || self.aliases().any(|(name, tool)| says(name) || says(tool))
    }

    /// The name is the rule's own, or what another tool calls it: `ban-drop-column`, `squawk:ban-drop-column`.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let (tool, word) = name.split_once(':').map_or((None, name), |(tool, word)| (Some(tool), word));
        let known = |(alias, of): (&str, &str)| alias == word && tool.is_none_or(|tool| tool == of);
        self.name == name || self.aliases().any(known)
    }
}

/// What a rule's Rust file says.
#[derive(Debug)]
pub struct Spec {
    /// The usual severity; a finding may be graded differently by its effect.
    pub severity: Severity,
    /// What kind of harm it is about.
    pub group: Group,
    /// Applied without being selected.
    pub default: bool,
    /// How it is checked.
    pub check: Check,
}

impl Spec {
    /// What it finds makes others wait, so that it is graded by the size of the tables.
    #[must_use]
    pub fn makes_others_wait(&self) -> bool {
        matches!(self.group, Group::Lock | Group::Rewrite) || matches!(self.check, Check::Waiting(_))
    }
}

/// What kind of harm a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the word says it")]
pub enum Group {
    Lock,
    Rewrite,
    FailsOnData,
    BreaksOldCode,
    DataLoss,
    Reversal,
    History,
    Transaction,
    Alembic,
    Security,
    Style,
    /// A project's own.
    Custom,
}

impl Group {
    /// The word that the formats use: `fails-on-data`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Rewrite => "rewrite",
            Self::FailsOnData => "fails-on-data",
            Self::BreaksOldCode => "breaks-old-code",
            Self::DataLoss => "data-loss",
            Self::Reversal => "reversal",
            Self::History => "history",
            Self::Transaction => "transaction",
            Self::Alembic => "alembic",
            Self::Security => "security",
            Self::Style => "style",
            Self::Custom => "custom",
        }
    }

    /// Rules of the group speak of revisions that are known to be new: what is old has been deployed.
    #[must_use]
    pub fn is_of_new_revisions(self) -> bool {
        matches!(self, Self::BreaksOldCode | Self::DataLoss)
    }

    /// Which code a rule of the group speaks of, for a revision that is run this way.
    #[must_use]
    pub fn breaks(self, direction: Option<Direction>) -> Breaks {
        match (self, direction) {
            (Self::BreaksOldCode, Some(Direction::Downgrade)) => Breaks::NewCode,
            (Self::BreaksOldCode, _) => Breaks::OldCode,
            _ => Breaks::Neither,
        }
    }
}

/// How a rule is checked.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Once for each statement, upgrades and downgrades.
    Statement(fn(&Site<'_>, &mut Findings<'_>)),
    /// As [`Self::Statement`], where others wait for as long as the statement takes though its group does not say so.
    Waiting(fn(&Site<'_>, &mut Findings<'_>)),
    /// Once for each operation, also one that has not become SQL; a finding of that is told instead of
    /// `opaque-operation`.
    Operation(fn(&Asked<'_>, &mut Findings<'_>)),
    /// Once for each revision, both ways together.
    Migration(fn(&Migration<'_>, &mut Findings<'_>)),
    /// Once for each history; the finding names its own revision in its subject.
    History(fn(&History, &Target, &mut Findings<'_>)),
    /// Once for each history that is held against the base of a pull request; the finding names its own revision.
    Base(fn(&History, &Base, &mut Findings<'_>)),
    /// Found by the reader, the SQL parser, the fold or the suppressions, which name the rule by its name.
    Elsewhere,
    /// Found by `limbeck roundtrip`, where the history is run.
    Run,
    /// Once for each statement, by the patterns of a project's configuration.
    Own(&'static own::Own),
}

/// What is the same for every site of a history.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The revisions before, as far as a rule may know of them.
    pub line: Line<'a>,
    /// What the project runs its migrations with.
    pub stack: &'a Stack,
    /// What the user said.
    pub target: &'a Target,
    /// How the history names its tables.
    pub names: Naming<'a>,
    /// By a version of PostgreSQL, the first revision in the order of the history that asks for one at least as new.
    pub firsts: &'a BTreeMap<u32, usize>,
    /// Where it is told which revisions are new: those, by their place in the history.
    pub fresh: Option<&'a [bool]>,
    /// The user has selected rules by their names.
    pub selected: bool,
}

impl Context<'_> {
    /// The upgrade of a revision that is known to be new: the code from before it runs while it is run, and after it.
    /// What is old has been deployed, and the code with it. Who selects rules by name is told of every revision.
    #[must_use]
    pub fn is_deployed_now(&self, run: Run) -> bool {
        let fresh = self.fresh.map_or(self.selected, |it| it.get(run.revision()) == Some(&true));
        fresh && run.direction == Direction::Upgrade
    }
}

/// What a rule sees of one statement.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// The schema just before the statement.
    pub schema: &'a Schema,
    /// The statements of the same revision and direction before this one, without those that are never run.
    pub earlier: &'a [Statement],
    /// And those after it.
    pub later: &'a [Statement],
    /// What is not understood in the same revision and direction.
    pub unresolved: &'a [Unresolved],
    /// It is sent inside a transaction.
    pub in_transaction: bool,
    /// What that transaction has done before it.
    pub transaction: &'a Transaction,
    /// What it locks, once somebody has asked; see [`Site::effect`].
    pub effect: &'a OnceCell<Effect>,
    /// The revision.
    pub revision: &'a Revision,
    /// Which revision this is and which way it is run.
    pub run: Run,
    /// What is the same for every site.
    pub context: Context<'a>,
}

impl Site<'_> {
    /// What the statement locks on the lowest server that the history is run on.
    #[must_use]
    pub fn effect(&self) -> &Effect {
        let server = Server { version: self.context.target.postgres };
        self.effect.get_or_init(|| lock::effect(&self.statement.kind, self.schema, server))
    }

    /// The table may hold rows, and running code may use it; the place where it was made.
    ///
    /// `No`: it is new, or not there. New is what this very revision has made, with `since` or a base what any of
    /// the new revisions has made, until the history writes rows into it. On the way down everything that the
    /// upgrade has left is in use. `Unknown`: the history has not made it, so that it is taken to be in use.
    #[must_use]
    pub fn in_use(&self, table: &Name) -> Known<Span> {
        if self.schema.is_materialized(table)
            && let Known::Yes(view) = self.schema.object(Sort::View, table)
        {
            return if self.is_new(view.made.run) { Known::No } else { Known::Yes(view.made.span) };
        }
        let table = match self.schema.table(table) {
            Known::Yes(table) => table,
            Known::No => return Known::No,
            Known::Unknown => return Known::Unknown,
        };
        let Some(made) = table.made else { return Known::Unknown };
        if self.is_new(made.run) && table.rows.is_none() { Known::No } else { Known::Yes(made.span) }
    }

    /// What the run has made is new to this site.
    #[must_use]
    pub fn is_new(&self, run: Run) -> bool {
        let fresh = |index: usize| self.context.fresh.is_some_and(|it| it.get(index) == Some(&true));
        run == self.run
            || (self.run.direction == Direction::Upgrade
                && run.direction == Direction::Upgrade
                && fresh(run.revision())
                && fresh(self.run.revision()))
    }

    /// As [`Context::is_deployed_now`].
    #[must_use]
    pub fn is_deployed_now(&self) -> bool {
        self.context.is_deployed_now(self.run)
    }

    /// The column was made by this very run, or by another new revision: no older code knows it.
    #[must_use]
    pub fn is_new_column(&self, table: &Name, column: &str) -> bool {
        let made = self.schema.column(table, column).yes().and_then(|it| it.made);
        made.is_some_and(|it| self.is_new(it.run))
    }

    /// A table that this very run drops later on: what happens to it before is of no account.
    #[must_use]
    pub fn drops_later(&self, table: &Name) -> bool {
        self.later.iter().any(|it| matches!(&it.kind, Kind::DropTable { tables, .. } if tables.contains(table)))
    }

    /// The severity of what blocks or fails on data that may be there: on the way down it is graded lower, since
    /// a downgrade is run rarely, and by somebody who is looking.
    #[must_use]
    pub fn graded(&self, up: Severity, down: Severity) -> Severity {
        graded(self.run, up, down)
    }

    /// The operation that the statement comes from.
    #[must_use]
    pub fn step(&self) -> Option<&Step> {
        let body = match self.run.direction {
            Direction::Upgrade => &self.revision.upgrade,
            Direction::Downgrade => &self.revision.downgrade,
        };
        body.steps.get(self.statement.step)
    }
}

/// What a rule sees of one operation, before it is known whether it becomes SQL.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The operation.
    pub step: &'a Step,
    /// The statements that it has become, without those that are never run.
    pub statements: &'a [Statement],
    /// Why it, or a part of it, is not known as SQL.
    pub unresolved: Option<&'a Unresolved>,
    /// The statements of the same revision and direction after it.
    pub later: &'a [Statement],
    /// The schema just before the operation.
    pub schema: &'a Schema,
    /// The revision.
    pub revision: &'a Revision,
    /// Which revision this is and which way it is run.
    pub run: Run,
    /// What is the same for every site.
    pub context: Context<'a>,
}

impl Asked<'_> {
    /// As [`Site::graded`].
    #[must_use]
    pub fn graded(&self, up: Severity, down: Severity) -> Severity {
        graded(self.run, up, down)
    }
}

fn graded(run: Run, up: Severity, down: Severity) -> Severity {
    match run.direction {
        Direction::Upgrade => up,
        Direction::Downgrade => down,
    }
}

/// What a rule sees of one revision.
#[derive(Clone, Copy)]
pub struct Migration<'a> {
    /// The revision.
    pub revision: &'a Revision,
    /// Its upgrade as a run.
    pub run: Run,
    /// The way up, without statements that are never run.
    pub upgrade: &'a Way,
    /// The way down, likewise.
    pub downgrade: &'a Way,
    /// The schema before the upgrade.
    pub before: &'a Schema,
    /// The schema after it.
    pub after: &'a Schema,
    /// The schema after it and the downgrade.
    pub back: &'a Schema,
    /// What either way has touched.
    pub touched: &'a BTreeSet<Touched>,
    /// There are conditions in either way that only a run can decide.
    pub undecided: bool,
    /// Its place in the history.
    pub place: usize,
    /// What is the same for every site.
    pub context: Context<'a>,
}

/// Where a rule reports to: it fills in who speaks, of what, and how bad that usually is.
pub struct Findings<'a> {
    rule: &'static Rule,
    subject: &'a Subject,
    sql: Option<&'a str>,
    out: &'a mut Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// A sink for one rule at one site.
    pub fn new(rule: &'static Rule, subject: &'a Subject, sql: Option<&'a str>, out: &'a mut Vec<Finding>) -> Self {
        Self { rule, subject, sql, out }
    }

    /// The usual severity of the rule that speaks.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.rule.spec.severity
    }

    /// Reports a fault at a place; the answer takes notes, help and the object's name.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        let mut finding = Finding::new(self.rule.name, self.rule.spec.severity, span, message);
        finding.breaks = self.rule.spec.group.breaks(self.subject.direction);
        finding.subject = self.subject.clone();
        finding.sql = self.sql.map(str::to_owned);
        self.out.push(finding);
        let last = self.out.len() - 1;
        &mut self.out[last]
    }
}
