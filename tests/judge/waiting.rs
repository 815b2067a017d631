//! Constraints under a lock: who speaks, where, and of what.

use crate::{
    NONE,
    book::{Book, users},
};

const ORDERS: &str = "CREATE TABLE orders (id serial PRIMARY KEY, user_id int, note text)";

/// What the upgrade of a later revision is told of.
fn said(lines: &[&str]) -> Vec<String> {
    users().page(&[ORDERS], &["DROP TABLE orders"]).page(lines, &["SELECT 1"]).said("blocking-")
}

#[test]
fn a_foreign_key_is_told_of_where_rows_are_looked_up() {
    let key = "FOREIGN KEY (user_id) REFERENCES users (id)";
    assert_eq!(
        said(&[&format!("ALTER TABLE orders ADD CONSTRAINT k {key}")]),
        [
            "error blocking-foreign-key: adding the foreign key `k` blocks writes on `orders` while every row is checked; \
          writes on `users` wait as long"
        ]
    );
    assert_eq!(said(&[&format!("ALTER TABLE orders ADD CONSTRAINT k {key} NOT VALID")]), NONE);
    assert_eq!(said(&["ALTER TABLE orders ADD COLUMN c int REFERENCES users (id)"]), NONE);
    assert_eq!(said(&["ALTER TABLE orders ADD COLUMN c int DEFAULT 1 REFERENCES users (id)"]).len(), 1);
    let fresh = "CREATE TABLE pets (id int PRIMARY KEY, user_id int)";
    assert_eq!(said(&[fresh, &format!("ALTER TABLE pets ADD {key}")]), NONE);
    assert_eq!(said(&["TRUNCATE orders", &format!("ALTER TABLE orders ADD {key}")]), NONE);
    assert_eq!(said(&[&format!("ALTER TABLE orders ADD {key}"), "DROP TABLE orders"]), NONE);
    let self_key = "ALTER TABLE orders ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES orders (id)";
    assert!(!said(&[self_key])[0].contains("wait as long"));
}

#[test]
fn a_foreign_key_of_a_partitioned_table_is_given_to_its_partitions_first() {
    let events = Book::default().page(
        &[
            "CREATE TABLE kinds (id int PRIMARY KEY)",
            "CREATE TABLE events (id int, kind int) PARTITION BY RANGE (id)",
            "CREATE TABLE events_0 PARTITION OF events FOR VALUES FROM (0) TO (9)",
        ],
        &["DROP TABLE events", "DROP TABLE kinds"],
    );
    let add = "ALTER TABLE events ADD CONSTRAINT k FOREIGN KEY (kind) REFERENCES kinds (id)";
    let (report, _) = events.page(&[add], &["SELECT 1"]).check();
    let finding = report.findings.iter().find(|it| it.rule == "blocking-foreign-key").unwrap();
    let help = finding.help.as_deref().unwrap();
    assert!(help.contains("ALTER TABLE events_0 VALIDATE CONSTRAINT k"), "{help}");
    assert!(help.contains(&format!("{add}\")")), "{help}");
}

#[test]
fn a_check_is_told_of_once_and_not_where_the_column_is_written_anew() {
    let who = "blocks reads and writes on `users` while every row is checked";
    let rule = "error blocking-check: adding";
    assert_eq!(said(&["ALTER TABLE users ADD CHECK (name <> '')"]), [format!("{rule} a CHECK {who}")]);
    assert_eq!(said(&["ALTER TABLE users ADD CHECK (name <> '') NOT VALID"]), NONE);
    assert_eq!(said(&["ALTER TABLE users ADD c int CHECK (c > 0)"]), [format!("{rule} `c` with its CHECK {who}")]);
    assert_eq!(said(&["ALTER TABLE users ADD c int NOT NULL CHECK (c > 0)"]), NONE);
    assert_eq!(said(&["ALTER TABLE users ADD c float DEFAULT random() CHECK (c > 0)"]), NONE);
}

#[test]
fn a_domain_is_told_of_where_a_table_in_use_has_a_column_of_it() {
    let domain = Book::default().page(
        &["CREATE DOMAIN mail AS text", "CREATE TABLE people (id int PRIMARY KEY, mail mail)"],
        &["DROP TABLE people", "DROP DOMAIN mail"],
    );
    let change = "ALTER DOMAIN mail ADD CONSTRAINT at CHECK (VALUE ~ '@')";
    assert_eq!(
        domain.page(&[change], &["SELECT 1"]).said("blocking-"),
        [
            "error blocking-check: adding the constraint `at` to the domain `mail` blocks writes on `people` while every \
          row is checked"
        ]
    );
    let unused = Book::default().page(&["CREATE DOMAIN mail AS text"], &["DROP DOMAIN mail"]);
    assert_eq!(unused.page(&[change], &["SELECT 1"]).said("blocking-"), NONE);
}

