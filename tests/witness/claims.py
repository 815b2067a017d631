#!/usr/bin/env python3
"""What the rules say of PostgreSQL, executed on a real one.

    python tests/witness/claims.py [--postgres-bin DIR] [--limbeck BIN]

Each claim is a few statements on a table with rows: the lock that they take is read from pg_locks while their
transaction is open, and what the server refuses is run and must be refused, with the very error. A cluster is made for
the run and taken away afterwards. Prints `N passed, M failed`.
"""

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

sys.path.insert(0, str(Path(__file__).parent))
import effects  # noqa: E402
from histories import Cluster, connect, execute, find_postgres  # noqa: E402

SCHEMA = """
    CREATE TABLE users (id serial PRIMARY KEY, login text NOT NULL, name text, age varchar);
    CREATE TABLE orders (id serial PRIMARY KEY, user_id integer CONSTRAINT orders_user REFERENCES users (id));
    CREATE INDEX ix_users_login ON users (login);
    INSERT INTO users (login) VALUES ('a'), ('b');
    INSERT INTO orders (user_id) VALUES (1);
"""

# Rule, statements of which the last is the one that is claimed of, and the lock on which table.
LOCKS = [
    ("non-concurrent-index", ["CREATE INDEX ix ON users (name)"], "users", "ShareLock"),
    ("non-concurrent-index", ["CREATE UNIQUE INDEX ix ON users (id)"], "users", "ShareLock"),
    ("non-concurrent-index-drop", ["DROP INDEX ix_users_login"], "users", "AccessExclusiveLock"),
    ("rewriting-column", ["ALTER TABLE users ADD COLUMN k uuid DEFAULT gen_random_uuid()"], "users", "AccessExclusiveLock"),
    ("rewriting-column", ["ALTER TABLE users ADD COLUMN n serial"], "users", "AccessExclusiveLock"),
    ("rewriting-table", ["CLUSTER users USING users_pkey"], "users", "AccessExclusiveLock"),
    ("rewriting-table", ["ALTER TABLE orders SET UNLOGGED"], "orders", "AccessExclusiveLock"),
    ("blocking-reindex", ["REINDEX INDEX ix_users_login"], "users", "ShareLock"),
    ("blocking-reindex", ["REINDEX INDEX ix_users_login"], "ix_users_login", "AccessExclusiveLock"),
    (
        "blocking-refresh",
        ["CREATE MATERIALIZED VIEW logins AS SELECT login FROM users", "REFRESH MATERIALIZED VIEW logins"],
        "logins",
        "AccessExclusiveLock",
    ),
    (
        "blocking-partition",
        [
            "CREATE TABLE days (day integer) PARTITION BY LIST (day)",
            "CREATE TABLE monday (day integer)",
            "ALTER TABLE days ATTACH PARTITION monday FOR VALUES IN (1)",
        ],
        "monday",
        "AccessExclusiveLock",
    ),
    ("rewriting-type-change", ["ALTER TABLE users ALTER COLUMN id TYPE bigint"], "users", "AccessExclusiveLock"),
    ("rewriting-type-change", ["ALTER TABLE users ALTER COLUMN id TYPE bigint"], "orders", "AccessExclusiveLock"),
]

