# make run     set up what is missing and serve on http://localhost:8000 until Ctrl-C
# make test    the whole suite                 make test TESTS="tests/portal -k lock"
# make check   formatting, lint, types, imports, migrations, templates, row security
# make prove-isolation  cut an organisation off under full load (B13), and guess at every way in (B20)
# make prove-deliveries  10,000 messages while everything is killed (B6, B7), 500 ladders (B9), urgent ones in time (B10)
# make prove-wall        eight hours of events on the wall screen and the board: neither page keeps growing
# make prove-playbooks   run 2,000 random playbooks against the rules written by hand
# make prove-ingest        millions of records of access: memory stays, kills lose nothing, several tell each sight once
# make bench   the benchmarks                  make bench BENCH="J1 J2"
# make lock    compile the locked requirements again
# make texts   every text for translators    make texts LANGUAGE=cy
#
# Set-up steps leave stamps, so that they run again only when what they were made from has changed.

SHELL = /bin/sh
.DEFAULT_GOAL := run
.PHONY: run test check bench lock texts assets chromium prove-isolation prove-deliveries prove-playbooks prove-wall prove-ingest
.SUFFIXES:

BEGAN := $(shell date +%s)
PYTHON ?= python3
VAR := $(if $(BULKHEAD_VAR),$(BULKHEAD_VAR),var)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps

# Without a home, pip and npm would leave their caches in the checkout.
ifeq ($(strip $(HOME)),)
export HOME := $(abspath $(VAR))/home
endif

run: .venv/run.stamp assets
	@BULKHEAD_SET_UP_BEGAN=$(BEGAN) exec $(BIN)/python -m portal.supervisor

test: .venv/dev.stamp assets chromium $(VAR)/schemathesis/made.stamp
	@exec $(BIN)/python -m pytest $(TESTS)

check: .venv/dev.stamp assets
	@exec $(BIN)/python -m scripts.check

bench: .venv/dev.stamp assets
	@exec $(BIN)/python -m benchmarks.run $(BENCH)

prove-isolation: .venv/dev.stamp assets
	@exec $(BIN)/python -m scripts.prove.isolation

prove-deliveries: .venv/dev.stamp assets
	@exec $(BIN)/python -m scripts.prove.deliveries

prove-wall: .venv/dev.stamp assets chromium
	@exec $(BIN)/python -m scripts.prove.wall

prove-playbooks: .venv/dev.stamp assets
	@exec $(BIN)/python -m scripts.prove.playbooks

prove-ingest: .venv/dev.stamp assets
	@exec $(BIN)/python -m scripts.prove.ingest

texts: .venv/dev.stamp
	@LANGUAGE_OF_TEXTS=$(if $(filter command line,$(origin LANGUAGE)),$(LANGUAGE)) $(BIN)/python -m scripts.texts

assets: .venv/run.stamp
	@$(BIN)/python -m portal.assets >&2

chromium:
	@scripts/ensure-chromium

.venv/run.stamp: requirements.txt requirements-demo.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	    { echo "Bulkhead needs Python 3.11 or newer as $(PYTHON): name another with PYTHON=." >&2; exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
	    { echo "Python cannot make a virtual environment: install your system's python3-venv package." >&2; exit 2; }
	@echo "Installing what Bulkhead runs on." >&2
	@$(PIP) -r requirements.txt -r requirements-demo.txt
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.txt
	@echo "Installing what the tests and checks run on." >&2
	@$(PIP) -r requirements.txt -r requirements-demo.txt -r requirements-dev.txt
	@touch $@

# Its own environment: its plug-ins would slow every test process.
$(VAR)/schemathesis/made.stamp: requirements/schemathesis.txt
	@echo "Installing Schemathesis." >&2
	@mkdir -p $(VAR) && $(PYTHON) -m venv --clear $(VAR)/schemathesis
	@$(VAR)/schemathesis/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps \
	    -r requirements/schemathesis.txt
	@touch $@

# docopt belongs to a command line of Notify's client that nobody here uses, and would have to be built.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url --no-annotate --no-emit-package docopt

lock: .venv/dev.stamp
	@$(COMPILE) requirements/requirements.in -o requirements.txt
	@$(COMPILE) requirements/requirements-demo.in -o requirements-demo.txt
	@$(COMPILE) requirements/requirements-dev.in -o requirements-dev.txt
	@$(COMPILE) requirements/schemathesis.in -o requirements/schemathesis.txt
