//! What PostgreSQL is asked to do: one parsed statement, without protobuf.

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {}
