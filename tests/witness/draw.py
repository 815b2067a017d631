#!/usr/bin/env python3
"""Draws findings of real histories and looks whether what they say happens on a real PostgreSQL.

    python tests/witness/draw.py [--count N] [--seed N] [--postgres-bin DIR] [--limbeck BIN] [NAME=]ROOT[:FOLDER]...

Each ROOT is a checkout, FOLDER the script folder in it. The findings at default settings are counted by rule; of those that
claim an effect, N are drawn over all histories. A history's statements, as `limbeck sql` renders them, are run from its base;
at the revision of a drawn finding the database is copied, every table gets rows, and the revision is run statement by
statement: somebody waits, a statement fails, code from before fails, the way back leaves something (as `documentcases.py`
says of the rule). Rows come in two ways, with NULL wherever that may be and without any; the effect has to show with one of
them. Where the way there cannot be gone by rendered SQL alone (a loop over what a query answers, say), the database is
made from what `limbeck schema` replays of the revision's parents; `tests/witness/schema.py` holds that against real catalogs.

Prints the seed, the table and one line for each finding: `seen`, `NOT SEEN`, `by hand` where nothing mechanical tells, or
`no table` where the history has not made in a way that is known what the revision works on, so that there is none to try.
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


def ask(limbeck: str, folder: str, version: int, *arguments: str, form: str = "json") -> str:
    root, _, inner = folder.partition(":")
    command = [limbeck, arguments[0], inner or ".", "--no-config", "--format", form, *arguments[1:]]
    if arguments[0] == "check":
        command += ["--fail-on", "never", "--postgres", str(version)]
    return subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout


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
        "hstore": "''", "ltree": f"'a{number}'", "bit": f"B'{number:03b}'", "tsvector": "''", "int4range": "'empty'", "vector": "NULL",
    }
    word = plain.split(" ")[0].split(".")[-1]
    return values.get(word, f"'{number}'")


def fill(cursor, nulls: bool, numbers: tuple[int, ...] = (1, 2, 3)) -> dict[str, str]:
    """Rows in every table, as far as its constraints let us: those that are referred to first. The answer is what the
    server says of a table that stays empty. A check of a text is of no account to what is locked: it is left out where no
    row passes it."""
    labels = enums(cursor)
    cursor.execute(COLUMNS)
    tables: dict[str, list] = {}
    for table, kind, *column in cursor.fetchall():
        if kind in "rp":
            tables.setdefault(table, []).append(column)
    open_rows, said = [(table, number) for table in tables for number in numbers], {}
    for _ in range(40):
        said = {it: insert(cursor, it[0], tables[it[0]], it[1], nulls, labels) for it in open_rows}
        refused_now = [it for it in open_rows if said[it]]
        if not refused_now:
            break
        if len(refused_now) == len(open_rows):
            checks = [it for it in refused_now if isinstance(said[it], psycopg2.errors.CheckViolation)]
            if not checks:
                break
            for table, number in checks:
                name = said[table, number].diag.constraint_name
                with contextlib.suppress(psycopg2.Error):
                    cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}"')
        open_rows = refused_now
    return {table: str(error).splitlines()[0] for (table, _), error in said.items() if error}


# What a check may ask of a text.
TEXTS = ("https://example.org/{}", "{:032x}", "{:064x}", "a{}@example.org", "10.0.0.{}", "a{}")


def insert(cursor, table: str, columns: list, number: int, nulls: bool, labels: dict[str, list[str]]) -> psycopg2.Error | None:
    """One row; the answer is how it was refused."""
    given = {
        name: sample(kind, number, labels)
        for name, kind, needed, made in columns if (not made or name == "id") and (needed or not (nulls and number in (1, 4)))
    }
    refused_by = put(cursor, table, given)
    if isinstance(refused_by, psycopg2.errors.CheckViolation):
        for text in TEXTS:
            for name in checked(cursor, table, refused_by.diag.constraint_name):
                if name in given:
                    given[name] = "'" + text.format(number) + "'"
            now = put(cursor, table, given)
            if now is None or now.diag.constraint_name != refused_by.diag.constraint_name:
                return now
    return refused_by


def checked(cursor, table: str, constraint: str) -> list[str]:
    """The columns that a check speaks of."""
    cursor.execute(
        "SELECT a.attname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)"
        " WHERE c.conrelid = %s::regclass AND c.conname = %s", (table, constraint),
    )
    return [name for (name,) in cursor.fetchall()]


def put(cursor, table: str, given: dict[str, str]) -> psycopg2.Error | None:
    names = ", ".join(f'"{it}"' for it in given)
    values = f"({names}) OVERRIDING SYSTEM VALUE VALUES ({', '.join(given.values())})" if given else "DEFAULT VALUES"
    try:
        cursor.execute(f"INSERT INTO {table} {values}")
    except psycopg2.Error as error:
        return error
    return None


class Trial:
    """One revision in a copy of the database, statement by statement."""

    def __init__(self, url: str):
        self.url = url
        self.mended: list[str] = []
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
                    self.send(connection, statement["sql"], alone)
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


    def send(self, connection: sa.Connection, sql: str, alone: bool) -> None:
        """Runs a statement. What another finding of the same revision tells of is mended here as its help says, so that what
        comes behind it is seen too: a new column is let hold NULL, a constraint goes whose drop had no name."""
        options = {"no_parameters": True}
        try:
            connection.exec_driver_sql(sql, execution_options=options)
        except sa.exc.SQLAlchemyError as problem:
            mended = None
            if told(problem) == "23502" and re.search(r"\bADD COLUMN\b.*\bNOT NULL\b", sql, re.S):
                mended = [re.sub(r"\bNOT NULL\b", "", sql)]
            elif told(problem) == "42710" and (made := re.search(r"ALTER TABLE (\S+) ADD CONSTRAINT (\S+)", sql)):
                mended = [f"ALTER TABLE {made[1]} DROP CONSTRAINT {made[2]}", sql]
            if alone or not mended:
                raise
            self.mended.append(sql)
            with connection.connection.dbapi_connection.cursor() as cursor:
                cursor.execute("ROLLBACK TO here")
            for it in mended:
                connection.exec_driver_sql(it, execution_options=options)


def place(statements: list[dict], finding: dict) -> int | None:
    """The text that the finding's statement is sent in, perhaps with others."""
    def plain(sql: str) -> str:
        return sql.strip().rstrip(";").strip()

    sql = plain(finding["sql"] or "")
    same = (at for at, it in enumerate(statements) if plain(it["sql"]) == sql)
    within = (at for at, it in enumerate(statements) if sql and sql in it["sql"])
    return next(same, next(within, None))