# Rule, statements of which the last is refused inside a transaction, and SQLSTATE.
REFUSED = [
    ("concurrent-index-in-transaction", ["CREATE INDEX CONCURRENTLY ix ON users (name)"], "25001"),
    ("concurrent-index-in-transaction", ["DROP INDEX CONCURRENTLY ix_users_login"], "25001"),
    ("concurrent-index-in-transaction", ["VACUUM users"], "25001"),
    ("concurrent-index-in-transaction", ["VACUUM FULL"], "25001"),
    ("concurrent-index-in-transaction", ["REINDEX TABLE CONCURRENTLY users"], "25001"),
    ("concurrent-index-in-transaction", ["REINDEX INDEX CONCURRENTLY ix_users_login"], "25001"),
    ("concurrent-index-in-transaction", ["REINDEX SCHEMA public"], "25001"),
    ("concurrent-index-in-transaction", ["CLUSTER"], "25001"),
    ("concurrent-index-in-transaction", ["ALTER SYSTEM SET work_mem = '64MB'"], "25001"),
    ("concurrent-index-in-transaction", ["CREATE DATABASE other"], "25001"),
    ("concurrent-index-in-transaction", ["DROP DATABASE IF EXISTS other"], "25001"),
    ("concurrent-index-in-transaction", ["CREATE TABLESPACE fast LOCATION '/nowhere'"], "25001"),
    ("concurrent-index-in-transaction", ["DROP TABLESPACE IF EXISTS fast"], "25001"),
    ("not-null-without-backfill", ["ALTER TABLE users ALTER COLUMN name SET NOT NULL"], "23502"),
    ("not-null-without-backfill", ["ALTER TABLE users ADD COLUMN phone text NOT NULL"], "23502"),
    (
        "not-null-without-backfill",
        ["UPDATE users SET name = login || age WHERE name IS NULL", "ALTER TABLE users ALTER COLUMN name SET NOT NULL"],
        "23502",
    ),
    ("type-change-without-cast", ["ALTER TABLE users ALTER COLUMN age TYPE integer"], "42804"),
    ("referenced-table-drop", ["DROP TABLE users"], "2BP01"),
    ("impossible-foreign-key", ["ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES nobody (id)"], "42P01"),
    ("impossible-foreign-key", ["ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (number)"], "42703"),
    ("impossible-foreign-key", ["ALTER TABLE orders ADD FOREIGN KEY (number) REFERENCES users (id)"], "42703"),
    ("impossible-foreign-key", ["ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (name)"], "42830"),
    ("impossible-foreign-key", ["ALTER TABLE orders ADD FOREIGN KEY (user_id, id) REFERENCES users (id)"], "42830"),
    (
        "impossible-foreign-key",
        ["CREATE UNIQUE INDEX part ON users (id) WHERE id > 0", "ALTER TABLE orders DROP CONSTRAINT orders_user",
         "ALTER TABLE users DROP CONSTRAINT users_pkey", "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)"],
        "42830",
    ),
    (
        "impossible-foreign-key",
        ["CREATE TABLE bare (a integer)", "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES bare"],
        "42704",
    ),
    ("needed-object-drop", ["CREATE VIEW v AS SELECT login FROM users", "ALTER TABLE users DROP COLUMN login"], "2BP01"),
    ("needed-object-drop", ["CREATE VIEW v AS SELECT login FROM users", "DROP TABLE orders, users"], "2BP01"),
    (
        "needed-object-drop",
        ["CREATE VIEW v AS SELECT login FROM users", "CREATE VIEW w AS SELECT login FROM v", "DROP VIEW v"],
        "2BP01",
    ),
    ("needed-object-drop", ["CREATE TYPE mood AS ENUM ('a')", "CREATE TABLE m (f mood)", "DROP TYPE mood"], "2BP01"),
    ("needed-object-drop", ["CREATE TYPE mood AS ENUM ('a')", "CREATE TABLE m (f mood[])", "DROP TYPE mood"], "2BP01"),
    ("needed-object-drop", ["CREATE DOMAIN d AS text", "CREATE TABLE m (f d)", "DROP DOMAIN d"], "2BP01"),
    (
        "needed-object-drop",
        ["CREATE SEQUENCE s", "CREATE TABLE m (f integer DEFAULT nextval('s'))", "DROP SEQUENCE s"],
        "2BP01",
    ),
    ("needed-object-drop", ["DROP SEQUENCE users_id_seq"], "2BP01"),
    (
        "needed-object-drop",
        ["CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
         "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()", "DROP FUNCTION f()"],
        "2BP01",
    ),
    ("needed-object-drop", ["ALTER TABLE users DROP CONSTRAINT users_pkey"], "2BP01"),
    ("needed-object-drop", ["ALTER TABLE users DROP COLUMN id"], "2BP01"),
    (
        "needed-object-drop",
        ["ALTER TABLE orders DROP CONSTRAINT orders_user",
         "ALTER TABLE users ADD COLUMN twice integer GENERATED ALWAYS AS (id * 2) STORED", "ALTER TABLE users DROP COLUMN id"],
        "2BP01",
    ),
    (
        "needed-object-drop",
        ["ALTER TABLE orders DROP CONSTRAINT orders_user", "CREATE TABLE heirs () INHERITS (users)", "DROP TABLE users"],
        "2BP01",
    ),
    (
        "type-change-under-view",
        ["CREATE VIEW v AS SELECT login FROM users", "ALTER TABLE users ALTER COLUMN login TYPE varchar(20)"],
        "0A000",
    ),
    ("virtual-column", ["ALTER TABLE users ADD COLUMN d integer GENERATED ALWAYS AS (id * 2)"], "42601"),
    ("sql-syntax", ["ALTER TABLE users MODIFY name text"], "42601"),
    ("long-revision-id", ["CREATE TABLE v (n varchar(32))", f"INSERT INTO v VALUES ('{'x' * 33}')"], "22001"),
]

