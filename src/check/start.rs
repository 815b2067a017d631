//! The schema that a history begins on, where a dump says it.

use super::migrate;
use crate::{
    environment::{Dump, Environment},
    finding::Direction,
    op::{CheckFirst, Op, Step},
    render::Dialect,
    schema::{Moment, Run, Schema},
    source::{SourceId, Span, Text},
    sql::dump,
    statement::Way,
};
use std::sync::Arc;

/// Extensions that bring no table along: every table of the others may be there though no dump names it.
const WITHOUT_TABLES: [&str; 17] = [
    "plpgsql",
    "uuid-ossp",
    "pgcrypto",
    "citext",
    "pg_trgm",
    "btree_gin",
    "btree_gist",
    "hstore",
    "ltree",
    "unaccent",
    "intarray",
    "vector",
    "tablefunc",
    "fuzzystrmatch",
    "isn",
    "cube",
    "earthdistance",
];

/// Reads a dump.
///
/// # Errors
/// The line, and why it is not understood.
pub fn dumped(text: &str, source: SourceId, behind: Option<String>) -> Result<Dump, (usize, String)> {
    let mut way = Way::default();
    for piece in dump::pieces(text)? {
        if piece.rows.is_some() || piece.is_set_up() || piece.is_setting() {
            continue;
        }
        let at = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        let span = Span { source, start: at(piece.start), end: at(piece.start + piece.sql.len()) };
        let step = Step {
            op: Op::Driver(Text::verbatim(&piece.sql, span)),
            span,
            sent: span,
            autocommit: false,
            checkfirst: CheckFirst::No,
            when: Vec::new(),
        };
        let (refused, unread) = (way.rejected.len(), way.unresolved.len());
        migrate::add(&mut way, &Text::verbatim(&piece.sql, span), &step, 0, &Dialect::default());
        if let Some(rejected) = way.rejected.get(refused) {
            return Err((piece.line, rejected.message.clone()));
        }
        if let Some(unresolved) = way.unresolved.get(unread) {
            return Err((piece.line, unresolved.reason.text.clone()));
        }
    }
    Ok(Dump { source, way: Arc::new(way), behind })
}

/// Where a history begins: on what, behind which revision, and the first stamp that is free.
#[derive(Default)]
pub(super) struct Start {
    pub(super) schema: Schema,
    /// The place of the revision that leaves this schema; `None`: the first ones find it.
    pub(super) behind: Option<usize>,
    pub(super) stamp: u32,
}

impl Start {
    /// `place` knows the revisions.
    pub(super) fn of(environment: &Environment, place: impl Fn(&str) -> Option<usize>) -> Self {
        let mut start = Self { stamp: 1, ..Self::default() };
        let Some(dump) = &environment.dump else { return start };
        start.behind = dump.behind.as_deref().and_then(place);
        let run = Run::new(Run::BEFORE, Direction::Upgrade);
        let mut foreign = false;
        for statement in &dump.way.statements {
            start.schema.apply(statement, Moment { stamp: start.stamp, run });
            start.stamp += 1;
            let words: Vec<&str> = statement.sql.as_str().split_whitespace().collect();
            if let ["CREATE", "EXTENSION", rest @ ..] = words.as_slice() {
                let name = rest
                    .iter()
                    .find(|it| !matches!(**it, "IF" | "NOT" | "EXISTS"))
                    .map_or("", |it| it.trim_matches('"'));
                foreign |= !WITHOUT_TABLES.contains(&name);
            }
        }
        start.schema.take_touched();
        if !foreign {
            start.schema.close(start.stamp);
        }
        start
    }
}
