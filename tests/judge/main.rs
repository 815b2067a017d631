//! The fold and its rules, on histories written in SQL.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod book;
mod needs;
mod waiting;

use book::{Book, USERS, upgrade, users};

const NONE: &[&str] = &[];

#[test]
fn five_hundred_revisions_and_the_499() {
    let history = |hazard: bool, count: usize| {
        let mut book = Book::default();
        for number in 0..count {
            let mut up = vec![
                format!("CREATE TABLE t{number} (id int PRIMARY KEY, a text)"),
                format!("CREATE INDEX i{number} ON t{number} (a)"),
            ];
            let mut down = vec![format!("DROP INDEX i{number}"), format!("DROP TABLE t{number}")];
            if hazard && number > 0 {
                up.push(format!("CREATE INDEX j{number} ON t{} (a)", number - 1));
                down.insert(0, format!("DROP INDEX j{number}"));
            }
            let up: Vec<&str> = up.iter().map(String::as_str).collect();
            let down: Vec<&str> = down.iter().map(String::as_str).collect();
            book = book.page(&up, &down);
        }
        book
    };
    let found = history(true, 500).found();
    assert_eq!(found.iter().filter(|it| it.ends_with("non-concurrent-index")).count(), 499);
    assert_eq!(found.iter().filter(|it| it.contains("non-concurrent-index-drop warning")).count(), 499);
    assert_eq!(found.len(), 998);
    assert_eq!(history(false, 500).found(), NONE);
}

#[test]
fn a_table_is_new_until_rows_are_written() {
    let (table, index) = ("CREATE TABLE pets (id int)", "CREATE INDEX i ON pets (id)");
    let page = |lines: &[&str]| Book::default().page(lines, &["DROP TABLE pets"]).found();
    assert_eq!(page(&[table, index]), NONE);
    assert_eq!(page(&[table, "INSERT INTO pets VALUES (1)", index]), ["0:4 non-concurrent-index"]);
    assert_eq!(page(&[table, "INSERT INTO pets VALUES (1)", "TRUNCATE pets", index]), NONE);
    // Never seen made: it is taken to be in use.
    assert_eq!(Book::default().page(&[index], &["!DROP INDEX CONCURRENTLY i"]).found(), ["0:2 non-concurrent-index"]);
    // Renamed on the way, it is still the old one.
    let renamed = ["ALTER TABLE users RENAME TO people", "CREATE INDEX i ON people (name)"];
    assert_eq!(upgrade(&renamed), ["1:3 non-concurrent-index"]);
}

#[test]
fn since_makes_what_comes_after_new() {
    let both = ["!DROP INDEX CONCURRENTLY p", "!DROP INDEX CONCURRENTLY b"];
    let book = || {
        users()
            .page(&["CREATE INDEX a ON users (name)"], &["!DROP INDEX CONCURRENTLY a"])
            .page(&["CREATE TABLE pets (id int)"], &["DROP TABLE pets"])
            .page(&["CREATE INDEX p ON pets (id)", "CREATE INDEX b ON users (age)"], &both)
    };
    let all = ["1:2 non-concurrent-index", "3:2 non-concurrent-index", "3:3 non-concurrent-index"];
    assert_eq!(book().found(), all);
    assert_eq!(book().since("r1").found(), all[2..]);
    let written = users()
        .page(&["CREATE TABLE pets (id int)", "INSERT INTO pets SELECT 1"], &["DROP TABLE pets"])
        .page(&["CREATE INDEX p ON pets (id)"], &["!DROP INDEX CONCURRENTLY p"]);
    assert_eq!(written.since("r0").found(), ["2:2 non-concurrent-index"]);
}

#[test]
fn transactions_are_followed() {
    let build = "CREATE INDEX CONCURRENTLY i ON users (name)";
    assert_eq!(upgrade(&[build]), ["1:2 concurrent-index-in-transaction"]);
    assert_eq!(upgrade(&[&format!("!{build}")]), NONE);
    assert_eq!(upgrade(&["COMMIT", build]), NONE);
    assert_eq!(upgrade(&["COMMIT", "BEGIN", build]), ["1:4 concurrent-index-in-transaction"]);
    assert_eq!(upgrade(&["COMMIT", "!SELECT 1", build]), ["1:4 concurrent-index-in-transaction"]);
}