# Types that `impossible-foreign-key` takes for comparable within a row, and for not so between rows.
COMPARED = [
    ["smallint", "integer", "bigint"], ["text", "varchar"], ["uuid"], ["boolean"], ["date", "timestamp", "timestamptz"],
    ["bytea"],
]


def key_of(kind: str, other: str) -> list[str]:
    """A foreign key of one type to a primary key of another."""
    return [f"CREATE TABLE k (c {other} PRIMARY KEY)", f"CREATE TABLE r (c {kind} REFERENCES k)"]


REFUSED += [
    ("impossible-foreign-key", key_of(row[-1], other[0]), "42804") for row in COMPARED for other in COMPARED if other is not row
]

# Rule, and statements that the rule lets pass because the server does.
ACCEPTED = [
    ("not-null-without-backfill", ["UPDATE users SET name = '' WHERE name IS NULL", "ALTER TABLE users ALTER COLUMN name SET NOT NULL"]),
    ("not-null-without-backfill", ["UPDATE users SET name = coalesce(age, login)", "ALTER TABLE users ALTER COLUMN name SET NOT NULL"]),
    ("not-null-without-backfill", ["ALTER TABLE users ADD COLUMN phone text NOT NULL DEFAULT ''"]),
    ("not-null-without-backfill", ["CREATE TABLE empty (a text)", "ALTER TABLE empty ALTER COLUMN a SET NOT NULL"]),
    ("type-change-without-cast", ["ALTER TABLE users ALTER COLUMN age TYPE integer USING age::integer"]),
    ("type-change-without-cast", ["ALTER TABLE users ALTER COLUMN id TYPE bigint"]),
    ("type-change-without-cast", ["ALTER TABLE users ALTER COLUMN login TYPE varchar(20)"]),
    ("referenced-table-drop", ["ALTER TABLE orders DROP CONSTRAINT orders_user", "DROP TABLE users"]),
    ("referenced-table-drop", ["DROP TABLE orders", "DROP TABLE users"]),
    ("referenced-table-drop", ["ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE", "DROP TABLE users"]),
    ("referenced-table-drop", ["ALTER TABLE users DROP COLUMN id CASCADE", "DROP TABLE users"]),
    ("not-null-without-backfill", ["DELETE FROM orders", "DELETE FROM users WHERE name IS NULL", "ALTER TABLE users ALTER COLUMN name SET NOT NULL"]),
    ("not-null-without-backfill", ["TRUNCATE users CASCADE", "ALTER TABLE users ADD COLUMN phone text NOT NULL"]),
    ("referenced-table-drop", ["DROP TABLE users, orders"]),
    ("needed-object-drop", ["CREATE VIEW v AS SELECT login FROM users", "ALTER TABLE users DROP COLUMN age"]),
    ("needed-object-drop", ["CREATE VIEW v AS SELECT age AS name FROM users", "ALTER TABLE users DROP COLUMN name"]),
    ("needed-object-drop", ["ALTER TABLE users ADD CONSTRAINT also UNIQUE (id)", "ALTER TABLE users DROP CONSTRAINT also"]),
    ("type-change-under-view", ["CREATE VIEW v AS SELECT id FROM users", "ALTER TABLE users ALTER COLUMN login TYPE varchar(20)"]),
    ("impossible-foreign-key", ["CREATE UNIQUE INDEX one ON users (login)", "CREATE TABLE r (c varchar(9) REFERENCES users (login))"]),
    ("impossible-foreign-key", ["CREATE TABLE k (a integer, b integer, UNIQUE (a, b))", "CREATE TABLE r (b integer, a integer, FOREIGN KEY (b, a) REFERENCES k (b, a))"]),
    *(("impossible-foreign-key", key_of(kind, row[-1])) for row in COMPARED for kind in row[:-1]),
    (
        "blocking-unique",
        ["CREATE UNIQUE INDEX ix ON users (login)", "ALTER TABLE users ADD CONSTRAINT ix UNIQUE USING INDEX ix"],
    ),
    (
        "blocking-not-null",
        [
            "UPDATE users SET name = ''",
            "ALTER TABLE users ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID",
            "ALTER TABLE users VALIDATE CONSTRAINT named",
            "ALTER TABLE users ALTER COLUMN name SET NOT NULL",
            "ALTER TABLE users DROP CONSTRAINT named",
        ],
    ),
]



