#!/usr/bin/env python3
"""The examples of the rules' documents, run by real Alembic on servers of every major version.

    python tests/witness/documents.py [--servers DIR] [--only RULE] [VERSION...]

The `given` blocks of a document are run and their tables filled. Then each `bad` block must do to that database what
`EXPECTED` says of its rule, in the direction that its `# here` stands in; and no `good` block may do anything of the
kind, whatever its rule: it keeps nobody waiting for a scan, a build, a rewrite or other rows, nothing of it fails on the
rows, and no code from before fails on what it leaves. A rule has its harm here, or in `ELSEWHERE` why not.

Prints for each version how many blocks hold; exits with 1 if any does not, 2 if a server is missing.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import os
import re
import sys
import warnings
from pathlib import Path

import psycopg2
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util.exc import CommandError
from sqlalchemy.dialects import postgresql

sys.path.insert(0, str(Path(__file__).parent))
from documentcases import ELSEWHERE, EXPECTED, ROWS  # noqa: E402
from histories import Cluster, connect  # noqa: E402

VERSIONS = [14, 15, 16, 17, 18]
RULES = Path(__file__).resolve().parents[2] / "rules"
# Who holds one of these keeps at least writes waiting.
BLOCKING = {"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
OURS = "n.nspname !~ '^(pg_|information_schema)'"
RELATIONS = f"""
    SELECT c.oid, c.relname::text, c.relkind::text, c.relfilenode, coalesce(i.indrelid, c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE {OURS} AND c.relkind IN ('r', 'p', 'i', 'I', 'm')
"""
COUNTS = """
    SELECT relid, coalesce(seq_scan, 0) + coalesce(idx_scan, 0), n_tup_ins + n_tup_upd + n_tup_del
    FROM pg_stat_xact_user_tables
"""
HELD = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted"
COLUMNS = f"""
    SELECT c.oid::regclass::text, c.relkind::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> ''
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE {OURS} AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition ORDER BY c.oid, a.attnum
"""
LABELS = f"""
    SELECT t.oid::regtype::text, e.enumlabel::text FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
    JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {OURS} ORDER BY t.oid, e.enumsortorder
"""
ERRORS = (psycopg2.Error, sa.exc.SQLAlchemyError, CommandError, TypeError, ValueError)


@dataclasses.dataclass
class Block:
    """A block of a document."""

    kind: str
    text: str

    def marked(self) -> list[str]:
        """The functions with a marked line."""
        found, function = [], ""
        for line in self.text.splitlines():
            function = (re.match(r"def (\w+)", line) or [function, function])[1]
            if line.rstrip().endswith("# here") and function not in found:
                found.append(function)
        return found

    def functions(self) -> dict:
        space = {"op": None, "sa": sa, "postgresql": postgresql}
        exec("from alembic import op\n" + self.text, space)  # noqa: S102
        return space


def blocks(rule: str) -> list[Block]:
    """The blocks of Python that are a revision."""
    text = (RULES / f"{rule}.md").read_text()
    found = re.findall(r"^```python (given|bad|good)\n(.*?)^```$", text, re.M | re.S)
    return [Block(kind, body) for kind, body in found if "def upgrade" in body]


class Watch:
    """What is seen of the statements that one connection sends."""

    def __init__(self, connection: sa.Connection):
        self.connection = connection
        self.waits: list[str] = []
        self.locked: set[str] = set()
        self.warnings: list[str] = []
        self.state: dict | None = None
        self.begun = False
        with self.cursor() as cursor:
            cursor.execute(RELATIONS)
            self.there = {row[0]: row for row in cursor.fetchall()}
            self.full = {oid for oid, row in self.there.items() if row[2] in "rpm" and holds_rows(cursor, oid)}
        connection.rollback()
        sa.event.listen(connection, "before_cursor_execute", self.before)
        sa.event.listen(connection, "after_cursor_execute", self.after)

    def cursor(self):
        return self.connection.connection.dbapi_connection.cursor()

    def before(self, _connection, _cursor, statement: str, *_: object) -> None:
        alone = self.connection.connection.dbapi_connection.autocommit
        self.state = None
        if alone and re.search(r"\bCONCURRENTLY\b|^\s*(VACUUM|ALTER SYSTEM)|^\s*(RE)?SET\b", statement, re.I):
            # `locks.py` makes these wait, and reads what for.
            return
        with self.cursor() as cursor:
            if alone:
                cursor.execute("BEGIN")
                self.begun = True
            self.state = self.look(cursor)

    def after(self, _connection, cursor, statement: str, *_: object) -> None:
        # SQLAlchemy throws them away behind this.
        self.warnings += cursor.connection.notices
        if self.state is None:
            return
        with self.cursor() as cursor:
            now = self.look(cursor)
            self.judge(statement, self.state, now)
            if self.begun:
                cursor.execute("COMMIT")
                self.begun = False

    def look(self, cursor) -> dict:
        cursor.execute(RELATIONS)
        files = {row[0]: (row[3], row[4]) for row in cursor.fetchall()}
        cursor.execute(COUNTS)
        counts = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(HELD)
        held = {it for it, mode in cursor.fetchall() if it in self.full and self.blocks(it, mode)}
        return {"files": files, "counts": counts, "held": held}

    def blocks(self, relation: int, mode: str) -> bool:
        # Nobody writes to a materialized view.
        return mode == "AccessExclusiveLock" or (mode in BLOCKING and self.there[relation][2] != "m")

    def judge(self, statement: str, before: dict, now: dict) -> None:
        """Rows of a table that holds some are read, written or built from while others wait for one."""
        self.locked |= {self.there[it][1] for it in now["held"]}
        nothing = (0, 0)
        worked = {it for it, count in now["counts"].items() if it in self.full and count > before["counts"].get(it, nothing)}
        for relation, (file, table) in now["files"].items():
            if table in self.full and file and before["files"].get(relation, (0, 0))[0] != file:
                # A file of its own is made for an index, too.
                worked.add(table)
        waiting = sorted(self.there[it][1] for it in now["held"])
        if waiting and worked:
            self.waits.append(f"{waiting} wait for {sorted(self.there[it][1] for it in worked)}: {statement.strip()[:80]}")


def holds_rows(cursor, oid: int) -> bool:
    cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE oid = %s", (oid,))
    cursor.execute(f"SELECT EXISTS (SELECT FROM {cursor.fetchone()[0]})")
    return cursor.fetchone()[0]


def sample(kind: str, number: int, labels: dict[str, list[str]]) -> str:
    """A value of a type; the numbers of a table are 1, 2 and 3."""
    if kind in labels:
        return f"'{labels[kind][number % len(labels[kind])]}'"
    if re.match(r"(timestamp|date)", kind):
        return f"'2026-01-0{number} 10:00'"
    if kind.startswith("bool"):
        return "true"
    if kind.startswith("json"):
        return "'{}'"
    return f"'{number}'"


def enums(cursor) -> dict[str, list[str]]:
    """The labels of each enum."""
    cursor.execute(LABELS)
    found: dict[str, list[str]] = {}
    for kind, label in cursor.fetchall():
        found.setdefault(kind, []).append(label)
    return found


def fill(cursor, own: dict[str, str]) -> None:
    """Three rows in each table that the blocks before have left empty; the first has NULL wherever it may."""
    cursor.execute(COLUMNS)
    tables: dict[str, list] = {}
    for table, relkind, *column in cursor.fetchall():
        if relkind in "rp":
            tables.setdefault(table, []).append(column)
    labels = enums(cursor)
    for table, columns in tables.items():
        if table in own:
            cursor.execute(own[table])
            continue
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
        if cursor.fetchone()[0]:
            continue
        for number in (1, 2, 3):
            given = {name: sample(kind, number, labels) for name, kind, needed, made in columns if not made and (needed or number > 1)}
            names = ", ".join(f'"{it}"' for it in given)
            values = f"({names}) VALUES ({', '.join(given.values())})" if given else "DEFAULT VALUES"
            cursor.execute(f"INSERT INTO {table} {values}")
    cursor.execute("SELECT matviewname FROM pg_matviews")
    for (view,) in cursor.fetchall():
        cursor.execute(f"REFRESH MATERIALIZED VIEW {view}")


def old_code(cursor) -> list[str]:
    """What code that knows the database as it is may send: it reads every column, writes what it must, names labels."""
    cursor.execute(COLUMNS)
    tables: dict[tuple, list] = {}
    for table, relkind, *column in cursor.fetchall():
        tables.setdefault((table, relkind), []).append(column)
    labels = enums(cursor)
    sent = []
    for (table, relkind), columns in tables.items():
        names = ", ".join(f'"{name}"' for name, *_ in columns)
        sent.append(f"SELECT {names} FROM {table}")
        if relkind in "rp":
            needed = [name for name, _, needed, made in columns if needed and not made]
            if needed:
                quoted = ", ".join(f'"{it}"' for it in needed)
                values = ", ".join(sample(kind, 9, labels) for name, kind, *_ in columns if name in needed)
                sent.append(f"INSERT INTO {table} ({quoted}) VALUES ({values})")
            else:
                sent.append(f"INSERT INTO {table} DEFAULT VALUES")
    return sent + [f"SELECT '{label}'::{kind}" for kind, all in labels.items() for label in all]


def refused(cursor, sent: list[str]) -> set[str]:
    """What of it the server refuses; nothing of it stays."""
    failed = set()
    for statement in sent:
        cursor.execute("BEGIN")
        try:
            cursor.execute(statement)
        except psycopg2.Error:
            failed.add(statement)
        cursor.execute("ROLLBACK")
    return failed


def told(error: Exception) -> str:
    """An error as `EXPECTED` names it: the server's SQLSTATE, else the words."""
    cause = getattr(error, "orig", error)
    return getattr(cause, "pgcode", None) or f"{type(error).__name__}: {error}"


@dataclasses.dataclass
class Outcome:
    """What one block has done."""

    waits: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    locked: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    errors: dict[str, str] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)
    broken: set[str] = dataclasses.field(default_factory=set)
    answer: object = None

    def fails(self, direction: str, error: str | None) -> None:
        if error:
            self.errors[direction] = error


