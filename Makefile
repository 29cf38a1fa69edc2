# `make demo` and `make test` do all the set-up on a fresh Debian machine. The rest is for daily work.
PYTHON ?= python3
DATA ?= ../shared/conformance
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test setup check fmt conformance bench lock clean

demo: .venv/mesh.stamp
	@tools/host-tools
	@$(BIN)/pillion demo

test: setup
	@tools/host-tools
	$(BIN)/python -m pytest -n 2 --dist loadscope --inline-snapshot=disable

setup: .venv/dev.stamp typings/.stamp  ## the environment in .venv, with the tools of the checks

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/unit tests/cases tests/house

fmt: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

conformance: setup
	PYTHONPATH=tests $(BIN)/python -m conformance --data $(DATA) $(if $(SUITE),--suite $(SUITE)) $(if $(RAISE),--raise)

bench: setup
	@tools/host-tools
	$(BIN)/python -m bench

lock:  ## pin anew from pyproject.toml (needs uv)
	uv pip compile -q --generate-hashes --no-header --no-annotate --python-version 3.11 --extra mesh --group build pyproject.toml -o requirements/mesh.txt
	uv pip compile -q --generate-hashes --no-header --no-annotate --python-version 3.11 --extra mesh --group build --group dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf .venv build typings

.venv/bin/python:
	@tools/make-venv $(PYTHON)

.venv/mesh.stamp: .venv/bin/python requirements/mesh.txt pyproject.toml
	$(INSTALL) --require-hashes -r requirements/mesh.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/mesh.stamp requirements/dev.txt
	$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

typings/.stamp: .venv/dev.stamp tools/stubs.py
	$(BIN)/python tools/stubs.py typings
	@touch $@