def with_type(op: Operations, table: str) -> None:
    op.create_table(table, sa.Column("state", sa.Enum("open", "done", name="state")))


def twice(op: Operations, between=lambda _op: None) -> None:
    """A table with a type, and the same in a later run of Alembic."""
    with_type(op, "jobs")
    between(op)
    with_type(Operations(MigrationContext.configure(op.get_bind())), "tasks")


MOOD = sa.Enum("glad", "sad", name="mood")


def told(op: Operations, query: str, answer: object) -> None:
    """What the server makes of the text."""
    says = op.get_bind().execute(sa.text(query)).scalar()
    assert says == answer, f"it says {says}"


def computed(**persisted: bool) -> sa.Column:
    return sa.Column("double", sa.Integer(), sa.Computed("id * 2", **persisted))


# Rule, what a revision asks for, and the words with which Alembic, SQLAlchemy or the server refuses it.
FAILS = [
    ("unbound-parameter", lambda op: op.execute("""UPDATE users SET name = '{"k":true}'"""), "bind parameter 'true'"),
    ("unbound-parameter", lambda op: op.execute("SELECT 1 -- :note"), "bind parameter 'note'"),
    ("unnamed-constraint-drop", lambda op: op.drop_constraint(None, "orders", type_="foreignkey"), "it has no name"),
    ("unnamed-constraint-drop", lambda op: op.drop_constraint(None, "orders"), "it has no name"),
    ("leftover-type", lambda op: twice(op, lambda it: it.drop_table("jobs")), 'type "state" already exists'),
    ("virtual-column", lambda op: op.add_column("users", computed(persisted=False)), "do not support 'virtual'"),
    ("missing-type", lambda op: op.add_column("users", sa.Column("mood", MOOD)), 'type "mood" does not exist'),
    (
        "missing-type",
        lambda op: op.alter_column("users", "name", type_=MOOD, postgresql_using="name::mood"),
        'type "mood" does not exist',
    ),
    ("doubled-percent", lambda op: op.execute("SELECT 5 %% 3"), "operator does not exist: integer %% integer"),
    ("doubled-percent", lambda op: op.execute("DO $$ DECLARE it users.name%%TYPE; BEGIN END $$"), 'at or near "%%"'),
    ("doubled-percent", lambda op: told(op, "SELECT format('%%I', 'users')", "users"), "it says %I"),
    ("doubled-percent", lambda op: told(op, "SELECT '100%%'", "100%"), "it says 100%%"),
]

# Rule, and what a revision asks for that the rule lets pass because it goes well.
GOES = [
    ("doubled-percent", lambda op: told(op, "SELECT 'ab' LIKE 'a%%' AND 'ab' LIKE 'a%' AND 5 % 3 = 2", True)),
    ("doubled-percent", lambda op: op.execute("DO $$ BEGIN RAISE NOTICE '100 %%'; END $$")),
    ("missing-type", lambda op: (MOOD.create(op.get_bind()), op.add_column("users", sa.Column("mood", MOOD)))),
]

# Rule, what a revision asks for, and what reaches the server.
SENDS = [
    (
        "unbound-parameter",
        lambda op: op.execute(r"""SELECT '{"k"\:true}', 'a'::text, '12:30'"""),
        ["""SELECT '{"k":true}', 'a'::text, '12:30'"""],
    ),
    (
        "unbound-parameter",
        lambda op: op.create_check_constraint("c", "users", "name <> ':x'"),
        ["ALTER TABLE users ADD CONSTRAINT c CHECK (name <> 'NULL')"],
    ),
    (
        "unbound-parameter",
        lambda op: op.alter_column("users", "name", server_default=sa.text("'{\"k\":1}'")),
        ["ALTER TABLE users ALTER COLUMN name SET DEFAULT '{\"k\"NULL}'"],
    ),
    (
        "unnamed-constraint-drop",
        lambda op: op.drop_constraint("orders_user", "orders", type_="foreignkey"),
        ["ALTER TABLE orders DROP CONSTRAINT orders_user"],
    ),
    ("ignored-argument", lambda op: op.alter_column("users", "name", default="x", unique=True, type=sa.Text()), []),
    ("ignored-argument", lambda op: op.alter_column("users", "name", postgresql_comment="x"), []),
    (
        "leftover-type",
        lambda op: twice(op, lambda it: (it.drop_table("jobs"), it.execute("DROP TYPE state"))),
        [
            "CREATE TYPE state AS ENUM ('open', 'done')",
            "CREATE TABLE jobs ( state state )",
            "DROP TABLE jobs",
            "DROP TYPE state",
            "CREATE TYPE state AS ENUM ('open', 'done')",
            "CREATE TABLE tasks ( state state )",
        ],
    ),
    (
        "virtual-column",
        lambda op: op.add_column("users", computed()),
        ["ALTER TABLE users ADD COLUMN double INTEGER GENERATED ALWAYS AS (id * 2) STORED"],
    ),
]