#[test]
fn backfills_are_proofs_only_where_no_null_is_left() {
    let add = "ALTER TABLE users ADD COLUMN c text";
    let set = "ALTER TABLE users ALTER COLUMN c SET NOT NULL";
    let proves = |update: &str| {
        let found = upgrade(&[add, update, set]);
        assert!(found.is_empty() || found == ["1:4 not-null-without-backfill"], "{update}: {found:?}");
        found.is_empty()
    };
    for good in [
        "UPDATE users SET c = 'x'",
        "UPDATE users SET c = login WHERE c IS NULL",
        "UPDATE users u SET c = u.login WHERE u.c IS NULL",
        "UPDATE users SET c = login || '@example.com'",
        "UPDATE users SET c = coalesce(name, login) WHERE c IS NULL OR c = ''",
        "UPDATE users SET c = coalesce(name || age, '') WHERE c IS NULL",
        "UPDATE users SET c = lower(login)::text",
        "UPDATE users SET c = now()",
        "UPDATE users SET c = CASE WHEN name IS NULL THEN 'a' ELSE 'b' END",
        "UPDATE users SET c = '' WHERE c IS NOT DISTINCT FROM NULL",
        "UPDATE users SET c = 'x' WHERE coalesce(c, '') = ''",
        "UPDATE users SET c = (SELECT 'x')",
    ] {
        assert!(proves(good), "{good}");
    }
    for bad in [
        "UPDATE users SET c = name || ' ' || age WHERE name IS NOT NULL AND age IS NOT NULL",
        "UPDATE users SET c = name || '@example.com'",
        "UPDATE users SET c = name WHERE c IS NULL",
        "UPDATE users SET c = 'x' WHERE c IS NULL AND id < 100",
        "UPDATE users SET c = 'x' WHERE c = ''",
        "UPDATE users SET c = 'x' WHERE coalesce(c, 'a') = ''",
        "UPDATE users SET c = o.login FROM others o WHERE users.c IS NULL",
        "UPDATE users SET c = CASE WHEN name IS NULL THEN 'a' END",
        "UPDATE users SET c = NULL",
        "UPDATE users SET name = 'x'",
        "UPDATE others SET c = 'x'",
        "SELECT 1",
    ] {
        assert!(!proves(bad), "{bad}");
    }
}

#[test]
fn proofs_from_earlier_revisions_hold() {
    let set = "ALTER TABLE users ALTER COLUMN name SET NOT NULL";
    let back = ["ALTER TABLE users ALTER COLUMN name DROP NOT NULL"];
    let after = |lines: &[&str]| {
        users().page(lines, &["SELECT 1", "raise X('x')"]).page(&[set], &back).found_without("missing-downgrade")
    };
    let rule = ["2:2 not-null-without-backfill"];
    assert_eq!(after(&["SELECT 1"]), rule);
    assert_eq!(after(&["UPDATE users SET name = login WHERE name IS NULL"]), NONE);
    assert_eq!(after(&["ALTER TABLE users ADD CONSTRAINT k CHECK (name IS NOT NULL)"]), NONE);
    assert_eq!(after(&["ALTER TABLE users ADD CONSTRAINT k CHECK (name IS NOT NULL) NOT VALID"]), rule);
    let valid = "ALTER TABLE users VALIDATE CONSTRAINT k";
    let check = "ALTER TABLE users ADD CONSTRAINT k CHECK (name IS NOT NULL AND length(name) > 1) NOT VALID";
    assert_eq!(after(&[check, valid]), NONE);
    assert_eq!(after(&[check, valid, "ALTER TABLE users DROP CONSTRAINT k"]), rule);
    assert_eq!(after(&["ALTER TABLE users ADD CONSTRAINT k CHECK (login IS NOT NULL)"]), rule);
    assert_eq!(after(&["UPDATE users SET name = ''", "INSERT INTO users (login) VALUES ('a')"]), rule);
    assert_eq!(after(&["UPDATE users SET name = ''", "INSERT INTO users (login, name) VALUES ('a', 'b')"]), NONE);
    assert_eq!(after(&["UPDATE users SET name = ''", "UPDATE users SET name = NULL WHERE id = 1"]), rule);
}

