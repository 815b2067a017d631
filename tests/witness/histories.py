"""Runs every history of migrations/ with the real Alembic on a real PostgreSQL.

    python tests/witness/histories.py [--postgres-bin DIR] [NAME...]

For each history: an empty database goes up to the head, down to nothing and up again; then each revision by itself
goes up, down and up again, on tables that hold rows (`rows/REVISION.sql` is run once that revision is there), and both
the catalog and every row must be what they were. The SQL of both ways is also written without a database. A history
with a `sql/schema.sql` is tried once more on a database that was made from it and stamped with the first revision.

Needs alembic, sqlalchemy, psycopg2 and sqlmodel. A cluster is made for the run in a temporary folder, reached through a
socket only, and taken away afterwards. Prints `N passed, M failed`; exits with 1 if any failed, 2 if nothing could run.
"""

import argparse
import contextlib
import glob
import io
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory

ROOT = Path(__file__).resolve().parents[2] / "migrations"

# Where its guide stands when it calls Alembic, and the settings that it names.
HISTORIES = {
    "genji": ("api", {"file_": "alembic.ini"}),
    "knowledge-extraction": (".", {"file_": "src/alembic.ini"}),
    "library": (".", {"toml_file": "pyproject.toml"}),
    "org-archivist": ("backend", {"file_": "alembic.ini"}),
    "schema-baseline": (".", {"file_": "alembic.ini"}),
}

# Sections that `alembic -n` selects beside the main one.
SECTIONS = {"genji": ["dev", "prod"]}

OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
TABLES = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
"""
# What a catalog comes to. The order of columns is left out: a column that comes back comes back last.
CATALOG = [
    f"SELECT 'schema', n.nspname FROM pg_namespace n WHERE {OURS}",
    f"""
    SELECT 'column', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
        a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE {OURS} AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relname <> 'alembic_version'
    """,
    f"""
    SELECT 'constraint', n.nspname, coalesce(t.relname, ''), c.conname, pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace LEFT JOIN pg_class t ON t.oid = c.conrelid
    WHERE {OURS} AND t.relname IS DISTINCT FROM 'alembic_version'
    """,
    f"""
    SELECT 'index', n.nspname, c.relname, pg_get_indexdef(c.oid), i.indisvalid::text
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relname <> 'alembic_version_pkc'
    """,
    f"""
    SELECT 'enum', n.nspname, t.typname, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
    FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE {OURS} GROUP BY 2, 3
    """,
    f"""
    SELECT 'sequence', n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relkind = 'S'
    """,
    f"""
    SELECT 'function', n.nspname, p.proname, pg_get_functiondef(p.oid)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS} AND p.prokind IN ('f', 'p')
    """,
    f"""
    SELECT 'trigger', n.nspname, c.relname, pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND NOT t.tgisinternal
    """,
]


def find_postgres(given: str | None) -> Path | None:
    """The folder with `initdb`: the one given, what pg_config says, or the newest that Debian has."""
    folders = [given] if given else []
    if not given:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            told = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
            folders.append(told.stdout.strip())
        debian = glob.glob("/usr/lib/postgresql/*/bin")
        folders += sorted(debian, key=lambda folder: float(folder.split("/")[4]), reverse=True)
    return next((Path(it) for it in folders if (Path(it) / "initdb").exists()), None)


class Cluster:
    """A PostgreSQL of our own, for as long as the `with` lasts."""

    def __init__(self, binaries: Path):
        self.binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="limbeck-witness-"))
        self.made = 0
        self.identity: dict[str, object] = {}
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            names = [it.pw_name for it in pwd.getpwall()]
            user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            self.identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.folder, user.pw_uid, user.pw_gid)

    def __enter__(self) -> "Cluster":
        try:
            self.run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
            options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
            self.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            with contextlib.suppress(subprocess.CalledProcessError):
                self.run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: str, *arguments: str) -> None:
        output = subprocess.run(
            [self.binaries / program, *arguments], cwd=self.folder, env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, **self.identity,
        )
        if output.returncode:
            print(output.stderr, file=sys.stderr)
            output.check_returncode()

    def database(self) -> str:
        """The URL of a new, empty database."""
        self.made += 1
        with contextlib.closing(connect(self.url("postgres"))) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE d{self.made}")
        return self.url(f"d{self.made}")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"


def connect(url: str) -> "psycopg2.extensions.connection":
    connection = psycopg2.connect(url)
    connection.autocommit = True
    return connection


def execute(url: str, sql: str) -> None:
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)


def catalog(url: str) -> list[str]:
    """What the database is, one line for each thing, in an order of its own."""
    lines = []
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        for query in CATALOG:
            cursor.execute(query)
            lines += [json.dumps(row) for row in cursor.fetchall()]
    return sorted(lines)


def rows(url: str) -> list[str]:
    """What the database holds, one line for each row."""
    lines = []
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT to_jsonb(it) FROM "{schema}"."{table}" it')
            lines += [f"{schema}.{table} {json.dumps(row, sort_keys=True)}" for (row,) in cursor.fetchall()]
    return sorted(lines)


def same(what: str, expected: list[str], found: list[str]) -> None:
    """Fails with the lines that one has and the other has not."""
    lost = sorted(set(expected) - set(found))
    new = sorted(set(found) - set(expected))
    if expected != found:
        raise AssertionError("\n".join([what, *(f"  - {it}" for it in lost), *(f"  + {it}" for it in new)]))


class History:
    """One folder of migrations/, with Alembic called from where its guide stands."""

    def __init__(self, name: str, cluster: Cluster):
        self.name = name
        self.cluster = cluster
        self.folder = ROOT / name
        self.passed = 0
        self.failed = 0
        place, self.settings = HISTORIES[name]
        os.chdir(self.folder / place)
        self.script = ScriptDirectory.from_config(self.config())
        self.revisions = [it.revision for it in reversed(list(self.script.walk_revisions()))]

    def config(self, **more: object) -> Config:
        return Config(**self.settings, **more)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def case(self, title: str):
        try:
            yield
        except (Exception, SystemExit) as error:  # Alembic and the revisions may raise anything
            self.failed += 1
            print(f"FAILED {self.name}: {title}")
            print(error if isinstance(error, AssertionError) else traceback.format_exc())
        else:
            self.passed += 1

    def use(self, url: str) -> str:
        # SQLAlchemy 2.1 takes psycopg 3 where no driver is named.
        os.environ["DATABASE_URL"] = url.replace("postgresql:", "postgresql+psycopg2:", 1)
        return url

    def one(self, revision: str, up: bool) -> None:
        """Runs one revision one way, and nothing else, whatever branches there are."""
        make = MigrationStep.upgrade_from_script if up else MigrationStep.downgrade_from_script
        step = make(self.script.revision_map, self.script.get_revision(revision))
        with EnvironmentContext(self.config(), self.script, fn=lambda _rev, _context: [step]):
            self.script.run_env()

    def try_all(self) -> None:
        head = self.fresh()
        self.steps()
        self.offline()
        for section in SECTIONS.get(self.name, []):
            with self.case(f"alembic -n {section} upgrade head"):
                url = self.use(self.cluster.database())
                command.upgrade(self.config(ini_section=section), "head")
                same("another section makes another database", head, catalog(url))
        if (self.folder / "sql" / "schema.sql").exists():
            self.baseline(head)

    def fresh(self) -> list[str]:
        head: list[str] = []  # stays empty, and fails what is compared with it, where the way up fails
        with self.case("up to the head, down to nothing, up again"):
            url = self.use(self.cluster.database())
            nothing = catalog(url)
            command.upgrade(self.config(), "head")
            head += catalog(url)
            command.downgrade(self.config(), "base")
            same("something is left after the way down", nothing, catalog(url))
            command.upgrade(self.config(), "head")
            same("the second way up comes to something else", head, catalog(url))
        return head

    def steps(self) -> None:
        url = self.use(self.cluster.database())
        nothing = catalog(url)
        for revision in self.revisions:
            with self.case(f"{revision} up, down, up"):
                before, held = catalog(url), rows(url)
                self.one(revision, up=True)
                after, holds = catalog(url), rows(url)
                self.one(revision, up=False)
                same("the downgrade does not restore the schema", before, catalog(url))
                same("the downgrade does not restore the rows", held, rows(url))
                self.one(revision, up=True)
                same("the second upgrade makes another schema", after, catalog(url))
                same("the second upgrade makes other rows", drop_generated(holds), drop_generated(rows(url)))
                more = self.folder / "rows" / f"{revision}.sql"
                if more.exists():
                    execute(url, more.read_text())
        with self.case("all the way down, with rows"):
            command.downgrade(self.config(), "base")
            same("something is left after the way down", nothing, catalog(url))

    def offline(self) -> None:
        for title, run, reach in [
            ("upgrade --sql", command.upgrade, "head"),
            ("downgrade --sql", command.downgrade, f"{self.script.get_current_head()}:base"),
        ]:
            with self.case(title):
                run(self.config(output_buffer=io.StringIO()), reach, sql=True)

    def baseline(self, head: list[str]) -> None:
        with self.case("schema.sql, stamped, upgraded"):
            first = self.revisions[0]
            url = self.use(self.cluster.database())
            execute(url, (self.folder / "sql" / "schema.sql").read_text())
            made = catalog(url)
            command.stamp(self.config(), first)
            command.upgrade(self.config(), "head")
            same("a stamped database comes to something else", head, catalog(url))
            url = self.use(self.cluster.database())
            command.upgrade(self.config(), first)
            same("the first revision is not schema.sql", made, catalog(url))


def drop_generated(lines: list[str]) -> list[str]:
    """Without random ids and the numbers of sequences, which a second run draws anew."""
    kept = []
    for line in lines:
        table, _, row = line.partition(" ")
        kept.append(table + " " + json.dumps({key: it for key, it in json.loads(row).items() if key != "id"}))
    return sorted(kept)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--postgres-bin", metavar="DIR", help="the folder with initdb and pg_ctl")
    parser.add_argument("names", metavar="NAME", nargs="*", help="histories; none: all")
    arguments = parser.parse_args()
    there = {it.name for it in ROOT.iterdir() if it.is_dir()}
    if there != set(HISTORIES) or not set(arguments.names) <= there:
        odd = (there ^ set(HISTORIES)) | (set(arguments.names) - there)
        print(f"unknown or missing histories: {', '.join(sorted(odd))}", file=sys.stderr)
        return 2
    binaries = find_postgres(arguments.postgres_bin)
    if binaries is None:
        print("no initdb found; say where it is with --postgres-bin", file=sys.stderr)
        return 2
    sys.dont_write_bytecode = True
    # Ended from outside, the cluster is taken away too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    passed = failed = 0
    with Cluster(binaries) as cluster:
        for name in arguments.names or sorted(HISTORIES):
            history = History(name, cluster)
            history.try_all()
            passed += history.passed
            failed += history.failed
        os.chdir(ROOT)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
