# make test       create the environment, check the style, run the tests
# make test-slow  run the tests that train or evaluate from start to end
# make coverage   run the tests, and show which lines of the product they run
# make page-libraries  fetch what the page runs networks with, from npm
# make page-test  the same, npm and Chromium from Debian; test the page in it
# make demo       create the environment, run the main job on sample photos
# make clean      remove the environment and what the tools left behind

PYTHON ?= python3
PY := .venv/bin/python
PYTEST := $(PY) -m pytest -rs -n 2 --dist loadfile --no-loadscope-reorder

# Nothing of an environment that make was called from reaches this one. What
# pip was told (index, proxy, certificates) does.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

# The name holds the folder, so that a moved or copied checkout installs
# itself again rather than test the one it came from.
STAMP := .venv/installed-$(shell pwd -P | cksum | cut -d ' ' -f 1)

.PHONY: test test-slow coverage page-libraries page-test demo clean

test: $(STAMP)
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy --no-error-summary
	@$(PYTEST)

test-slow: $(STAMP)
	@$(PYTEST) -m slow

coverage: $(STAMP)
	@$(PYTEST) --cov

page-libraries:
	@cd fast_depth_style/web && npm ci --ignore-scripts --no-audit --no-fund

page-test: $(STAMP)
	@for each in npm chromium; do command -v $$each > /dev/null || { \
	  apt-get update --quiet && \
	  apt-get install --quiet --yes --no-install-recommends $$each; \
	} || exit; done
	@$(MAKE) --no-print-directory page-libraries
	@$(PY) -m pytest -rs tests/web

demo: $(STAMP)
	@$(PY) tools/demo.py

$(STAMP): setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
	  "Python 3.11 or newer is needed, this is %d.%d: make PYTHON=python3.12" \
	  % sys.version_info[:2])'
	@echo "Installing into .venv (some minutes the first time)"
	@$(PYTHON) -m venv .venv
	@PYTHONWARNINGS=ignore $(PY) -m pip install --quiet --editable '.[test]'
	@rm -f .venv/installed-*
	@touch $@

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
