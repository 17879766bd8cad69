# Two commands do all the set-up: `make demo` shows the system, `make test` proves it.
# Both need Python 3.11 to 3.13 and nothing else installed from this project.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed.stamp
LOCK_VENV := .lock-venv
PACKAGES := schemas processor connectors smart_routing bench tests

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check lint types imports lock clean

help:
	@echo "make demo    run the system on the embedded stack and chat with a flow: http://127.0.0.1:8080"
	@echo "make test    every check and test, on a real Apache Kafka"
	@echo "make check   linter, types and import rules only"
	@echo "make lock    renew requirements.lock and requirements-run.lock from pyproject.toml"
	@echo "make clean   remove what these made"

demo: $(STAMP)
	@exec $(BIN)/smart-routing demo

test: check
	$(BIN)/pytest --numprocesses 2 --dist loadfile --cov --cov-report=term-missing:skip-covered

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The first Python on PATH that fits, else one sentence that says what to install.
FIND_PYTHON = for python in python3.11 python3.12 python3.13 python3 python; do \
	if $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then \
		echo $$python; exit 0; \
	fi; \
done; \
echo "Python 3.11, 3.12 or 3.13 with its venv module is needed and none is on PATH: on Debian 12, apt-get install python3.11 python3.11-venv." >&2; \
exit 1

# The lock holds every dependency with its hashes; the project itself is built with the setuptools of the lock.
$(STAMP): requirements.lock pyproject.toml
	@python=$$($(FIND_PYTHON)) && rm -rf $(VENV) && echo "Making $(VENV) with $$($$python --version) ..." && $$python -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

# One lock for every supported Python and platform (requirements.lock: tests included; requirements-run.lock: what a deployment needs).
LOCK = $(LOCK_VENV)/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" pyproject.toml
lock:
	@python=$$($(FIND_PYTHON)) && $$python -m venv $(LOCK_VENV)
	@$(LOCK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	$(LOCK) --upgrade --extra dev --output-file requirements.lock
	$(LOCK) --constraint requirements.lock --no-annotate --output-file requirements-run.lock

clean:
	rm -rf $(VENV) $(LOCK_VENV) *.egg-info build dist .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(PACKAGES) -name __pycache__ -type d -prune -exec rm -rf {} +