class Run:
    """The documents on one server."""

    def __init__(self, cluster: Cluster, version: int):
        self.version = version
        self.url = cluster.database()
        execute_all(self.url, ["CREATE ROLE app", "ALTER DATABASE d1 SET timezone = 'Europe/Berlin'"])
        execute_all(cluster.url("postgres"), ["ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()"])
        url = self.url.replace("postgresql://", "postgresql+psycopg2://", 1)
        # A session costs more than what is run in it: there are two, one for Alembic.
        self.engine = sa.create_engine(url, pool_size=1, max_overflow=0)
        self.cursor = connect(self.url).cursor()

    def fresh(self, schema: bool) -> None:
        cursor = self.cursor
        cursor.execute("SELECT nspname::text FROM pg_namespace n WHERE nspname !~ '^(pg_|information_schema)'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
        cursor.execute("CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC")
        if schema:
            cursor.execute("CREATE SCHEMA app")

    def way(self, block: Block, direction: str, out: "Outcome | None" = None, query: str | None = None) -> str | None:
        """Alembic runs one direction of a block in a transaction, as an `env.py` does; the answer is how it failed."""
        with self.engine.connect() as connection:
            forget(connection)
            seen = Watch(connection) if out else None
            context = MigrationContext.configure(connection)
            error = None
            try:
                with context.begin_transaction(), Operations.context(context):
                    block.functions()[direction]()
            except NotImplementedError:
                pass
            except ERRORS as problem:
                error = told(problem)
            if out:
                out.waits[direction], out.locked[direction] = seen.waits, seen.locked
                out.warnings += seen.warnings
            if out and query and not error:
                with seen.cursor() as cursor:
                    # The session is still the one that Alembic would go on with.
                    cursor.execute(query)
                    out.answer = cursor.fetchone()[0]
            return error

    def outcome(self, rule: str, given: list[Block], block: Block, own: dict[str, str]) -> Outcome:
        self.fresh("CREATE SCHEMA app" not in block.text)
        for it in given:
            error = self.way(it, "upgrade")
            assert error is None, f"given: {error}"
        fill(self.cursor, own)
        code = old_code(self.cursor)
        already = refused(self.cursor, code)
        out = Outcome()
        harm = EXPECTED[rule]
        out.fails("upgrade", self.way(block, "upgrade", out, harm[1] if harm[0] == "asks" else None))
        out.broken = refused(self.cursor, code) - already
        if "upgrade" not in out.errors or "downgrade" in block.marked():
            out.fails("downgrade", self.way(block, "downgrade", out))
        if rule in AGAIN and not out.errors:
            out.fails("downgrade", self.way(block, "upgrade"))
        return out

    def check(self, rule: str) -> tuple[int, list[str]]:
        """How many blocks were run, and what is wrong with them."""
        given, wrong, ran = [], [], 0
        for number, block in enumerate(blocks(rule)):
            if block.kind == "given":
                given.append(block)
                continue
            title = f"{self.version} {rule}, block {number} ({block.kind})"
            ran += 1
            try:
                own = ROWS.get(f"{rule} {number}") or ROWS.get(rule) or {}
                out = self.outcome(rule, given, block, own)
            except (AssertionError, psycopg2.Error) as error:
                wrong.append(f"{title}: {error!r}")
                continue
            faults = harmless(rule, block, out) if block.kind == "good" else harmful(rule, block, out)
            wrong += [f"{title}: {it}" for it in faults]
        return ran, wrong


# Rules of which the harm shows when the revision is run again after its downgrade.
AGAIN = {"leftover-type"}


def forget(connection: sa.Connection) -> None:
    """As if the session were new."""
    driver = connection.connection.dbapi_connection
    driver.rollback()
    driver.autocommit = True
    with driver.cursor() as cursor:
        cursor.execute("DISCARD ALL")
    driver.autocommit = False


def execute_all(url: str, statements: list[str]) -> None:
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def harmless(rule: str, block: Block, out: Outcome) -> list[str]:
    # The way back from a type that became wider for nothing has to check or rewrite, and no rule speaks of that.
    faults = [
        f"{way}: {it}" for way, waits in out.waits.items() for it in waits
        if way == "upgrade" or not re.search(r"ALTER COLUMN \w+ TYPE", it)
    ]
    faults += [f"{way} fails: {it}" for way, it in out.errors.items()]
    # A row without a value for a column that must have one now is what `new-write-restriction` tells, which is off.
    writes = EXPECTED[rule][0] == "breaks"
    if "limbeck: ignore" not in block.text:
        faults += [f"breaks {it}" for it in sorted(out.broken) if writes or not it.startswith("INSERT")]
    if out.answer:
        faults.append(f"it answers {out.answer} to {EXPECTED[rule][1]}")
    if EXPECTED[rule][0] == "locks":
        faults += [f"{way} locks {sorted(it)}" for way, it in out.locked.items() if it]
    if EXPECTED[rule][0] == "warns" and EXPECTED[rule][1] in "".join(out.warnings):
        faults.append(f"the server warns: {out.warnings}")
    return faults


def harmful(rule: str, block: Block, out: Outcome) -> list[str]:
    harm, *rest = EXPECTED[rule]
    marked = block.marked()
    assert marked, "no line is marked"
    if harm == "waits":
        return [f"nobody waits in {way}: {out.errors}" for way in marked if not out.waits.get(way)]
    if harm == "locks":
        return [f"{way} locks nothing: {out.errors}" for way in marked if not out.locked.get(way)]
    if harm == "fails":
        return [f"{way} ends with {out.errors.get(way)}" for way in marked if not re.search(rest[0], out.errors.get(way, ""))]
    if harm == "breaks":
        return [] if out.broken else ["no code from before fails"]
    if harm == "warns":
        return [] if rest[0] in "".join(out.warnings) else [f"the server says {out.warnings}"]
    assert harm == "asks", harm
    if rest[1:] and re.search(rest[1], out.errors.get("upgrade", "")):
        return []
    return [] if out.answer else [f"it answers {out.answer} to {rest[0]}: {out.errors}"]


def run(version: int, servers: Path, rules: list[str]) -> tuple[int, list[str]]:
    ran, wrong = 0, []
    with Cluster(servers / str(version) / "native" / "bin") as cluster:
        server = Run(cluster, version)
        for rule in rules:
            number, faults = server.check(rule)
            ran += number
            wrong += faults
            if not number:
                wrong.append(f"{version} {rule}: no block was run")
        server.cursor.connection.close()
        server.engine.dispose()
    print(f"PostgreSQL {version}: {ran} blocks were run, {len(wrong)} faults", flush=True)
    return ran, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", default=os.environ.get("LIMBECK_SERVERS", ".postgres"), type=lambda it: Path(it).resolve())
    parser.add_argument("--only", action="append", help="only this rule")
    parser.add_argument("versions", nargs="*", type=int)
    args = parser.parse_args()
    warnings.simplefilter("ignore", sa.exc.SAWarning)
    every = {it.stem for it in RULES.glob("*.md")} - {"README"}
    decided = set(EXPECTED) | set(ELSEWHERE)
    wrong = [f"{it}: say in documentcases.py what a server shows of it" for it in sorted(every - decided)]
    wrong += [f"{it}: there is no such rule" for it in sorted(decided - every)]
    wrong += [f"{it}: it is in both lists" for it in sorted(set(EXPECTED) & set(ELSEWHERE))]
    versions = args.versions or VERSIONS
    missing = [it for it in versions if not (args.servers / str(it) / "native" / "bin" / "initdb").exists()]
    if missing:
        print(f"NOT TESTED: there is no server of PostgreSQL {', '.join(map(str, missing))} in {args.servers}", file=sys.stderr)
    rules = sorted(set(EXPECTED) & every & set(args.only or EXPECTED))
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for ran, faults in pool.map(run, *zip(*[(it, args.servers, rules) for it in versions if it not in missing], strict=True)):
            wrong += faults
            assert ran
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
