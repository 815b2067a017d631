"""Runs the recipes of docs/recipes.md with the real Alembic on a real PostgreSQL, on tables that hold rows.

    python tests/witness/recipes.py [--postgres-bin DIR]

The revisions of a recipe go up one after the other, all the way down, and up again. Ends with 2 where there is no
PostgreSQL.
"""

import argparse
import contextlib
import re
import sys
import tempfile
import traceback
from pathlib import Path

from alembic import command
from alembic.config import Config

from histories import Cluster, catalog, execute, find_postgres, same

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "recipes.md"

# Rows that are there before a recipe begins, by table.
ROWS = {
    "users": "INSERT INTO users (id) SELECT generate_series(1, 50)",
    "events": "INSERT INTO events (id, amount) SELECT it, it::text FROM generate_series(1, 50) it",
}

ENV = """\
from alembic import context
from sqlalchemy import create_engine

with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""


def recipes() -> dict[str, list[str]]:
    """The revisions of each recipe, in order, what was there before first."""
    found = {}
    for section in DOCUMENT.read_text().split("\n## ")[1:]:
        title, _, rest = section.partition("\n")
        blocks = re.findall(r"^```python (given|good)\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)
        found[title] = [text for _, text in blocks]
    return found


def run(title: str, bodies: list[str], url: str, folder: Path) -> None:
    versions = folder / "versions"
    versions.mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    for number, body in enumerate(bodies, 1):
        parent = f'"r{number - 1}"' if number > 1 else "None"
        head = f'from alembic import op\nimport sqlalchemy as sa\n\nrevision = "r{number}"\ndown_revision = {parent}\n\n\n'
        (versions / f"r{number}.py").write_text(head + body)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", url.replace("postgresql:", "postgresql+psycopg2:", 1).replace("%", "%%"))
    nothing = catalog(url)
    command.upgrade(config, "r1")
    table = re.search(r'create_table\("(\w+)"', bodies[0]).group(1)
    execute(url, ROWS[table])
    first = catalog(url)
    command.upgrade(config, "head")
    last = catalog(url)
    command.downgrade(config, "r1")
    same(f"{title}: the way down leaves something", first, catalog(url))
    command.upgrade(config, "head")
    same(f"{title}: the second way up comes to something else", last, catalog(url))
    command.downgrade(config, "base")
    same(f"{title}: the way to the base leaves something", nothing, catalog(url))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--postgres-bin", metavar="DIR", help="the folder with initdb and pg_ctl")
    binaries = find_postgres(parser.parse_args().postgres_bin)
    if binaries is None:
        print("no initdb found; say where it is with --postgres-bin", file=sys.stderr)
        return 2
    failed = 0
    with Cluster(binaries) as cluster, tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
        for number, (title, bodies) in enumerate(recipes().items()):
            try:
                run(title, bodies, cluster.database(), Path(scratch) / str(number))
            except Exception:  # Alembic and the revisions may raise anything
                failed += 1
                print(f"FAILED {title}\n{traceback.format_exc()}")
    print(f"{len(recipes()) - failed} recipes passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
