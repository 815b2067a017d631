#!/usr/bin/env bash
# What users install: the wheel in a fresh virtual environment, and the pre-commit hooks, without Rust and without an
# index. Builds the wheel with maturin from .venvtools (tests/setup.sh makes it).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
tools=$root/.venvtools
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

wheels=$scratch/wheels
mkdir "$wheels"
# The binary is the one that the other tests ran; maturin puts it into a wheel.
"$tools/bin/maturin" build --release --locked --out "$wheels" >"$scratch/maturin.log" 2>&1 || {
    tail -20 "$scratch/maturin.log"
    exit 1
}
wheel=$(ls "$wheels"/limbeck-*.whl)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
size=$(wc -c <"$wheel")
echo "$(basename "$wheel"): $((size / 1000)) kB"
case $(basename "$wheel") in
"limbeck-$version-py3-none-"*) ;;
*) echo "the name of the wheel is wrong" && exit 1 ;;
esac
if [ "$size" -gt 15000000 ]; then echo "the wheel is larger than 15 MB" && exit 1; fi
cp "$tools"/packages/*.whl "$wheels"

# Nothing of Rust is on this path.
mkdir "$scratch/bin"
for name in bash sh env git sed cat rm mkdir ls uname dirname basename chmod head; do
    if command -v "$name" >/dev/null; then ln -s "$(command -v "$name")" "$scratch/bin/$name"; fi
done
bare=$scratch/bin
without_rust() { env -i PATH="$bare" HOME="$scratch" PIP_NO_INDEX=1 PIP_FIND_LINKS="$wheels" PRE_COMMIT_HOME="$scratch/cache" \
    GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=t \
    GIT_COMMITTER_EMAIL=t@example.org "$@"; }
if without_rust bash -c 'command -v cargo'; then exit 1; fi

echo "== a fresh virtual environment"
# The interpreter itself: what stands on a path may be a shim that needs more of it.
without_rust "$("$tools/bin/python" -c 'import os, sys; print(os.path.realpath(sys._base_executable))')" -m venv "$scratch/venv"
without_rust "$scratch/venv/bin/pip" install -q --disable-pip-version-check limbeck
limbeck=$scratch/venv/bin/limbeck
[ "$(without_rust "$limbeck" --version)" = "limbeck $version" ]
without_rust "$limbeck" check migrations
status=0
without_rust "$limbeck" check fixtures/non-concurrent-index >/dev/null 2>&1 || status=$?
[ "$status" = 1 ]
"$tools/bin/python" - "$limbeck" <<'PYTHON'
import subprocess, sys, time
times = []
for _ in range(20):
    begin = time.perf_counter()
    subprocess.run([sys.argv[1], "--version"], check=True, stdout=subprocess.DEVNULL)
    times.append(time.perf_counter() - begin)
best = min(times) * 1000
print(f"--version: {best:.1f} ms")
# The best of twenty: a busy machine is no slow start.
sys.exit(best >= 20)
PYTHON

echo "== the source package"
# It holds all that cargo needs: the library, the rules' documents that are compiled in, the build script.
"$tools/bin/maturin" sdist --out "$scratch" >>"$scratch/maturin.log" 2>&1
tar -xzf "$scratch/limbeck-$version.tar.gz" -C "$scratch"
(cd "$scratch/limbeck-$version" && CARGO_TARGET_DIR="$root/target" cargo check --quiet --locked --offline)

echo "== pre-commit"
repository() { # FOLDER: a git repository with one Alembic revision
    mkdir -p "$1/alembic/versions"
    touch "$1/alembic/env.py"
    revision "$1" a1 None 'op.create_table("t", sa.Column("c", sa.Text()))' 'op.drop_table("t")'
    without_rust git -C "$1" init -q
    without_rust git -C "$1" add -A
    without_rust git -C "$1" commit -q -m first
}
revision() { # FOLDER ID PARENT UPGRADE DOWNGRADE
    printf 'from alembic import op\nimport sqlalchemy as sa\n\nrevision = "%s"\ndown_revision = %s\n\n\ndef upgrade():\n    %s\n\n\ndef downgrade():\n    %s\n' \
        "$2" "$3" "$4" "$5" >"$1/alembic/versions/$2.py"
}
hook_repository() { # FOLDER FILES...: what pre-commit clones
    local folder=$1
    shift
    mkdir "$folder"
    cp "$@" "$folder"
    without_rust git -C "$folder" init -q
    without_rust git -C "$folder" add -A
    without_rust git -C "$folder" commit -q -m hooks
    without_rust git -C "$folder" rev-parse HEAD
}
gate() { # NAME CONFIGURATION PATH: a bad revision is stopped, a good one passes
    local folder=$scratch/$1
    repository "$folder"
    printf '%s\n' "$2" >"$folder/.pre-commit-config.yaml"
    revision "$folder" b2 '"a1"' 'op.create_index("i", "t", ["c"])' 'op.drop_index("i")'
    without_rust git -C "$folder" add -A
    local said
    if said=$(cd "$folder" && without_rust env PATH="$3" "$tools/bin/pre-commit" run 2>&1); then
        echo "$1: the bad revision was let through: $said" && exit 1
    fi
    case $said in
    *'error[non-concurrent-index]'*) ;;
    *) echo "$1: $said" && exit 1 ;;
    esac
    revision "$folder" b2 '"a1"' 'op.add_column("t", sa.Column("d", sa.Text()))' 'op.drop_column("t", "d")'
    without_rust git -C "$folder" add -A
    if ! said=$(cd "$folder" && without_rust env PATH="$3" "$tools/bin/pre-commit" run 2>&1); then
        echo "$1: the good revision was stopped: $said" && exit 1
    fi
    case $said in
    *Passed*) echo "$1: stops the bad, passes the good" ;;
    *) echo "$1: $said" && exit 1 ;;
    esac
}

mirror=$(hook_repository "$scratch/mirror" pre-commit/pyproject.toml pre-commit/.pre-commit-hooks.yaml pre-commit/README.md)
gate wheel "repos: [{repo: '$scratch/mirror', rev: $mirror, hooks: [{id: limbeck}]}]" "$bare"
system=$(hook_repository "$scratch/system" .pre-commit-hooks.yaml)
gate system "repos: [{repo: '$scratch/system', rev: $system, hooks: [{id: limbeck-system}]}]" "$scratch/venv/bin:$bare"

# What the documents tell people to write.
for document in README.md docs/ci.md; do
    shown=$("$tools/bin/python" - "$document" <<'PYTHON'
import re, sys
blocks = re.findall(r"^```yaml\n(.*?)^```", open(sys.argv[1]).read(), re.M | re.S)
[hook] = [block for block in blocks if block.startswith("- repo: local")]
print("repos:\n" + hook)
PYTHON
)
    gate "$(basename "$document")" "$shown" "$scratch/venv/bin:$bare"
done

# What `limbeck init` writes is one as well.
repository "$scratch/init"
(cd "$scratch/init" && without_rust "$limbeck" init --write >/dev/null 2>&1)
gate init-local "$(cat "$scratch/init/.pre-commit-config.yaml")" "$scratch/venv/bin:$bare"

echo "== workflows and the action"
"$tools/bin/python" - docs/ci.md >"$scratch/shown.yml" <<'PYTHON'
import re, sys
blocks = re.findall(r"^```yaml\n(.*?)^```", open(sys.argv[1]).read(), re.M | re.S)
[workflow] = [block for block in blocks if "runs-on:" in block]
print(workflow)
PYTHON
"$tools/bin/check-jsonschema" --builtin-schema vendor.github-workflows "$scratch/shown.yml" .github/workflows/*.yml "$scratch/init/.github/workflows/limbeck.yml"
"$tools/bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml
