"""How long a revision takes up, down and up: `limbeck roundtrip`, pytest-alembic, and a loop in the shell.

    python tests/witness/speed.py [--limbeck PROGRAM] [--postgres-bin DIR] [--root DIR] [--sample N] FOLDER

FOLDER is a script folder, or one of versions. All three run on one server, made for the run, one after the other, with one
environment of ours (modules that cannot be imported have stand-ins, as in tests/witness/schema.py):

- `limbeck roundtrip --database-url …`, and again with `--rows`: the whole command, all of its tests;
- pytest-alembic's own tests (`pytest --test-alembic`, with pytest before 9; left out where they are not installed);
- `alembic upgrade +1; alembic downgrade -1; alembic upgrade +1` for the first N revisions, from a shell.

What is compared is the time for one run of a revision one way: the time of a whole tool, divided by how often it ran a
revision. limbeck's runs are counted too low: those of `all the way` are left out where a downgrade is not run.
"""

import argparse
import importlib.util
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from command import script_of  # noqa: E402
from histories import Cluster, find_postgres  # noqa: E402
from schema import stand_ins  # noqa: E402

ENV = """
import os, sys
sys.path.insert(0, {here!r})
sys.path += {roots!r}
from schema import stand_ins
stand_ins()
import sqlalchemy
from alembic import context

def note(**_):
    with open(os.environ["STEPS"], "a") as file:
        file.write("x")

def run(connection):
    metadata = sqlalchemy.MetaData(naming_convention={convention!r} or None)
    context.configure(connection=connection, target_metadata=metadata, on_version_apply=note,
                      transaction_per_migration={each!r})
    with context.begin_transaction():
        context.run_migrations()

given = context.config.attributes.get("connection")
if given is None:
    engine = sqlalchemy.create_engine(os.environ["DATABASE_URL"], poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        run(connection)
elif isinstance(given, sqlalchemy.engine.Connection):
    run(given)
else:
    with given.connect() as connection:
        run(connection)
"""
CONFTEST = """
import os, sys
sys.path.insert(0, {here!r})
sys.path += {roots!r}
from schema import stand_ins
stand_ins()
import pytest, sqlalchemy

@pytest.fixture
def alembic_config():
    return {{"file": os.environ["INI"]}}

@pytest.fixture
def alembic_engine():
    engine = sqlalchemy.create_engine(os.environ["DATABASE_URL"])
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    yield engine
    engine.dispose()
"""


def timed(command: list[str], **more: object) -> tuple[float, subprocess.CompletedProcess]:
    start = time.monotonic()
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)
    return time.monotonic() - start, done


