#!/usr/bin/env bash
# Everything that CI demands, from cheap to dear. Run it by `make test`, which sets up what it needs.
set -euo pipefail

echo "== format"
cargo fmt --check
rustfmt --check --edition 2024 src/rules/*.rs
echo "== lints"
cargo clippy --all-targets --quiet -- -D warnings
echo "== tests"
cargo test --quiet
echo "== release build"
cargo build --release --quiet
echo "== the graph, as Alembic sees it"
.venv/bin/python tests/witness/graph.py --limbeck target/release/limbeck migrations
.venv/bin/python tests/witness/graph.py --limbeck target/release/limbeck --random 40 1
echo "== the SQL, as Alembic renders it"
bash tests/fidelity.sh
echo "== what the rules claim, and the healthy histories, on a real PostgreSQL"
on_a_server() {
    local status=0
    .venv/bin/python "$@" || status=$?
    if [ "$status" = 2 ] && [ -z "${CI:-}" ]; then
        echo "left out: $1"
    elif [ "$status" != 0 ]; then
        exit 1
    fi
}
on_a_server tests/witness/claims.py
on_a_server tests/witness/fills.py
on_a_server tests/witness/blocks.py
on_a_server tests/witness/histories.py
on_a_server tests/witness/recipes.py
echo "== the replayed schema, as a real catalog has it"
on_a_server tests/witness/schema.py --limbeck target/release/limbeck --stairs genji=migrations/genji/api/alembic \
    knowledge-extraction=migrations/knowledge-extraction/src/alembic library=migrations/library/app/storage/migrations \
    org-archivist=migrations/org-archivist/backend/alembic schema-baseline=migrations/schema-baseline/alembic
echo "== the SQL, as Alembic sends it to a server"
on_a_server tests/witness/online.py --limbeck target/release/limbeck genji=migrations/genji/api/alembic \
    knowledge-extraction=migrations/knowledge-extraction/src/alembic library=migrations/library/app/storage/migrations \
    org-archivist=migrations/org-archivist/backend/alembic schema-baseline=migrations/schema-baseline/alembic
echo "== the formats, as others read them"
.venvtools/bin/python tests/witness/formats.py --limbeck target/release/limbeck
echo "== the page, in a browser"
on_a_server tests/witness/page.py
on_a_server tests/witness/playground.py
echo "== the pictures, drawn by mermaid"
on_a_server tests/witness/mermaid.py
echo "== what users install"
bash tests/install.sh
echo "== the examples of the rules, on every major version"
on_a_server tests/witness/documents.py
on_a_server tests/witness/newer.py
echo "== the lock model, on every major version"
on_a_server tests/witness/locks.py
