//! The SQL that real Alembic (1.20.1, SQLAlchemy 2.1.9 and 2.0.58) gave for the same operations, written down.
//!
//! The expected texts are Alembic's own output: a tab is four spaces, statements are parted by an empty line.

#![expect(clippy::panic, reason = "a failing case says which one it is")]

mod build;
mod columns;
mod expressions;
mod operations;

use build::text;
use limbeck::{
    op::{Op, TextClause},
    render::{Dialect, Memo, render},
    source::{Sources, Text},
};

fn framed(texts: &[Text]) -> String {
    let all: Vec<String> = texts.iter().map(|text| text.as_str().replace('\t', "    ").trim().to_owned()).collect();
    all.join("\n\n")
}

/// Each operation gives its SQL; one that begins with `!!` names a part of the reason why there is none.
fn check_with(dialect: &Dialect, cases: Vec<(Op, &str)>) {
    for (op, expected) in cases {
        let made = render(&op, dialect, &mut Memo::default());
        match (expected.strip_prefix("!! "), made) {
            (None, Ok(texts)) => assert_eq!(framed(&texts), expected, "{op:#?}"),
            (None, Err(why)) => panic!("{expected}\nis not rendered: {why}"),
            (Some(reason), Err(why)) => assert!(why.reason.text.contains(reason), "{reason} against {why}"),
            (Some(reason), Ok(texts)) => panic!("{reason}\nis not the reason against\n{}", framed(&texts)),
        }
    }
}

fn check(cases: Vec<(Op, &str)>) {
    check_with(&Dialect::default(), cases);
}

fn old() -> Dialect<'static> {
    Dialect { sqlalchemy: (2, 0), ..Dialect::default() }
}

/// The usual convention.
fn named() -> Dialect<'static> {
    conventions(&[
        ("ix", "ix_%(column_0_label)s"),
        ("uq", "uq_%(table_name)s_%(column_0_name)s"),
        ("ck", "ck_%(table_name)s_%(constraint_name)s"),
        ("fk", "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s"),
        ("pk", "pk_%(table_name)s"),
    ])
}

fn conventions(pairs: &[(&str, &str)]) -> Dialect<'static> {
    let naming_convention = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Dialect { naming_convention, ..Dialect::default() }
}

#[test]
fn raw_sql() {
    let bound = |sql: &str, name: &str, value| {
        let binds = vec![(name.to_owned(), value)];
        Op::Execute(TextClause { text: Text::made(sql), binds })
    };
    check(vec![
        (Op::Execute(text("SELECT 1;")), "SELECT 1;"),
        (Op::Execute(text("UPDATE t SET a='%s' WHERE b LIKE 'x%'")), "UPDATE t SET a='%s' WHERE b LIKE 'x%'"),
        (Op::Execute(text("SELECT 'a\\:b'")), "SELECT 'a:b'"),
        (Op::Execute(text("a='\\:x:y'")), "a='\\:x:y'"),
        (Op::Execute(text("SELECT a::text, b:: text, '12:30:00'")), "SELECT a::text, b:: text, '12:30:00'"),
        (Op::Execute(text("UPDATE t SET a=':x', b=:y")), "!! no value is given for `:x`"),
        (Op::Execute(text("UPDATE t SET a='{\"k\": 1, \"b\":true}'::jsonb")), "!! no value is given for `:true`"),
        (Op::Driver(Text::made("SELECT ':x' \\:y")), "SELECT ':x' \\:y"),
        (bound("UPDATE t SET a=:x", "x", build::string("it's :z")), "UPDATE t SET a='it''s :z'"),
        (bound("WHERE a IN :x", "x", build::numbers(&[1, 2])), "WHERE a IN (1, 2)"),
        (bound("a=:x", "x", build::null()), "a=NULL"),
        (Op::Raise { what: "raises `E`".to_owned() }, "!! raises `E`"),
    ]);
}

#[test]
fn places_lead_back_to_the_python() {
    let sources = Sources::default();
    let python = "op.execute('UPDATE t SET a=\\\\:b')";
    let id = sources.add("a.py", python);
    let start = 12;
    let span = limbeck::source::Span { source: id, start, end: start + 19 };
    let clause = TextClause { text: Text::verbatim("UPDATE t SET a=\\:b", span), binds: Vec::new() };
    let made = render(&Op::Execute(clause), &Dialect::default(), &mut Memo::default()).unwrap();
    let sql = made[0].as_str();
    assert_eq!(sql, "UPDATE t SET a=:b");
    let at = sql.find("SET").unwrap();
    assert_eq!(sources.snippet(made[0].place(at, at + 3).unwrap()), "SET");

    let mut column = build::column("a", limbeck::op::Type::Boolean);
    let not_null = limbeck::source::Span { source: id, start: 3, end: 10 };
    column.nullable = Some(false);
    column.nullable_span = Some(not_null);
    let made = render(&build::add_column("t", column), &Dialect::default(), &mut Memo::default()).unwrap();
    let at = made[0].as_str().find("NOT NULL").unwrap();
    assert_eq!(made[0].place(at, at + 8), Some(not_null));
    assert_eq!(made[0].place(0, 5), None);
}

#[test]
fn deep_expressions_end_with_a_reason() {
    let nested = |depth, wrap: fn(limbeck::op::Expr) -> limbeck::op::Expr| {
        let made = (0..depth).fold(build::col("a"), |inner, _| wrap(inner));
        build::check_constraint(Some("c"), made)
    };
    let sum = |inner| build::binary("+", inner, build::number(1));
    let call = |inner| build::function("f", vec![inner]);
    let not = |inner| limbeck::op::Expr::Not(Box::new(inner));
    for wrap in [sum, call, not] as [fn(_) -> _; 3] {
        check(vec![(nested(1000, wrap), "!! nested more than 60 deep")]);
        assert!(render(&nested(50, wrap), &Dialect::default(), &mut Memo::default()).is_ok());
    }
}