# Every change of one of these into another: what we say against what the server does.
TYPES = """
    smallint, integer, bigint, numeric, numeric(8,2), real, double precision, text, varchar, varchar(10), char(3),
    boolean, date, time, timetz, timestamp, timestamptz, interval, uuid, json, jsonb, bytea, inet, cidr, money, bit(3),
    varbit, text[], integer[], bigint[], varchar[], tsvector, point, oid, mood
"""

HELD = """
    SELECT l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND l.granted AND c.relname = %s
"""


def lock(url: str, statements: list[str], table: str, mode: str) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(HELD, (table,))
        held = {row[0] for row in cursor.fetchall()}
        connection.rollback()
    assert mode in held, f"holds {sorted(held)}, not {mode}"
    assert "AccessExclusiveLock" not in held or mode == "AccessExclusiveLock", f"holds more: {sorted(held)}"


def writes_wait(url: str) -> None:
    """While an index is being built, a write waits and a read does not."""
    with contextlib.closing(psycopg2.connect(url)) as builder, builder.cursor() as building:
        building.execute("CREATE INDEX ix ON users (name)")
        with contextlib.closing(connect(url)) as other, other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
            cursor.execute("SELECT count(*) FROM users")
            try:
                cursor.execute("UPDATE users SET name = 'x'")
            except psycopg2.errors.LockNotAvailable:
                return
    raise AssertionError("the write did not wait")


def refused(url: str, statements: list[str], state: str) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        *before, last = statements
        for statement in before:
            cursor.execute(statement)
        try:
            cursor.execute(last)
        except psycopg2.Error as error:
            assert error.pgcode == state, f"{error.pgcode}: {error}"
            return
    raise AssertionError("the server accepts it")


def accepted(url: str, statements: list[str]) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextlib.contextmanager
def operations(url: str, **options: object):
    """Real Alembic on a real server: its operations, and what has been sent."""
    engine = sa.create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        sent: list[str] = []
        op = Operations(MigrationContext.configure(connection, opts=options))

        def note(_connection, _cursor, statement, *_rest):
            sent.append(" ".join(statement.split()))

        sa.event.listen(connection, "before_cursor_execute", note)
        yield op, sent
        connection.rollback()


def fails(url: str, asked, words: str) -> None:
    with operations(url) as (op, sent):
        try:
            asked(op)
        except Exception as error:
            assert words in str(error), f"{type(error).__name__}: {error}"
            return
    raise AssertionError(f"it goes well: {sent}")


def goes(url: str, asked) -> None:
    with operations(url) as (op, _):
        asked(op)


def sends(url: str, asked, statements: list[str]) -> None:
    with operations(url) as (op, sent):
        asked(op)
    assert sent == statements, f"it sends {sent}"


def name_of_a_convention(url: str) -> None:
    """A convention with columns in it makes another name than the constraint has."""
    metadata = sa.MetaData(naming_convention={"fk": "fk_%(table_name)s_%(column_0_name)s"})
    with operations(url, target_metadata=metadata) as (op, _):
        op.create_foreign_key(None, "orders", "users", ["user_id"], ["id"])
        try:
            op.drop_constraint(None, "orders", type_="foreignkey")
        except sa.exc.ProgrammingError as error:
            assert 'constraint "fk_orders_" of relation "orders" does not exist' in str(error), error
            return
    raise AssertionError("it goes well")


