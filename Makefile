# Needs Python 3.11 or later and make; everything else goes into .venv.

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3 python))
VENV ?= .venv
export SMALTA_DATA ?= data
CLIENTS ?= 500

SMALTA := $(VENV)/bin/smalta
DEV := $(VENV)/.with-dev
PROCESSES ?= 2

.PHONY: run test lint format bench clean check-plugins check-nightly

# A new installation gets an administrator and a demo company; its sign-in is printed once.
run: $(VENV)/.with-product
	@if [ ! -e "$(SMALTA_DATA)/site.toml" ]; then \
		$(SMALTA) init --admin-email admin@example.org --admin-name Administrator --generate-password && \
		$(SMALTA) demo --clients $(CLIENTS); \
	else \
		$(SMALTA) migrate; \
	fi
	@$(SMALTA) serve

test: $(DEV)
	$(VENV)/bin/python -m pytest -n $(PROCESSES) --dist loadscope $(TESTS)

lint: $(DEV)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(DEV)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# Removing any plugin's folder leaves everything else working; so does enabling none.
check-plugins: $(DEV)
	@for plugin in $$(cd plugins && ls -d */ | grep -v __ | tr -d /); do \
		echo "without $$plugin" && rm -rf build/without && mkdir -p build/without && \
		git archive HEAD | tar x -C build/without && \
		rm -rf build/without/plugins/$$plugin build/without/tests/plugins/$$plugin && \
		(cd build/without && PYTHONPATH=$$PWD $(abspath $(VENV))/bin/python -m pytest -q -n $(PROCESSES) --dist loadscope \
			--ignore tests/journeys --ignore tests/core/test_cli.py) || exit 1; \
	done
	SMALTA_PLUGINS=none $(VENV)/bin/python -m pytest -q -n $(PROCESSES) --dist loadscope tests/core

check-nightly: check-plugins

bench: $(DEV)
	$(VENV)/bin/python -m benchmarks

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or later is needed."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.with-product: $(VENV)/bin/python pyproject.toml constraints.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[spreadsheets]'
	@touch $@

$(DEV): $(VENV)/bin/python pyproject.toml constraints.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.with-product
