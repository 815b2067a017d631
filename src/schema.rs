//! The schema as the history has left it.

/// What is known of the database at one point of the history.
#[derive(Clone, Debug, Default)]
pub struct Schema {}
