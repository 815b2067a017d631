//! What the server refuses whatever the rows: what others need, keys to nothing, branches that contradict each other.

use crate::{
    NONE,
    book::{Book, users},
};

const ORDERS: &str = "CREATE TABLE orders (id serial PRIMARY KEY, user_id int REFERENCES users (id), note text)";

/// What a later revision is told of, by rules of these names.
fn said(rules: &str, lines: &[&str]) -> Vec<String> {
    let given = [
        ORDERS,
        "CREATE TYPE mood AS ENUM ('glad')",
        "CREATE TABLE moods (id int, feels mood[])",
        "CREATE VIEW logins AS SELECT id, login, age AS name FROM users",
    ];
    let back = ["DROP VIEW logins", "DROP TABLE moods", "DROP TYPE mood", "DROP TABLE orders"];
    users().page(&given, &back).page(lines, &["SELECT 1"]).said(rules)
}

#[test]
fn what_others_need_stays() {
    let told = |line: &str| said("needed-object-drop", &[line]);
    let refused = |line: &str, why: &str| {
        let expected = format!("error needed-object-drop: PostgreSQL always refuses to drop the {why}");
        assert_eq!(told(line), [expected], "{line}");
        // Who is sure of nothing says nothing.
        assert_eq!(said("needed-object-drop", &["?anything", line]), NONE, "{line}");
    };
    refused("DROP TYPE mood", "type `mood`: the column `moods.feels` is of it");
    refused("DROP TABLE orders, users", "table `users`: the view `logins` reads it");
    refused("ALTER TABLE users DROP COLUMN login", "column `users.login`: the view `logins` reads it");
    refused(
        "ALTER TABLE users DROP CONSTRAINT users_pkey",
        "constraint `users_pkey` of `users`: the constraint `orders_user_id_fkey` of `orders` refers to it",
    );
    refused("DROP SEQUENCE users_id_seq", "sequence `users_id_seq`: the column `users.id` takes its default from it");
    for good in [
        "DROP TYPE mood CASCADE",
        "ALTER TABLE users DROP COLUMN login CASCADE",
        "DROP TABLE moods",
        "DROP VIEW logins",
        // The view names another column so.
        "ALTER TABLE users DROP COLUMN name",
    ] {
        assert_eq!(told(good), NONE, "{good}");
    }
    assert_eq!(said("needed-object-drop", &["DROP VIEW logins", "ALTER TABLE users DROP COLUMN login"]), NONE);
    assert_eq!(said("needed-object-drop", &["DROP TABLE moods", "DROP TYPE mood"]), NONE);
    let other = "ALTER TABLE users ADD CONSTRAINT also UNIQUE (id)";
    assert_eq!(said("needed-object-drop", &[other, "ALTER TABLE users DROP CONSTRAINT also"]), NONE);
}

#[test]
fn a_view_holds_the_type_of_its_columns() {
    let told = |line: &str| said("type-change-under-view", &[line]);
    let message = "error type-change-under-view: PostgreSQL always refuses to change the type of `users.login`: the view \
                   `logins` reads it";
    assert_eq!(told("ALTER TABLE users ALTER login TYPE varchar(20)"), [message]);
    assert_eq!(told("ALTER TABLE users ALTER name TYPE varchar(20)"), NONE);
    let between = ["DROP VIEW logins", "ALTER TABLE users ALTER login TYPE varchar(20)"];
    assert_eq!(said("type-change-under-view", &between), NONE);
}

#[test]
fn a_foreign_key_refers_to_a_key() {
    let told = |lines: &[&str]| said("impossible-foreign-key", lines);
    let refused = |line: &str, why: &str| {
        let message = told(&[line]).pop().unwrap_or_default();
        assert!(message.ends_with(why) && message.starts_with("error"), "{line}: {message}");
        assert_eq!(told(&["?anything", line]), NONE, "{line}");
    };
    refused("ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (number)", "`users` has no column `number`");
    refused("ALTER TABLE orders ADD FOREIGN KEY (number) REFERENCES users (id)", "it has no column `number`");
    let key = "no primary key, unique constraint or unique index of `users` is of `name`";
    refused("ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES users (name)", key);
    refused("CREATE TABLE pets (who text REFERENCES users (name))", key);
    refused("ALTER TABLE orders ADD COLUMN feels int REFERENCES moods", "`moods` has no primary key");
    let line = "ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES users (id)";
    let message = told(&[line]).pop().unwrap_or_default();
    assert!(message.contains("`note` is `text`, and `users.id` is"), "{message}");
    assert_eq!(told(&["DROP TABLE moods", "CREATE TABLE pets (mood int REFERENCES moods (id))"]).len(), 1);
    for good in [
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES nobody (id)",
        "CREATE TABLE pets (id int PRIMARY KEY, mother bigint REFERENCES pets (id), owner bigint REFERENCES users)",
        "ALTER TABLE orders ADD COLUMN who smallint REFERENCES users",
    ] {
        assert_eq!(told(&[good]), NONE, "{good}");
    }
    let index = "CREATE UNIQUE INDEX one ON users (name)";
    assert_eq!(told(&[index, "ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES users (name)"]), NONE);
    assert_eq!(
        told(&[&format!("{index} WHERE age <> ''"), "CREATE TABLE p (a text REFERENCES users (name))"]).len(),
        1
    );
}