#[test]
fn a_table_that_the_history_does_not_make_is_proved_all_the_same() {
    let page = |lines: &[&str]| Book::default().page(lines, &["ALTER TABLE old ALTER a DROP NOT NULL"]).found();
    let set = "ALTER TABLE old ALTER a SET NOT NULL";
    assert_eq!(page(&["ALTER TABLE old ADD CONSTRAINT k CHECK (a IS NOT NULL)", set]), NONE);
    assert_eq!(page(&[set]), ["0:2 not-null-without-backfill"]);
}

#[test]
fn columns_that_are_added_not_null() {
    let add = |column: &str| upgrade(&[&format!("ALTER TABLE users ADD COLUMN {column}")]);
    assert_eq!(add("c int NOT NULL"), ["1:2 not-null-without-backfill"]);
    assert_eq!(add("c int NOT NULL DEFAULT NULL"), ["1:2 not-null-without-backfill"]);
    for good in ["c int", "c int NOT NULL DEFAULT 0", "c serial", "c int GENERATED ALWAYS AS IDENTITY"] {
        assert_eq!(add(good), NONE, "{good}");
    }
    let set = "ALTER TABLE users ALTER c SET NOT NULL";
    assert_eq!(upgrade(&["ALTER TABLE users ADD COLUMN c int DEFAULT 0", set]), NONE);
    let fresh = ["CREATE TABLE pets (id int)", "ALTER TABLE pets ADD COLUMN c int NOT NULL"];
    assert_eq!(Book::default().page(&fresh, &["DROP TABLE pets"]).found(), NONE);
}

#[test]
fn deleted_rows_hold_no_null_until_others_come() {
    let set = "ALTER TABLE users ALTER COLUMN name SET NOT NULL";
    let add = "ALTER TABLE users ADD COLUMN phone text NOT NULL";
    let (delete, insert) = ("DELETE FROM users WHERE name IS NULL", "INSERT INTO users (login) VALUES ('a')");
    assert_eq!(upgrade(&[delete, set]), NONE);
    assert_eq!(upgrade(&["TRUNCATE users", add]), NONE);
    assert_eq!(upgrade(&["DELETE FROM users", add, set]), NONE);
    assert_eq!(upgrade(&[delete, insert, set]), ["1:4 not-null-without-backfill"]);
    assert_eq!(upgrade(&["DELETE FROM users", insert, add]), ["1:4 not-null-without-backfill"]);
    assert_eq!(upgrade(&[delete, "UPDATE users SET name = age", set]), ["1:4 not-null-without-backfill"]);
    assert_eq!(upgrade(&["DELETE FROM users WHERE age IS NULL", set]), ["1:3 not-null-without-backfill"]);
    assert_eq!(upgrade(&[delete, add]), ["1:3 not-null-without-backfill"]);
}

#[test]
fn what_is_not_understood_lowers_the_voice() {
    let set = "ALTER TABLE users ALTER COLUMN name SET NOT NULL";
    assert_eq!(upgrade(&["?a loop", set]), ["1:2 opaque-operation note", "1:3 not-null-without-backfill warning"]);
    assert_eq!(
        upgrade(&["DO $$ BEGIN FOR i IN 1..2 LOOP UPDATE users SET age = i; END LOOP; END $$", set]),
        ["1:2 opaque-operation note", "1:3 not-null-without-backfill warning"]
    );
    assert_eq!(upgrade(&[set, "?a loop"]), ["1:2 not-null-without-backfill", "1:3 opaque-operation note"]);
}

