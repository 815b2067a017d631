//! A revision with its two ways, as `limbeck sql` and `limbeck locks` tell of it.

use crate::finding::Direction;
use serde::Serialize;

/// What is told of one revision, way by way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RevisionWays<T> {
    /// The script folder.
    pub environment: String,
    /// The revision's id.
    pub revision: String,
    /// The file as it is to be shown.
    pub file: String,
    /// The way up; left out when it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<T>,
    /// The way down; left out when it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downgrade: Option<T>,
}

impl<T> RevisionWays<T> {
    /// One way, where it was asked for.
    #[must_use]
    pub fn way(&self, direction: Direction) -> Option<&T> {
        match direction {
            Direction::Upgrade => self.upgrade.as_ref(),
            Direction::Downgrade => self.downgrade.as_ref(),
        }
    }

    /// The ways that were asked for, by the word for their direction, up before down.
    pub fn ways(&self) -> impl Iterator<Item = (&'static str, &T)> {
        [Direction::Upgrade, Direction::Downgrade].into_iter().filter_map(|it| Some((it.word(), self.way(it)?)))
    }
}
