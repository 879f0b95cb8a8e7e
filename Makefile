# Everything a developer or a newcomer runs. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check format golden bench fault faults planted ledger lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: https://www.python.org"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is older; set PYTHON=…"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: $(READY) ## Eight weeks of a sample portfolio in a minute, then live: real flows, a local mailbox and Slack
	$(BIN)/saveline demo

test: $(READY) ## All tests, on SQLite and on a PostgreSQL that they start themselves
	$(BIN)/pytest -n logical --dist worksteal

check: $(READY) ## Format, lint, types, import contracts and tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(filter no,$(TESTS)),,$(BIN)/pytest -n logical --dist worksteal)

format: $(READY) ## Put the code into the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: $(READY) ## Write the golden files anew; look at the difference before you commit it
	SAVELINE_GOLDEN=write $(BIN)/pytest tests/core tests/files tests/notify tests/printing tests/stories tests/web tests/faults/test_hostile_csv.py

# More at once than there are cores: most of their time they wait for a lease, a limit or a server to come back.
fault: $(READY) ## The heavier fault tests, which CI runs beside all others
	$(BIN)/pytest tests/faults tests/flows tests/web -m "fault and not slow" -n 4 --maxschedchunk 1

faults: $(READY) ## The long fault tests, with more seeds
	$(BIN)/pytest -m "slow or fault"

planted: $(READY) ## Each of the twenty faults clean and with each planted bug, into benchmarks/FAULTS.md
	$(BIN)/python -m benchmarks faults

ledger: $(READY) ## 10,000 notices, 3 workers, 30 kills, a crash of the database, an hour of 429s: and the books
	$(BIN)/python -m benchmarks ledger

bench: $(READY) ## The benchmarks: ratios against plain SQL, and against DBOS if it is installed
	$(BIN)/python -m benchmarks all
	$(BIN)/python -m benchmarks delivery

lock: $(READY) ## Write the lock files anew from pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header --no-annotate pyproject.toml --group dev -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header --no-annotate --group mining -c requirements-dev.txt -o requirements-mining.txt

clean: ## Remove what make made
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