#[test]
fn guards_are_answered_once_where_the_schema_can() {
    let lines = ["CREATE TABLE users (id int)", "CREATE INDEX i ON users (id)"];
    let down = ["SELECT 1", "raise X('x')"];
    let guarded = |book: Book, table: &str, holds| book.guard(0, table, holds).guard(1, table, holds);
    let decisions = Book::decisions;
    let after_users = |table, holds| guarded(users(), table, holds).page(&lines, &down);
    assert_eq!(after_users("users", false).found_without("downgrade"), NONE);
    assert_eq!(decisions(after_users("users", false)), [Some(false), Some(false)]);
    assert_eq!(decisions(after_users("users", true)), [Some(true), Some(true)]);
    assert_eq!(decisions(after_users("others", false)), [None, None]);
    let gone = guarded(users().page(&["DROP TABLE users"], &[USERS]), "users", false);
    assert_eq!(decisions(gone.page(&lines, &["DROP TABLE users"])), [Some(true), Some(true)]);
}

#[test]
fn branches_keep_apart_until_they_merge() {
    let refuse = ["SELECT 1", "raise X('x')"];
    let book = users()
        .page_after(&["r0"], &["ALTER TABLE users ADD COLUMN a int DEFAULT 0"], &["ALTER TABLE users DROP COLUMN a"])
        .page_after(&["r0"], &["ALTER TABLE users ADD COLUMN b varchar"], &["ALTER TABLE users DROP COLUMN b"])
        .page_after(&["r1"], &["ALTER TABLE users ALTER b TYPE int"], &refuse)
        .page_after(&["r2", "r3"], &[], &[])
        .page_after(
            &["r4"],
            &["ALTER TABLE users ALTER a SET NOT NULL", "ALTER TABLE users ALTER age TYPE int"],
            &refuse,
        );
    // The third revision has not what only the second has made: Alembic may run it first.
    assert_eq!(book.found_without("missing-downgrade"), ["3:2 missing-object", "5:3 type-change-without-cast"]);
    let dropped = users()
        .page_after(&["r0"], &["DROP TABLE users"], &[USERS])
        .page_after(&["r0"], &["SELECT 1"], &[])
        .page_after(&["r1", "r2"], &["CREATE INDEX i ON users (name)"], &["!DROP INDEX CONCURRENTLY i"]);
    // Where one branch has dropped the table, nothing waits for its lock.
    assert_eq!(dropped.found(), ["3:2 missing-object"]);
}

#[test]
fn types_that_do_not_change_by_themselves() {
    let rule = ["1:2 type-change-without-cast"];
    let change = |to: &str| upgrade(&[&format!("ALTER TABLE users ALTER age TYPE {to}")]);
    assert_eq!(change("integer"), rule);
    assert_eq!(change("integer USING age::integer"), NONE);
    assert_eq!(change("text"), NONE);
    assert_eq!(change("citext"), NONE);
    assert_eq!(
        upgrade(&["CREATE TYPE mood AS ENUM ('a')", "ALTER TABLE users ALTER age TYPE mood"]),
        ["1:3 type-change-without-cast"]
    );
    assert_eq!(upgrade(&["ALTER TABLE others ALTER age TYPE integer"]), NONE);
}

#[test]
fn tables_that_are_referred_to() {
    let pets = "CREATE TABLE pets (id int, owner int REFERENCES users (id))";
    let book = |lines: &[&str]| {
        let down = ["SELECT 1", "raise X('x')"];
        users().page(&[pets], &["DROP TABLE pets"]).page(lines, &down).found_without("downgrade")
    };
    assert_eq!(book(&["DROP TABLE users"]), ["2:2 referenced-table-drop"]);
    assert_eq!(book(&["DROP TABLE public.users"]), ["2:2 referenced-table-drop"]);
    assert_eq!(book(&["ALTER TABLE users RENAME TO people", "DROP TABLE people"]), ["2:3 referenced-table-drop"]);
    for good in ["DROP TABLE users CASCADE", "DROP TABLE users, pets"] {
        assert_eq!(book(&[good]), NONE);
    }
    assert_eq!(book(&["DROP TABLE pets", "DROP TABLE users"]), NONE);
    assert_eq!(book(&["ALTER TABLE pets DROP CONSTRAINT pets_owner_fkey", "DROP TABLE users"]), NONE);
    assert_eq!(book(&["ALTER TABLE pets DROP COLUMN owner", "DROP TABLE users"]), NONE);
    assert_eq!(book(&["ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE", "DROP TABLE users"]), NONE);
    assert_eq!(book(&["ALTER TABLE users DROP COLUMN id CASCADE", "DROP TABLE users"]), NONE);
}

