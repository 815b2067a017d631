"""What rules of breaking code, lost data, transactions and security say of PostgreSQL: statements for `claims.py`.

The last statement of each stands for what goes wrong: the query of code from before, or a division by the number of rows
that are left.
"""

LONG = "the_logins_of_all_users_that_have_a_nick_and_have_not_been_barred"

# In addition to the schema of `claims.py`; committed before.
SCHEMA = "CREATE TYPE grade AS ENUM ('low', 'high');"

# Rule, statements of which the last is refused, and SQLSTATE.
REFUSED = [
    ("dropped-column", ["ALTER TABLE users DROP COLUMN name", "SELECT id, login, name FROM users"], "42703"),
    (
        "dropped-column",
        [
            "ALTER TABLE users ADD CONSTRAINT users_both UNIQUE (login, name)",
            "ALTER TABLE users DROP COLUMN name",
            "ALTER TABLE users DROP CONSTRAINT users_both",
        ],
        "42704",
    ),
    (
        "destructive-downgrade",
        [
            "ALTER TABLE users DROP COLUMN login",
            "ALTER TABLE users ADD COLUMN login text",
            "SELECT 1 / (SELECT count(login) FROM users)",
        ],
        "22012",
    ),
    ("dropped-table", ["DROP TABLE orders", "SELECT id FROM orders"], "42P01"),
    ("renamed-column", ["ALTER TABLE users RENAME COLUMN name TO nick", "SELECT name FROM users"], "42703"),
    ("renamed-table", ["ALTER TABLE orders RENAME TO purchases", "SELECT id FROM orders"], "42P01"),
    ("renamed-table", ["CREATE SCHEMA app", "ALTER TABLE orders SET SCHEMA app", "SELECT id FROM orders"], "42P01"),
    ("renamed-enum-value", ["ALTER TYPE grade RENAME VALUE 'low' TO 'poor'", "SELECT 'low'::grade"], "22P02"),
    (
        "removed-enum-value",
        [
            "CREATE TABLE marks AS SELECT 'high'::grade AS grade",
            "CREATE TYPE grades AS ENUM ('low')",
            "ALTER TABLE marks ALTER COLUMN grade TYPE grades USING grade::text::grades",
        ],
        "22P02",
    ),
    (
        "narrowed-check",
        ["ALTER TABLE users ADD CHECK (login IN ('a', 'b')) NOT VALID", "INSERT INTO users (login) VALUES ('c')"],
        "23514",
    ),
    (
        "dropped-default",
        [
            "ALTER TABLE users ADD COLUMN state text NOT NULL DEFAULT 'new'",
            "ALTER TABLE users ALTER COLUMN state DROP DEFAULT",
            "INSERT INTO users (login) VALUES ('c')",
        ],
        "23502",
    ),
    (
        "new-required-column",
        [
            "ALTER TABLE users ADD COLUMN visits integer",
            "UPDATE users SET visits = 0",
            "ALTER TABLE users ALTER COLUMN visits SET NOT NULL",
            "INSERT INTO users (login) VALUES ('c')",
        ],
        "23502",
    ),
    ("dropped-view", ["CREATE VIEW v AS SELECT id FROM users", "DROP VIEW v", "SELECT id FROM v"], "42P01"),
    ("emptied-table", ["TRUNCATE users CASCADE", "SELECT 1 / count(*) FROM orders"], "22012"),
    ("emptied-table", ["DELETE FROM orders", "SELECT 1 / count(*) FROM orders"], "22012"),
    (
        "cascading-drop",
        [
            "CREATE VIEW v AS SELECT id FROM users",
            "CREATE VIEW w AS SELECT id FROM v",
            "DROP VIEW v CASCADE",
            "SELECT id FROM w",
        ],
        "42P01",
    ),
    ("cascading-drop", ["CREATE VIEW v AS SELECT id FROM users", "DROP TABLE users"], "2BP01"),
    (
        "narrowing-type-change",
        ["UPDATE users SET login = 'long'", "ALTER TABLE users ALTER COLUMN login TYPE varchar(2)"],
        "22001",
    ),
    (
        "narrowing-type-change",
        [
            "ALTER TABLE users ALTER COLUMN login TYPE varchar(2) USING 'long'::varchar(2)",
            "SELECT 1 / count(*) FROM users WHERE login = 'long'",
        ],
        "22012",
    ),
    (
        "narrowing-type-change",
        [
            "CREATE TABLE prices AS SELECT 1.25::numeric(10, 2) AS amount",
            "ALTER TABLE prices ALTER COLUMN amount TYPE numeric(10, 1)",
            "SELECT 1 / count(*) FROM prices WHERE amount = 1.25",
        ],
        "22012",
    ),
    (
        "unbounded-backfill",
        [
            "UPDATE users SET name = 'mine' WHERE login = 'a'",
            "UPDATE users SET name = login",
            "SELECT 1 / count(*) FROM users WHERE name = 'mine'",
        ],
        "22012",
    ),
    (
        "unique-default",
        ["ALTER TABLE users ADD COLUMN token text DEFAULT ''", "CREATE UNIQUE INDEX ON users (token)"],
        "23505",
    ),
    (
        "unvalidated-constraint",
        [
            "INSERT INTO users (login, name) VALUES ('c', '')",
            "ALTER TABLE users ADD CONSTRAINT named CHECK (name <> '') NOT VALID",
            "ALTER TABLE users VALIDATE CONSTRAINT named",
        ],
        "23514",
    ),
    ("enum-value-used-too-early", ["ALTER TYPE grade ADD VALUE 'odd'", "SELECT 'odd'::grade"], "55P04"),
    (
        "enum-value-used-too-early",
        [
            "CREATE TABLE marks (grade grade)",
            "ALTER TYPE grade ADD VALUE 'odd'",
            "ALTER TABLE marks ALTER COLUMN grade SET DEFAULT 'odd'",
        ],
        "55P04",
    ),
    (
        "row-security-without-policy",
        [
            "CREATE ROLE limbeck_reader",
            "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
            "GRANT SELECT ON users TO limbeck_reader",
            "SET LOCAL ROLE limbeck_reader",
            "SELECT 1 / count(*) FROM users",
        ],
        "22012",
    ),
    (
        "definer-without-search-path",
        [
            "CREATE FUNCTION seen() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM users'",
            "CREATE TEMPORARY TABLE users (id integer)",
            "SELECT 1 / seen()",
        ],
        "22012",
    ),
    (
        "truncated-name",
        [f"CREATE VIEW {LONG} AS SELECT 1", f"SELECT 1 / count(*) FROM pg_class WHERE relname::text = '{LONG}'"],
        "22012",
    ),
    ("json-without-equality", ["ALTER TABLE users ADD COLUMN data json", "SELECT DISTINCT data FROM users"], "42883"),
    (
        "short-key",
        ["SELECT setval('users_id_seq', 2147483647)", "INSERT INTO users (login) VALUES ('c')"],
        "2200H",
    ),
]

