"""An `alembic` command with an environment of ours, for histories whose own env.py cannot be imported.

    python tests/witness/command.py --folder FOLDER [--convention FILE] [--root DIR] [--per-migration] current
    python tests/witness/command.py … upgrade TARGET
    python tests/witness/command.py … downgrade TARGET

FOLDER is a script folder, or one of versions. It is what `limbeck roundtrip --runner auto --alembic-command` is given in
tests/witness/stairs.py; the database is that of DATABASE_URL. Modules that cannot be imported have stand-ins, as in
tests/witness/schema.py. This runs the project's code.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import sqlalchemy  # noqa: E402
from alembic.config import Config  # noqa: E402
from alembic.runtime.environment import EnvironmentContext  # noqa: E402
from alembic.runtime.migration import MigrationContext  # noqa: E402
from alembic.script import ScriptDirectory  # noqa: E402

from schema import stand_ins  # noqa: E402


def script_of(folder: Path, versions: list[str]) -> tuple[Config, ScriptDirectory]:
    """The script folder and its revisions."""
    config = Config()
    config.set_main_option("script_location", str(folder if (folder / "versions").is_dir() else folder.parent))
    config.set_main_option("version_locations", os.pathsep.join(versions or [str(folder / "versions")]))
    config.set_main_option("path_separator", "os")
    return config, ScriptDirectory.from_config(config)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--versions", action="append", default=[], help="a folder of revisions")
    parser.add_argument("--convention", type=Path, help="a JSON object of templates")
    parser.add_argument("--root", action="append", default=[], help="a folder of the project's own modules")
    parser.add_argument("--per-migration", action="store_true")
    # What limbeck hands on and nobody reads here.
    parser.add_argument("-c")
    parser.add_argument("-n")
    parser.add_argument("-x", action="append")
    parser.add_argument("what", choices=["current", "upgrade", "downgrade"])
    parser.add_argument("target", nargs="?")
    options = parser.parse_args()
    sys.dont_write_bytecode = True
    sys.path += [str(Path(it).resolve()) for it in options.root]
    stand_ins()
    config, script = script_of(options.folder.resolve(), options.versions)
    convention = json.loads(options.convention.read_text()) if options.convention else None
    metadata = sqlalchemy.MetaData(naming_convention=convention) if convention else sqlalchemy.MetaData()
    # The URL names the driver of the project, which may be an asynchronous one, or not be there.
    url = re.sub(r"\Apostgresql(\+\w+)?:", "postgresql+psycopg2:", os.environ["DATABASE_URL"])
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        if options.what == "current":
            print("\n".join(MigrationContext.configure(connection).get_current_heads()))
            return 0
        steps = script._upgrade_revs if options.what == "upgrade" else script._downgrade_revs
        with EnvironmentContext(config, script, fn=lambda heads, _context: steps(options.target, heads)) as env:
            each = options.per_migration
            env.configure(connection=connection, target_metadata=metadata, transaction_per_migration=each)
            with env.begin_transaction():
                env.run_migrations()
    return 0


if __name__ == "__main__":
    sys.exit(main())