#[test]
fn branches_that_meet_go_together() {
    let merged = |left: &str, right: &str| {
        let merge = |book: Book| book.page_after(&["r1", "r2"], &["SELECT 1"], &["SELECT 1"]);
        let book = users().page_after(&["r0"], &[left], &["SELECT 1"]).page_after(&["r0"], &[right], &["SELECT 1"]);
        merge(book).said("contradicting-branches")
    };
    let told = |left: &str, right: &str, severity: &str, how: &str| {
        let expected = [format!("{severity} contradicting-branches: of the branches that meet here {how}")];
        assert_eq!(merged(left, right), expected, "{left}; {right}");
    };
    let (add, drop) = ("ALTER TABLE users ADD mail text", "ALTER TABLE users DROP age");
    told(add, add, "error", "both make the column `users.mail`");
    told(drop, drop, "error", "both drop the column `users.age`");
    told("DROP TABLE users", add, "warning", "one drops the table `users`, and the other works on it");
    told(
        "CREATE INDEX i ON users (age)",
        drop,
        "warning",
        "one drops the column `users.age`, and the other works on it",
    );
    let kind = |kind: &str| format!("ALTER TABLE users ALTER age TYPE {kind}");
    let how = "one sets the type of the column `users.age` to `varchar(9)`, the other to `text`";
    told(&kind("text"), &kind("varchar(9)"), "warning", how);
    told("CREATE INDEX i ON users (age)", "CREATE INDEX i ON users (name)", "error", "both make the index `i`");
    for (left, right) in [
        (add, drop),
        (add, "ALTER TABLE users ADD phone text"),
        (&kind("text"), &kind("text")),
        ("ALTER TABLE users ADD IF NOT EXISTS mail text", add),
        ("CREATE EXTENSION IF NOT EXISTS citext", "CREATE EXTENSION IF NOT EXISTS citext"),
    ] {
        assert_eq!(merged(left, right), NONE, "{left}; {right}");
    }
}

#[test]
fn a_pair_of_revisions_is_told_of_where_it_meets_first() {
    let add = "ALTER TABLE users ADD mail text";
    let book = users().page_after(&["r0"], &[add], &["SELECT 1"]).page_after(&["r0"], &[add], &["SELECT 1"]);
    // r3 joins both; r4 goes on from one of them, and r5 joins that with r3.
    let book = book.page_after(&["r1", "r2"], &["SELECT 1"], &["SELECT 1"]);
    let book = book.page_after(&["r2"], &["ALTER TABLE users ADD phone text"], &["SELECT 1"]);
    let book = book.page_after(&["r3", "r4"], &["SELECT 1"], &["SELECT 1"]);
    assert_eq!(book.said("contradicting-branches").len(), 1);
}

#[test]
fn what_comes_back_in_other_words_has_come_back() {
    let told = |up: &str, down: &str| users().page(&[up], &[down]).said("incomplete-downgrade");
    let left = "warning incomplete-downgrade: the downgrade leaves the extension `citext` behind";
    assert_eq!(told("CREATE EXTENSION citext", "SELECT 1"), [left]);
    // It may have been there before.
    assert_eq!(told("CREATE EXTENSION IF NOT EXISTS citext", "SELECT 1"), NONE);
    let given = [
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1  '",
        "ALTER TABLE users ADD CONSTRAINT c CHECK (login ~ '^a'::text)",
    ];
    let again = |up: &[&str], down: &[&str]| {
        users()
            .page(&given, &["SELECT 1"])
            .page(up, down)
            .said("incomplete-downgrade")
            .into_iter()
            .skip(2)
            .collect::<Vec<_>>()
    };
    let function = |body: &str| format!("CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS '{body}'");
    assert_eq!(again(&[&function("SELECT 2")], &[&function("SELECT\n1")]), NONE);
    assert_eq!(again(&[&function("SELECT 2")], &[&function("SELECT 3")]).len(), 1);
    let check = |text: &str| format!("ALTER TABLE users ADD CONSTRAINT c CHECK ({text})");
    let drop = "ALTER TABLE users DROP CONSTRAINT c";
    assert_eq!(again(&[drop], &[&check("login::text ~ '^a'::text")]), NONE);
    assert_eq!(again(&[drop], &[&check("login ~ '^b'")]).len(), 1);
}
