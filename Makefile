# Redress: everything starts here, with nothing installed but Python 3.11 or newer and make.
#   PYTHON=/path/to/python3  chooses the interpreter that the environment is made of
#   ARGS=…                   is handed to the command

.DEFAULT_GOAL := help
.PHONY: help demo up token test check model simulate mutants bench clean distclean run-environment dev-environment
MAKEFLAGS += --no-print-directory

PYTHON ?=
ARGS ?=
RUN := .venv/bin/python

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: run-environment ## start everything, play the stories (ARGS=--once: and leave)
	@$(RUN) -m deploy.demo $(ARGS)

up: run-environment ## the running system, in the foreground until Ctrl-C; data is kept
	@$(RUN) -m deploy.local up

token: run-environment ## a development token: ARGS="--role customer --subject …"
	@$(RUN) -m deploy.local token $(ARGS)

test: dev-environment ## all tests (ARGS=… for pytest)
	@$(RUN) -m pytest -m "not bench" $(ARGS)

simulate: dev-environment ## 10,000 random lives of disputes (SIMULATED_LIVES=…; ARGS="--hypothesis-seed=…": those again)
	@SIMULATED_LIVES="$${SIMULATED_LIVES:-10000}" $(RUN) -m pytest tests/unit/tracker/test_lives.py $(ARGS)

check: dev-environment ## format, lint, types, imports, schemas, migrations, model and guards
	@$(RUN) -m deploy.local.check

model: dev-environment ## search the dispute machine exhaustively (ARGS=--guards: without each guard in turn)
	@$(RUN) -m tests.model $(ARGS)

mutants: dev-environment ## change the tracker's core in every small way and see a test fail (ARGS=--write: docs/mutants.md)
	@PYTHON="$(PYTHON)" sh deploy/local/environment.sh mutants
	@$(RUN) -m tests.mutants $(ARGS)

bench: dev-environment ## complete disputes per second
	@$(RUN) -m tests.bench $(ARGS)

clean: ## delete data, keys and logs of local runs, and the tools' caches
	@if [ -x $(RUN) ]; then $(RUN) -m deploy.local clean; else rm -rf .run; fi
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage mutants

distclean: clean ## and the environment and everything that was fetched
	@rm -rf .venv .cache

run-environment:
	@PYTHON="$(PYTHON)" sh deploy/local/environment.sh run

dev-environment:
	@PYTHON="$(PYTHON)" sh deploy/local/environment.sh dev
