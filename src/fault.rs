//! What ends a run without a result: an error for the person at the terminal, with a place where there is one.

use miette::{Diagnostic, LabeledSpan, MietteDiagnostic, NamedSource, Report, Severity};
use std::{io, ops::Range};
use thiserror::Error;

/// The answer could not be written to where it was to go.
#[derive(Debug, Diagnostic, Error)]
#[error("the output cannot be written: {0}")]
pub struct Unwritten(io::Error);

/// The error for an answer that could not be written.
#[must_use]
pub fn unwritten(error: io::Error) -> Report {
    Report::new(Unwritten(error))
}

/// The error is that nobody reads the output any more (`limbeck check | head`).
#[must_use]
pub fn is_closed_pipe(error: &Report) -> bool {
    error.downcast_ref::<Unwritten>().is_some_and(|Unwritten(error)| error.kind() == io::ErrorKind::BrokenPipe)
}

/// An error that has no place in a text.
#[must_use]
pub fn plain(message: impl Into<String>) -> Report {
    Report::new(MietteDiagnostic::new(message).with_severity(Severity::Error))
}

/// An error that has no place, and what to do about it.
#[must_use]
pub fn helped(message: impl Into<String>, help: impl Into<String>) -> Report {
    Report::new(MietteDiagnostic::new(message).with_severity(Severity::Error).with_help(help))
}

/// An error at a place of a text.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// Which bytes of the text.
    pub range: Range<usize>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Fault {
    /// A fault at some bytes.
    pub fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), range, help: None }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The error, with the text under its path's name.
    #[must_use]
    pub fn report(&self, path: &str, text: &str) -> Report {
        let end = self.range.end.min(text.len());
        let range = self.range.start.min(end)..end;
        let mut diagnostic = MietteDiagnostic::new(self.message.clone())
            .with_severity(Severity::Error)
            .with_label(LabeledSpan::new_primary_with_span(Some("here".to_owned()), range));
        if let Some(help) = &self.help {
            diagnostic = diagnostic.with_help(help.clone());
        }
        Report::new(diagnostic).with_source_code(NamedSource::new(path, text.to_owned()))
    }
}
