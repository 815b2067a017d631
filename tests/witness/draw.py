#!/usr/bin/env python3
"""Draws findings of real histories and looks whether what they say happens on a real PostgreSQL.

    python tests/witness/draw.py [--count N] [--seed N] [--postgres-bin DIR] [--limbeck BIN] [NAME=]FOLDER...

Each FOLDER is a script folder. The findings at default settings are counted by rule; of those that claim an effect, N are
drawn over all histories. A history's statements, as `limbeck sql` renders them, are run from its base; at the revision of
a drawn finding the database is copied, every table gets rows, and the revision is run statement by statement: somebody
waits, a statement fails, code from before fails, the way back leaves something (as `documentcases.py` says of the rule).
Rows come in two ways, with NULL wherever that may be and without any; the effect has to show with one of them.

Prints the seed, the table and one line for each finding: `seen`, `NOT SEEN`, or `by hand` where nothing mechanical tells.
"""

import argparse
import collections
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import warnings
from pathlib import Path

import psycopg2
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))
from documentcases import EXPECTED  # noqa: E402
from documents import COLUMNS, Watch, enums, old_code, refused, told  # noqa: E402
from histories import Cluster, catalog, connect, find_postgres  # noqa: E402

# They say that nothing is known, or speak of the text.
NO_EFFECT = {
    "opaque-operation", "file-name-mismatch", "docstring-mismatch", "multiple-bases", "unused-suppression", "bare-suppression",
}


def ask(limbeck: str, folder: Path, version: int, *arguments: str) -> dict:
    command = [limbeck, arguments[0], ".", "--no-config", "--format", "json", *arguments[1:]]
    if arguments[0] == "check":
        command += ["--fail-on", "never", "--postgres", str(version)]
    return json.loads(subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout)


def sample(kind: str, number: int, labels: dict[str, list[str]]) -> str:
    """A value of a type, the same in every table, so that references fit."""
    plain = kind.split("(")[0]
    if kind in labels:
        return f"'{labels[kind][number % len(labels[kind])]}'"
    if kind.endswith("[]"):
        return "'{}'"
    values = {
        "uuid": f"'00000000-0000-0000-0000-00000000000{number}'", "jsonb": "'{}'", "json": "'{}'", "boolean": "true",
        "timestamp": f"'2026-01-0{number} 10:00'", "date": f"'2026-01-0{number}'", "time": f"'10:0{number}'",
        "interval": f"'{number} day'", "inet": f"'10.0.0.{number}'", "cidr": f"'10.0.{number}.0/24'", "bytea": f"'\\x0{number}'",
        "hstore": "''", "ltree": f"'a{number}'", "tsvector": "''", "int4range": "'empty'", "vector": "NULL",
    }
    word = plain.split(" ")[0].split(".")[-1]
    return values.get(word, f"'{number}'")


def fill(cursor, nulls: bool) -> None:
    """Rows in every table, as far as its constraints let us: those that are referred to first."""
    labels = enums(cursor)
    cursor.execute(COLUMNS)
    tables: dict[str, list] = {}
    for table, kind, *column in cursor.fetchall():
        if kind in "rp":
            tables.setdefault(table, []).append(column)
    open_rows = [(table, number) for table in tables for number in (1, 2, 3)]
    for _ in range(4):
        refused_now = [it for it in open_rows if not insert(cursor, it[0], tables[it[0]], it[1], nulls, labels)]
        if len(refused_now) in (0, len(open_rows)):
            break
        open_rows = refused_now


