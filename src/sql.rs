//! SQL text to statements; the only room that knows `pg_query`.

use crate::{
    source::Text,
    statement::{Definition, Kind, Newer},
};
use pg_query::protobuf;

mod alter;
mod block;
mod catalog;
mod create;
mod define;
pub mod dump;
mod expr;
mod function;
mod kind;
mod newer;
mod node;
mod query;
mod reach;
mod text;
mod upkeep;
mod words;

pub use block::{Line, body};
pub use reach::{Extension, Reach, reach};

/// Longer texts are not parsed: PostgreSQL itself takes up to 1 GB, a migration that is longer than this is data.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// How far PostgreSQL's scanner may look, in bytes: at each `/*` in a run of operators it looks to the run's end.
const LOOKED_AT: usize = 1 << 29;

/// SQL that has not become statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// PostgreSQL's grammar refuses it; its own words. They name the text that they are near, no position.
    Syntax(String),
    /// It may be good, but a limit of the tool's does not let it be read.
    Limit(String),
}

/// One statement's text and what it asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// Its text, without the semicolon.
    pub sql: Text,
    /// Its bytes in the whole text.
    pub range: std::ops::Range<usize>,
    /// What it asks for.
    pub kind: Kind,
    /// What it does to anything but tables and indexes.
    pub definition: Option<Definition>,
    /// What of it older servers do not know.
    pub newer: Option<Newer>,
}

/// Splits a text into statements and reads each.
///
/// # Errors
///
/// [`Refused::Syntax`] where PostgreSQL 18's grammar refuses the text (one statement refused is all refused:
/// the server takes the string as one too), [`Refused::Limit`] where it is longer than [`LONGEST`] or nested more
/// deeply than the parser's answer can be read (about 45 levels of expression).
pub fn parse(text: &Text) -> Result<Vec<Parsed>, Refused> {
    let sql = text.as_str();
    if sql.len() > LONGEST {
        return Err(Refused::Limit(format!("the SQL is longer than {} MiB", LONGEST / 1024 / 1024)));
    }
    if looked_at(sql) > LOOKED_AT {
        return Err(Refused::Limit("the SQL has a row of operators that takes too long to read".to_owned()));
    }
    if sql.contains('\0') {
        return Err(Refused::Syntax("the SQL holds a NUL character, which PostgreSQL never accepts".to_owned()));
    }
    let answer = pg_query::parse(sql, 0).map_err(|error| match error {
        pg_query::Error::Parse(message) | pg_query::Error::Scan(message) => refused(message),
        pg_query::Error::Decode(_) => Refused::Limit("the SQL is nested too deeply to be read".to_owned()),
        other => Refused::Limit(other.to_string()),
    })?;
    let mut all = Vec::new();
    for raw in &answer.protobuf.stmts {
        let start = usize::try_from(raw.stmt_location).unwrap_or(0);
        // A length of zero means: to the end.
        let end = match usize::try_from(raw.stmt_len) {
            Ok(length) if length > 0 => start + length,
            _ => sql.len(),
        };
        let (start, end) = trimmed(sql, start, end.min(sql.len()));
        let Some(node) = raw.stmt.as_deref().and_then(|node| node.node.as_ref()) else { continue };
        let definition = define::definition(node);
        all.push(Parsed {
            sql: text.slice(start, end),
            range: start..end,
            kind: kind::kind(node),
            definition,
            newer: newer::newer(node),
        });
    }
    Ok(all)
}

/// The bytes of each comment in a text, without the line's end; a text that the scanner refuses has none.
#[must_use]
pub fn comments(sql: &str) -> Vec<std::ops::Range<usize>> {
    if looked_at(sql) > LOOKED_AT {
        return Vec::new();
    }
    let Ok(scanned) = pg_query::scan(sql) else { return Vec::new() };
    let found = scanned.tokens.iter().filter_map(|token| {
        let comment = matches!(token.token(), protobuf::Token::SqlComment | protobuf::Token::CComment);
        let (start, end) = (usize::try_from(token.start).ok()?, usize::try_from(token.end).ok()?);
        comment.then_some(start..end)
    });
    found.collect()
}

/// What the scanner looks at in the worst case: the square of each run of operators that has a `/*` (`xcstart` in
/// PostgreSQL's `scan.l` takes the whole run and gives all but two bytes back).
fn looked_at(sql: &str) -> usize {
    let runs = sql.as_bytes().split(|byte| !b"~!@#^&|`?+-*/%<>=".contains(byte));
    let dear = runs.filter(|run| run.len() > 1_000 && run.windows(2).any(|pair| pair == b"/*"));
    dear.map(|run| run.len().saturating_mul(run.len())).fold(0, usize::saturating_add)
}

/// `memory exhausted` and `stack depth limit exceeded` are the parser's limits, not faults of the text.
fn refused(message: String) -> Refused {
    if message.contains("stack depth") || message.contains("memory exhausted") {
        Refused::Limit("the SQL is nested too deeply to be read".to_owned())
    } else {
        Refused::Syntax(message)
    }
}

/// The range without blanks and comments before it and blanks after it.
fn trimmed(sql: &str, mut start: usize, end: usize) -> (usize, usize) {
    loop {
        let Some(rest) = sql.get(start..end) else { return (start, start) };
        let skipped = rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        start += skipped;
        if rest.starts_with("--") {
            start += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            start += block(rest);
        } else {
            return (start, start + rest.trim_end().len());
        }
    }
}

/// The length of a block comment; they nest.
fn block(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = rest.as_bytes();
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests;
