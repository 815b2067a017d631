#!/usr/bin/env bash
# Our SQL against real Alembic's: the cases, invented revisions, the healthy histories, and any versions folder that is given.
set -euo pipefail

limbeck=${LIMBECK:-target/release/limbeck}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compare() { # NAME PATH VERSIONS...
    local name=$1 path=$2
    shift 2
    "$limbeck" sql --format json "$path" >"$work/ours.json"
    .venv/bin/python tests/witness/oracle.py "$@" --root "$path" >"$work/oracle.jsonl"
    echo "$name:"
    .venv/bin/python tests/witness/fidelity.py "$work/ours.json" "$work/oracle.jsonl" --show 3
}

if [ $# -gt 0 ]; then
    compare "$1" "$1" "${@:2}"
    exit
fi
.venv/bin/python tests/witness/cases.py "$work/cases" >/dev/null
compare "cases" "$work/cases" "$work/cases/versions"
# Invented revisions; try others with: .venv/bin/python tests/witness/generate.py FOLDER --seed 2 --count 3000
.venv/bin/python tests/witness/generate.py "$work/generated" --seed 1 --count 400 >/dev/null
compare "generated" "$work/generated" "$work/generated/versions"
# Our own histories, changed at random.
mapfile -t versions < <(find migrations -name versions -type d | sort)
mkdir -p "$work/mutants" && touch "$work/mutants/env.py"
.venv/bin/python tests/witness/mutate.py "$work/mutants/versions" "${versions[@]}" --seed 1 --count 300 >/dev/null
compare "mutants" "$work/mutants" "$work/mutants/versions"
for history in migrations/*/; do
    mapfile -t versions < <(find "$history" -name versions -type d | sort)
    compare "$history" "$history" "${versions[@]}"
done
