# Every target sets up what it needs; see tests/setup.sh.
SHELL := /bin/bash
SETUP := set -euo pipefail; source tests/setup.sh; need_cargo; need_libclang

.PHONY: build demo test bench wild

build:
	@$(SETUP); cargo build --release

# The healthy histories are silent; the sick ones are not.
demo: build
	@echo "== migrations/: five healthy histories"; target/release/limbeck check migrations
	@echo; echo "== fixtures/: some of the histories that are not well"; target/release/limbeck check --fail-on never \
		fixtures/non-concurrent-index fixtures/not-null-after-partial-backfill fixtures/concurrent-index-in-transaction \
		fixtures/type-change-without-using fixtures/multiple-heads

test:
	@$(SETUP); need_venv; need_venv20; need_tools; need_postgres; need_servers; need_chromium; need_mermaid; bash tests/all.sh

bench:
	@$(SETUP); cargo bench

# Checkouts of real histories, to be named: make wild WILD="path/to/warehouse path/to/polar"
wild: build
	@$(SETUP); need_venv; bash tests/wild.sh $(WILD)
