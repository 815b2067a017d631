//! What a rule may know of the other revisions of a history: those before its own, and whether there are any behind it.
//! It is no more, so that what is said of a revision holds for as long as nothing before it is changed.

use crate::{history::History, revision::Revision};

/// The line that leads to a revision.
#[derive(Clone, Copy)]
pub struct Line<'a>(&'a History);

impl<'a> Line<'a> {
    /// Of this history.
    pub(crate) fn new(history: &'a History) -> Self {
        Self(history)
    }

    /// No `down_revision` names the revision.
    #[must_use]
    pub fn ends_with(&self, revision: &Revision) -> bool {
        self.0.children(&revision.id.id).is_empty()
    }

    /// The revisions that have been run before this one whatever was asked for, in the order of the history.
    #[must_use]
    pub fn before(&self, revision: &Revision) -> Vec<&'a Revision> {
        let ancestors = self.0.ancestors_of(&revision.id.id);
        self.0.revisions.iter().filter(|it| ancestors.contains(it.id.id.as_str())).collect()
    }

    /// The id of what has made something that is there: one of the revisions before, by its place in the history.
    #[must_use]
    pub fn id(&self, place: usize) -> Option<&'a str> {
        self.0.revisions.get(place).map(|it| it.id.id.as_str())
    }
}
