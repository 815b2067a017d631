//! Does an expression give another value for every row?

use crate::{
    schema::Schema,
    statement::{Expr, Name, Volatility},
};
use std::sync::LazyLock;

/// Built-in functions that are `VOLATILE`, and all others, of PostgreSQL 14 to 18 (`pg_proc.provolatile`).
static VOLATILE: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("volatile.txt").split_whitespace().collect());
static CALM: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("calm.txt").split_whitespace().collect());

/// Functions of extensions that are `VOLATILE` (`uuid-ossp--1.1.sql`, `pgcrypto--1.3.sql` in PostgreSQL's `contrib`).
const OF_EXTENSIONS: &[&str] =
    &["uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "gen_random_bytes", "gen_salt"];

/// Whether a default is asked once, or again for every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// It holds something `VOLATILE`.
    Yes,
    /// It does not.
    No,
    /// It holds a function that neither the server brings nor the history has made.
    Unknown(String),
}

impl Changes {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Unknown(name), _) | (_, Self::Unknown(name)) => Self::Unknown(name),
            (Self::No, Self::No) => Self::No,
        }
    }
}

/// Whether the expression is `VOLATILE`.
#[must_use]
pub fn changes(expr: &Expr, schema: &Schema) -> Changes {
    let own = match expr {
        Expr::Call { function, .. } => call(&Name::bare(function), schema),
        Expr::Foreign { function, .. } => call(function, schema),
        Expr::Other => Changes::Unknown("what it says".to_owned()),
        _ => Changes::No,
    };
    expr.parts().into_iter().map(|part| changes(part, schema)).fold(own, Changes::and)
}

fn call(function: &Name, schema: &Schema) -> Changes {
    let name = function.name.as_str();
    let bare = function.home() == "public";
    match schema.volatility(function) {
        // `inline_function` in `optimizer/util/clauses.c`: what is VOLATILE is then the body.
        Some((Volatility::Volatile, true)) => return Changes::Unknown(format!("the body of `{function}()`")),
        Some((Volatility::Volatile, false)) => return Changes::Yes,
        Some(_) => return Changes::No,
        None => {}
    }
    if bare && (VOLATILE.binary_search(&name).is_ok() || OF_EXTENSIONS.contains(&name)) {
        Changes::Yes
    } else if bare && CALM.binary_search(&name).is_ok() {
        Changes::No
    } else {
        Changes::Unknown(format!("`{function}()`"))
    }
}
