"""Holds `limbeck sql` against what real Alembic sends to a real PostgreSQL.

    python tests/witness/online.py [--limbeck PROGRAM] [--postgres-bin DIR] [--oracle FILE] [NAME=]FOLDER...

Each history is stepped on an empty database as `schema.py --stairs` does: every revision up, down and up again. The driver's
cursor writes down each statement that a revision sends, with its values. They are compared with those that limbeck tells
for that revision and way, through libpg_query as `fidelity.py` does: order, names, types and values count, spelling does not.

So what Alembic cannot render offline is compared too: what inspectors and the dialect decide, and what is sent by a
connection. Left out are the questions that SQLAlchemy asks the catalog for itself. A statement that limbeck says is sent only
where something is missing or present (`if_missing`, `if_present`) may be sent or not; one that the replay decided against must not.

    equal      the same statements, in the same order
    DIFFERENT  limbeck calls the way complete, and Alembic sent something else: must stay empty
    fails      Alembic failed on the empty database: what it had sent until then is compared (else DIFFERENT)
    open       limbeck does not call the way complete

`--oracle FILE` is the answer of `oracle.py` for one history: what it could not render offline is counted once more by itself.
Prints a line for each history and every difference; exits with 1 if there is one, with 2 if nothing could run.
"""

import argparse
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import pglast  # noqa: E402
import sqlalchemy  # noqa: E402
from pglast.parser import parse_sql_json  # noqa: E402
from psycopg2.extensions import cursor as Cursor  # noqa: E402

from fidelity import bare, in_order, unordered_on  # noqa: E402
from histories import Cluster, connect, find_postgres  # noqa: E402
from schema import History, quietly, stand_ins  # noqa: E402

# Where SQLAlchemy asks the catalog for itself.
ASKING = re.compile(r"/sqlalchemy/(engine/reflection|dialects/postgresql/base)\.py$")
# What a value is cast to by the driver, or by SQLAlchemy where it writes the value out: its type, not another value.
CASTS = {"timestamp", "timestamptz", "date", "time", "timetz", "interval", "uuid", "json", "jsonb", "numeric", "float8", "bytea"}


def first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"


class Sent:
    """What was sent since the last look."""

    versions: set[str] = set()
    statements: list[tuple[str, bool]] = []

    @classmethod
    def take(cls) -> list[tuple[str, bool]]:
        taken, cls.statements = cls.statements, []
        return taken

    @classmethod
    def note(cls, cursor: Cursor, sql: object, values: object) -> None:
        frame, own = sys._getframe(2), False
        while frame:
            path = frame.f_code.co_filename
            if ASKING.search(path):
                return
            own = own or str(Path(path).parent) in cls.versions
            frame = frame.f_back
        if own:
            text = cursor.mogrify(sql, values)
            cls.statements.append((text.decode() if isinstance(text, bytes) else text, bool(cursor.connection.autocommit)))


class Recorder(Cursor):
    def execute(self, sql, values=None):
        Sent.note(self, sql, values)
        return super().execute(sql, values)

    def executemany(self, sql, rows):
        rows = list(rows)
        for values in rows:
            Sent.note(self, sql, values)
        return super().executemany(sql, rows)


def plain(node):
    """A tree without the casts of written values."""
    if isinstance(node, list):
        return [plain(it) for it in node]
    if not isinstance(node, dict):
        return node
    cast = node.get("TypeCast")
    if cast and "A_Const" in cast["arg"] and "sval" in cast["arg"]["A_Const"]:
        names = [it["String"]["sval"] for it in cast["typeName"].get("names", [])]
        if names and names[-1] in CASTS and not cast["typeName"].get("typmods") and not cast["typeName"].get("arrayBounds"):
            return {"A_Const": {"sval": {"sval": moment(cast["arg"]["A_Const"]["sval"].get("sval", ""))}}}
    if "A_Const" in node and "sval" in node["A_Const"]:
        return {"A_Const": {"sval": {"sval": moment(node["A_Const"]["sval"].get("sval", ""))}}}
    return {key: plain(value) for key, value in node.items()}


