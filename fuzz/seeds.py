#!/usr/bin/env python3
"""Writes what a fuzzer starts from into FOLDER/reader and FOLDER/sql: our own histories, fixtures, cases and inventions.

    python fuzz/seeds.py FOLDER [--limbeck BIN]

Run it where the repository's root is. The SQL is what the binary says of the same files.
"""
import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

WITNESS = Path("tests/witness")
sys.path.insert(0, str(WITNESS))
from generate import text  # noqa: E402


def keep(folder, content):
    (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limbeck", default="target/debug/limbeck")
    given = parser.parse_args()
    reader, sql = given.folder / "reader", given.folder / "sql"
    reader.mkdir(parents=True, exist_ok=True)
    sql.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([sys.executable, WITNESS / "cases.py", Path(made) / "cases"], check=True, stdout=subprocess.DEVNULL)
        versions = Path(made) / "invented" / "versions"
        versions.mkdir(parents=True)
        (versions.parent / "env.py").touch()
        for number in range(1, 201):
            (versions / f"g{number:05}.py").write_text(text("seeds", number))
        for root in (Path("migrations"), Path("fixtures"), Path(made) / "cases", Path(made) / "invented"):
            for path in sorted(root.rglob("*.py")):
                if path.stat().st_size < 20_000 and "endless" not in str(path):
                    keep(reader, path.read_bytes())
        for root in ("migrations", f"{made}/cases", f"{made}/invented"):
            told = subprocess.run([given.limbeck, "sql", "--format", "json", root], capture_output=True, check=False).stdout
            for revision in json.loads(told)["revisions"]:
                for way in ("upgrade", "downgrade"):
                    for statement in revision[way]["statements"]:
                        keep(sql, statement["sql"].encode())
    print(len(list(reader.iterdir())), len(list(sql.iterdir())))


if __name__ == "__main__":
    main()
