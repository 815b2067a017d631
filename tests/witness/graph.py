#!/usr/bin/env python3
"""Asks Alembic's own ScriptDirectory about a history, and compares with `limbeck history --format json`.

    python tests/witness/graph.py --limbeck target/release/limbeck CHECKOUT [CHECKOUT ...]
    python tests/witness/graph.py --limbeck target/release/limbeck --random 200 SEED

For every script folder that limbeck finds it compares revisions, files, parents, dependencies, labels, heads,
bases and the order of an upgrade from nothing to all heads. `--random N SEED` makes N histories with branches,
merges, dependencies, labels, several bases and version locations in a temporary folder; half of them are broken
(a lost parent, a circle, an id used twice), and those only have to be reported where Alembic refuses.

Loads the revisions as Python: use it on checkouts that you would run. What cannot be imported is replaced by
stand-ins, so that a project's packages need not be installed; of a file that fails all the same only the four
variables are run, and it is counted. Needs Alembic.
Exit code 0: all equal. 1: something differs. 2: nothing was compared.
"""

import argparse
import ast
import graphlib
import importlib.abc
import importlib.machinery
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import types
import warnings
from pathlib import Path

from alembic.util import pyfiles
from alembic.script import ScriptDirectory, revision as alembic_revision
from sqlalchemy.util import OrderedSet

# Alembic puts several dependencies of one revision in the order of a set of strings, which changes between runs.
# With sets that keep their order it takes them as written, which is one of the orders that it may take.
alembic_revision.set = OrderedSet
sys.dont_write_bytecode = True


class Nothing:
    """What a stand-in is as a base class: of no metaclass that could clash with another base's."""


class StandIn:
    """Takes part in whatever a module does while it is loaded."""

    def __call__(self, *args, **kwargs):
        # As a decorator it gives back what it decorates.
        return args[0] if len(args) == 1 and not kwargs and callable(args[0]) else StandIn()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn()

    def __getitem__(self, key):
        return StandIn()

    def __mro_entries__(self, bases):
        return (Nothing,)

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __bool__(self):
        return True

    def __or__(self, other):
        return self

    __ror__ = __or__


