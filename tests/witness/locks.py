#!/usr/bin/env python3
"""What the lock model says, held against real servers of every major version.

    python tests/witness/locks.py [--limbeck BIN] [--servers DIR] [VERSION...]

Every state of `lockcases.py` becomes a revision, every case a revision after it; what they lock is asked of
`limbeck locks --format json` alone. Then each case is run on each server: the locks that its open transaction holds
(pg_locks), the files that changed (pg_class.relfilenode: a rewrite, an index that was built) and the scans that were
begun (pg_stat_xact_user_tables) must be what was said, of every relation that was there before: no more, no less.
What may not run in a transaction is made to wait instead, and the lock that it waits for is read.

At last the model's answers are changed, one at a time, and each change must be noticed.

DIR holds one folder for each major version, with `native/bin` in it (see need_servers in tests/setup.sh).
Prints for each version how many cases agree; exits with 1 if any does not, 2 if a server is missing.
"""

import argparse
import concurrent.futures
import contextlib
import copy
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).parent))
import lockcases  # noqa: E402
from histories import Cluster, connect  # noqa: E402

VERSIONS = [14, 15, 16, 17, 18]
MODES = {
    "ACCESS SHARE": "AccessShareLock", "ROW SHARE": "RowShareLock", "ROW EXCLUSIVE": "RowExclusiveLock",
    "SHARE UPDATE EXCLUSIVE": "ShareUpdateExclusiveLock", "SHARE": "ShareLock",
    "SHARE ROW EXCLUSIVE": "ShareRowExclusiveLock", "EXCLUSIVE": "ExclusiveLock",
    "ACCESS EXCLUSIVE": "AccessExclusiveLock",
}
STRENGTH = {mode: place for place, mode in enumerate(MODES.values())}
KINDS = {"r": "table", "p": "table", "i": "index", "I": "index", "v": "view", "m": "materialized view"}
WORKS = ("brief", "scan", "index build", "rewrite")
READS = ("scan", "index build", "rewrite")

RELATIONS = """
    SELECT c.oid, c.relname, c.relkind::text, c.relfilenode, i.indrelid
    FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'i', 'I', 'v', 'm')
"""
HELD = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted"
SCANS = "SELECT relid, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables WHERE schemaname = 'public'"

# All of it at once. What a session has counted is not forgotten with its transaction, hence the difference.
SEEN = f"""
    SELECT 'there', oid, relname::text, relkind, relfilenode, indrelid FROM ({RELATIONS}) it
    UNION ALL SELECT 'held', relation, mode, NULL, NULL, NULL FROM ({HELD}) it
    UNION ALL SELECT 'scans', relid, NULL, NULL, count, NULL FROM ({SCANS}) it (relid, count)
"""


def write_history(folder: Path, states: dict, cases: list[tuple[str, str]]) -> None:
    """Each state is a base of the history, and each case a head of its own."""
    versions = folder / "alembic" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic" / "env.py").touch()

    def write(name: str, parent: str | None, statements: list[str]) -> None:
        head = f"from alembic import op\nrevision = {name!r}\ndown_revision = {parent!r}\n\n\ndef upgrade():\n"
        calls = [f"    op.execute({it!r})\n" for it in statements]
        (versions / f"{name}.py").write_text(head + "".join(calls) + "\n\ndef downgrade():\n    pass\n")

    for name, (made, _) in states.items():
        write(f"s_{name}", None, [it.replace(":", "\\:").replace("\\:\\:", "::") for it in made])
    for number, (state, statement) in enumerate(cases):
        write(f"c{number}", f"s_{state}", [statement])


def ask(limbeck: str, folder: Path, version: int) -> dict[int, dict]:
    """What the model says of each case."""
    command = [limbeck, "locks", str(folder), "--no-config", "--format", "json", "--direction", "upgrade", "--postgres", str(version)]
    report = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    said = {}
    for revision in report["revisions"]:
        way = revision["upgrade"]
        if revision["revision"].startswith("c") and way["complete"]:
            assert len(way["statements"]) == 1, revision
            said[int(revision["revision"][1:])] = way["statements"][0]
    return said


