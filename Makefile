# `make demo` and `make test` each do all set-up that is still missing; a second run takes seconds.
SHELL := /bin/bash
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format types models lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## virtual environment, system libraries, locked packages, models

$(READY): scripts/setup.sh requirements.lock pyproject.toml models/manifest.toml
	@scripts/setup.sh

demo: $(READY) ## verify the pictures in samples/ and draw what was found into out/demo/
	@$(BIN)/python samples/demo.py

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(READY) ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## put the style right where that can be done by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY) ## check types
	$(BIN)/mypy

models: $(READY) ## bring models that are missing or altered
	$(BIN)/photo-service models pull

lock: ## pin dependencies anew into requirements.lock (ARGS=--upgrade: to the newest)
	scripts/lock.sh $(ARGS)

clean: ## remove all that make has made
	rm -rf .venv out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
