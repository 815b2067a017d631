mod definitions;

use super::{LONGEST, Refused, parse};
use crate::{
    source::Text,
    statement::{Action, AnnexSort, Demand, DomainChange, Generation, Kind, Mode, Name, Upkeep, Volatility},
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

#[test]
fn what_is_done_to_what_stands() {
    let one = |sql: &str| kinds(sql).remove(0);
    let Kind::Upkeep(Upkeep::ReindexTable { concurrently: true, .. }) = one("REINDEX TABLE CONCURRENTLY t") else {
        panic!()
    };
    let Kind::Upkeep(Upkeep::Vacuum { full: true, tables }) = one("VACUUM (FULL, ANALYZE) a, s.b") else { panic!() };
    assert_eq!(tables, [Name::bare("a"), Name::within("s", "b")]);
    let Kind::Upkeep(Upkeep::Vacuum { full: false, .. }) = one("VACUUM (FULL off) a") else { panic!() };
    let Kind::Upkeep(Upkeep::Lock { mode, only, .. }) = one("LOCK TABLE ONLY t IN SHARE ROW EXCLUSIVE MODE") else {
        panic!()
    };
    assert_eq!((mode, only), (Mode::ShareRowExclusive, vec![Name::bare("t")]));
    let Kind::Annex(annex) = one("DROP TRIGGER g ON s.t") else { panic!() };
    assert_eq!((annex.sort, annex.name.as_str(), annex.table), (AnnexSort::Trigger, "g", Name::within("s", "t")));
    let Kind::Annex(annex) = one("COMMENT ON COLUMN s.t.a IS 'x'") else { panic!() };
    assert_eq!((annex.sort, annex.table), (AnnexSort::Comment, Name::within("s", "t")));
    assert!(matches!(one("COMMENT ON TYPE t IS 'x'"), Kind::Other { .. }));
}

#[test]
fn domains_functions_partitions_and_generated_columns() {
    let one = |sql: &str| kinds(sql).remove(0);
    let Kind::CreateDomain(domain) = one("CREATE DOMAIN d AS text DEFAULT 'a' NOT NULL CHECK (VALUE <> '')") else {
        panic!()
    };
    assert_eq!((domain.base.name.as_str(), domain.constraints.len(), domain.default.is_some()), ("text", 2, true));
    let Kind::AlterDomain { change, .. } = one("ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID") else {
        panic!()
    };
    assert!(matches!(&*change, DomainChange::AddConstraint(it) if !it.valid));
    let volatility =
        |tail: &str| match one(&format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql {tail} AS 'SELECT 1'")) {
            Kind::CreateFunction(it) => it.volatility,
            other => panic!("{other:?}"),
        };
    assert_eq!(
        ["", "STABLE", "IMMUTABLE"].map(volatility),
        [Volatility::Volatile, Volatility::Stable, Volatility::Immutable]
    );
    let Kind::CreateTable(create) = one("CREATE TABLE p PARTITION OF t DEFAULT") else { panic!() };
    assert!(create.partition_of.is_some_and(|it| it.default && it.parent == Name::bare("t")));
    let sql = "CREATE TABLE t (a serial, b int GENERATED ALWAYS AS IDENTITY, c int GENERATED ALWAYS AS (1) STORED, d int GENERATED ALWAYS AS (1), e int CHECK (e > 0) NOT ENFORCED CHECK (e > 1))";
    let Kind::CreateTable(create) = one(sql) else { panic!() };
    assert!(matches!(create.columns[0].generation, Some(Generation::Serial)));
    assert!(matches!(create.columns[1].generation, Some(Generation::Identity)));
    assert!(matches!(create.columns[2].generation, Some(Generation::Stored(_))));
    assert!(matches!(create.columns[3].generation, Some(Generation::Virtual(_))));
    assert_eq!(create.columns[4].constraints.iter().map(|it| it.enforced).collect::<Vec<_>>(), [false, true]);
}
