//! One revision file as the reader gives it.

use crate::{
    op::Step,
    source::{SourceId, Span},
};
use std::sync::Arc;

/// An id that a revision names, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The id (or label) as written.
    pub id: String,
    /// Where it is written.
    pub span: Span,
}

/// A revision file.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its file.
    pub source: SourceId,
    /// `revision = "…"`.
    pub id: Reference,
    /// `down_revision`: none for a base, several for a merge, in the order written.
    pub parents: Vec<Reference>,
    /// `depends_on`, ids or labels.
    pub depends_on: Vec<Reference>,
    /// `branch_labels`.
    pub labels: Vec<Reference>,
    /// What the docstring says of itself.
    pub docstring: Docstring,
    /// `upgrade()`.
    pub upgrade: Arc<Body>,
    /// `downgrade()`.
    pub downgrade: Arc<Body>,
}

/// The parts of Alembic's docstring that say what the variables say too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Docstring {
    /// Its first line.
    pub message: Option<String>,
    /// `Revision ID: …`.
    pub revision: Option<Reference>,
    /// `Revises: a, b`; empty where the line says nothing or `<base>`; `None` where there is no such line.
    pub revises: Option<Vec<Reference>>,
    /// Where the `Revises:` line stands.
    pub revises_span: Option<Span>,
    /// `Create Date: …`, as written.
    pub create_date: Option<Reference>,
}

/// `upgrade()` or `downgrade()`.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The `def` line's name, or the file's first line where there is no such function.
    pub span: Span,
    /// The function is there.
    pub defined: bool,
    /// It holds nothing but `pass`, `...`, a docstring, or a bare `return`.
    pub empty: bool,
    /// What it asks for, in the order of the calls.
    pub steps: Vec<Step>,
}
