//! What a fuzzer may throw at us, as functions of bytes: the targets call them, and `tests/corpus.rs` with the kept corpus.

use limbeck::{
    check,
    python::{self, NoModules, Settings, Trees},
    render::Dialect,
    source::{Sources, Text},
    sql,
};
use std::collections::BTreeMap;

/// A revision file of any bytes: it is read, rendered and parsed, whatever it says.
pub fn reader(bytes: &[u8]) {
    let sources = Sources::default();
    let id = sources.add("versions/a.py", String::from_utf8_lossy(bytes));
    let (assume, types) = (BTreeMap::new(), BTreeMap::new());
    let read = python::read(
        &sources,
        id,
        &Settings { assume: &assume, types: &types, modules: &NoModules, trees: &Trees::default() },
    );
    let Some(revision) = read.revision else { return };
    for sqlalchemy in [(2, 1), (2, 0)] {
        let dialect = Dialect { sqlalchemy, ..Dialect::default() };
        let migrated = check::migrate(&revision, &dialect);
        for statement in migrated.upgrade.statements.iter().chain(&migrated.downgrade.statements) {
            assert!(statement.span.end >= statement.span.start, "a place does not end before it starts");
        }
    }
}

/// SQL of any bytes: it is parsed, or refused, and its comments are found.
pub fn sql(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(parsed) = sql::parse(&Text::made(text.as_ref())) {
        for statement in parsed {
            assert_eq!(text.get(statement.range), Some(statement.sql.as_str()), "a statement is where it says");
        }
    }
    for comment in sql::comments(&text) {
        assert!(text.get(comment).is_some(), "a comment lies on the bounds of characters");
    }
}