class Server:
    """One major version, with a database for each state."""

    def __init__(self, version: int, cluster: Cluster, states: dict):
        self.version, self.cluster, self.states = version, cluster, states
        self.known: dict[str, dict] = {}
        self.open: dict[str, "psycopg2.extensions.connection"] = {}
        with contextlib.closing(connect(cluster.url("postgres"))) as connection, connection.cursor() as cursor:
            for setting in ("autovacuum = off", "jit = off", "allow_in_place_tablespaces = on", "timezone = 'Europe/Berlin'"):
                cursor.execute(f"ALTER SYSTEM SET {setting}")
            cursor.execute("SELECT pg_reload_conf()")
            time.sleep(0.2)
        with contextlib.closing(connect(cluster.url("postgres"))) as connection, connection.cursor() as cursor:
            cursor.execute("SET allow_in_place_tablespaces = on")
            cursor.execute("CREATE TABLESPACE aside LOCATION ''")
            cursor.execute("CREATE ROLE somebody")

    def make(self, state: str) -> str:
        made, rows = self.states[state]
        url = self.cluster.database()
        with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA elsewhere")
            for statement in made:
                cursor.execute(statement)
            cursor.execute("ALTER ROLE somebody SUPERUSER")
            for statement in rows:
                cursor.execute(statement)
        return url

    def session(self, state: str) -> "psycopg2.extensions.connection":
        if state not in self.open:
            self.open[state] = psycopg2.connect(self.make(state))
        return self.open[state]

    def observe(self, state: str, statement: str, before: str = "") -> dict[str, dict] | None:
        """What the statement does to each relation; `None` where it is refused."""
        connection = self.session(state)
        with connection.cursor() as cursor:
            try:
                if state not in self.known:
                    self.known[state] = relations(cursor)
                scans = dict(pairs(cursor, f"SET LOCAL lock_timeout = '10s'; {before}; {SCANS}"))
                cursor.execute(statement)
                seen = pairs(cursor, SEEN)
            except psycopg2.Error:
                return None
            finally:
                connection.rollback()
        held = [row[1:3] for row in seen if row[0] == "held"]
        after = {row[1]: row[2:] for row in seen if row[0] == "there"}
        scanned = {row[1]: row[4] - scans.get(row[1], 0) for row in seen if row[0] == "scans"}
        return differences(self.known[state], after, held, scanned)

    def close(self) -> None:
        for connection in self.open.values():
            connection.close()
        self.open.clear()


def pairs(cursor, query: str) -> list:
    cursor.execute(query)
    return cursor.fetchall()


def relations(cursor) -> dict[int, tuple]:
    return {oid: rest for oid, *rest in pairs(cursor, RELATIONS)}


def differences(known: dict, after: dict, held: list, scanned: dict) -> dict[str, dict]:
    """By name, of the relations that were there before: the strongest lock, and what became of its files."""
    files = lambda state, table: {file for _, kind, file, on in state.values() if on == table and kind == "i"}  # noqa: E731
    found = {}
    for oid, (name, kind, file, table) in known.items():
        modes = [mode for relation, mode in held if relation == oid]
        found[name] = {
            "kind": kind,
            "mode": max(modes, key=STRENGTH.__getitem__, default=None),
            "refiled": oid in after and after[oid][2] != file,
            "built": oid in after and bool(files(after, oid) - files(known, oid)),
            "scanned": scanned.get(oid, 0) > 0,
            "table": known[table][0] if table in known else None,
        }
    return found


def compare(said: dict, seen: dict[str, dict]) -> list[str]:
    """What is said and is not so, or is so and not said."""
    wrong = []
    claims = {lock["relation"]: lock for lock in said["locks"]}
    for name in sorted(set(claims) - set(seen)):
        if "IF EXISTS" not in said["sql"]:
            wrong.append(f"{name}: is said to be locked, and is not there")
    for name, it in sorted(seen.items()):
        claim = claims.get(name)
        mode = it["mode"] if it["mode"] != "AccessShareLock" else None
        expected = MODES[claim["mode"]] if claim else None
        if expected == "AccessShareLock":
            expected = None
        covered = claim is None and it["table"] and mode and STRENGTH[seen[it["table"]]["mode"] or "AccessShareLock"] >= STRENGTH[mode]
        if mode != expected and not covered and not (claim is None and said["gaps"]):
            wrong.append(f"{name}: {mode} is held, {expected} is said")
        if claim and KINDS[it["kind"]] != claim["kind"]:
            wrong.append(f"{name}: is a {KINDS[it['kind']]}, not a {claim['kind']}")
        if it["kind"] in "rm" and (claim or not said["gaps"]):
            wrong += [f"{name}: {fault}" for fault in work(claim, it)]
    return wrong


