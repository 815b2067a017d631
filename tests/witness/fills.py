#!/usr/bin/env python3
"""Which statements leave no NULL behind, asked of limbeck and of a real PostgreSQL.

    python tests/witness/fills.py [--postgres-bin DIR] [--limbeck BIN]

Each case fills `orders.filled` in its own way, on rows that are as unkind as the constraints let them be, and makes the
column NOT NULL. Where limbeck has nothing to say of that (`not-null-without-backfill`), the server must not refuse it; where
it has, the server must. A cluster is made for the run and taken away afterwards. Prints `N passed, M failed`.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).parent))
from histories import Cluster, connect, find_postgres  # noqa: E402

GIVEN = [
    "CREATE EXTENSION IF NOT EXISTS pgcrypto",
    "CREATE TABLE teams (id int PRIMARY KEY, title text NOT NULL, note text)",
    "CREATE TABLE users (id int PRIMARY KEY, team_id int NOT NULL REFERENCES teams (id), boss_id int REFERENCES users (id),"
    " name text NOT NULL, nick text, CONSTRAINT pair UNIQUE (id, team_id))",
    "CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, loose_id int,"
    " maybe_id int REFERENCES users (id), pair_id int NOT NULL, team_id int NOT NULL, late_id int NOT NULL, open boolean,"
    " filled text, FOREIGN KEY (pair_id, team_id) REFERENCES users (id, team_id))",
    "CREATE TABLE copies (id serial PRIMARY KEY, order_id int, word text, note text)",
    "ALTER TABLE orders ADD CONSTRAINT late FOREIGN KEY (late_id) REFERENCES users (id) NOT VALID",
    "CREATE FUNCTION named(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS"
    " $$ SELECT substring(encode(digest($1, 'sha512'), 'hex') from 1 for 2) $$",
    "CREATE FUNCTION loosely(word text) RETURNS text LANGUAGE sql AS 'SELECT coalesce(word, ''none'')'",
    "CREATE FUNCTION shortly(word text) RETURNS text LANGUAGE sql RETURN upper(word)",
    "CREATE FUNCTION pattern(text) RETURNS text LANGUAGE sql AS $$ SELECT substring($1 from '[0-9]+') $$",
    "CREATE FUNCTION twice(text) RETURNS text LANGUAGE sql AS 'SELECT named($1) || named($1)'",
    "CREATE FUNCTION secret(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE FUNCTION above(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    "CREATE FUNCTION above(int) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'",
    "CREATE OR REPLACE FUNCTION above(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    "CREATE FUNCTION nothing(text) RETURNS text LANGUAGE sql AS 'SELECT ''a'' WHERE $1 = ''b'''",
]
# Read by limbeck as a revision of its own, so that the tables are taken to hold rows. One order fits nothing that it need not.
ROWS = [
    "INSERT INTO teams VALUES (1, 'a', NULL), (2, 'b', 'c')",
    "INSERT INTO users VALUES (1, 1, NULL, 'a', NULL), (2, 2, 1, 'b', 'c')",
    "SET session_replication_role = replica",
    "INSERT INTO copies (id) VALUES (2)",
    "ALTER SEQUENCE copies_id_seq RESTART 100",
    "INSERT INTO orders (id, user_id, loose_id, maybe_id, pair_id, team_id, late_id, open, filled) VALUES (1, 1, 99, NULL, 1, 1, 98, NULL, NULL), (2, 2, 1, 1, 2, 2, 1, true, NULL),"
    " (3, 1, NULL, 2, 1, 1, 2, false, NULL), (4, 2, 1, 1, 2, 2, 1, true, 'old')",
    "RESET session_replication_role",
]

# Statements, and whether no NULL is left.
CASES: list[tuple[bool, str]] = [
    # A join over a foreign key that is NOT NULL and valid, whichever way it is written.
    (True, "UPDATE orders SET filled = users.name FROM users WHERE orders.user_id = users.id"),
    (True, "UPDATE orders o SET filled = u.name FROM users u WHERE u.id = o.user_id AND o.filled IS NULL"),
    (True, "UPDATE orders SET filled = name FROM users WHERE user_id = users.id"),
    (True, "UPDATE orders o SET filled = t.title FROM users u JOIN teams t ON t.id = u.team_id WHERE u.id = o.user_id"),
    (True, "UPDATE orders o SET filled = t.title FROM teams t, users u WHERE t.id = u.team_id AND u.id = o.user_id"),
    (True, "UPDATE orders o SET filled = u.name FROM users u WHERE u.id = o.pair_id AND u.team_id = o.team_id"),
    (False, "UPDATE orders o SET filled = u.name FROM users u WHERE u.id = o.pair_id AND u.team_id = o.id"),
    (False, "UPDATE orders SET filled = users.nick FROM users WHERE orders.user_id = users.id"),
    (False, "UPDATE orders SET filled = users.name FROM users WHERE orders.maybe_id = users.id"),
    (False, "UPDATE orders SET filled = users.name FROM users WHERE orders.loose_id = users.id"),
    (False, "UPDATE orders SET filled = users.name FROM users WHERE orders.late_id = users.id"),
    (False, "UPDATE orders SET filled = users.name FROM users WHERE orders.user_id = users.team_id AND users.id = 2"),
    (False, "UPDATE orders SET filled = users.name FROM users WHERE orders.user_id = users.id AND users.nick IS NOT NULL"),
    (False, "UPDATE orders SET filled = users.name FROM users WHERE orders.user_id = users.id AND users.nick IS NULL"),
    (False, "UPDATE orders SET filled = users.name FROM users WHERE orders.user_id = users.id AND orders.open"),
    (False, "UPDATE orders SET filled = users.name FROM users WHERE orders.user_id <> users.id AND users.id = 2"),
    (False, "UPDATE orders o SET filled = b.name FROM users u JOIN users b ON b.id = u.boss_id WHERE u.id = o.user_id"),
    (False, "UPDATE orders o SET filled = b.name FROM users u LEFT JOIN users b ON b.id = u.boss_id WHERE u.id = o.user_id"),
    (False, "UPDATE orders o SET filled = u.name FROM users u JOIN teams t ON t.note = 'x' WHERE u.id = o.user_id"),
    (False, "UPDATE orders SET filled = users.name FROM users, secret('a') AS s WHERE orders.user_id = users.id AND s = 'x'"),
    # The rows themselves, numbered.
    (True, "UPDATE orders SET filled = n.row FROM (SELECT id, row_number() OVER (ORDER BY id)::text AS row FROM orders) n"
           " WHERE orders.id = n.id"),
    (True, "WITH n AS (SELECT id, row_number() OVER () AS row FROM orders WHERE filled IS NULL)"
           " UPDATE orders SET filled = n.row::text FROM n WHERE n.id = orders.id"),
    (True, "UPDATE orders o SET filled = n.id::text FROM orders n WHERE n.id = o.id"),
    (False, "WITH n AS (SELECT id, row_number() OVER () AS row FROM orders WHERE open)"
            " UPDATE orders SET filled = n.row::text FROM n WHERE n.id = orders.id"),
    (False, "WITH n AS (SELECT id, row_number() OVER () AS row FROM orders ORDER BY id DESC LIMIT 1)"
            " UPDATE orders SET filled = n.row::text FROM n WHERE n.id = orders.id"),
    (False, "WITH n AS (SELECT id + 1 AS id, 'a' AS row FROM orders)"
            " UPDATE orders SET filled = n.row FROM n WHERE n.id = orders.id"),
    (False, "WITH n AS (SELECT DISTINCT ON (user_id) id, 'a' AS row FROM orders ORDER BY user_id, id)"
            " UPDATE orders SET filled = n.row FROM n WHERE n.id = orders.id AND orders.id < 9"),
    (False, "WITH n AS (SELECT id, nick AS row FROM users) UPDATE orders SET filled = n.row FROM n WHERE n.id = orders.user_id"),
    (False, "UPDATE orders o SET filled = n.id::text FROM orders n WHERE n.loose_id = o.loose_id"),
    # Rows that are put elsewhere, and come back with their key.
    (True, "WITH new AS (INSERT INTO copies (order_id, word) SELECT id, 'a' FROM orders RETURNING order_id, id)"
           " UPDATE orders SET filled = new.id::text FROM new WHERE orders.id = new.order_id"),
    (True, "WITH new AS (INSERT INTO copies (order_id) SELECT id FROM orders RETURNING order_id, id AS copy)"
           " UPDATE orders SET filled = copy::text FROM new WHERE id = order_id"),
    (False, "WITH new AS (INSERT INTO copies (order_id, word) SELECT id, 'a' FROM orders RETURNING order_id, word AS id, note)"
            " UPDATE orders SET filled = new.note FROM new WHERE orders.id = new.order_id"),
    (False, "WITH new AS (INSERT INTO copies (id, order_id) SELECT id, id FROM orders ON CONFLICT DO NOTHING RETURNING id)"
            " UPDATE orders SET filled = new.id::text FROM new WHERE orders.id = new.id"),
    (False, "WITH new AS (INSERT INTO copies (order_id) SELECT id FROM orders WHERE open RETURNING order_id, id)"
            " UPDATE orders SET filled = new.id::text FROM new WHERE orders.id = new.order_id"),
    # Groups have rows. What the default has filled stays filled.
    (True, "UPDATE orders SET ready = g.most FROM (SELECT id, max(name) AS most FROM users GROUP BY id) g WHERE g.id = loose_id"),
    (False, "UPDATE orders SET ready = g.most FROM (SELECT id, max(nick) AS most FROM users GROUP BY id) g WHERE g.id = user_id"),
    (False, "UPDATE orders SET ready = g.most FROM (SELECT max(name) AS most FROM users WHERE false) g"),
    # Queries in the place of a value.
    (True, "UPDATE orders SET filled = (SELECT name FROM users WHERE users.id = orders.user_id)"),
    (True, "UPDATE orders SET filled = (SELECT name FROM users WHERE users.id = user_id LIMIT 1)"),
    (True, "UPDATE orders o SET filled = (SELECT t.title FROM users u JOIN teams t ON t.id = u.team_id WHERE u.id = o.user_id)"),
    (True, "UPDATE orders SET (filled, open) = (SELECT name, true FROM users WHERE users.id = orders.user_id)"),
    (True, "UPDATE orders SET (open, filled) = (true, 'a')"),
    (True, "UPDATE orders SET filled = (SELECT count(*)::text FROM users WHERE users.id = orders.loose_id)"),
    (True, "UPDATE orders SET filled = (SELECT coalesce(max(name), '') FROM users WHERE users.id = orders.loose_id)"),
    (True, "UPDATE orders SET filled = EXISTS (SELECT FROM users WHERE users.id = orders.loose_id)::text"),
    (True, "UPDATE orders SET filled = ARRAY(SELECT name FROM users WHERE users.id = orders.loose_id)::text"),
    (False, "UPDATE orders SET filled = (SELECT max(name) FROM users WHERE users.id = orders.loose_id)"),
    (False, "UPDATE orders SET filled = (SELECT name FROM users WHERE users.id = orders.loose_id)"),
    (False, "UPDATE orders SET filled = (SELECT nick FROM users WHERE users.id = orders.user_id)"),
    (False, "UPDATE orders SET (open, filled) = (SELECT true, nick FROM users WHERE users.id = orders.user_id)"),
    (False, "UPDATE orders SET filled = (SELECT name FROM users WHERE users.id = orders.user_id OFFSET 1)"),
    (False, "UPDATE orders SET filled = (SELECT name FROM users WHERE users.id = orders.user_id AND users.id = 2)"),
    (False, "UPDATE orders SET filled = (SELECT count(*)::text FROM users WHERE users.id = orders.loose_id GROUP BY id)"),
    (False, "UPDATE orders SET filled = (SELECT count(*)::text FROM users WHERE users.id = orders.loose_id HAVING count(*) > 0)"),
    (False, "UPDATE orders SET filled = (SELECT name FROM users WHERE id = orders.id AND id = user_id)"),
    # Functions that the history makes.
    (True, "UPDATE orders SET filled = named(id::text) WHERE filled IS NULL"),
    (True, "UPDATE orders SET filled = loosely(open::text)"),
    (True, "UPDATE orders SET filled = shortly(id::text)"),
    (True, "UPDATE orders SET filled = twice(id::text)"),
    (False, "UPDATE orders SET filled = named(open::text)"),
    (False, "UPDATE orders SET filled = shortly(open::text)"),
    (False, "UPDATE orders SET filled = pattern('abc')"),
    (False, "UPDATE orders SET filled = secret('abc')"),
    (False, "UPDATE orders SET filled = above(id)"),
    (False, "UPDATE orders SET filled = nothing('a')"),
    (False, "UPDATE orders SET filled = substring('abc' from '[0-9]')"),
    (True, "UPDATE orders SET filled = substring('abc' from 2 for 1)"),
    # Rows that no condition reaches.
    (False, "UPDATE orders SET filled = 'a' WHERE open = NULL"),
    (False, "UPDATE orders SET filled = 'a' WHERE false"),
]


def column_of(statement: str) -> str:
    return "ready" if "ready" in statement else "filled"


def before(statement: str) -> list[str]:
    """`ready` is new: its default is in every row."""
    return ["ALTER TABLE orders ADD COLUMN ready text DEFAULT 'a'"] if column_of(statement) == "ready" else []


def said(limbeck: str, statement: str) -> bool:
    """Limbeck has something to say of the column's being made NOT NULL."""
    with tempfile.TemporaryDirectory(prefix="limbeck-fills-") as folder:
        versions = Path(folder, "alembic", "versions")
        versions.mkdir(parents=True)
        Path(folder, "alembic", "env.py").write_text("")
        bodies = [GIVEN, [*before(statement), statement, f"ALTER TABLE orders ALTER COLUMN {column_of(statement)} SET NOT NULL"]]
        for number, statements in enumerate(bodies):
            parent = f'"r{number - 1}"' if number else None
            body = "".join(f"    op.execute({it!r})\n" for it in statements)
            text = f"from alembic import op\n\nrevision = \"r{number}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n{body}"
            (versions / f"r{number}.py").write_text(text)
        command = [limbeck, "check", ".", "--format", "json", "--select", "not-null-without-backfill", "--fail-on", "never"]
        output = subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True)
        return bool(json.loads(output.stdout)["findings"])