def moment(text: str) -> str:
    """`2020-01-02T03:04:05` and `2020-01-02 03:04:05` are one."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)", r"\1 \2", text)


def rows(tree: dict) -> list[dict]:
    """An INSERT of several rows as one for each row: SQLAlchemy sends them together or apart."""
    insert = tree.get("InsertStmt", {})
    values = insert.get("selectStmt", {}).get("SelectStmt", {})
    if len(values.get("valuesLists", [])) < 2 or "withClause" in insert:
        return [tree]
    alone = lambda it: {**values, "valuesLists": [it]}
    return [{"InsertStmt": {**insert, "selectStmt": {"SelectStmt": alone(it)}}} for it in values["valuesLists"]]


def trees(pieces: list[tuple[str, bool, bool]]) -> list[tuple[dict, bool, bool]]:
    """(SQL, autocommit, perhaps) as trees, one for each statement; runs without an order of their own are sorted."""
    kept = []
    for sql, autocommit, perhaps in pieces:
        for statement in json.loads(parse_sql_json(sql)).get("stmts", []):
            kept += [(tree, autocommit, perhaps) for tree in rows(plain(bare(statement["stmt"])))]
    return in_order(kept)


def difference(ours: list[dict], sent: list[tuple[str, bool]], failed: bool) -> str | None:
    """The first place where they part; `None` if nowhere. Where Alembic failed, ours may go on."""
    told = [it for it in ours if not (it["when"] and it["when"]["decided"] is False)]
    mine = trees([(it["sql"], it["autocommit"], bool(it.get("if_missing") or it.get("if_present"))) for it in told])
    theirs = trees([(sql, autocommit, False) for sql, autocommit in sent])
    if failed and any(unordered_on(it[0]) for it in theirs[-1:]):
        theirs = theirs[:-1]  # it may have failed in the midst of a run that has no order
    at = 0
    for tree, autocommit, _ in theirs:
        while at < len(mine) and mine[at][:2] != (tree, autocommit) and mine[at][2]:
            at += 1
        if at == len(mine):
            return f"Alembic also sends {json.dumps(tree)[:600]}"
        if mine[at][:2] != (tree, autocommit):
            word = "only autocommit differs: " if mine[at][0] == tree else ""
            return f"{word}ours {json.dumps(mine[at][0])[:600]}\n      Alembic's {json.dumps(tree)[:600]}"
        at += 1
    left = [tree for tree, _, perhaps in mine[at:] if not perhaps]
    return None if failed or not left else f"Alembic does not send {json.dumps(left[0])[:600]}"


class Online(History):
    def __init__(self, folder: Path, limbeck: str, cluster: Cluster, options: argparse.Namespace):
        super().__init__(folder, limbeck, cluster, options)
        Sent.versions = {str((self.base() / it["file"]).parent.resolve()) for it in self.ours.values()}
        self.counts: Counter[str] = Counter()
        self.statements = 0
        self.beyond: Counter[str] = Counter()
        self.offline = set()
        for line in Path(options.oracle).read_text().splitlines() if options.oracle else []:
            told = json.loads(line)
            if told["revision"] is None:
                continue  # a file that could not be loaded
            self.offline |= {(told["revision"], way) for way in ("upgrade", "downgrade") if not told[way]["error"]}

    def ask(self, *arguments: str) -> str:
        version = ".".join(sqlalchemy.__version__.split(".")[:2])
        assume = [it for given in self.options.assume for it in ("--assume", given)]
        return subprocess.run(
            [self.limbeck, *arguments, "--no-config", "--sqlalchemy", version, *assume, str(self.folder)], check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ).stdout

    def connect_args(self) -> dict[str, object]:
        return {"cursor_factory": Recorder}

    def step(self, url: str, revision: str, up: bool) -> BaseException | None:
        """One revision one way, compared; the exception that it ended with."""
        Sent.take()
        failed = None
        try:
            quietly(lambda: self.run(url, revision, up=up))
        except BaseException as error:  # a revision may raise anything
            if isinstance(error, KeyboardInterrupt):
                raise
            failed = error
        self.hold(revision, "upgrade" if up else "downgrade", Sent.take(), failed)
        return failed

    def hold(self, revision: str, way: str, sent: list[tuple[str, bool]], failed: BaseException | None) -> None:
        ours = (self.ours.get(revision) or {}).get(way) or {"complete": False}
        word, detail = "open", None
        if ours["complete"]:
            try:
                detail = difference(ours["statements"], sent, failed is not None)
            except pglast.parser.ParseError as error:
                detail = f"does not parse: {error}"
            word = "DIFFERENT" if detail else "fails" if failed else "equal"
        self.counts[word] += 1
        self.statements += len(sent) if word == "equal" else 0
        if self.options.oracle and (revision, way) not in self.offline:
            self.beyond[word] += 1
        if detail and self.counts[word] <= self.options.show:
            why = f" (it fails: {first_line(failed)})" if failed else ""
            print(f"  DIFFERENT {revision} {way}{why}:\n      {detail}")
        if word == "fails" and self.options.failures:
            print(f"  fails {revision} {way}: {first_line(failed)}")

    def steps(self) -> int:
        url = self.cluster.database()
        # Alembic's own column is too short for some ids.
        with connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE alembic_version (version_num varchar(200) PRIMARY KEY)")
        for revision in self.order():
            failed = self.step(url, revision, up=True)
            if failed:
                self.fail(url, revision, failed)
                continue
            if self.step(url, revision, up=False):
                self.again(url, revision)
            else:
                try:
                    quietly(lambda: self.run(url, revision, up=True))
                except KeyboardInterrupt:
                    raise
                except BaseException as error:
                    self.fail(url, revision, error)
        tell = lambda counts: ", ".join(f"{word} {counts[word]}" for word in ("equal", "DIFFERENT", "fails", "open"))
        beyond = f"; of these not rendered offline: {tell(self.beyond)}" if self.options.oracle else ""
        print(f"{self.options.name}: {len(self.ours)} revisions, both ways: {tell(self.counts)} ({self.statements} statements){beyond}")
        return self.counts["DIFFERENT"]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--limbeck", default="target/release/limbeck")
    parser.add_argument("--postgres-bin", metavar="DIR", help="the folder with initdb and pg_ctl")
    parser.add_argument("--root", action="append", default=[], help="a folder of the project's own modules")
    parser.add_argument("--assume", action="append", default=[], metavar="NAME=VALUE", help="handed on to limbeck")
    parser.add_argument("--no-stubs", action="store_true", help="everything can be imported")
    parser.add_argument("--oracle", metavar="FILE", help="the answer of oracle.py")
    parser.add_argument("--show", type=int, default=20, help="so many differences are shown")
    parser.add_argument("--failures", action="store_true", help="show what fails on the empty database")
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
    wrong = compared = 0
    with Cluster(binaries) as cluster:
        for given in options.folders:
            name, _, folder = given.rpartition("=")
            options.name = name or folder
            history = Online(Path(folder), str(Path(options.limbeck).resolve()), cluster, options)
            wrong += history.steps()
            compared += history.counts["equal"]
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