def every_cast(url: str, limbeck: str) -> None:
    """`type-change-without-cast` speaks of exactly the changes that the server refuses without USING."""
    types = [it.strip() for it in re.split(r",(?![0-9])", TYPES)]
    pairs = [(old, new) for old in types for new in types if old != new]
    mood = "CREATE TYPE mood AS ENUM ('glad')"
    tables = [f"CREATE TABLE t{n} (c {old})" for n, (old, _) in enumerate(pairs)]
    changes = [f"ALTER TABLE t{n} ALTER COLUMN c TYPE {new}" for n, (_, new) in enumerate(pairs)]
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "alembic" / "versions"
        versions.mkdir(parents=True)
        (Path(folder) / "alembic" / "env.py").touch()
        for number, statements in enumerate([[mood, *tables], changes], 1):
            calls = "".join(f"    op.execute({it!r})\n" for it in statements)
            parent = None if number == 1 else f"r{number - 1}"
            head = f"from alembic import op\nrevision = 'r{number}'\ndown_revision = {parent!r}\n\n\ndef upgrade():\n"
            (versions / f"r{number}.py").write_text(head + calls)
        command = [limbeck, "check", folder, "--format", "json", "--fail-on", "never"]
        report = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    of_rule = [it for it in report["findings"] if it["rule"] == "type-change-without-cast"]
    told = {int(re.search(r"TABLE t(\d+) ", it["sql"])[1]) for it in of_rule}
    does = set()
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        for statement in [mood, *tables]:
            cursor.execute(statement)
        for number, change in enumerate(changes):
            try:
                cursor.execute(change)
            except psycopg2.errors.DatatypeMismatch:
                does.add(number)
    wrong = [f"{pairs[n][0]} to {pairs[n][1]}: we {'refuse' if n in told else 'accept'}" for n in sorted(told ^ does)]
    assert not wrong, f"{len(wrong)} of {len(pairs)}: {'; '.join(wrong)}"


def enum_of_another_run(url: str) -> None:
    """`create_table` makes an enum's type once in a run, whatever is there; the next run makes it again."""
    mood = "a type of this name is there"
    runs = {
        "one run": ([["users", "pets"]], None),
        "two runs": ([["users"], ["pets"]], mood),
        "made by enum.create": ([["CREATE", "users"]], mood),
        "dropped between two runs": ([["users"], ["DROP", "pets"]], None),
        "dropped within one run": ([["users", "DROP", "pets"]], "no type of this name is there"),
    }
    for title, (work, expected) in runs.items():
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg2://", 1))
        with engine.connect() as connection:
            transaction = connection.begin()
            connection.execute(sa.text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
            told = None
            try:
                for run in work:
                    one_run(connection, run)
            except sa.exc.ProgrammingError as error:
                told = mood if error.orig.pgcode == "42710" else "no type of this name is there"
            transaction.rollback()
        engine.dispose()
        assert told == expected, f"{title}: {told}"


def one_run(connection: sa.Connection, work: list[str]) -> None:
    """Real Alembic, online: a table with an enum for each word."""
    op = Operations(MigrationContext.configure(connection))
    for word in work:
        kind = sa.Enum("glad", "sad", name="mood")
        if word == "CREATE":
            kind.create(connection)
        elif word == "DROP":
            op.execute("DROP TYPE mood CASCADE")
        else:
            op.create_table(word, sa.Column("mood", kind))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres-bin")
    parser.add_argument("--limbeck", default="target/release/limbeck")
    args = parser.parse_args()
    binaries = find_postgres(args.postgres_bin)
    if binaries is None:
        print("no PostgreSQL is found: name its folder with --postgres-bin", file=sys.stderr)
        sys.exit(2)
    claims = [(rule, lock, rest) for rule, *rest in [*LOCKS, *effects.LOCKS]]
    claims += [(rule, refused, rest) for rule, *rest in [*REFUSED, *effects.REFUSED]]
    claims += [(rule, accepted, rest) for rule, *rest in [*ACCEPTED, *effects.ACCEPTED]]
    claims += [(rule, fails, rest) for rule, *rest in FAILS]
    claims += [(rule, goes, rest) for rule, *rest in GOES]
    claims += [(rule, sends, rest) for rule, *rest in SENDS]
    claims.append(("unnamed-constraint-drop", name_of_a_convention, []))
    claims.append(("non-concurrent-index", writes_wait, []))
    claims.append(("enum-type-exists", enum_of_another_run, []))
    claims.append(("type-change-without-cast", every_cast, [args.limbeck]))
    passed = failed = 0
    with Cluster(binaries) as cluster:
        for rule, claim, rest in claims:
            url = cluster.database()
            execute(url, SCHEMA + effects.SCHEMA)
            try:
                claim(url, *rest)
                passed += 1
            except (AssertionError, psycopg2.Error) as error:
                failed += 1
                print(f"{rule}: {rest}: {error}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