# Rule, and statements that are let pass, or are told of because the server takes them.
ACCEPTED = [
    (
        "renamed-table",
        [
            "ALTER TABLE orders RENAME TO purchases",
            "CREATE VIEW orders AS SELECT * FROM purchases",
            "INSERT INTO orders (user_id) VALUES (1)",
        ],
    ),
    (
        "definer-without-search-path",
        [
            "CREATE FUNCTION seen() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp "
            "AS 'SELECT count(*) FROM public.users'",
            "CREATE TEMPORARY TABLE users (id integer)",
            "SELECT 1 / seen()",
        ],
    ),
    ("disabled-trigger", ["ALTER TABLE orders DISABLE TRIGGER ALL", "INSERT INTO orders (user_id) VALUES (99)"]),
    (
        "public-grant",
        ["CREATE ROLE limbeck_reader", "GRANT ALL ON orders TO PUBLIC", "SET LOCAL ROLE limbeck_reader", "DELETE FROM orders"],
    ),
    (
        "kept-invalid-index",
        ["CREATE INDEX ix ON users (name)", "CREATE INDEX IF NOT EXISTS ix ON users (login)"],
    ),
    ("narrowing-type-change", ["ALTER TABLE users ALTER COLUMN login TYPE varchar(200)"]),
    ("unbounded-backfill", ["UPDATE users SET name = login WHERE name IS NULL"]),
]

# Rule, statements, and the lock that is still held on which table behind the last of them.
LOCKS = [
    ("backfill-under-lock", ["ALTER TABLE users ADD COLUMN visits integer", "UPDATE users SET visits = 0"], "users", "AccessExclusiveLock"),
    (
        "validation-under-lock",
        ["ALTER TABLE users ADD CONSTRAINT named CHECK (name <> '') NOT VALID", "ALTER TABLE users VALIDATE CONSTRAINT named"],
        "users",
        "AccessExclusiveLock",
    ),
    (
        "validation-under-lock",
        [
            "ALTER TABLE orders ADD CONSTRAINT again FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT again",
        ],
        "users",
        "ShareRowExclusiveLock",
    ),
]
