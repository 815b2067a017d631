use super::{LONGEST, Refused, parse};
use crate::{
    source::Text,
    statement::{Action, Demand, Kind, Name},
};
use proptest::prelude::*;

fn kinds(sql: &str) -> Vec<Kind> {
    parse(&Text::made(sql)).unwrap().into_iter().map(|it| it.kind).collect()
}

#[test]
fn several_in_one_string_without_blanks_and_comments() {
    let sql = "-- first\nCREATE TABLE \"T é\" (a int) ;\n\n /* a /* b */ c */ DROP INDEX CONCURRENTLY s.i; ;";
    let found = parse(&Text::made(sql)).unwrap();
    let texts: Vec<&str> = found.iter().map(|it| it.sql.as_str()).collect();
    assert_eq!(texts, ["CREATE TABLE \"T é\" (a int)", "DROP INDEX CONCURRENTLY s.i"]);
    let Kind::DropIndex { indexes, concurrently: true, .. } = &found[1].kind else { panic!("{found:?}") };
    assert_eq!(indexes, &[Name::within("s", "i")]);
}

#[test]
fn bad_texts_are_told_apart() {
    let refused = |sql: &str| parse(&Text::made(sql)).unwrap_err();
    assert_eq!(refused("SELCT 1"), Refused::Syntax("syntax error at or near \"SELCT\"".to_owned()));
    assert!(matches!(refused("SELECT '\0'"), Refused::Syntax(_)));
    assert!(matches!(refused(&format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000))), Refused::Limit(_)));
    assert!(matches!(refused(&format!("SELECT {}", vec!["a"; 80].join(" || "))), Refused::Limit(_)));
    assert!(matches!(refused(&" ".repeat(LONGEST + 1)), Refused::Limit(_)));
    assert_eq!(kinds(""), []);
    assert_eq!(kinds(" -- nothing"), []);
}

#[test]
fn alter_table() {
    let found = kinds("ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID, ALTER b SET NOT NULL");
    let Kind::AlterTable { actions, .. } = &found[0] else { panic!("{found:?}") };
    let Action::AddConstraint(constraint) = &actions[0] else { panic!("{actions:?}") };
    assert!(!constraint.valid);
    assert!(matches!(&constraint.rule, Demand::Check(check) if check.demands("a")));
    assert_eq!(actions[1], Action::SetNotNull { column: "b".to_owned() });
}

const WORDS: &[&str] = &[
    "ALTER TABLE t ",
    "UPDATE \"é\" SET a = ",
    "'b'",
    "\"",
    "'",
    "$x$",
    "/*",
    "*/",
    "--",
    "\n",
    ";",
    "(",
    ")",
    "NOT NULL ",
    "é",
    "CREATE INDEX CONCURRENTLY i ON s.t (a)",
    "COMMIT",
    "\\",
    "\u{1F600}",
    "ADD COLUMN c text ",
    "::",
    "[1]",
    ",",
    "1",
];

#[test]
fn comments_that_the_scanner_reads_again_and_again_are_refused() {
    let nested = |depth: usize| format!("{}{}SELECT 1", "/*".repeat(depth), "*/".repeat(depth));
    assert!(matches!(parse(&Text::made(nested(100_000))), Err(Refused::Limit(_))));
    assert!(super::comments(&nested(100_000)).is_empty());
    assert_eq!(parse(&Text::made(nested(100))).map(|it| it.len()), Ok(1));
    let ruled = format!("/{} a {}/\nSELECT 1", "*".repeat(10_000), "*".repeat(10_000));
    assert_eq!(parse(&Text::made(ruled)).map(|it| it.len()), Ok(1));
}

proptest! {
    /// Whatever the text, parsing ends with an answer, and every place in it lies on character boundaries.
    #[test]
    fn any_text_has_an_answer(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..12)) {
        let sql = words.concat();
        for range in super::comments(&sql) {
            prop_assert!(sql.get(range).is_some());
        }
        for parsed in parse(&Text::made(sql.clone())).unwrap_or_default() {
            prop_assert_eq!(sql.get(parsed.range.clone()), Some(parsed.sql.as_str()));
        }
    }
}