class StandInModule(types.ModuleType):
    __path__: list = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn()


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The last finder: reached by what nobody else can import."""

    real = set(sys.stdlib_module_names) | {"alembic", "sqlalchemy"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.real:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return StandInModule(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.append(StandIns())

HEADER = {"revision", "down_revision", "branch_labels", "depends_on"}
headers_only = []


def load_or_header(module_id, path, load=pyfiles.load_module_py):
    """Loads a revision; where that fails (models for another SQLAlchemy, say) only what it says of itself."""
    try:
        return load(module_id, path)
    except Exception:
        headers_only.append(path)
        module = types.ModuleType(module_id)
        for statement in ast.parse(Path(path).read_text(encoding="utf-8")).body:
            targets = getattr(statement, "targets", [getattr(statement, "target", None)])
            if any(isinstance(it, ast.Name) and it.id in HEADER for it in targets):
                exec(compile(ast.Module([statement], []), str(path), "exec"), module.__dict__)
        return module


pyfiles.load_module_py = load_or_header


def told(limbeck, *arguments, cwd=None):
    """Exit code, standard output and standard error of a command of limbeck's."""
    done = subprocess.run([limbeck, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def graph_of(limbeck, path, cwd):
    """What limbeck says, by script folder; `heads` and `bases` are those among its revisions."""
    code, out, err = told(limbeck, "history", "--format", "json", str(path), cwd=cwd)
    if code == 2 or not out:
        raise SystemExit(f"limbeck history {path}: exit {code}\n{err}")
    answer = json.loads(out)
    environments = {}
    for entry in answer["revisions"]:
        environments.setdefault(entry["environment"], []).append(entry)
    return answer, environments


def script_directory(folder, locations, recursive):
    return ScriptDirectory(
        str(folder), version_locations=[str(it) for it in locations], recursive_version_locations=recursive
    )


def listed(value):
    """A tuple of strings, from None, a string or a sequence."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def upgrade_order(script):
    return [it.revision for it in script.revision_map.iterate_revisions("heads", "base")][::-1]


def differences(entries, answer, script, cwd, order=True):
    """Sentences about what differs between limbeck's revisions of one script folder and Alembic's."""
    ours = {entry["revision"]: entry for entry in entries}
    theirs = {it.revision: it for it in script.walk_revisions()}
    for revision in sorted(set(ours) ^ set(theirs)):
        yield f"only {'limbeck' if revision in ours else 'Alembic'} has revision {revision}"
    for revision in sorted(set(ours) & set(theirs)):
        mine, real = ours[revision], theirs[revision]
        for key, value in (
            ("down_revision", listed(real.down_revision)),
            ("depends_on", listed(real.dependencies)),
            ("branch_labels", listed(real._orig_branch_labels)),
        ):
            if mine[key] != value:
                yield f"{revision}: {key} is {mine[key]}, Alembic says {value}"
        if (Path(cwd) / mine["file"]).resolve() != Path(real.path).resolve():
            yield f"{revision}: file is {mine['file']}, Alembic says {real.path}"
    for key, value in (("heads", script.get_heads()), ("bases", script.get_bases())):
        mine = [it for it in answer[key] if it in ours]
        if mine != list(value):
            yield f"{key} are {mine}, Alembic says {list(value)}"
    mine = [entry["revision"] for entry in entries]
    real = upgrade_order(script)
    if order and mine != real:
        at = next((i for i, pair in enumerate(zip(mine, real)) if pair[0] != pair[1]), min(len(mine), len(real)))
        yield f"the order differs from place {at} on: {mine[at:at + 4]}, Alembic says {real[at:at + 4]}"


def version_locations(entries, folder, cwd):
    """The folders of the files; `versions` if all lie below it. Where that is not enough, give --locations."""
    folders = sorted({(Path(cwd) / entry["file"]).resolve().parent for entry in entries})
    versions = folder / "versions"
    if all(it == versions or versions in it.parents for it in folders):
        return [versions], folders != [versions]
    return folders, False


def compare(limbeck, path, given):
    """Compares every script folder of a checkout; gives the number compared and of those that differ."""
    cwd = Path(path).resolve()
    answer, environments = graph_of(limbeck, ".", cwd)
    differing = 0
    for environment, entries in sorted(environments.items()):
        folder = cwd / environment
        if not folder.exists():
            folder = next((it for it in [cwd, *cwd.parents] if (it / environment).exists()), cwd) / environment
        locations, recursive = (given, True) if given else version_locations(entries, folder, cwd)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            headers_only.clear()
            try:
                found = list(differences(entries, answer, script_directory(folder, locations, recursive), cwd))
            except Exception as error:
                found = [f"Alembic cannot load it: {type(error).__name__}: {error}"]
        differing += bool(found)
        partly = f" ({len(headers_only)} files by their variables only)" if headers_only else ""
        print(f"{path}: {environment}: {len(entries)} revisions, {len(found)} differences{partly}")
        for sentence in found[:20]:
            print(f"  {sentence}")
    return len(environments), differing


def has_circle(revisions):
    """Whether a revision needs itself: Alembic's own search misses circles that hang between a base and a head."""
    bearer = {label: it["revision"] for it in revisions for label in it["branch_labels"]}
    edges = {it["revision"]: [bearer.get(on, on) for on in it["down_revision"] + it["depends_on"]] for it in revisions}
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError:
        return True
    return False


class Endless(Exception):
    """Alembic does not come back from some circles."""


def give_up(signum, frame):
    raise Endless


def refusal(script):
    """What Alembic says against a history when it puts it in order, or nothing."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        signal.alarm(10)
        try:
            upgrade_order(script)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        finally:
            signal.alarm(0)
    return next((str(it.message) for it in said if "more than once" in str(it.message)), "")


def invent(dice):
    """A history: id, parents, dependencies, labels, and which version location it lies in."""
    size = dice.randint(1, 40)
    branching, merging, roots, depending = (dice.choice([0, 0.1, 0.4]) for _ in range(4))
    revisions, heads, labels = [], [], []
    for number in range(size):
        name = f"{dice.getrandbits(48):012x}"
        known = [it["revision"] for it in revisions]
        if not known or dice.random() < roots / 3:
            parents = []
        elif len(heads) > 1 and dice.random() < merging:
            parents = dice.sample(heads, dice.randint(2, min(3, len(heads))))
        elif dice.random() < branching:
            parents = [dice.choice(known)]
        else:
            parents = [heads[-1]]
        others = [it for it in known if it not in parents] + labels
        depends = dice.sample(others, min(len(others), dice.randint(1, 3))) if dice.random() < depending else []
        own = []
        if dice.random() < 0.15:
            own = [f"label{number}"]
            labels = labels + own
        heads = [it for it in heads if it not in parents] + [name]
        revisions.append(
            {"revision": name, "down_revision": parents, "depends_on": depends, "branch_labels": own, "folder": 0}
        )
    return revisions


def hurt(dice, revisions):
    """Breaks a history in one way; says how."""
    revision = dice.choice(revisions)
    kind = dice.choice(["lost", "circle", "twice", "dependency"])
    if kind == "lost":
        revision["down_revision"] = [*revision["down_revision"], "ffffffffffff0"]
    elif kind == "circle":
        revision["down_revision"] = [*revision["down_revision"], dice.choice(revisions)["revision"]]
    elif kind == "dependency":
        revision["depends_on"] = ["nobody"]
    else:
        dice.choice(revisions)["revision"] = revision["revision"]
    return kind


def write(root, revisions, dice, folders):
    names = [f"{at:03}" for at in range(len(revisions))]
    dice.shuffle(names)
    for name, it in zip(names, revisions):
        folder = root / "migrations" / dice.choice(folders)
        lines = [f"{key} = {shape(it[key], dice)}" for key in ("revision", "down_revision", "depends_on", "branch_labels")]
        (folder / f"{name}_x.py").write_text("\n".join(lines) + "\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n")


def shape(value, dice):
    """One of the ways to write it."""
    if isinstance(value, str):
        return repr(value)
    if not value:
        return dice.choice(["None", "()"])
    return repr(value[0]) if len(value) == 1 and dice.random() < 0.8 else repr(tuple(value))


def try_one(limbeck, dice, root):
    """Makes one history and compares; gives what is wrong with the answer, and whether the history was broken."""
    folders = ["versions"] if dice.random() < 0.8 else ["versions", "more", "also"]
    for folder in folders:
        (root / "migrations" / folder).mkdir(parents=True)
    (root / "migrations" / "env.py").write_text("")
    order = dice.sample(folders, len(folders))
    locations = " ".join(f"%(here)s/migrations/{it}" for it in order)
    (root / "alembic.ini").write_text(
        f"[alembic]\nscript_location = %(here)s/migrations\nversion_locations = {locations}\npath_separator = space\n"
    )
    revisions = invent(dice)
    kind = hurt(dice, revisions) if dice.random() < 0.5 else None
    write(root, revisions, dice, folders)
    script = script_directory(root / "migrations", [root / "migrations" / it for it in order], False)
    refused = "a circle" if has_circle(revisions) else refusal(script)
    code, out, err = told(limbeck, "check", "--format", "json", "--no-config", cwd=root)
    if code == 2:
        return [f"check ends with {code}: {err[:400]}"], kind
    rules = {it["rule"] for it in json.loads(out)["findings"]}
    fatal = rules & {"missing-parent", "missing-dependency", "revision-cycle", "duplicate-revision"}
    if bool(fatal) != bool(refused):
        return [f"limbeck reports {sorted(fatal)}, Alembic says {refused or 'nothing'}"], kind
    answer, environments = graph_of(limbeck, ".", root)
    if refused:
        return [], kind
    (entries,) = environments.values()
    return list(differences(entries, answer, script, root)), kind


def try_many(limbeck, count, seed):
    differing, kinds = 0, {}
    signal.signal(signal.SIGALRM, give_up)
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")
        with tempfile.TemporaryDirectory() as folder:
            found, kind = try_one(limbeck, dice, Path(folder).resolve())
        kinds[kind or "sound"] = kinds.get(kind or "sound", 0) + 1
        if found:
            differing += 1
            print(f"history {seed}/{number} ({kind or 'sound'}):")
            for sentence in found[:5]:
                print(f"  {sentence}")
    print(f"{count} random histories {dict(sorted(kinds.items()))}: {differing} differ")
    return count, differing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limbeck", required=True, help="the binary")
    parser.add_argument("--random", nargs=2, type=int, metavar=("N", "SEED"))
    parser.add_argument("--locations", action="append", type=Path, help="a version location, if the guess is wrong")
    parser.add_argument("paths", nargs="*", metavar="PATH")
    given = parser.parse_args()
    limbeck = os.path.abspath(given.limbeck)
    compared = differing = 0
    for path in given.paths:
        more, wrong = compare(limbeck, path, given.locations)
        compared, differing = compared + more, differing + wrong
    if given.random:
        more, wrong = try_many(limbeck, *given.random)
        compared, differing = compared + more, differing + wrong
    sys.exit(2 if compared == 0 else 1 if differing else 0)


if __name__ == "__main__":
    main()