def refuses_to_name() -> str:
    """What Alembic says to a constraint that is dropped without its name."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True}))
    try:
        operations.drop_constraint(None, "t", type_="foreignkey")
    except sa.exc.CompileError as error:
        return f"seen: {error}"
    return "NOT SEEN: it is dropped"


def cancelled(trial: "Trial", up: list[dict], at: int, finding: dict) -> str:
    """A writer is at work while the index is built concurrently: the timeout cancels the build, which leaves its index."""
    trial.way(up[:at])
    on = re.search(r'\bON\s+(?:ONLY\s+)?([\w."]+)', up[at]["sql"])
    index = re.search(r"index `?([\w]+)|`(\w+)` behind", finding["message"])
    with contextlib.closing(psycopg2.connect(trial.url)) as writer, contextlib.closing(connect(trial.url)) as other:
        with writer.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {on[1]} IN ROW EXCLUSIVE MODE")
        with other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '300ms'")
            try:
                cursor.execute(up[at]["sql"])
            except psycopg2.errors.LockNotAvailable:
                cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
                left = cursor.fetchall()
                return f"seen: cancelled, and {left} is left" if left else "NOT SEEN: nothing is left"
    return f"NOT SEEN: it is built, {index}"


WIDE = {"text": "repeat('x', 400)", "character": "repeat('x', 400)", "numeric": "123456.789", "bigint": "9999999999",
        "integer": "99999", "double": "1.5", "real": "1.5"}


def narrowed(trial: "Trial", up: list[dict], at: int, finding: dict) -> str:
    """A value that does not fit is refused, or is another one behind it."""
    trial.way(up[:at])
    column, table = re.search(r"`([^`]+)` of `([^`]+)`", finding["message"]).groups()
    with contextlib.closing(connect(trial.url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s", (table, column))
        kind = cursor.fetchone()[0]
        wide = WIDE.get(re.split(r"[ (]", kind)[0])
        if length := re.search(r"character.*\((\d+)\)", kind):
            wide = f"repeat('x', {length[1]})"
        if wide:
            with contextlib.suppress(psycopg2.Error):
                cursor.execute(f'UPDATE {table} SET "{column}" = {wide} WHERE ctid = (SELECT min(ctid) FROM {table})')
    errors, _ = trial.way(up[at:at + 1])
    return f"seen: {errors[0]}" if errors[0] else "NOT SEEN: every value fits"


def overwritten(trial: "Trial", up: list[dict], at: int, finding: dict) -> str:
    """Values that were there are others now."""
    trial.way(up[:at])
    column = re.search(r"overwrites `([^`]+)` in every row of `([^`]+)`", finding["message"])
    ask_values = f'SELECT "{column[1]}"::text FROM {column[2]} WHERE "{column[1]}" IS NOT NULL ORDER BY 1'
    told_values = []
    for statements in ([], up[at:at + 1]):
        trial.way(statements)
        with contextlib.closing(connect(trial.url)) as connection, connection.cursor() as cursor:
            cursor.execute(ask_values)
            told_values.append(cursor.fetchall())
    before, after = told_values
    return f"seen: {before[:1]} becomes {after[:1]}" if before and before != after else f"NOT SEEN: {before} stays {after}"


def shows(finding: dict, revision: dict, url: str, nulls: bool) -> str:
    """What of the finding is seen in this copy: `seen`, `NOT SEEN` and why, `by hand`."""
    rule, way = finding["rule"], finding["direction"]
    catalogs = rule in ("missing-downgrade", "incomplete-downgrade", "destructive-downgrade")
    code, already, empty, before = [], set(), {}, catalog(url) if catalogs else []
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        if not catalogs:
            empty = fill(cursor, nulls)
        if EXPECTED.get(rule, ("",))[0] == "breaks":
            code = old_code(cursor)
            already = refused(cursor, code)
    trial = Trial(url)
    up = revision["upgrade"]["statements"]
    down = revision["downgrade"]["statements"]
    harm, *rest = EXPECTED.get(rule, ("by hand",))
    if rule == "unnamed-constraint-drop":
        return refuses_to_name()
    special = {"concurrent-build-under-timeout": cancelled, "unbounded-backfill": overwritten, "narrowing-type-change": narrowed}.get(rule)
    if special and way == "upgrade" and (at := place(up, finding)) is not None:
        return special(trial, up, at, finding)
    errors, waits = trial.way(up)
    if rule in ("missing-downgrade", "incomplete-downgrade", "destructive-downgrade"):
        after = catalog(url)
        back_errors, _ = trial.way(down)
        back = catalog(url)
        changed = f"up changes {len(set(after) ^ set(before))}, and down leaves {len(set(back) ^ set(before))}"
        return f"seen: {changed}" if back != before or after == before and not down else f"NOT SEEN: {changed}, {back_errors}"
    if way == "downgrade":
        if harm == "breaks":
            return "by hand"
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            empty = fill(cursor, nulls, (4, 5, 6))
        failed_up = [it for it in errors if it]
        errors, waits = trial.way(down)
        errors = [it and f"{it} (the way up: {failed_up})" if failed_up else it for it in errors]
        if rule in ("leftover-type",):
            errors, _ = trial.way(up)
            return "seen: 42710" if "42710" in errors else f"NOT SEEN: {errors}"
    at = place(down if way == "downgrade" else up, finding)
    if harm in ("waits", "locks", "fails") and at is None:
        return "by hand"
    if harm == "waits":
        # The rows were read before it was refused, under the lock that it takes first.
        if re.match("23514|23505|23503|23502", errors[at] or ""):
            return f"seen: rows are checked, and one is refused, {errors[at]}"
        if waits[at] or (rule == "backfill-under-lock" and any(waits)):
            return "seen: somebody waits"
        return f"NOT SEEN: nobody waits, {errors[at]}, empty: {empty}"
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

    def __init__(self, name: str, folder: str, limbeck: str, version: int, cluster: Cluster):
        self.name, self.cluster, self.asked = name, cluster, (limbeck, folder, version)
        self.findings = [it for it in json.loads(ask(*self.asked, "check"))["findings"] if not it["suppressed"]]
        self.revisions = json.loads(ask(*self.asked, "sql"))["revisions"]
        graph = json.loads(ask(*self.asked, "history"))["revisions"]
        self.parents = {it["revision"]: it["down_revision"] for it in graph}
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
                answer = self.seen(finding, revision, url)
                if not answer.startswith("seen") and (replayed := self.replayed(revision["revision"])):
                    again = self.seen(finding, revision, replayed)
                    answer = again if again.startswith("seen") else f"{answer}; replayed: {again}"
                    if not again.startswith("seen") and re.search("42P01|42703|42704", again):
                        answer = f"no table: {answer}"
                answers[finding["fingerprint"]] = answer
                if os.environ.get("LIMBECK_PROGRESS"):
                    print(finding["revision"], finding["rule"], answers[finding["fingerprint"]], file=sys.stderr, flush=True)
            self.apply(url, revision)
        return answers

    def replayed(self, revision: str) -> str | None:
        """A database as the replay says that the revision finds it."""
        parents = self.parents.get(revision, [])
        if len(parents) != 1:
            return None
        url = self.cluster.database()
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            for statement in statements_of(ask(*self.asked, "schema", "--at", parents[0], form="sql")):
                with contextlib.suppress(psycopg2.Error):
                    cursor.execute(statement)
        return url

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


def statements_of(sql: str) -> list[str]:
    """The statements that `limbeck schema` prints: each ends a line with its semicolon, but for bodies in dollars."""
    found, held = [], ""
    for line in sql.splitlines(keepends=True):
        held += line
        if line.rstrip().endswith(";") and held.count("$$") % 2 == 0:
            found.append(held)
            held = ""
    return found


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
            all_of.append(History(name or folder, folder, args.limbeck, version, cluster))
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