def work(claim: dict | None, it: dict) -> list[str]:
    """What is said of the rows of one relation, and what was done to them."""
    said = claim["work"] if claim else "brief"
    certain = claim["certain"] if claim else True
    refiled, emptied = it["refiled"], bool(claim and claim["emptied"])
    wrong = []
    if refiled != (said == "rewrite" or emptied) and (certain or refiled):
        wrong.append(f"rewritten: {refiled}, {said} is said")
    # Reading is locked by reading itself, which is not claimed; an empty file has its indexes made anew.
    if said == "rows" or emptied or it["mode"] == "AccessShareLock":
        return wrong
    reads = said in READS
    # A materialized view that is made anew is not read itself.
    made_anew = it["kind"] == "m" and said == "rewrite"
    if it["scanned"] != reads and (certain or it["scanned"]) and not made_anew:
        wrong.append(f"scanned: {it['scanned']}, {said} is said")
    if not refiled and it["built"] != (said == "index build") and (certain or it["built"]):
        wrong.append(f"index built: {it['built']}, {said} is said")
    return wrong


def waits(server: Server, state: str, statement: str, relation: str) -> str | None:
    """The lock that a statement waits for on a relation which somebody else holds."""
    url = server.make(state)
    with contextlib.closing(psycopg2.connect(url)) as holder, contextlib.closing(connect(url)) as worker:
        with holder.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {relation} IN SHARE UPDATE EXCLUSIVE MODE")
        pid = worker.info.backend_pid
        fault: list[str] = []

        def run() -> None:
            try:
                with worker.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '20s'")
                    cursor.execute(statement)
            except psycopg2.Error as error:
                fault.append(str(error))

        thread = threading.Thread(target=run)
        thread.start()
        mode = None
        with contextlib.closing(connect(url)) as watcher, watcher.cursor() as cursor:
            for _ in range(400):
                waiting = "SELECT mode FROM pg_locks WHERE pid = %s AND relation = %s::regclass AND NOT granted"
                cursor.execute(waiting, (pid, relation))
                if row := cursor.fetchone():
                    mode = row[0]
                    break
                time.sleep(0.01)
        holder.rollback()
        thread.join()
        if fault:
            raise AssertionError(fault[0])
        return mode


def check_alone(server: Server, said: dict[int, dict], first: int) -> list[str]:
    wrong = []
    for number, (state, statement, relation) in enumerate(lockcases.ALONE):
        claim = next((it for it in said[first + number]["locks"] if it["relation"] == relation), None)
        mode = waits(server, state, statement, relation)
        if claim is None or MODES[claim["mode"]] != mode:
            wrong.append(f"{state}: {statement}: waits for {mode} on {relation}, said is {claim and claim['mode']}")
    return wrong


def check_functions(server: Server, limbeck: Path) -> list[str]:
    """The functions that the model takes for volatile, or not, are so on this server."""
    folder = Path(__file__).parents[2] / "src" / "lock"
    wrong = []
    with contextlib.closing(connect(server.cluster.url("postgres"))) as connection, connection.cursor() as cursor:
        for file, calm in (("volatile.txt", False), ("calm.txt", True)):
            names = (folder / file).read_text().split()
            query = "SELECT DISTINCT proname::text FROM pg_proc WHERE provolatile = 'v' AND pronamespace = 'pg_catalog'::regnamespace AND proname = ANY(%s)"
            cursor.execute(query, (names,))
            volatile = {row[0] for row in cursor.fetchall()}
            cursor.execute("SELECT DISTINCT proname::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY(%s)", (names,))
            there = {row[0] for row in cursor.fetchall()}
            # Two have a form that nobody writes in a default and that is volatile on some versions.
            odd = (volatile - {"timezone", "ts_rewrite"}) if calm else there - volatile
            wrong += [f"{file}: {name}" for name in sorted(odd)]
    return wrong


def mutants(said: dict) -> list[tuple[str, str, dict]]:
    """The answer, wrong in one place each."""
    found = []
    names = list(MODES)

    def mutant(name: str, what: str) -> dict:
        changed = copy.deepcopy(said)
        found.append((name, what, changed))
        return changed

    for place, lock in enumerate(said["locks"]):
        strength = names.index(lock["mode"])
        if lock["kind"] == "index":
            continue
        for step in (-1, 1):
            # Below ROW SHARE nothing is told apart.
            if 1 <= strength + step < len(names):
                mutant(lock["relation"], f"{step:+}")["locks"][place]["mode"] = names[strength + step]
        mutant(lock["relation"], "forgotten")["locks"].pop(place)
        if lock["certain"] and not lock["emptied"] and lock["work"] != "rows" and lock["kind"] == "table":
            for other in WORKS:
                if other != lock["work"]:
                    mutant(lock["relation"], other)["locks"][place]["work"] = other
    return found


