#!/usr/bin/env bash
# Our SQL against real Alembic's: the cases, invented revisions, the healthy histories, and any versions folder that is
# given; by the newest SQLAlchemy (.venv), and by 2.0 with an Alembic of its time (.venv20).
set -euo pipefail

limbeck=${LIMBECK:-target/release/limbeck}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compare() { # VENV VERSION NAME PATH VERSIONS...
    local venv=$1 version=$2 name=$3 path=$4
    shift 4
    "$limbeck" sql --sqlalchemy "$version" --format json "$path" >"$work/ours.json"
    "$venv/bin/python" tests/witness/oracle.py "$@" --root "$path" --naming-convention "$work/ours.json" >"$work/oracle.jsonl"
    echo "$name, SQLAlchemy $version:"
    .venv/bin/python tests/witness/fidelity.py "$work/ours.json" "$work/oracle.jsonl" --show 3
}

if [ $# -gt 0 ]; then
    compare .venv 2.1 "$1" "$1" "${@:2}"
    exit
fi
.venv/bin/python tests/witness/cases.py "$work/cases" >/dev/null
# Invented revisions; try others with: .venv/bin/python tests/witness/generate.py FOLDER --seed 2 --count 3000
.venv/bin/python tests/witness/generate.py "$work/generated" --seed 1 --count 400 >/dev/null
# Our own histories, changed at random.
mapfile -t versions < <(find migrations -name versions -type d | sort)
mkdir -p "$work/mutants" && touch "$work/mutants/env.py"
.venv/bin/python tests/witness/mutate.py "$work/mutants/versions" "${versions[@]}" --seed 1 --count 300 >/dev/null
cp -r "$work/mutants" "$work/mended"
"$limbeck" check --fix --unsafe-fixes --fail-on never "$work/mended" >/dev/null 2>&1
for witness in ".venv 2.1" ".venv20 2.0"; do
    read -r venv version <<<"$witness"
    if [ ! -x "$venv/bin/python" ]; then
        echo "fidelity: there is no $venv, which \`make test\` makes" >&2
        exit 1
    fi
    compare "$venv" "$version" "cases" "$work/cases" "$work/cases/versions"
    if [ "$version" = 2.1 ]; then
        # An older Alembic passes over arguments that it does not know, which these use at random.
        compare "$venv" "$version" "generated" "$work/generated" "$work/generated/versions"
        compare "$venv" "$version" "mutants" "$work/mutants" "$work/mutants/versions"
    fi
    if [ "$version" = 2.1 ]; then
        # What --fix has written is read by Alembic as it is by us.
        compare "$venv" "$version" "mended" "$work/mended" "$work/mended/versions"
    fi
    for history in migrations/*/; do
        mapfile -t versions < <(find "$history" -name versions -type d | sort)
        compare "$venv" "$version" "$history" "$history" "${versions[@]}"
    done
done
