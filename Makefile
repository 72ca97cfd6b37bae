# Two commands on a fresh machine: `make demo` and `make test`. Everything is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo demo-live test slow bench realism picture pictures-live lint types layers check clean help

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("journeysim needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing journeysim into $(VENV) (first time only) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## Run scenarios/lunch_rush.yaml against the embedded receiver
	@$(BIN)/journeysim run scenarios/lunch_rush.yaml

demo-live: $(STAMP) ## Watch the lunch rush and its coupons on the live map, in a browser
	@$(BIN)/journeysim live scenarios/lunch_rush_live.yaml --speed 20

test: $(STAMP) ## Run the tests, but for the slow ones
	@$(BIN)/python -m pytest -n auto -m "not slow"

slow: $(STAMP) ## Run the slow tests: browsers, crashes, long runs
	@$(BIN)/python -m pytest -n auto -m slow

bench: $(STAMP) ## Print the speed and memory figures, as ratios measured in one run
	@$(BIN)/python -m benchmarks

realism: $(STAMP) ## How people move, beside published figures (60 days of 2,000 people)
	@$(BIN)/python -m benchmarks.realism

picture: $(STAMP) ## Draw the picture in the README, from a run
	@$(BIN)/python docs/make_picture.py
	@$(BIN)/python docs/make_report_picture.py

pictures-live: $(STAMP) ## Draw the pictures of the live map, from a run (needs Chromium)
	@$(BIN)/python -m docs.make_live_pictures

lint: $(STAMP) ## Style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(STAMP) ## Static types
	@$(BIN)/mypy

layers: $(STAMP) ## The layers of the house
	@$(BIN)/lint-imports

check: lint types layers test slow ## Everything that must hold before a push

clean: ## Remove the environment and everything made by runs
	rm -rf $(VENV) runs
