"""An `alembic` command with an environment of ours, for histories whose own env.py cannot be imported.

    python tests/witness/command.py --folder FOLDER [--convention FILE] [--root DIR] [--per-migration] current
    python tests/witness/command.py … upgrade TARGET
    python tests/witness/command.py … downgrade TARGET
    python tests/witness/command.py --serve SOCKET

FOLDER is a script folder, or one of versions. It is what `limbeck roundtrip --runner auto --alembic-command` is given in
tests/witness/stairs.py; the database is that of DATABASE_URL. Modules that cannot be imported have stand-ins, as in
tests/witness/schema.py. This runs the project's code.

With `--serve` it loads what all calls need and answers each that comes through asked.py in a process of its own, until its
standard input ends: what takes long is to load Alembic, not to run it.
"""

import argparse
import json
import os
import re
import signal
import socket
import sys
import threading
import traceback
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
    config.set_main_option("recursive_version_locations", "false" if versions else "true")
    return config, ScriptDirectory.from_config(config)


def serve(path: str) -> int:
    """Answers calls until nobody is there any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    import psycopg2  # noqa: F401
    with socket.socket(socket.AF_UNIX) as listener:
        # It can be seen when it can be asked.
        listener.bind(f"{path}.new")
        os.chmod(f"{path}.new", 0o777)
        listener.listen(64)
        os.rename(f"{path}.new", path)
        while True:
            there, _ = listener.accept()
            if os.fork() == 0:
                answer(there)
            there.close()


def answer(there: socket.socket) -> None:
    """One call: its output, a zero byte, its exit code. Does not come back."""
    url, *arguments = there.makefile().readline().rstrip("\n").split("\0")
    for output in (1, 2):
        os.dup2(there.fileno(), output)
    os.environ["DATABASE_URL"] = url
    code = 1
    try:
        code = main(arguments)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    there.sendall(f"\0{code}".encode())
    os._exit(0)


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--serve"]:
        return serve(arguments[1])
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--versions", action="append", default=[], help="a folder of revisions")
    parser.add_argument("--convention", type=Path, help="a JSON object of templates")
    parser.add_argument("--root", action="append", default=[], help="a folder of the project's own modules")
    parser.add_argument("--per-migration", action="store_true")
    parser.add_argument("--commit", action="store_true", help="env.py commits once more behind all revisions")
    # What limbeck hands on and nobody reads here.
    parser.add_argument("-c")
    parser.add_argument("-n")
    parser.add_argument("-x", action="append")
    parser.add_argument("what", choices=["current", "upgrade", "downgrade"])
    parser.add_argument("target", nargs="?")
    options = parser.parse_args(arguments)
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
                if options.commit:
                    connection.commit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
