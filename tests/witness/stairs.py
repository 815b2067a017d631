"""Holds `limbeck roundtrip --runner auto` against real Alembic that takes the same steps, verdict by verdict.

    python tests/witness/stairs.py [--limbeck PROGRAM] [--postgres-bin DIR] [--root DIR] [NAME=]FOLDER...

Each FOLDER is a script folder or one of versions. limbeck steps the history by its own SQL, and by real Alembic
(tests/witness/command.py) where a revision is not rendered in full. Beside it real Alembic steps every revision up, down
and up by itself, in a database of its own, and the catalog is read before, between and after. Then two tables:

- what the run of limbeck says of each revision, against what real Alembic shows (`up fails`, `down fails`, `raises`, for
  a downgrade that raises on purpose, `differs`, where the downgrade does not restore the catalog, `unsteady`, where the
  second upgrade does not, `clean`);
- what `limbeck check` says of the downgrade without any server, against the same.

Prints both and every disagreement of the first; exits with 1 if there is one, with 2 if nothing could run.
"""

import argparse
import collections
import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import sqlalchemy  # noqa: E402
from alembic.runtime.environment import EnvironmentContext  # noqa: E402
from alembic.runtime.migration import MigrationStep  # noqa: E402

from command import script_of  # noqa: E402
from histories import Cluster, connect, find_postgres  # noqa: E402
from schema import REVERSAL, Limits, quietly, snapshot, stand_ins  # noqa: E402

# How long one revision may take, in seconds.
PATIENCE = 120


def first(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).splitlines()[0].split())[:200]}" if str(error) else repr(error)


