#!/usr/bin/env python3
"""What `DO` blocks make of a schema, asked of limbeck and of a real PostgreSQL.

    python tests/witness/blocks.py [--postgres-bin DIR] [--limbeck BIN]

Each case is a block behind a schema. The server runs both; of another database it makes what `limbeck schema` prints; the
catalogs must be the same. Of a block that is not read limbeck must say so (`opaque-operation`), of one that is read it must
not; a condition that it cannot decide it must name (`limbeck coverage`). A cluster is made for the run and taken away afterwards. Prints `N passed, M failed`.
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
from histories import Cluster, catalog, connect, find_postgres  # noqa: E402

GIVEN = [
    "CREATE SCHEMA app",
    "CREATE TYPE mood AS ENUM ('glad')",
    "CREATE TABLE users (id int PRIMARY KEY, name text, CONSTRAINT named CHECK (name <> ''))",
    "CREATE TABLE app.pets (id int PRIMARY KEY)",
    "CREATE INDEX ix_users ON users (name)",
    "CREATE VIEW names AS SELECT name FROM users",
]

# `read`; `unread`; or `open`: read, with a condition that the history cannot decide, since the database may be older than it.
# And the body of the block.
CASES = [
    ("read", "BEGIN CREATE TABLE a (x int); ALTER TABLE users ADD COLUMN age int; END"),
    ("read", "DECLARE n int := 3; BEGIN n := n + 1; RAISE NOTICE 'n %', n; PERFORM 1; CREATE TABLE a (x int); END"),
    ("read", "BEGIN EXECUTE 'CREATE TABLE a (x int); CREATE INDEX ix_a ON a (x)'; EXECUTE $q$ DROP VIEW names $q$; END"),
    ("unread", "BEGIN EXECUTE format('CREATE TABLE %I (x int)', 'a'); END"),
    ("unread", "DECLARE r record; BEGIN FOR r IN SELECT 'b' AS n LOOP EXECUTE 'CREATE TABLE ' || r.n || ' (x int)'; END LOOP; END"),
    ("read", "DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP RAISE NOTICE 'x'; END LOOP; CREATE TABLE a (x int); END"),
    # Conditions that the schema decides.
    ("read", "BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN CREATE TYPE mood AS ENUM ('a'); END IF; END"),
    ("open", "BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'tone') THEN CREATE TYPE tone AS ENUM ('a'); END IF; END"),
    ("open", "BEGIN IF EXISTS (SELECT FROM pg_type WHERE typname = 'tone') THEN DROP VIEW names; ELSE CREATE TABLE a (x int); END IF; END"),
    ("read", "BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'users'"
           " AND column_name = 'name') THEN ALTER TABLE users ADD COLUMN nick text; END IF; END"),
    ("read", "BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.columns c WHERE c.table_name = 'users' AND c.column_name = 'age'"
           " AND c.table_schema = current_schema()) THEN ALTER TABLE users ADD COLUMN age int; END IF; END"),
    ("read", "BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 'pets' AND table_schema = 'app')"
           " THEN CREATE TABLE app.pets (id int); END IF; END"),
    ("read", "BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'named' AND conrelid = 'users'::regclass) THEN"
           " ALTER TABLE users ADD CONSTRAINT named CHECK (id > 0); END IF; END"),
    ("read", "BEGIN IF EXISTS (SELECT 1 FROM pg_indexes WHERE indexname = 'ix_users') THEN DROP INDEX ix_users; END IF; END"),
    ("open", "BEGIN IF EXISTS (SELECT 1 FROM pg_class WHERE relname = 'users' AND relkind = 'i') THEN DROP VIEW names; END IF; END"),
    ("open", "BEGIN IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'app') THEN CREATE SCHEMA app; END IF;"
           " IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'web') THEN CREATE SCHEMA web; END IF; END"),
    ("read", "BEGIN IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'age' AND NOT attisdropped)"
           " THEN ALTER TABLE users DROP COLUMN age; END IF; END"),
    ("open", "BEGIN IF EXISTS (SELECT FROM pg_type WHERE typname = 'tone') THEN CREATE TABLE a (x int);"
           " ELSIF EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN CREATE TABLE b (x int); ELSE CREATE TABLE c (x int); END IF; END"),
    ("open", "BEGIN IF EXISTS (SELECT FROM pg_type WHERE typname = 'mood') AND NOT EXISTS (SELECT FROM pg_type WHERE typname = 'tone')"
           " THEN CREATE TABLE a (x int); END IF; END"),
    ("read", "BEGIN IF EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN CREATE TABLE a (x int); ELSE CREATE TABLE b (x int);"
             " END IF; END"),
    ("read", "BEGIN IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN CREATE TABLE a (x int);"
             " ELSIF EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN CREATE TABLE b (x int); ELSE CREATE TABLE c (x int); END IF; END"),
    ("read", "BEGIN IF EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN RETURN; END IF; CREATE TABLE a (x int); END"),
    ("open", "BEGIN IF EXISTS (SELECT FROM pg_type WHERE typname = 'tone') THEN RAISE EXCEPTION 'no'; END IF; CREATE TABLE a (x int); END"),
    ("read", "BEGIN CREATE TABLE a (x int); RETURN; CREATE TABLE b (x int); END"),
    # What fails and is let pass.
    ("read", "BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END"),
    ("open", "BEGIN CREATE TYPE tone AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN RAISE NOTICE 'there'; END"),
    ("open", "BEGIN BEGIN CREATE TABLE users (x int); EXCEPTION WHEN duplicate_table THEN NULL; END;"
           " BEGIN CREATE TABLE a (x int); EXCEPTION WHEN duplicate_table THEN NULL; END; END"),
    ("read", "BEGIN ALTER TABLE users ADD COLUMN name int; EXCEPTION WHEN duplicate_column THEN NULL; END"),
    ("read", "BEGIN ALTER TABLE users DROP CONSTRAINT other; EXCEPTION WHEN undefined_object THEN NULL; END"),
    ("unread", "BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN ALTER TYPE mood ADD VALUE 'b'; END"),
]


def history(folder: str, block: str) -> None:
    versions = Path(folder, "alembic", "versions")
    versions.mkdir(parents=True)
    Path(folder, "alembic", "env.py").write_text("")
    for number, statements in enumerate([GIVEN, [block]]):
        parent = f'"r{number - 1}"' if number else None
        body = "".join(f"    op.execute({it!r})\n" for it in statements)
        text = f"from alembic import op\n\nrevision = \"r{number}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n{body}"
        (versions / f"r{number}.py").write_text(text)


def ask(limbeck: str, folder: str, *arguments: str) -> str:
    return subprocess.run([limbeck, *arguments], cwd=folder, capture_output=True, check=True, text=True).stdout


def holds(limbeck: str, cluster: Cluster, way: str, block: str) -> str | None:
    """What is wrong with the case."""
    with tempfile.TemporaryDirectory(prefix="limbeck-blocks-") as folder:
        history(folder, block)
        check = ["check", ".", "--format", "json", "--select", "opaque-operation", "--fail-on", "never"]
        told = [it["message"] for it in json.loads(ask(limbeck, folder, *check))["findings"]]
        if bool(told) != (way == "unread"):
            return f"it is {'not ' if told else ''}read: {told}"
        covered = json.loads(ask(limbeck, folder, "coverage", ".", "--format", "json"))["histories"]
        asked = [it["reason"] for it in covered[0]["undecided"] if "exception" not in it["reason"]]
        if bool(asked) != (way == "open"):
            return f"of its conditions are undecided: {asked}"
        ours = ask(limbeck, folder, "schema", ".", "--format", "sql")
    real, made = cluster.database(), cluster.database()
    for url, statements in ((real, [*GIVEN, block]), (made, [ours])):
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    if way == "read" and catalog(real) != catalog(made):
        return f"the server has {sorted(set(catalog(real)) - set(catalog(made)))}, limbeck {sorted(set(catalog(made)) - set(catalog(real)))}"
    return None


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
    with Cluster(binaries) as cluster:
        for way, body in CASES:
            try:
                wrong = holds(args.limbeck, cluster, way, f"DO $$ {body} $$")
            except (psycopg2.Error, subprocess.CalledProcessError) as error:
                wrong = str(error)
            passed, failed = (passed, failed + 1) if wrong else (passed + 1, failed)
            if wrong:
                print(f"{body}\n    {wrong}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
