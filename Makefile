# Everything is set up from a bare Python >= 3.11: `make leaderboard` and `make test` need nothing installed before.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STORE := build/quick.sqlite
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install leaderboard test test-slow zoo lint format bench gate clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all,test]'
	touch $@

install: $(INSTALLED) ## Make the virtual environment and install mibench with everything it can use

leaderboard: $(INSTALLED) ## Run the suite "quick" into an empty store and write its board to leaderboard/
	mkdir -p $(dir $(STORE))
	rm -f $(STORE) $(STORE)-wal $(STORE)-shm
	$(BIN)/mibench run quick --store $(STORE)
	$(BIN)/mibench leaderboard quick --store $(STORE) -o leaderboard

test: $(INSTALLED) ## Run the tests on two processes, without the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: $(INSTALLED) ## Run the slow tests
	$(BIN)/python -m pytest -m slow

zoo: $(INSTALLED) ## Run the conformance kit on every neural estimator (about two minutes of CPU each)
	$(BIN)/python -m pytest -m zoo -n 2

lint: $(INSTALLED) ## Check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(INSTALLED) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED) ## Time the kernels (pytest-benchmark)
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only -m ''

gate: $(INSTALLED) ## Compare the built-ins with the committed baseline; any changed number is an error
	$(BIN)/mibench gate --baseline leaderboard/baseline --suite ci --exact

clean: ## Remove what the other targets made, the virtual environment included
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .benchmarks
