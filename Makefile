# make demo    run the IP router of configs/ on captured traffic and draw it
# make test    run the tests
# make lint    check formatting, types, and all C under two compilers
# make bench   compare the speed with hand-written C
# make golden  write the golden files of the tests again (look at the difference before you keep it)
# make setup   only install into .venv        make clean  remove what these targets made
#
# demo and test need a Debian 12 or Ubuntu with Python 3.11 or later; as root they install what else they need.
# PYTHON=python3.12 chooses another Python (after make clean, if one was chosen before).

PYTHON  ?= python3
VENV    := .venv
PY      := $(VENV)/bin/python
NMCLICK := $(VENV)/bin/nmclick
JOBS    ?= 2

.PHONY: demo test lint bench golden setup clean

demo: $(VENV)/.demo
	$(NMCLICK) run configs/ip-router.click --stats
	@mkdir -p out
	@if command -v dot >/dev/null; then \
	    set -x; $(NMCLICK) draw configs/ip-router.click -o out/ip-router.svg; \
	else echo 'No diagram: that needs graphviz (sudo apt-get install graphviz)'; fi

test: $(VENV)/.test
	$(PY) -m pytest -n $(JOBS) --dist worksteal tests

lint: $(VENV)/.lint
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	find native elements tests -name '*.[ch]' | xargs $(VENV)/bin/clang-format --dry-run -Werror
	$(PY) -m nmclick.compile.lint gcc clang
	for cc in gcc clang; do \
	    $$cc -std=gnu11 -O1 -Wall -Wextra -Werror -fsyntax-only -I native/include $$(find native -name '*.c') || exit; done

bench: $(VENV)/.demo
	$(PY) -m tests.bench

golden: $(VENV)/.test
	$(PY) -m pytest -n $(JOBS) --dist worksteal tests --update-golden

setup: $(VENV)/.demo

clean:
	rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# What a target needs is installed once, and again after pyproject.toml changes. Test and lint come on top of demo.

$(VENV)/.demo: pyproject.toml .ci/packages
	@PYTHON='$(PYTHON)' .ci/packages demo
	$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	@PYTHON='$(PYTHON)' .ci/packages test
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	@PYTHON='$(PYTHON)' .ci/packages lint
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
