"""Runs Alembic on the database that DATABASE_URL names.

    python scripts/run_migrations.py upgrade [REVISION]      to the latest, or as far as REVISION
    python scripts/run_migrations.py downgrade [REVISION]    one back, or as far as REVISION
    python scripts/run_migrations.py stamp REVISION          says that the database is there already
    python scripts/run_migrations.py current
    python scripts/run_migrations.py history
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config


def main(arguments: list[str]) -> int:
    config = Config(Path(__file__).resolve().parent.parent / "alembic.ini")
    match arguments:
        case ["upgrade", *revision] if len(revision) <= 1:
            command.upgrade(config, *revision or ["head"])
        case ["downgrade", *revision] if len(revision) <= 1:
            command.downgrade(config, *revision or ["-1"])
        case ["stamp", revision]:
            command.stamp(config, revision)
        case ["current"]:
            command.current(config, verbose=True)
        case ["history"]:
            command.history(config)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
