//! All that a rule is, and all that it may see.
//!
//! A rule is one file in `src/rules/` and one document in `rules/`; its name is the name of the file.
//! It cannot keep state, do IO or fail: it is handed what it needs and reports into a sink.

use crate::{
    finding::{Direction, Finding, Severity, Subject},
    history::History,
    policy::Target,
    revision::Revision,
    schema::Schema,
    source::Span,
    statement::Statement,
};

/// A rule as `build.rs` registers it from the folders.
#[derive(Debug)]
pub struct Rule {
    /// The file's name: `non-concurrent-index`.
    pub name: &'static str,
    /// The whole Markdown document.
    pub doc: &'static str,
    /// What its Rust file says of it.
    pub spec: &'static Spec,
}

impl Rule {
    /// The first paragraph of the document: one sentence that says what is wrong.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.doc.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or("")
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
        }
    }
}

/// How a rule is checked.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Once for each statement, upgrades and downgrades.
    Statement(fn(&Site<'_>, &mut Findings<'_>)),
    /// Once for each revision, both ways together.
    Migration(fn(&Migration<'_>, &mut Findings<'_>)),
    /// Once for each history; the finding names its own revision in its subject.
    History(fn(&History, &Target, &mut Findings<'_>)),
    /// Found by the reader, the SQL parser, the fold or the suppressions, which name the rule by its name.
    Elsewhere,
}

/// What a rule sees of one statement.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// The schema just before the statement.
    pub schema: &'a Schema,
    /// The schema before this revision, and with `since` before the first revision that is reported: what was
    /// there then may hold rows and is in use.
    pub settled: &'a Schema,
    /// The statements of the same revision and direction before this one.
    pub earlier: &'a [Statement],
    /// The revision.
    pub revision: &'a Revision,
    /// Which way it is run.
    pub direction: Direction,
    /// The whole history.
    pub history: &'a History,
    /// What the user said.
    pub target: &'a Target,
}

/// What a rule sees of one revision.
#[derive(Clone, Copy)]
pub struct Migration<'a> {
    /// The revision.
    pub revision: &'a Revision,
    /// Its statements on the way up.
    pub upgrade: &'a [Statement],
    /// Its statements on the way down.
    pub downgrade: &'a [Statement],
    /// The schema before the upgrade.
    pub before: &'a Schema,
    /// The schema after it.
    pub after: &'a Schema,
    /// The whole history.
    pub history: &'a History,
    /// What the user said.
    pub target: &'a Target,
}

/// Where a rule reports to: it fills in who speaks, of what, and how bad that usually is.
pub struct Findings<'a> {
    rule: &'static Rule,
    subject: Subject,
    sql: Option<&'a str>,
    out: &'a mut Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// A sink for one rule at one site.
    pub fn new(rule: &'static Rule, subject: Subject, sql: Option<&'a str>, out: &'a mut Vec<Finding>) -> Self {
        Self { rule, subject, sql, out }
    }

    /// Reports a fault at a place; the answer takes notes, help and the object's name.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        let mut finding = Finding::new(self.rule.name, self.rule.spec.severity, span, message);
        finding.subject = self.subject.clone();
        finding.sql = self.sql.map(str::to_owned);
        self.out.push(finding);
        let last = self.out.len() - 1;
        &mut self.out[last]
    }
}
