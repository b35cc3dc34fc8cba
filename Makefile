# One command for everything; `make` alone lists them. PYTHON=... chooses the interpreter.
.SILENT:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export VENV PYTHON

.PHONY: help setup demo test lint format coverage check torture bench schema docs test-all-pythons clean

help:  ## list the targets
	sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 20

setup: $(READY)  ## make .venv with Dunwell and its tools; does nothing when nothing changed

# Another interpreter than the one in .venv: make it anew.
ifneq ($(PYTHON),)
ifneq ($(shell $(PYTHON) -V 2>&1),$(shell $(BIN)/python -V 2>&1))
.PHONY: $(READY)
endif
endif

$(READY): pyproject.toml scripts/setup scripts/pythons
	scripts/setup
	touch $@

demo: setup  ## see a small company's receivables collected
	$(BIN)/dunwell demo

# One process more than cores, as some tests wait for leases and servers; threads of polars beside
# them would only wait for each other.
test: export POLARS_MAX_THREADS := 1
test: setup  ## run the tests
	$(BIN)/python -m pytest -q --dist=worksteal \
		--numprocesses=$$(( $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1 ))

lint: setup  ## format, lint, types, layers: all checks but the tests
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/python -m mypy --no-error-summary
	$(BIN)/lint-imports --no-logo

format: setup  ## rewrite the code in its one format
	$(BIN)/ruff check --quiet --fix-only .
	$(BIN)/ruff format --quiet .

coverage: setup  ## run the tests and show the lines that none of them reached
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage report --show-missing

check: lint coverage  ## all checks and the tests: what a change must pass

torture: setup  ## the properties with many more examples, and the tests that take minutes
	$(BIN)/python -m pytest -q -m 'hypothesis or torture' --hypothesis-profile=torture
	DUNWELL_KILLS=150 $(BIN)/python -m pytest -q tests/test_kill.py tests/test_quickbooks_kill.py

bench: setup  ## run the benchmarks, one after the other, beside their peers
	$(BIN)/python -m pip install --quiet --group bench
	for name in columns decide plan; do echo "$$name" && $(BIN)/python -m bench $$name || exit 1; done

schema: setup  ## write the published schema and reference anew
	$(BIN)/python -m dunwell.policy.publish docs
	$(BIN)/dunwell schema --json >$(VENV)/schema.json
	mv $(VENV)/schema.json docs/policy.schema.json

docs: setup  ## write anew what the pages show: outputs of commands, the command line
	$(BIN)/python scripts/dunwell_docs.py

test-all-pythons: setup  ## run the tests under every supported Python on this machine
	scripts/test-all-pythons

clean:  ## remove what can be made again
	rm -rf $(VENV) build dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
