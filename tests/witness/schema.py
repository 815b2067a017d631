"""Holds `limbeck schema` against a real PostgreSQL on which real Alembic ran the same upgrades.

    python tests/witness/schema.py [--limbeck PROGRAM] [--postgres-bin DIR] [--stairs] [NAME=]FOLDER...

Each FOLDER is a script folder (it holds `versions/`) or a versions folder. Alembic runs there, revision by revision, with
a connection and no metadata but the naming convention that limbeck read; modules that cannot be imported have stand-ins
(`--root DIR` puts the project's own on the path, `--no-stubs` wants them all). Two catalogs are compared: that of the
upgraded database, and that of one which `limbeck schema --format sql` made; so the server itself settles the spelling.
`limbeck schema --format json` is compared with the first as well, name by name.

A revision that limbeck says it does not understand wholly, or that fails on the empty database, is told apart: what
it touches in the catalog is left out of the comparison and listed.

With --stairs each revision is also stepped up, down and up by itself, and whether its downgrade gave the catalog back is
held against what `limbeck check` finds of that downgrade.

Prints a table and every difference; exits with 1 if there is one, with 2 if nothing could run.
"""

import argparse
import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# Installed packages that cannot be imported, since something that they need is not there.
BROKEN: set[str] = set()

# The oracle patches offline rendering for its own ends; of it only the stand-ins are wanted here.
STAND_INS = re.search(r"\nclass Meta\(type\):.*?\n\n\nclass WatchedEnviron", (HERE / "oracle.py").read_text(), re.S)

import sqlalchemy  # noqa: E402
from alembic.config import Config  # noqa: E402
from alembic.runtime.environment import EnvironmentContext  # noqa: E402
from alembic.runtime.migration import MigrationStep  # noqa: E402
from alembic.script import ScriptDirectory  # noqa: E402

from histories import Cluster, catalog, connect, find_postgres  # noqa: E402

# What `histories.py` has not in its catalog, and a schema has.
MORE = [
    """
    SELECT 'comment', c.relname, coalesce(a.attname, ''), d.description
    FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass
    JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    """,
    """
    SELECT 'view', n.nspname, c.relname, pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    """,
    """
    SELECT 'policy', schemaname, tablename, policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies
    """,
    """
    SELECT 'relation', n.nspname, c.relname, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
        pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND c.relname <> 'alembic_version'
    """,
    "SELECT 'extension', extname FROM pg_extension",
]


def snapshot(url: str) -> set[str]:
    """The catalog, without what extensions brought along (functions of C) and Alembic's own table."""
    lines = {it for it in catalog(url) if "alembic_version" not in it}
    lines = {it for it in lines if not (it.startswith('["function"') and re.search("LANGUAGE (c|internal)", it))}
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        for query in MORE:
            cursor.execute(query)
            lines |= {json.dumps(row) for row in cursor.fetchall()}
    return {it for it in lines if "alembic_version" not in it}


def first_line(error: BaseException, width: int) -> str:
    """What an error says first; some say nothing."""
    return (str(error).splitlines() or [""])[0][:width]


def named(url: str) -> dict[int, tuple[str, str]]:
    """The schema and name of each table, view and sequence."""
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        )
        return {oid: (schema, name) for oid, schema, name in cursor.fetchall()}


def thing(line: str) -> tuple[str, str]:
    """What a line of the catalog is about: schema and relation, type or function."""
    row = json.loads(line)
    if row[0] in ("schema", "extension", "comment"):
        return ("", row[1])
    name = row[2] or row[3]
    if row[0] == "index":
        # `CREATE INDEX i ON s.t …`: it is its table's.
        found = re.search(r" ON (?:ONLY )?(\S+) USING", row[3])
        name = found.group(1).split(".")[-1].strip('"') if found else name
    return (row[1], name)


# What limbeck says of a downgrade by itself.
REVERSAL = ["incomplete-downgrade", "destructive-downgrade", "missing-downgrade", "leftover-type", "missing-object", "existing-object",
            "referenced-table-drop", "needed-object-drop", "impossible-foreign-key",
            "type-change-under-view", "concurrent-index-in-transaction", "missing-type", "unnamed-constraint-drop", "enum-type-exists", "type-change-without-cast"]


