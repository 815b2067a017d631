//! Why something is not known, and what it would take to know it.
//!
//! The class is given where the reason is made, by the code that knows it; nobody reads it off the words.

use std::fmt;

/// What it would take to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The content of the database: nobody can tell from the text.
    Data,
    /// A setting of the project's or of the run, which is data too: `[assume]` and `--assume` give it.
    Settings,
    /// Code, a type or a file that is not in the checkout.
    Elsewhere,
    /// A limit of the reader: on steps, depth and size, or of the Python, SQLAlchemy and SQL that it evaluates (no
    /// models and sessions of the ORM, of PL/pgSQL no loops and no text that is made there).
    Limit,
    /// Alembic or SQLAlchemy refuses it: the revision fails there, which is known well enough.
    Refused,
}

impl Class {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Data, Self::Settings, Self::Elsewhere, Self::Limit, Self::Refused];

    /// In words: one of three for what is not known, and another for what is refused.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Data | Self::Settings => "data decides",
            Self::Elsewhere => "code that is not in the checkout",
            Self::Limit => "limit",
            Self::Refused => "Alembic refuses",
        }
    }
}

/// Why something is not known: one sentence without a full stop, and its class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// What it would take to know.
    pub class: Class,
    /// The sentence.
    pub text: String,
    /// The line where that began, if it is another one than that where it matters.
    pub line: Option<u32>,
}

impl Reason {
    /// A reason of a class.
    #[must_use]
    pub fn of(class: Class, text: impl Into<String>) -> Self {
        Self { class, text: text.into(), line: None }
    }

    /// The content of the database decides.
    #[must_use]
    pub fn data(text: impl Into<String>) -> Self {
        Self::of(Class::Data, text)
    }

    /// A setting decides.
    #[must_use]
    pub fn settings(text: impl Into<String>) -> Self {
        Self::of(Class::Settings, text)
    }

    /// It is not in the checkout.
    #[must_use]
    pub fn elsewhere(text: impl Into<String>) -> Self {
        Self::of(Class::Elsewhere, text)
    }

    /// A limit is reached.
    #[must_use]
    pub fn limit(text: impl Into<String>) -> Self {
        Self::of(Class::Limit, text)
    }

    /// As it is told to people: of a setting it says that it is one.
    #[must_use]
    pub fn told(&self) -> Self {
        let mut told = self.clone();
        if told.class == Class::Settings && !told.text.contains(" is a setting") {
            told.text.push_str(": a setting decides it, which `--assume` can give");
        }
        told
    }

    /// The same class in other words.
    #[must_use]
    pub fn reworded(&self, text: impl Into<String>) -> Self {
        Self::of(self.class, text)
    }
}

/// What nobody gave another class is our own lack of reach.
impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::limit(text)
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        Self::limit(text)
    }
}

impl From<&Reason> for Reason {
    fn from(reason: &Reason) -> Self {
        reason.clone()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.line.map_or(Ok(()), |line| write!(f, " (line {line})"))
    }
}