def is_filled(cursor, statement: str) -> bool:
    cursor.execute("BEGIN")
    try:
        for it in [*before(statement), statement]:
            cursor.execute(it)
        cursor.execute("SAVEPOINT filled")
        try:
            cursor.execute(f"ALTER TABLE orders ALTER COLUMN {column_of(statement)} SET NOT NULL")
        except psycopg2.errors.NotNullViolation:
            return False
        return True
    finally:
        cursor.execute("ROLLBACK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres-bin")
    parser.add_argument("--limbeck", default="target/release/limbeck", type=lambda it: str(Path(it).resolve()))
    args = parser.parse_args()
    binaries = find_postgres(args.postgres_bin)
    if binaries is None:
        print("no PostgreSQL is found: name its folder with --postgres-bin", file=sys.stderr)
        return 2
    passed = failed = 0
    with Cluster(binaries) as cluster, contextlib.closing(connect(cluster.database())) as connection:
        cursor = connection.cursor()
        for statement in GIVEN + ROWS:
            cursor.execute(statement)
        for expected, statement in CASES:
            server, ours = is_filled(cursor, statement), not said(args.limbeck, statement)
            if (server, ours) == (expected, expected):
                passed += 1
            else:
                failed += 1
                print(f"{statement}\n    no NULL is left: server {server}, limbeck {ours}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
