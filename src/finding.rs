//! Findings: what can be wrong, and where.

mod repair;

pub use repair::{Edit, Repair};

use crate::source::Span;

/// How bad the effect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; never fails a run by default.
    Note,
    /// May harm, depending on what the tool cannot see (the size of a table, the state of old code).
    Warning,
    /// Blocks, breaks or loses something.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Which way a revision is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// `upgrade()`.
    Upgrade,
    /// `downgrade()`.
    Downgrade,
}

impl Direction {
    /// `upgrade` or `downgrade`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
        }
    }
}

/// Which code does not work any more on a database where the revision has been run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breaks {
    /// What ran before the revision, and still runs while a deploy goes on.
    OldCode,
    /// What the deploy brings; on the way down, what is still running then.
    NewCode,
    /// None: it waits, fails to be deployed, or is a matter of the data.
    #[default]
    Neither,
}

impl Breaks {
    /// `old code`, `new code` or `neither`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OldCode => "old code",
            Self::NewCode => "new code",
            Self::Neither => "neither",
        }
    }
}

/// What a finding is about, whatever line it stands on: the stuff of its fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The script folder of the history, relative to the repository's root; empty outside any.
    pub environment: String,
    /// The revision id.
    pub revision: Option<String>,
    /// The way that it is run.
    pub direction: Option<Direction>,
    /// The table, index, column, key … that it is about, as a user would name it.
    pub object: String,
}

/// A second place, and what it has to do with the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub span: Span,
    /// What is there, one sentence without a full stop.
    pub message: String,
}

/// One fault, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the rule: the name of its file in `rules/`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, one sentence, no full stop, names in backticks.
    pub message: String,
    /// The one place; `notes` are the others, in any file.
    pub span: Span,
    /// Why here: other places.
    pub notes: Vec<Note>,
    /// What to write instead, as code where that can be.
    pub help: Option<String>,
    /// The statement that it is about.
    pub sql: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// Which code it breaks.
    pub breaks: Breaks,
    /// A comment of the user's asked for silence, or it is accepted.
    pub suppressed: bool,
    /// It is in the baseline.
    pub accepted: bool,
    /// What takes it away again, all of it together; empty where that is for people to say.
    pub repairs: Vec<Repair>,
}

impl Finding {
    /// A finding with nothing but rule, severity, place and message.
    #[must_use]
    pub fn new(rule: &'static str, severity: Severity, span: Span, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            span,
            notes: Vec::new(),
            help: None,
            sql: None,
            subject: Subject::default(),
            breaks: Breaks::Neither,
            suppressed: false,
            accepted: false,
            repairs: Vec::new(),
        }
    }

    /// Adds a second place.
    pub fn note(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.notes.push(Note { span, message: message.into() });
        self
    }

    /// Says what to write instead.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Names what it is about.
    pub fn object(&mut self, object: impl Into<String>) -> &mut Self {
        self.subject.object = object.into();
        self
    }

    /// Says what takes it away again. Several are done together, or none.
    pub fn repair(&mut self, repair: Repair) -> &mut Self {
        self.repairs.push(repair);
        self
    }
}