def self_test(agreed: list[tuple[dict, dict, str]]) -> tuple[int, list[str]]:
    """Each change of an answer that the server agreed with must make a difference."""
    tried, missed = 0, []
    for said, seen, title in agreed[:: max(1, len(agreed) // 400)]:
        partitioned = {name for name, it in seen.items() if it["kind"] == "p"}
        for name, what, changed in mutants(said):
            if said["gaps"] or (name in partitioned and what in WORKS):
                continue
            tried += 1
            if not compare(changed, seen):
                missed.append(f"{title}: {name} {what}")
    return tried, missed


def check(version: int, servers: Path, states: dict, cases: list, limbeck: str, folder: Path) -> tuple[int, list[str]]:
    said = ask(limbeck, folder, version)
    wrong, agreed, first = [], [], len(cases) - len(lockcases.ALONE)
    with Cluster(servers / str(version) / "native" / "bin") as cluster:
        server = Server(version, cluster, states)
        for number, (state, statement) in enumerate(cases[:first]):
            seen = server.observe(state, statement)
            if seen is None:
                continue
            title = f"{version} {state}: {statement}"
            if number not in said:
                wrong.append(f"{title}: the model says nothing")
                continue
            faults = compare(said[number], seen)
            if any("time zone" in (lock.get("doubt") or "") for lock in said[number]["locks"]):
                faults += zone(server, state, statement, seen)
            if faults:
                wrong.append(f"{title}: {'; '.join(faults)}")
            else:
                agreed.append((said[number], seen, title))
        server.close()
        wrong += [f"{version} alone {it}" for it in check_alone(server, said, first)]
        wrong += [f"{version} functions {it}" for it in check_functions(server, Path(limbeck))]
    tried, missed = self_test(agreed)
    wrong += [f"{version}: not noticed: {it}" for it in missed]
    doubtful = sum(any(not lock["certain"] for lock in it["locks"]) for it, _, _ in agreed)
    gaps = sum(bool(it["gaps"]) for it, _, _ in agreed)
    print(
        f"PostgreSQL {version}: {len(agreed)} cases agree, {len(wrong)} do not; {doubtful} of them with a doubt, {gaps} with"
        f" a gap; {tried - len(missed)} of {tried} changes of the model are noticed", flush=True,
    )
    return len(agreed), wrong


def zone(server: Server, state: str, statement: str, seen: dict) -> list[str]:
    """In Berlin the rows are rewritten; in a session whose time zone is UTC they are not."""
    table = statement.split()[2]
    utc = server.observe(state, statement, "SET LOCAL timezone = 'UTC'")
    if not seen[table]["refiled"]:
        return ["not rewritten outside UTC"]
    return [] if utc and not utc[table]["refiled"] else ["rewritten in UTC too"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limbeck", default="target/release/limbeck")
    parser.add_argument("--servers", default=os.environ.get("LIMBECK_SERVERS", ".postgres"), type=lambda it: Path(it).resolve())
    parser.add_argument("--show", default=60, type=int, help="how many differences are printed for a version")
    parser.add_argument("versions", nargs="*", type=int)
    args = parser.parse_args()
    versions = args.versions or VERSIONS
    missing = [it for it in versions if not (args.servers / str(it) / "native" / "bin" / "initdb").exists()]
    if missing:
        print(f"NOT TESTED: there is no server of PostgreSQL {', '.join(map(str, missing))} in {args.servers}", file=sys.stderr)
    versions = [it for it in versions if it not in missing]
    states, cases = lockcases.states(), lockcases.cases()
    cases += [(state, statement) for state, statement, _ in lockcases.ALONE]
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_history(folder, states, cases)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(check, it, args.servers, states, cases, args.limbeck, folder) for it in versions]
            for job in jobs:
                agreed, wrong = job.result()
                for line in wrong[: args.show]:
                    print(line)
                failed |= bool(wrong) or agreed < 300
    if failed:
        return 1
    return 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
