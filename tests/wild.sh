#!/usr/bin/env bash
# The proof on real histories: checkouts that are given, each a folder with one Alembic environment or several.
# limbeck comes to an end, sees the graph as Alembic's ScriptDirectory does, and never calls a difference equal.
set -euo pipefail

limbeck=${LIMBECK:-target/release/limbeck}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$PWD

for checkout in "$@"; do
    echo "== $checkout"
    "$limbeck" check "$checkout" --no-config --fail-on never --statistics | tail -n 30
    .venv/bin/python tests/witness/graph.py --limbeck "$limbeck" "$checkout"
    "$limbeck" history "$checkout" --no-config --format json >"$work/history.json"
    mapfile -t folders < <(.venv/bin/python -c '
import json, os, sys
print("\n".join(sorted({os.path.dirname(it["file"]) for it in json.load(open(sys.argv[1]))["revisions"]})))' "$work/history.json")
    "$limbeck" sql "$checkout" --no-config --sqlalchemy 2.1 --format json >"$work/ours.json"
    (cd "$checkout" && "$here/.venv/bin/python" "$here/tests/witness/oracle.py" \
        $(printf -- "$here/%s " "${folders[@]}" | sed "s#$here//#/#g") --root . --naming-convention "$work/ours.json" >"$work/oracle.jsonl")
    .venv/bin/python tests/witness/fidelity.py "$work/ours.json" "$work/oracle.jsonl" --show 2
done