#[test]
fn not_null_is_told_of_where_it_succeeds_and_scans() {
    let set = "ALTER TABLE users ALTER name SET NOT NULL";
    let told =
        ["error blocking-not-null: making `users.name` NOT NULL blocks reads and writes on `users` while every \
                 row is checked"];
    assert_eq!(said(&[set]), NONE, "not-null-without-backfill tells of it");
    assert_eq!(said(&["UPDATE users SET name = login", set]), told);
    let check = "ALTER TABLE users ADD CONSTRAINT k CHECK (name IS NOT NULL) NOT VALID";
    assert_eq!(said(&[check, "ALTER TABLE users VALIDATE CONSTRAINT k", set]), NONE);
    let index = "CREATE UNIQUE INDEX k ON orders (user_id, note)";
    let promote = "ALTER TABLE orders ADD PRIMARY KEY USING INDEX k";
    assert_eq!(
        said(&["ALTER TABLE orders DROP CONSTRAINT orders_pkey", index, promote]),
        [
            "error blocking-not-null: the primary key makes `user_id` and `note` NOT NULL, which blocks reads and writes on \
          `orders` while every row is checked"
        ]
    );
    let index = "CREATE UNIQUE INDEX k ON orders (id)";
    assert_eq!(said(&["ALTER TABLE orders DROP CONSTRAINT orders_pkey", index, promote]), NONE);
}

#[test]
fn a_constraint_with_an_index_is_told_of_unless_the_index_is_there() {
    let who = "blocks reads and writes on `users` while an index is built";
    let rule = "error blocking-unique: adding";
    let name = "ALTER TABLE users ADD CONSTRAINT k UNIQUE (name)";
    assert_eq!(said(&[name]), [format!("{rule} the unique constraint `k` {who}")]);
    assert_eq!(said(&["CREATE UNIQUE INDEX k ON users (name)", "ALTER TABLE users ADD UNIQUE USING INDEX k"]), NONE);
    assert_eq!(
        said(&["ALTER TABLE users ADD EXCLUDE USING gist (name WITH =)"]),
        [format!("{rule} an EXCLUDE constraint {who}")]
    );
    assert_eq!(
        said(&["ALTER TABLE users ADD c text UNIQUE"]),
        [format!("{rule} `c` with its unique constraint {who}")]
    );
    assert_eq!(said(&["ALTER TABLE users ADD c text DEFAULT '' UNIQUE"]), NONE, "unique-default tells of it");
    assert_eq!(said(&["ALTER TABLE users ADD c text DEFAULT ''", "ALTER TABLE users ADD UNIQUE (c)"]), NONE);
    let down =
        users().page(&["ALTER TABLE users DROP CONSTRAINT users_pkey"], &["ALTER TABLE users ADD PRIMARY KEY (id)"]);
    assert_eq!(down.said("blocking-"), [format!("warning blocking-unique: adding a primary key {who}")]);
}

#[test]
fn rows_that_no_condition_reaches_are_not_waited_for() {
    let under_lock = |update: &str| {
        let lines = ["ALTER TABLE users ADD COLUMN c text", update];
        users().page(&lines, &["ALTER TABLE users DROP COLUMN c"]).said("backfill-under-lock").len()
    };
    for none in ["name = NULL", "false", "login = 'a' AND name <> NULL", "age IN (NULL)", "NOT (name = NULL)"] {
        assert_eq!(under_lock(&format!("UPDATE users SET c = 'x' WHERE {none}")), 0, "{none}");
    }
    for some in
        ["name IS NULL", "name = 'a' OR name = NULL", "true", "name IS NOT DISTINCT FROM NULL", "age IN ('a', NULL)"]
    {
        assert_eq!(under_lock(&format!("UPDATE users SET c = 'x' WHERE {some}")), 1, "{some}");
    }
}

#[test]
fn what_is_there_already_is_not_built_again() {
    let given = ["ALTER TABLE users ADD CONSTRAINT named UNIQUE (login)", "CREATE INDEX ix ON users (name)"];
    let again = |under_condition: bool, before: &str| {
        let mut book = users().page(&given, &["DROP INDEX ix", "ALTER TABLE users DROP CONSTRAINT named"]);
        if under_condition {
            book = book.guard(1, "others", true).guard(2, "others", true);
        }
        let lines = [before, given[0], given[1]];
        let (report, _) = book.page(&lines, &["SELECT 1"]).check();
        let meant = report.findings.iter().filter(|it| it.subject.revision.as_deref() == Some("r2"));
        let rules = ["blocking-unique", "non-concurrent-index"];
        meant.filter(|it| rules.contains(&it.rule)).count()
    };
    assert_eq!(again(false, "SELECT 1"), 0);
    // What is not understood may have taken both away; what is sent where they are missing does not find them.
    assert_eq!(again(false, "?anything"), 2);
    assert_eq!(again(true, "?anything"), 0);
    assert_eq!(again(false, "ALTER TABLE users DROP CONSTRAINT named"), 1);
}

#[test]
fn only_a_cast_of_the_old_value_loses_some_of_it() {
    let narrowed = |using: &str| {
        let line = format!("ALTER TABLE users ALTER COLUMN name TYPE varchar(9) {using}");
        users().page(&[&line], &["ALTER TABLE users ALTER COLUMN name TYPE text"]).said("narrowing-type-change")
    };
    let told = |using: &str| narrowed(using).pop().map(|it| it.contains("is lost without a word"));
    assert_eq!(told("USING name::varchar(9)"), Some(true));
    for refused in ["", "USING name", "USING name::text"] {
        assert_eq!(told(refused), Some(false), "{refused}");
    }
    assert_eq!([told("USING login"), told("USING left(name, 9)")], [None, None]);
}
