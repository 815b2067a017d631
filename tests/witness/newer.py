#!/usr/bin/env python3
"""What `newer-syntax` says of PostgreSQL's versions, executed on all of them.

    python tests/witness/newer.py [--servers DIR] [--limbeck BIN] [VERSION...]

Each statement is refused by every server before the version that is claimed, and accepted by that one and every later one;
and limbeck says so: with `--postgres` one lower it names the version, with that version itself it is silent.

Prints for each version how many statements hold; exits with 1 if any does not, 2 if a server is missing.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).parent))
from histories import Cluster, connect  # noqa: E402

VERSIONS = [14, 15, 16, 17, 18]

GIVEN = [
    "CREATE TABLE teams (id bigint, place bigint, PRIMARY KEY (id, place))",
    "CREATE TABLE users (id bigint PRIMARY KEY, name text, team bigint, place bigint, "
    "CONSTRAINT users_name CHECK (name <> ''), CONSTRAINT users_self FOREIGN KEY (team) REFERENCES users (id), "
    "half bigint GENERATED ALWAYS AS (id / 2) STORED)",
    "CREATE TABLE fresh (id bigint PRIMARY KEY, name text)",
    "CREATE TABLE days (day date NOT NULL, team bigint) PARTITION BY RANGE (day)",
    "CREATE VIEW names AS SELECT name FROM users",
    "CREATE PUBLICATION told",
]

# The first version that knows it, and the statement.
STATEMENTS = [
    (15, "CREATE UNIQUE INDEX i ON users (name) NULLS NOT DISTINCT"),
    (15, "ALTER TABLE users ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (name)"),
    (15, "CREATE TABLE t (a int UNIQUE NULLS NOT DISTINCT)"),
    (15, "MERGE INTO fresh f USING users u ON f.id = u.id WHEN NOT MATCHED THEN INSERT VALUES (u.id, u.name)"),
    (15, "ALTER TABLE fresh SET ACCESS METHOD heap"),
    (15, "CREATE VIEW v WITH (security_invoker) AS SELECT 1 AS a"),
    (15, "CREATE VIEW v WITH (security_invoker = true) AS SELECT 1 AS a"),
    (15, "ALTER VIEW names SET (security_invoker = on)"),
    (15, "ALTER TABLE users ADD FOREIGN KEY (team, place) REFERENCES teams (id, place) ON DELETE SET NULL (place)"),
    (15, "CREATE TABLE t (a bigint, b bigint, FOREIGN KEY (a, b) REFERENCES teams ON DELETE SET DEFAULT (b))"),
    (15, "ALTER PUBLICATION told ADD TABLE users (id)"),
    (15, "ALTER PUBLICATION told ADD TABLE users WHERE (id > 0)"),
    (15, "CREATE PUBLICATION p FOR TABLES IN SCHEMA public"),
    (15, "GRANT SET ON PARAMETER work_mem TO PUBLIC"),
    (16, "ALTER TABLE users ALTER COLUMN name SET STORAGE DEFAULT"),
    (16, "CREATE TABLE t (a text STORAGE EXTERNAL)"),
    (16, "ALTER TABLE users ADD COLUMN a text STORAGE MAIN"),
    (16, "CREATE STATISTICS ON id, name FROM users"),
    (16, "SELECT 1 FROM (SELECT 2)"),
    (16, "CREATE VIEW v AS SELECT 1 AS a FROM (SELECT 2)"),
    (17, "ALTER TABLE users ALTER COLUMN half SET EXPRESSION AS (id / 3)"),
    (17, "ALTER TABLE users ALTER COLUMN name SET STATISTICS DEFAULT"),
    (17, "ALTER TABLE fresh SET ACCESS METHOD DEFAULT"),
    (17, "GRANT MAINTAIN ON users TO PUBLIC"),
    (17, "MERGE INTO fresh f USING users u ON f.id = u.id WHEN MATCHED THEN DELETE RETURNING f.id"),
    (17, "MERGE INTO fresh f USING users u ON f.id = u.id WHEN NOT MATCHED BY SOURCE THEN DELETE"),
    (18, "ALTER TABLE users ADD COLUMN a bigint GENERATED ALWAYS AS (id * 2) VIRTUAL"),
    (18, "ALTER TABLE users ADD COLUMN a bigint GENERATED ALWAYS AS (id * 2)"),
    (18, "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL)"),
    (18, "ALTER TABLE users ADD CONSTRAINT n NOT NULL name NOT VALID"),
    (18, "ALTER TABLE users ADD CONSTRAINT n NOT NULL name"),
    (18, "CREATE TABLE t (a int, CONSTRAINT n NOT NULL a)"),
    (18, "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT ENFORCED"),
    (18, "ALTER TABLE users ADD FOREIGN KEY (team) REFERENCES users (id) NOT ENFORCED"),
    (18, "ALTER TABLE users ADD COLUMN a int CHECK (a > 0) NOT ENFORCED"),
    (18, "ALTER TABLE users ADD COLUMN a int CHECK (a > 0) ENFORCED"),
    (18, "ALTER TABLE users ALTER CONSTRAINT users_self NOT ENFORCED"),
    (18, "CREATE TABLE t (a int4range, b tsrange, PRIMARY KEY (a, b WITHOUT OVERLAPS))"),
    (18, "ALTER TABLE days ADD CONSTRAINT k FOREIGN KEY (team) REFERENCES users (id) NOT VALID"),
    (18, "UPDATE users SET name = 'b' RETURNING WITH (OLD AS before) before.name"),
    # What every server that is served knows.
    (0, "CREATE UNIQUE INDEX i ON users (name)"),
    (0, "ALTER TABLE users ADD COLUMN a bigint GENERATED ALWAYS AS (id * 2) STORED"),
    (0, "ALTER TABLE users ALTER COLUMN name SET NOT NULL"),
    (0, "ALTER TABLE users ADD COLUMN a int NOT NULL DEFAULT 1 CHECK (a > 0)"),
    (0, "ALTER TABLE users ALTER COLUMN name SET STORAGE EXTERNAL"),
    (0, "ALTER TABLE users ALTER COLUMN name SET STATISTICS 100"),
    (0, "ALTER TABLE users ALTER CONSTRAINT users_self DEFERRABLE"),
    (0, "CREATE VIEW v WITH (security_barrier) AS SELECT 1 AS a FROM (SELECT 2) b"),
    (0, "CREATE STATISTICS s ON id, name FROM users"),
    (0, "CREATE PUBLICATION p FOR TABLE users"),
    (0, "ALTER TABLE users ADD FOREIGN KEY (team) REFERENCES users (id) ON DELETE SET NULL NOT VALID"),
    (0, "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID"),
    (0, "UPDATE users SET name = 'b' RETURNING name"),
    (0, "GRANT SELECT ON users TO PUBLIC"),
]


def says(limbeck: str, folder: Path, version: int) -> dict[int, str]:
    """By statement, what limbeck says of it for servers from this one on."""
    command = [limbeck, "check", ".", "--no-config", "--select", "newer-syntax", "--format", "json", "--postgres", str(version)]
    output = subprocess.run([*command, "--fail-on", "never"], cwd=folder, capture_output=True, check=True).stdout
    return {int(it["revision"][1:]): it["message"] for it in json.loads(output)["findings"]}


def write(folder: Path) -> None:
    versions = folder / "alembic" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic" / "env.py").touch()

    def revision(name: str, parent: str | None, statements: list[str]) -> None:
        head = f"from alembic import op\nrevision = {name!r}\ndown_revision = {parent!r}\n\n\ndef upgrade():\n"
        calls = [f"    op.execute({it!r})\n" for it in statements]
        (versions / f"{name}.py").write_text(head + "".join(calls) + "\n\ndef downgrade():\n    pass\n")

    revision("base", None, GIVEN)
    for number, (_, statement) in enumerate(STATEMENTS):
        revision(f"s{number}", "base", [statement])


def wrong_words(limbeck: str) -> list[str]:
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        for version in [*VERSIONS, 13]:
            told = says(limbeck, folder, version)
            for number, (since, statement) in enumerate(STATEMENTS):
                if (since > version) != (number in told) or (since > version and f"needs PostgreSQL {since}," not in told[number]):
                    wrong.append(f"limbeck says of {version}: {told.get(number)}: {statement}")
    return wrong


def run(version: int, servers: Path) -> list[str]:
    wrong = []
    with Cluster(servers / str(version) / "native" / "bin") as cluster:
        with contextlib.closing(connect(cluster.database())) as connection, connection.cursor() as cursor:
            for statement in GIVEN:
                cursor.execute(statement)
            for since, statement in STATEMENTS:
                cursor.execute("BEGIN")
                refused = None
                try:
                    cursor.execute(statement)
                except psycopg2.Error as error:
                    refused = str(error).splitlines()[0]
                cursor.execute("ROLLBACK")
                if (refused is not None) != (since > version):
                    wrong.append(f"{version}, since {since}: {statement}: {refused}")
    print(f"PostgreSQL {version}: {len(STATEMENTS) - len(wrong)} statements hold, {len(wrong)} do not", flush=True)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", default=os.environ.get("LIMBECK_SERVERS", ".postgres"), type=lambda it: Path(it).resolve())
    parser.add_argument("--limbeck", default="target/release/limbeck", type=lambda it: str(Path(it).resolve()))
    parser.add_argument("versions", nargs="*", type=int)
    args = parser.parse_args()
    versions = args.versions or VERSIONS
    missing = [it for it in versions if not (args.servers / str(it) / "native" / "bin" / "initdb").exists()]
    if missing:
        print(f"NOT TESTED: there is no server of PostgreSQL {', '.join(map(str, missing))} in {args.servers}", file=sys.stderr)
    wrong = wrong_words(args.limbeck)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for faults in pool.map(run, *zip(*[(it, args.servers) for it in versions if it not in missing], strict=True)):
            wrong += faults
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
