# Two commands do everything: `make run` starts the bot, `make test` proves it. Both install what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := scripts/install $(VENV)

# One process more than there are cores: some tests wait, for a minute of Telegram's or for a bot to come up.
# Tests that share what takes long to make are in one group, for one process.
SHARED := --numprocesses=$$(expr $$(nproc) + 1) --maxprocesses=5 --dist=loadgroup --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run check test soak lint lock docs screenshot clean

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## start the bot: on Telegram with BOT_TOKEN in .env, else the playground in a browser
	@$(BIN)/spinemets run

check: lint ## what is quick: style, types, dependencies and the quick tests, in about two minutes
	$(BIN)/pytest $(SHARED) -m "not slow"

test: ## install what tests need, and pass everything
	@scripts/browser
	@scripts/words
	@scripts/papers
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest $(SHARED) --durations=25 --cov --cov-report=term:skip-covered --cov-fail-under=97

soak: $(VENV)/test.stamp ## kill, fuzz and cut the power for hours, and write down what came of it; OPTIONS="--kills 500 --images 1000"
	$(BIN)/python -m bench.soak $(OPTIONS)

lint: $(VENV)/test.stamp ## style, strict types, dependencies between the packages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/run.stamp ## write the documents that are generated
	$(BIN)/spinemets flow --document > docs/flows/metastasis.md
	for flow in sins bauer tokuhashi tomita; do $(BIN)/spinemets flow $$flow --document > docs/flows/$$flow.md || exit; done

screenshot: ## take the pictures of the documents, in a real browser
	@scripts/browser
	@$(MAKE) --no-print-directory $(VENV)/test.stamp
	$(BIN)/python tests/support/screenshot.py
	$(BIN)/spinemets picture docs/spine.json docs/spine.png

lock: $(VENV)/test.stamp ## pin the dependencies anew, with hashes and without an index address
	scripts/lock

clean: ## remove the virtual environment and what tools leave behind
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .import_linter_cache build dist

$(VENV)/bin/pip:
	@scripts/venv $(PYTHON) $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(VENV)/bin/pip
	@echo "Installing what spinemets needs into $(VENV) (once; about a minute)"
	@$(PIP) --requirement requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test.stamp: requirements/test.txt $(VENV)/run.stamp
	@echo "Installing what its tests need into $(VENV) (once; about a minute)"
	@$(PIP) --requirement requirements/test.txt
	@touch $@