def insert(cursor, table: str, columns: list, number: int, nulls: bool, labels: dict[str, list[str]]) -> bool:
    given = {
        name: sample(kind, number, labels)
        for name, kind, needed, made in columns if (not made or name == "id") and (needed or not (nulls and number == 1))
    }
    names = ", ".join(f'"{it}"' for it in given)
    try:
        cursor.execute(f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES ({', '.join(given.values())})")
    except psycopg2.Error:
        return False
    return True


class Trial:
    """One revision in a copy of the database, statement by statement."""

    def __init__(self, url: str):
        self.url = url
        self.engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg2://", 1), poolclass=sa.NullPool)

    def way(self, statements: list[dict]) -> tuple[list[str | None], list[bool]]:
        """How each statement failed, and whether somebody waited during it. What fails is taken back alone."""
        errors, waits = [], []
        with self.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            watch = Watch(connection)
            for statement in statements:
                before, error = len(watch.waits), None
                alone = statement["autocommit"]
                if alone:
                    driver.commit()
                    driver.autocommit = True
                with driver.cursor() as cursor:
                    cursor.execute("SET statement_timeout = '60s'") if alone else cursor.execute("SAVEPOINT here")
                try:
                    options = {"no_parameters": True}
                    connection.exec_driver_sql(statement["sql"], execution_options=options)
                except (sa.exc.SQLAlchemyError, psycopg2.Error) as problem:
                    error = told(problem)
                    with driver.cursor() as cursor:
                        cursor.execute("ROLLBACK") if alone else cursor.execute("ROLLBACK TO here")
                    watch.begun = False
                if alone:
                    driver.autocommit = False
                errors.append(error)
                waits.append(len(watch.waits) > before)
            self.locked = set(watch.locked)
            driver.commit()
        return errors, waits


def place(statements: list[dict], finding: dict) -> int | None:
    return next((at for at, it in enumerate(statements) if it["sql"] == finding["sql"]), None)


def shows(finding: dict, revision: dict, url: str, nulls: bool) -> str:
    """What of the finding is seen in this copy: `seen`, `NOT SEEN` and why, `by hand`."""
    rule, way = finding["rule"], finding["direction"]
    catalogs = rule in ("missing-downgrade", "incomplete-downgrade")
    code, already, before = [], set(), catalog(url) if catalogs else []
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        if not catalogs:
            fill(cursor, nulls)
        if EXPECTED.get(rule, ("",))[0] == "breaks":
            code = old_code(cursor)
            already = refused(cursor, code)
    trial = Trial(url)
    up = revision["upgrade"]["statements"]
    down = revision["downgrade"]["statements"]
    errors, waits = trial.way(up)
    harm, *rest = EXPECTED.get(rule, ("by hand",))
    if rule in ("missing-downgrade", "incomplete-downgrade"):
        after = catalog(url)
        back_errors, _ = trial.way(down)
        back = catalog(url)
        changed = f"up changes {len(set(after) ^ set(before))}, and down leaves {len(set(back) ^ set(before))}"
        return f"seen: {changed}" if back != before or after == before and not down else f"NOT SEEN: {changed}, {back_errors}"
    if way == "downgrade":
        if harm == "breaks":
            return "by hand"
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            fill(cursor, nulls)
        errors, waits = trial.way(down)
        if rule in ("leftover-type",):
            errors, _ = trial.way(up)
            return "seen: 42710" if "42710" in errors else f"NOT SEEN: {errors}"
    at = place(down if way == "downgrade" else up, finding)
    if harm in ("waits", "locks", "fails") and at is None:
        return "by hand"
    if harm == "waits":
        if waits[at] or (rule == "backfill-under-lock" and any(waits)):
            return "seen: somebody waits"
        return f"NOT SEEN: nobody waits, {errors[at]}"
    if harm == "locks":
        return "seen: locked" if trial.locked else f"NOT SEEN: nothing is locked, {errors[at]}"
    if harm == "fails":
        return f"seen: {errors[at]}" if re.search(rest[0], errors[at] or "") else f"NOT SEEN: it ends with {errors[at]}"
    if harm == "breaks":
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            broken = refused(cursor, code) - already
        return f"seen: {sorted(broken)[0][:80]}" if broken else "NOT SEEN: nothing from before fails"
    return "by hand"


class History:
    """A history on a server, up to where it is asked for."""

    def __init__(self, name: str, folder: Path, limbeck: str, version: int, cluster: Cluster):
        self.name, self.cluster = name, cluster
        self.findings = [it for it in ask(limbeck, folder, version, "check")["findings"] if not it["suppressed"]]
        self.revisions = ask(limbeck, folder, version, "sql")["revisions"]
        self.failed = 0

    def run(self, drawn: list[dict]) -> dict[str, str]:
        """What each of the drawn findings shows, by its fingerprint."""
        url = self.cluster.database()
        wanted = collections.defaultdict(list)
        for finding in drawn:
            wanted[finding["revision"]].append(finding)
        answers = {}
        execute_all(url, [f"CREATE EXTENSION IF NOT EXISTS {it}" for it in ("citext", "hstore", "pg_trgm", "pgcrypto", '"uuid-ossp"')])
        for revision in self.revisions:
            for finding in wanted.get(revision["revision"], []):
                answers[finding["fingerprint"]] = self.seen(finding, revision, url)
                if os.environ.get("LIMBECK_PROGRESS"):
                    print(finding["revision"], finding["rule"], answers[finding["fingerprint"]], file=sys.stderr, flush=True)
            self.apply(url, revision)
        return answers

    def seen(self, finding: dict, revision: dict, url: str) -> str:
        told = []
        for nulls in (True, False):
            copy = self.copy(url)
            try:
                told.append(shows(finding, revision, copy, nulls))
            except Exception as error:  # noqa: BLE001
                told.append(f"by hand: {type(error).__name__}: {str(error).splitlines()[0]}")
            execute_all(self.cluster.url("postgres"), [f"DROP DATABASE {name_of(copy)} WITH (FORCE)"])
            if told[-1].startswith("seen"):
                return told[-1]
        return told[0] if told[0] == told[1] else f"{told[0]}; without NULL: {told[1]}"

    def copy(self, url: str) -> str:
        self.cluster.made += 1
        made = f"CREATE DATABASE d{self.cluster.made} TEMPLATE {name_of(url)}"
        execute_all(self.cluster.url("postgres"), [made])
        return self.cluster.url(f"d{self.cluster.made}")

    def apply(self, url: str, revision: dict) -> None:
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            for statement in revision["upgrade"]["statements"]:
                try:
                    cursor.execute(statement["sql"])
                except psycopg2.Error:
                    self.failed += 1


def name_of(url: str) -> str:
    return re.search(r"@/(\w+)\?", url)[1]


def execute_all(url: str, statements: list[str]) -> None:
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            with contextlib.suppress(psycopg2.errors.UndefinedFile, psycopg2.errors.FeatureNotSupported):
                cursor.execute(statement)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limbeck", default="target/release/limbeck", type=lambda it: str(Path(it).resolve()))
    parser.add_argument("--postgres-bin")
    parser.add_argument("--count", default=100, type=int)
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("histories", nargs="+", metavar="[NAME=]FOLDER")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    binaries = find_postgres(args.postgres_bin)
    if binaries is None:
        print("no PostgreSQL is found: name its folder with --postgres-bin", file=sys.stderr)
        return 2
    told = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    version = int(re.search(r"(\d+)\.", told)[1])
    with Cluster(binaries) as cluster:
        all_of = []
        for named in args.histories:
            name, _, folder = named.rpartition("=")
            all_of.append(History(name or folder, Path(folder), args.limbeck, version, cluster))
        counts = collections.Counter((it["rule"], history.name) for history in all_of for it in history.findings)
        names = [it.name for it in all_of]
        print(f"| rule | {' | '.join(names)} |")
        for rule in sorted({rule for rule, _ in counts}):
            print(f"| {rule} | {' | '.join(str(counts[rule, name]) for name in names)} |")
        pool = [(at, it) for at, history in enumerate(all_of) for it in history.findings if it["rule"] not in NO_EFFECT]
        drawn = random.Random(args.seed).sample(pool, min(args.count, len(pool)))
        print(f"\nseed {args.seed}: {len(drawn)} of {len(pool)} findings, PostgreSQL {version}", flush=True)
        ends = collections.Counter()
        for at, history in enumerate(all_of):
            own = [it for place, it in drawn if place == at]
            answers = history.run(own) if own else {}
            for it in own:
                answer = answers.get(it["fingerprint"], "by hand: its revision was not reached")
                ends[answer.split(":")[0]] += 1
                print(f"{answer.split(':')[0]:9} {history.name} {it['revision']} {it['direction']} {it['rule']}: {it['message'][:90]}")
                if not answer.startswith("seen"):
                    print(f"          {answer}\n          {' '.join((it['sql'] or '').split())[:160]}", flush=True)
            print(f"({history.name}: {history.failed} statements of the way there failed)", flush=True)
        print(dict(ends))
    return 0


if __name__ == "__main__":
    sys.exit(main())