def changed(before: set[str], back: set[str]) -> list[str]:
    """What a way up and down has changed, but for comments, for values of enums, which cannot be taken away, and for
    constraints that come back NOT VALID."""
    lost, new = before - back, back - before
    values = {tuple(json.loads(it)[:3]) for it in lost if it.startswith('["enum"')}
    quiet = lambda it: it.startswith('["comment"') or (it.startswith('["enum"') and tuple(json.loads(it)[:3]) in values)
    new = {it for it in new if not quiet(it)}
    lost = {it for it in lost if not quiet(it) and it[:-2] + ' NOT VALID"]' not in new}
    new = {it for it in new if it.replace(" NOT VALID", "") not in before}
    return sorted([f"- {it}" for it in lost] + [f"+ {it}" for it in new])


class Limits(Exception):
    """A revision took too long."""


class History:
    def __init__(self, folder: Path, limbeck: str, cluster: Cluster, options: argparse.Namespace):
        self.folder, self.limbeck, self.cluster, self.options = folder, limbeck, cluster, options
        told = json.loads(self.ask("sql", "--format", "json"))
        environments = {it["environment"]: it for it in told["environments"]}
        self.ours = {it["revision"]: it for it in told["revisions"]}
        one = next(iter(environments.values()))
        self.convention = (one["naming_convention"] or {}).get("templates")
        config = Config()
        config.set_main_option("script_location", str(self.place()))
        versions = sorted({str((self.base() / it["file"]).parent) for it in told["revisions"]})
        config.set_main_option("version_locations", os.pathsep.join(versions))
        config.set_main_option("path_separator", "os")
        self.config = config
        self.script = ScriptDirectory.from_config(config)
        self.failed: dict[str, str] = {}
        self.touched: dict[tuple[str, str], str] = {}

    def base(self) -> Path:
        return Path.cwd()

    def place(self) -> Path:
        return self.folder if (self.folder / "versions").is_dir() else self.folder.parent

    def ask(self, *arguments: str) -> str:
        return subprocess.run(
            [self.limbeck, *arguments, "--no-config", str(self.folder)], check=True, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ).stdout

    def order(self) -> list[str]:
        revisions = self.script.iterate_revisions("heads", "base", implicit_base=True)
        return [it.revision for it in reversed(list(revisions))]

    def run(self, url: str, revision: str, up: bool) -> None:
        """One revision one way."""
        make = MigrationStep.upgrade_from_script if up else MigrationStep.downgrade_from_script
        step = make(self.script.revision_map, self.script.get_revision(revision))
        metadata = sqlalchemy.MetaData(naming_convention=self.convention) if self.convention else sqlalchemy.MetaData()
        url = url.replace("postgresql:", "postgresql+psycopg2:", 1)
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool, connect_args=self.connect_args())

        def late(*_: object) -> None:
            raise Limits("took over 60 s")

        signal.signal(signal.SIGALRM, late)
        signal.alarm(60)
        try:
            with engine.connect() as connection, EnvironmentContext(self.config, self.script, fn=lambda _r, _c: [step]) as env:
                env.configure(connection=connection, target_metadata=metadata)
                with env.begin_transaction():
                    env.run_migrations()
        finally:
            signal.alarm(0)
            engine.dispose()

    def connect_args(self) -> dict[str, object]:
        """What psycopg2 is given besides."""
        return {}

    def upgrade(self, url: str) -> None:
        relations: dict[int, tuple[str, str]] = {}
        for revision in self.order():
            ours = self.ours.get(revision)
            complete = bool(ours) and ours["upgrade"]["complete"]
            before = None if complete else snapshot(url)
            try:
                quietly(lambda: self.run(url, revision, up=True))
            except BaseException as error:  # a revision may raise anything
                self.fail(url, revision, error)
                before = before if before is not None else snapshot(url)
            if before is not None:
                for line in before ^ snapshot(url):
                    self.touched.setdefault(thing(line), revision)
            relations = self.follow(url, relations)

    def follow(self, url: str, relations: dict[int, tuple[str, str]]) -> dict[int, tuple[str, str]]:
        """What goes by another name now stays what somebody touched whom limbeck does not understand."""
        now = named(url)
        for oid, name in now.items():
            before = relations.get(oid, name)
            if before != name and before in self.touched:
                self.touched.setdefault(name, self.touched[before])
        return now

    def fail(self, url: str, revision: str, error: BaseException) -> None:
        """What Alembic could not run is done as limbeck renders it, so that the next ones find what they need."""
        self.failed[revision] = f"{type(error).__name__}: {first_line(error, 160)}"
        ours = (self.ours.get(revision) or {}).get("upgrade") or {}
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            for statement in ours.get("statements", []):
                with contextlib.suppress(Exception):
                    cursor.execute(statement["sql"])
            cursor.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(200) PRIMARY KEY)")
            parents = self.script.get_revision(revision)._all_down_revisions
            cursor.execute("DELETE FROM alembic_version WHERE version_num = ANY(%s)", (list(parents),))
            cursor.execute("INSERT INTO alembic_version VALUES (%s) ON CONFLICT DO NOTHING", (revision,))

    def stairs(self) -> int:
        """Each revision up, down, up; the answer is how often limbeck and the server do not say the same."""
        report = subprocess.run(
            [self.limbeck, "check", "--format", "json", "--no-config", "--select", ",".join(REVERSAL), str(self.folder)],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
        ).stdout
        told: dict[str, list[str]] = {}
        for it in json.loads(report)["findings"]:
            if it["direction"] == "downgrade":
                told.setdefault(it["revision"], []).append(f"{it['rule']}: {it['message']}")
        url, counts, odd = self.cluster.database(), dict.fromkeys(["clean", "found", "missed", "alarm", "unsure", "raises", "data"], 0), []
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE alembic_version (version_num varchar(200) PRIMARY KEY)")
        for revision in self.order():
            before = snapshot(url)
            try:
                quietly(lambda: self.run(url, revision, up=True))
            except BaseException as error:
                self.fail(url, revision, error)
                counts["unsure"] += 1
                continue
            after = snapshot(url)
            try:
                quietly(lambda: self.run(url, revision, up=False))
                back = snapshot(url)
                real = changed(before, back)
                if back == after != before:
                    real = real or ["the downgrade changes nothing of what the upgrade has changed"]
                if back != after:
                    quietly(lambda: self.run(url, revision, up=True))
                else:
                    self.fail(url, revision, AssertionError("its downgrade changes nothing"))
                    del self.failed[revision]
            except BaseException as error:
                real = [f"fails: {first_line(error, 150)}"]
                self.again(url, revision)
                if not isinstance(error, sqlalchemy.exc.DBAPIError):
                    # It says by itself that there is no way back.
                    counts["raises"] += 1
                    continue
            ours = self.ours.get(revision) or {}
            sent = [it["sql"] for it in (ours.get("upgrade") or {}).get("statements", [])]
            if any("EXTENSION IF NOT EXISTS" in it for it in sent):
                # It may have been there before.
                real = [it for it in real if not it.startswith('+ ["extension"')]
            sure = all((ours.get(way) or {}).get("complete") for way in ("upgrade", "downgrade"))
            said = told.get(revision, [])
            if not sure and not said:
                word = "unsure"
            elif before == after and all(it.startswith("missing-downgrade") for it in said):
                # Rows are not in the catalog.
                word = "data" if said else "clean"
            else:
                word = {(False, False): "clean", (True, True): "found", (True, False): "missed", (False, True): "alarm"}[
                    (bool(real), bool(said))
                ]
            counts[word] += 1
            if word in ("missed", "alarm"):
                odd.append(f"  {word}: {revision}: {' | '.join((real or said)[:3])[:400]}")
        print(
            f"{self.options.name}: round trips: both say whole {counts['clean']}, both say not {counts['found']}, the server "
            f"alone says not {counts['missed']}, limbeck alone {counts['alarm']}, not wholly understood {counts['unsure']}, raise {counts['raises']}, "
            f"of rows alone {counts['data']}"
        )
        print("\n".join(odd[: self.options.show]))
        return counts["missed"] + counts["alarm"]

    def again(self, url: str, revision: str) -> None:
        """The revision is on the database again after a downgrade that failed halfway, as far as that can be had."""
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM alembic_version WHERE version_num = %s", (revision,))
            if cursor.fetchone() == (0,):
                with contextlib.suppress(Exception):
                    quietly(lambda: self.run(url, revision, up=True))

    def made(self) -> tuple[str, list[str]]:
        """A database made from our statements; those that the server refuses are the answer's second part."""
        url, refused = self.cluster.database(), []
        text = self.ask("schema", "--format", "sql")
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            for statement in statements(text):
                sql = re.sub(r"\A(--.*\n)+", "", statement).strip().rstrip(";")
                if not sql:
                    continue
                try:
                    cursor.execute(sql)
                except Exception as error:
                    refused.append(f"{str(error).splitlines()[0]}: {' '.join(sql.split())[:200]}")
        return url, refused

    def compare(self) -> tuple[int, int]:
        url = self.cluster.database()
        # Alembic's own column is too short for some ids.
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE alembic_version (version_num varchar(200) PRIMARY KEY)")
        self.upgrade(url)
        real = snapshot(url)
        ours_url, refused = self.made()
        ours = snapshot(ours_url)
        differences = sorted([("-", it) for it in real - ours] + [("+", it) for it in ours - real], key=lambda it: it[1])
        apart = [it for it in differences if thing(it[1]) in self.touched]
        wrong = [it for it in differences if thing(it[1]) not in self.touched]
        wrong += [("json", it) for it in self.differences_of_json(real)]
        # A statement about what is apart, or that wants what is, has nothing to stand on.
        hidden = {name.split("(")[0] for _, name in self.touched}
        apart_too = [it for it in refused if set(re.findall(r"\w+", it)) & hidden]
        refused = [it for it in refused if it not in apart_too]
        understood = sum(1 for it in self.ours.values() if it["upgrade"]["complete"])
        print(
            f"{self.options.name}: {len(self.ours)} revisions, {understood} understood, {len(self.failed)} fail on Alembic; "
            f"{len(real)} lines of catalog, {len(real & ours)} the same, {len(wrong)} differ, {len(apart)} apart, "
            f"{len(refused)} statements refused, {len(apart_too)} apart"
        )
        for revision, error in self.failed.items():
            print(f"  failed: {revision}: {error}")
        for line in refused[: self.options.show]:
            print(f"  refused: {line}")
        for sign, line in wrong[: self.options.show]:
            print(f"  {sign} {line}")
        for sign, line in apart[: self.options.show]:
            print(f"  apart ({self.touched[thing(line)]}): {sign} {line[:200]}")
        return len(wrong), len(refused)

    def differences_of_json(self, real: set[str]) -> list[str]:
        """Tables, columns, types, nullability, constraints, indexes and enums, by their names."""
        rows = [json.loads(it) for it in real]
        left = json.loads(self.ask("schema", "--format", "json"))["schemas"][0]
        told = set()
        for table in left["tables"]:
            key = (table["schema"], table["name"])
            if key[1] == "alembic_version":
                continue
            for it in table["columns"]:
                told.add(("column", *key, it["name"], it["type"] and plain(it["type"]), it["nullable"] is False))
            told |= {("constraint", *key, it["name"]) for it in table["constraints"] if it["kind"] != "not null"}
            told |= {("index", key[0], it["name"]) for it in table["indexes"]}
        told |= {("enum", it["schema"], it["name"], ",".join(it["values"])) for it in left["types"] if it["kind"] == "enum"}
        views = {(row[1], row[2]) for row in rows if row[0] == "view"}
        seen = set()
        keys = {(row[1], row[3]) for row in rows if row[0] == "constraint"}
        for row in rows:
            if row[0] == "column" and (row[1], row[2]) not in views:
                seen.add(("column", row[1], row[2], row[3], plain(row[4]), row[5] == "true"))
            elif row[0] == "constraint" and row[2]:
                seen.add(("constraint", row[1], row[2], row[3]))
            elif row[0] == "index" and (row[1], row[2]) not in keys and (thing(json.dumps(row))) not in views:
                seen.add(("index", row[1], row[2]))
            elif row[0] == "enum":
                seen.add(("enum", row[1], row[2], row[3]))
        apart = {name for _, name in self.touched}
        both = [("-", it) for it in seen - told] + [("+", it) for it in told - seen]
        by_index = {row[2]: thing(json.dumps(row))[1] for row in rows if row[0] == "index"}
        return [f"{sign} {it}" for sign, it in sorted(both, key=str)
                if not ({it[2], by_index.get(it[2])} & apart)]