class History:
    def __init__(self, name: str, folder: Path, cluster: Cluster, options: argparse.Namespace, place: Path):
        self.name, self.folder, self.cluster, self.options, self.place = name, folder, cluster, options, place
        told = json.loads(self.ask("sql", "--format", "json"))
        one = told["environments"][0]
        self.each = one.get("transactions") == "per migration" or options.per_migration
        self.ours = {it["revision"]: it for it in told["revisions"]}
        self.versions = sorted({str((Path.cwd() / it["file"]).parent.resolve()) for it in told["revisions"]})
        self.convention = (one["naming_convention"] or {}).get("templates")
        self.config, self.script = script_of(folder.resolve(), self.versions)
        revisions = self.script.iterate_revisions("heads", "base", implicit_base=True)
        self.order = [it.revision for it in reversed(list(revisions))]

    def ask(self, *arguments: str) -> str:
        return subprocess.run(
            [self.options.limbeck, *arguments, "--no-config", str(self.folder)], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=False,
        ).stdout

    # What limbeck says.

    def command(self, socket: Path) -> str:
        words = [sys.executable, "-IS", str(HERE / "asked.py"), str(socket), "--folder", str(self.folder.resolve())]
        for it in self.versions:
            words += ["--versions", it]
        for it in self.options.root:
            words += ["--root", str(Path(it).resolve())]
        if self.convention:
            file = self.place / f"{self.name}.json"
            file.write_text(json.dumps(self.convention))
            words += ["--convention", str(file)]
        words += ["--commit"] if self.options.commit else []
        return shlex.join(words + (["--per-migration"] if self.each else []))

    def said(self) -> tuple[dict[str, str], dict[str, list[str]], dict]:
        """The verdict of each revision, the words of it, and the whole report."""
        socket = self.place / f"{self.name}.socket"
        # Loaded once for all calls.
        with subprocess.Popen([sys.executable, str(HERE / "command.py"), "--serve", str(socket)], stdin=subprocess.PIPE) as alembic:
            while not socket.exists() and alembic.poll() is None:
                time.sleep(0.05)
            done = subprocess.run(
                [self.options.limbeck, "roundtrip", "--runner", "auto", "--alembic-command", self.command(socket), "--format",
                 "json", *(["--allow-cluster-changes"] if self.options.roles else []), "--postgres-bin", str(self.cluster.binaries), "--no-config", str(self.folder)],
                text=True, capture_output=True, check=False,
            )
            alembic.kill()
        if done.returncode > 1:
            raise SystemExit(f"limbeck cannot run {self.name}: {done.stderr}")
        report = json.loads(done.stdout)
        verdicts = dict.fromkeys(self.order, "clean")
        words: dict[str, list[str]] = {}
        rules = {"failing-statement": "fails", "cluster-change": "fails", "incomplete-downgrade": "differs",
                 "unsteady-upgrade": "unsteady"}
        for it in (it for history in report["roundtrip"] for it in history["skipped"]):
            raises = "raises an exception" in it["reason"]
            verdicts[it["revision"]] = "raises" if raises else f"skipped: {it['reason']}"
        for it in report["findings"]:
            verdict = rules.get(it["rule"], it["rule"])
            if verdict == "fails":
                verdict = "up fails" if it["direction"] == "upgrade" else "down fails"
            verdicts[it["revision"]] = verdict
            words.setdefault(it["revision"], []).append(it["message"])
        return verdicts, words, report

    # What real Alembic does.

    def run(self, url: str, revision: str, up: bool) -> None:
        """One revision one way, in a run of its own."""
        make = MigrationStep.upgrade_from_script if up else MigrationStep.downgrade_from_script
        step = make(self.script.revision_map, self.script.get_revision(revision))
        metadata = sqlalchemy.MetaData(naming_convention=self.convention) if self.convention else sqlalchemy.MetaData()
        driver = url.replace("postgresql:", "postgresql+psycopg2:", 1)
        engine = sqlalchemy.create_engine(driver, poolclass=sqlalchemy.pool.NullPool)

        def late(*_: object) -> None:
            raise Limits(f"took over {PATIENCE} s")

        signal.signal(signal.SIGALRM, late)
        signal.alarm(PATIENCE)
        try:
            with engine.connect() as connection, EnvironmentContext(
                self.config, self.script, fn=lambda _heads, _context: [step]
            ) as env:
                env.configure(connection=connection, target_metadata=metadata, transaction_per_migration=self.each)
                with env.begin_transaction():
                    env.run_migrations()
                    if self.options.commit:
                        connection.commit()
        finally:
            signal.alarm(0)
            engine.dispose()

    def copy(self, url: str) -> str:
        self.cluster.made += 1
        name, of = f"d{self.cluster.made}", url.split("@/")[1].split("?")[0]
        with contextlib.closing(connect(self.cluster.url("postgres"))) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {of}")
        return self.cluster.url(name)

    def drop(self, url: str) -> None:
        with contextlib.closing(connect(self.cluster.url("postgres"))) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {url.split('@/')[1].split('?')[0]} WITH (FORCE)")

    def shown(self) -> tuple[dict[str, str], dict[str, str]]:
        """The verdict of each revision as the server gives it, and why."""
        verdicts, why = {}, {}
        url, blocked = self.cluster.database(), set()
        before = snapshot(url)
        for revision in self.order:
            script = self.script.get_revision(revision)
            if blocked & set(script._all_down_revisions):
                blocked.add(revision)
                verdicts[revision] = "skipped"
                continue
            try:
                quietly(lambda: self.run(url, revision, up=True))
            except BaseException as error:  # a revision may raise anything
                verdicts[revision], why[revision] = "up fails", first(error)
                blocked.add(revision)
                if snapshot(url) != before:
                    print(f"{self.name}: {revision} fails halfway, what follows stands on that")
                    before = snapshot(url)
                continue
            after = snapshot(url)
            back = self.copy(url)
            verdict, reason = self.there_and_back(back, revision, before, after)
            verdicts[revision], why[revision] = verdict, reason
            gone, url = (url, back) if verdict == "clean" else (back, url)
            self.drop(gone)
            before = after
        self.drop(url)
        return verdicts, why

    def there_and_back(self, url: str, revision: str, before: set[str], after: set[str]) -> tuple[str, str]:
        try:
            quietly(lambda: self.run(url, revision, up=False))
        except BaseException as error:
            frame, last = error.__traceback__, None
            while frame:
                last, frame = frame.tb_frame.f_code.co_filename, frame.tb_next
            own = str(last) == str(self.script.get_revision(revision).path)
            return ("raises" if own else "down fails"), first(error)
        back = snapshot(url)
        if back != before:
            return "differs", " ".join(sorted([f"-{it}" for it in before - back] + [f"+{it}" for it in back - before]))[:400]
        try:
            quietly(lambda: self.run(url, revision, up=True))
        except BaseException as error:
            return "up fails", first(error)
        again = snapshot(url)
        return ("clean", "") if again == after else ("unsteady", str(sorted(again ^ after))[:400])

    # The tables.

    def static(self, shown: dict[str, str]) -> list[str]:
        report = json.loads(self.ask("check", "--format", "json", "--select", ",".join(REVERSAL)))
        told = collections.defaultdict(set)
        for it in report["findings"]:
            if it["direction"] == "downgrade" and not it["suppressed"]:
                told[it["revision"]].add(it["rule"])
        counts: collections.Counter = collections.Counter()
        lines = []
        for revision, verdict in shown.items():
            if verdict in ("skipped", "up fails"):
                continue
            known = all((self.ours.get(revision) or {}).get(way, {}).get("complete") for way in ("upgrade", "downgrade"))
            whole = "whole" if verdict == "clean" else "raises" if verdict == "raises" else "not whole"
            said = "says not" if told[revision] else "silent" if known else "silent, not wholly understood"
            counts[(whole, said)] += 1
            if (whole == "not whole" and said == "silent") or (whole == "whole" and told[revision]):
                lines.append(f"  static: {revision}: server {verdict}, check {sorted(told[revision]) or 'silent'}")
        table = [f"  server: {whole:10} check: {said:30} {count}" for (whole, said), count in sorted(counts.items())]
        return table + lines

    def compare(self) -> int:
        said, words, report = self.said()
        shown, why = self.shown()
        counts: collections.Counter = collections.Counter()
        wrong = []
        for revision in self.order:
            ours, real = said[revision], shown[revision]
            ours = "skipped" if ours.startswith("skipped: it follows") else ours
            counts[(ours, real)] += 1
            if ours != real:
                wrong.append(f"  {revision}: limbeck {ours} {words.get(revision, [''])[:2]}; Alembic {real} {why.get(revision)}")
        alembic = {it["revision"] for history in report["roundtrip"] for it in history["alembic"]}
        print(f"{self.name}: {len(self.order)} revisions, {len(alembic)} of them run by Alembic for limbeck too")
        for (ours, real), count in sorted(counts.items()):
            print(f"  limbeck: {ours:12} Alembic: {real:12} {count}")
        print("\n".join(wrong + self.static(shown)))
        if self.options.faults:
            for revision, verdict in shown.items():
                if verdict not in ("clean", "raises"):
                    print(f"  {revision}: {verdict}: {words.get(revision, [''])[0][:160]} | {why.get(revision, '')[:160]}")
        return len(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--limbeck", default="target/release/limbeck")
    parser.add_argument("--postgres-bin", metavar="DIR", help="the folder with initdb and pg_ctl")
    parser.add_argument("--root", action="append", default=[], help="a folder of the project's own modules")
    parser.add_argument("--per-migration", action="store_true", help="each revision has a transaction of its own")
    parser.add_argument("--commit", action="store_true", help="the project's env.py commits behind all revisions")
    parser.add_argument("--roles", action="store_true", help="the history may make roles")
    parser.add_argument("--faults", action="store_true", help="list every fault that both show")
    parser.add_argument("folders", nargs="+", metavar="[NAME=]FOLDER")
    options = parser.parse_args()
    binaries = find_postgres(options.postgres_bin)
    if binaries is None:
        print("no initdb found; say where it is with --postgres-bin", file=sys.stderr)
        return 2
    options.limbeck = str(Path(options.limbeck).resolve())
    sys.dont_write_bytecode = True
    os.environ.pop("DATABASE_URL", None)
    sys.path += [str(Path(it).resolve()) for it in options.root]
    stand_ins()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wrong = 0
    with Cluster(binaries) as cluster, tempfile.TemporaryDirectory(prefix="limbeck-witness-") as place:
        for given in options.folders:
            name, _, folder = given.rpartition("=")
            history = History(name or Path(folder).name, Path(folder), cluster, options, Path(place))
            wrong += history.compare()
            sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