class Race:
    def __init__(self, options: argparse.Namespace, cluster: Cluster, place: Path):
        self.options, self.cluster, self.place = options, cluster, place
        self.folder = options.folder.resolve()
        told = json.loads(subprocess.run(
            [options.limbeck, "sql", "--format", "json", "--no-config", str(self.folder)], check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ).stdout)
        self.count = len(told["revisions"])
        versions = sorted({str((Path.cwd() / it["file"]).parent.resolve()) for it in told["revisions"]})
        self.versions = versions
        convention = (told["environments"][0]["naming_convention"] or {}).get("templates")
        roots = [str(Path(it).resolve()) for it in options.root]
        each = options.per_migration or told["environments"][0].get("transactions") == "per migration"
        text = ENV.format(here=str(HERE), roots=roots, convention=convention, each=each)
        self.faulty: set[str] = set()
        (place / "env.py").write_text(text)
        (place / "script.py.mako").write_text("")
        (place / "conftest.py").write_text(CONFTEST.format(here=str(HERE), roots=roots))
        self.ini = place / "alembic.ini"
        locations = os.pathsep.join(versions)
        self.ini.write_text(
            f"[alembic]\nscript_location = {place}\nversion_locations = {locations}\npath_separator = os\n"
        )

    def environment(self, url: str) -> dict[str, str]:
        url = url.replace("postgresql:", "postgresql+psycopg2:", 1)
        steps = self.place / "steps"
        steps.write_text("")
        more = {"DATABASE_URL": url, "INI": str(self.ini), "STEPS": str(steps), "PYTHONDONTWRITEBYTECODE": "1"}
        return {**os.environ, **more}

    def steps(self) -> int:
        return len((self.place / "steps").read_text())

    def limbeck(self, *more: str) -> float | None:
        report = self.place / "report.json"
        seconds, done = timed([
            self.options.limbeck, "roundtrip", str(self.folder), "--no-config", "--database-url",
            self.cluster.url("postgres"), "--create-beside", f"--format=json={report}", "--format=human", *more,
        ])
        if done.returncode > 1:
            print(f"limbeck {' '.join(more)}: {done.stdout[-300:]}")
            return None
        told = json.loads(report.read_text())
        self.faulty |= {it["revision"] for it in told["findings"] + told["roundtrip"][0]["skipped"]}
        tests = {it["name"]: it for it in told["roundtrip"][0]["tests"]}
        whole = int(re.match(r"\d+", tests["stairs"]["detail"]).group())
        # Fresh, deploys, and the first way up of the stairs; each state between branches is the start of a whole way.
        states = int(re.search(r"from (\d+)", tests["branches"]["detail"]).group(1)) if "branches" in tests else 0
        runs = (3 + states) * self.count + 2 * whole
        runs += 2 * self.count if tests["all the way"]["outcome"] == "passed" else 0
        if "--rows" in more:
            runs += 3 * int(re.search(r"(\d+) of", tests["rows"]["detail"]).group(1))
        return self.tell(f"limbeck roundtrip {' '.join(more)}".strip(), seconds, runs)

    def tell(self, name: str, seconds: float, runs: int) -> float:
        each = seconds / max(runs, 1)
        print(f"{name}: {seconds:.1f} s, {runs} runs of a revision one way, {1000 * each:.1f} ms each")
        sys.stdout.flush()
        return each

    def pytest(self) -> float | None:
        if importlib.util.find_spec("pytest_alembic") is None:
            print("pytest-alembic: left out, it is not installed")
            return None
        url = self.cluster.database()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--test-alembic"]
        command += ["-o", "pytest_alembic_tests_path=conftest.py", "--rootdir", str(self.place)]
        seconds, done = timed([*command, str(self.place)], env=self.environment(url), cwd=self.place)
        print("\n".join(f"  {line}" for line in done.stdout.splitlines() if re.match(r"(FAILED|ERROR|\d+ )", line)))
        if self.steps() < self.count // 2:
            print(f"pytest-alembic: {self.steps()} runs of {self.count} revisions: {done.stdout[-300:]}")
            return None
        return self.tell("pytest-alembic", seconds, self.steps())

    def straight(self) -> tuple[str, int]:
        """The longest stretch of sound revisions where one follows the other, so that +1 and -1 mean one thing and the loop
        does not hang on one: what is below, and how long it is."""
        sys.path += [str(Path(it).resolve()) for it in self.options.root]
        stand_ins()
        _, script = script_of(self.folder, self.versions)
        ends: set[str] = set()
        best, below, length = ("base", 0), "base", 0
        for it in reversed(list(script.iterate_revisions("heads", "base", implicit_base=True))):
            ends -= set(it._all_down_revisions)
            ends.add(it.revision)
            if len(ends) > 1 or it.is_merge_point or it.revision in self.faulty:
                below, length = it.revision, 0
            else:
                length += 1
            if length > best[1]:
                best = (below, length)
        return best

    def shell(self) -> float | None:
        url = self.cluster.database()
        below, length = self.straight()
        count = min(self.options.sample, length)
        first = [sys.executable, "-m", "alembic", "-c", str(self.ini), "upgrade", below]
        if below != "base" and timed(first, env=self.environment(url), cwd=self.place)[1].returncode:
            print(f"a shell: the way up to {below} fails")
            return None
        alembic = f"{shlex.quote(sys.executable)} -m alembic -c {shlex.quote(str(self.ini))}"
        once = f"{alembic} upgrade +1 && {{ {alembic} downgrade -1 && {alembic} upgrade +1 || true; }}"
        loop = f"for i in $(seq {count}); do {once}; done"
        seconds, done = timed(["bash", "-c", loop], env=self.environment(url), cwd=self.place)
        if self.steps() < 2 * count:
            print(f"a shell: {self.steps()} runs of {count} revisions: {done.stdout[-300:]}")
            return None
        return self.tell(f"alembic from a shell, {count} of {self.count} revisions above {below}", seconds, self.steps())

    def run(self) -> int:
        ours, rows = self.limbeck(), self.limbeck("--rows", "3")
        if ours is None:
            return 2
        slow = rows is None
        for name, theirs in [("pytest-alembic", self.pytest()), ("a shell", self.shell())]:
            for what, each, least in [("limbeck", ours, 10), ("limbeck --rows", rows, 3)]:
                if theirs is not None and each is not None:
                    print(f"{what} is {theirs / each:.1f} times as fast as {name}, at least {least} is wanted")
                    slow |= theirs / each < least
        return 1 if slow else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--limbeck", default="target/release/limbeck")
    parser.add_argument("--postgres-bin", metavar="DIR", help="the folder with initdb and pg_ctl")
    parser.add_argument("--root", action="append", default=[], help="a folder of the project's own modules")
    parser.add_argument("--per-migration", action="store_true", help="each revision has a transaction of its own")
    parser.add_argument("--sample", type=int, default=30, help="so many revisions are run from a shell")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    binaries = find_postgres(options.postgres_bin)
    if binaries is None:
        print("no initdb found; say where it is with --postgres-bin", file=sys.stderr)
        return 2
    options.limbeck = str(Path(options.limbeck).resolve())
    # Ended from outside, the cluster is taken away too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Cluster(binaries) as cluster, tempfile.TemporaryDirectory(prefix="limbeck-witness-") as place:
        return Race(options, cluster, Path(place)).run()


if __name__ == "__main__":
    sys.exit(main())