def statements(text: str) -> list[str]:
    """The text at each semicolon that ends a line, but for those in a function's body."""
    found, held = [], ""
    for piece in re.split(r"(?<=;)\n", text):
        held += piece + "\n"
        if len(re.findall(r"\$\w*\$", held)) % 2 == 0:
            found.append(held)
            held = ""
    return found


def plain(kind: str) -> str:
    """A type without the schema that is looked in by default."""
    return re.sub(r"^public\.", "", kind)


def load_in_spite(load):
    """Loads a file of revisions; an installed package that cannot be imported has a stand-in from then on."""

    def loaded(*arguments):
        while True:
            try:
                return load(*arguments)
            except ImportError as error:
                name, step = None, error.__traceback__
                while step and not name:
                    found = re.search(r"site-packages/([^/]+)/", step.tb_frame.f_code.co_filename)
                    name = found and found.group(1) if found and found.group(1) not in ("alembic", "sqlalchemy") else None
                    step = step.tb_next
                if not name or name in BROKEN:
                    raise
                BROKEN.add(name)
                for held in [it for it in sys.modules if it.split(".")[0] == name]:
                    del sys.modules[held]

    return loaded


def quietly(call):
    stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
    try:
        return call()
    finally:
        sys.stdout = stdout


def stand_ins() -> None:
    """The oracle's stand-ins for modules that nobody has."""
    import importlib.abc
    import importlib.machinery
    import types

    space = {"types": types, "importlib": importlib, "sys": sys, "MARK": "<<STAND-IN>>", "steered": []}
    exec(STAND_INS.group(0).rsplit("\n\n\nclass", 1)[0], space)
    finder = space["StandInFinder"]()
    sys.meta_path.append(finder)

    class Early(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in BROKEN:
                return importlib.machinery.ModuleSpec(name, finder, is_package=True)
            return None

    sys.meta_path.insert(0, Early())
    import alembic.util

    alembic.util.load_python_file = load_in_spite(alembic.util.load_python_file)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--limbeck", default="target/release/limbeck")
    parser.add_argument("--postgres-bin", metavar="DIR", help="the folder with initdb and pg_ctl")
    parser.add_argument("--root", action="append", default=[], help="a folder of the project's own modules")
    parser.add_argument("--no-stubs", action="store_true", help="everything can be imported")
    parser.add_argument("--stairs", action="store_true", help="step each revision up, down and up too")
    parser.add_argument("--show", type=int, default=40, help="so many differences are shown")
    parser.add_argument("folders", nargs="+", metavar="[NAME=]FOLDER")
    options = parser.parse_args()
    binaries = find_postgres(options.postgres_bin)
    if binaries is None:
        print("no initdb found; say where it is with --postgres-bin", file=sys.stderr)
        return 2
    sys.dont_write_bytecode = True
    sys.path += [str(Path(it).resolve()) for it in options.root]
    if not options.no_stubs:
        stand_ins()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wrong = 0
    with Cluster(binaries) as cluster:
        for given in options.folders:
            name, _, folder = given.rpartition("=")
            options.name = name or folder
            history = History(Path(folder), str(Path(options.limbeck).resolve()), cluster, options)
            wrong += sum(history.compare())
            if options.stairs:
                wrong += history.stairs()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