#[test]
fn schemas_that_are_left_out() {
    let app = |lines: &[&str]| {
        let book = Book::default().page(&["CREATE TABLE app.users (id int)"], &["DROP TABLE app.users"]);
        book.page(lines, &["SELECT 1", "raise X('x')"]).only(&["missing-schema-prefix"]).found()
    };
    let add = "ALTER TABLE users ADD COLUMN bio text";
    assert_eq!(app(&[add]), ["1:2 missing-schema-prefix warning"]);
    assert_eq!(app(&["ALTER TABLE app.users ADD COLUMN bio text"]), NONE);
    assert_eq!(app(&["CREATE TABLE users (id int)", add]), NONE);
    assert_eq!(app(&["CREATE TABLE pets (id int)"]), NONE);
    let pets = ["CREATE TABLE app.toys (id int)", "CREATE TABLE pets (id int)"];
    assert_eq!(app(&pets), ["1:3 missing-schema-prefix warning"]);
    let mut configured = users().only(&["missing-schema-prefix"]);
    configured.schemas.push("app".to_owned());
    assert_eq!(configured.found(), ["0:2 missing-schema-prefix warning", "0:4 missing-schema-prefix warning"]);
}

#[test]
fn downgrades_that_are_missing() {
    let page = |up: &[&str], down: &[&str]| Book::default().page(up, down).found();
    assert_eq!(page(&[USERS], &[]), ["0:3 missing-downgrade warning"]);
    assert_eq!(page(&[USERS], &["raise NotImplementedError"]), ["0:4 missing-downgrade warning"]);
    assert_eq!(page(&[USERS], &["raise NotImplementedError('no')"]), ["0:4 missing-downgrade note"]);
    assert_eq!(page(&["SELECT 1"], &[]), NONE);
    assert_eq!(page(&[], &[]), NONE);
}

#[test]
fn suppressions_and_what_is_wrong_with_them() {
    let index = "CREATE INDEX i ON users (name)";
    let down = ["!DROP INDEX CONCURRENTLY i"];
    let page = |lines: &[&str]| users().page(lines, &down).found();
    assert_eq!(page(&[&format!("{index}  # limbeck: ignore[non-concurrent-index] it is small")]), NONE);
    assert_eq!(page(&["# limbeck: ignore[non-concurrent-index] it is small", index]), NONE);
    assert_eq!(page(&["# limbeck: ignore-file[non-concurrent-index] all small", "SELECT 1", index]), NONE);
    assert_eq!(page(&[&format!("{index} -- limbeck: ignore[non-concurrent-index] it is small")]), NONE);
    let bare = page(&[&format!("{index}  # limbeck: ignore[non-concurrent-index]")]);
    assert_eq!(bare, ["1:2 bare-suppression warning"]);
    let far = page(&["# limbeck: ignore[non-concurrent-index] it is small", "SELECT 1", index]);
    assert_eq!(far, ["1:2 unused-suppression warning", "1:4 non-concurrent-index"]);
    let odd = page(&[&format!("{index}  # limbeck: ignore[non-concurrent-index, no-such] small")]);
    assert_eq!(odd, ["1:2 unused-suppression warning"]);
    let nothing = page(&[&format!("{index}  # limbeck: please")]);
    assert_eq!(nothing, ["1:2 non-concurrent-index", "1:2 unused-suppression warning"]);
    let (report, _) = users().page(&[&format!("{index} # limbeck: ignore[non-concurrent-index] x")], &down).check();
    assert!(report.findings[0].suppressed);
    assert_eq!(report.summary.errors, 0);
    assert_eq!(report.summary.statements, 4);
}

#[test]
fn bad_sql_is_said_and_the_rest_goes_on() {
    let found = upgrade(&["ALTER TABEL users", "SELECT '\0'", "CREATE INDEX i ON users (name)"]);
    assert_eq!(found, ["1:2 sql-syntax", "1:3 sql-syntax", "1:4 non-concurrent-index"]);
    let deep = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(upgrade(&[&deep]), ["1:2 opaque-operation note"]);
}
