# One target a chore. `make` alone tells what there is.

PY := .venv/bin/python
SOURCES := services schemas tests
BESIDE := $(PY) -m pytest --dist loadfile --no-loadscope-reorder

# Python keeps what it compiled, whatever the machine says: a process that imports torch starts in
# half the time, and the tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo up down test unit integration e2e lint format schemas clients web screenshots bench clean

help: ## Show this
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: .venv/.stamp ## Make .venv with everything in it (.venv/bin/nightclerk)

.venv/.stamp: pyproject.toml constraints.txt .ci/setup
	@.ci/setup

demo: setup ## Show it working: a scene, an alert, a mail (VIDEO=file for your own footage)
	@$(PY) -m services.cli demo $(if $(VIDEO),"$(VIDEO)")

up: setup ## Run everything on this machine until Ctrl-C
	@$(PY) -m services.cli up

down: setup ## Stop what runs
	@$(PY) -m services.cli down

test: setup ## All tests, on real Kafka, MariaDB, S3 and SMTP
	@.ci/servers
	@$(MAKE) --no-print-directory --keep-going unit integration e2e

unit: setup ## The tests that need no server, side by side
	@$(PY) -m pytest -m "not integration and not e2e" -n logical --maxprocesses 4 --dist worksteal

integration: setup ## The tests of a service on real servers, three side by side: they wait much
	@$(BESIDE) -n 3 -m "integration and not e2e"

e2e: setup ## The tests of the whole line, two side by side
	@$(BESIDE) -n 2 -m e2e

lint: setup ## Format, rules, types and walls
	@$(PY) -m ruff format --check $(SOURCES)
	@$(PY) -m ruff check $(SOURCES)
	@$(PY) -m mypy
	@.venv/bin/lint-imports

format: setup ## Put the source in shape
	@$(PY) -m ruff check --fix-only --quiet $(SOURCES)
	@$(PY) -m ruff format $(SOURCES)

schemas: setup ## Generate JSON Schemas, AsyncAPI, examples and reference pages anew
	@$(PY) -m schemas.generate
	@PYTHONPATH=. $(PY) docs/generate.py

clients: setup ## Generate the Python and TypeScript clients of the API into clients/
	@.ci/clients

web: setup ## Build the dashboard (services/api/web) anew
	@.ci/web

screenshots: setup ## Take pictures of every page of the dashboard into build/screenshots
	@$(PY) -m tests.web.screenshots

bench: setup ## Measure decode, features, judging, episodes and the whole line
	@$(PY) -m services.cli bench

clean: ## Remove what was built; the state in .nightclerk stays
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
