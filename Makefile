# The commands of this repository. Each sets up .venv by itself, from the lock, when it has to.
#
#   make demo    check and build every destination, then run them against the sandbox
#   make test    lint, types, floors and tests
#   make quick   lint and the tests of an edit loop, in 40 seconds: see tests/support/quick.py
#   make check   report every mistake in destinations/
#   make build   write build/
#   make bench   measure; NAMES picks what
#   make fuzz    the property tests, with many more examples, and every reader of foreign bytes
#   make mutants put mistakes into copies of the code, and see whether the tests find them
#   make generated write what is made from the folders of the vaults, and docs/reference/
#   make audit   ask for known holes in the locked packages
#   make pictures draw the pictures that the documents show
#   make facts   say which of the vendors' clients and contracts have newer versions

.PHONY: demo test quick check build bench fuzz mutants pictures generated audit facts
.DEFAULT_GOAL := test

# Expanded only when .venv is made: the first interpreter that starts and is new enough. Some
# version managers put commands on the path that do not start.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
	>/dev/null 2>&1 && echo "$$name" && break; done)

# Containers like to set it: then each process that a test starts would compile every source anew.
unexport PYTHONDONTWRITEBYTECODE

# What .venv depends on. A new key sets it up again, also after the checkout has moved.
KEY := $(shell { pwd && cat Makefile pyproject.toml requirements/dev.txt; } | cksum | cut -d ' ' -f 1)
READY := .venv/.ready-$(KEY)
VENV := .venv/bin/python
CORES = $$($(VENV) -c 'import os; print(os.cpu_count() or 1)')
# One more than there are cores: many tests wait for a server, a disk or a clock.
WORKERS = $$(( $(CORES) + 1 ))
PIP := PIP_USER=0 $(VENV) -m pip install --quiet --no-input --disable-pip-version-check

demo: $(READY)
	.venv/bin/forwardc demo

test: $(READY)
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	@# Where they cannot be installed it says so, and their tests skip.
	@PYTHONPATH=tests/support $(VENV) -m clients.install || :
	@# Types are checked beside the tests: alone they would keep one core busy.
	@$(VENV) -m mypy & types=$$!; \
	$(VENV) -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadgroup --no-loadscope-reorder; \
	tests=$$?; wait $$types && exit $$tests

quick: $(READY)
	@$(VENV) -m ruff check --quiet .
	@$(VENV) -m ruff format --quiet --check .
	$(VENV) -m pytest --quick --hypothesis-profile quick --snapshot-warn-unused \
		-n $(CORES) --maxprocesses 8 --dist loadgroup --no-loadscope-reorder

check: $(READY)
	.venv/bin/forwardc check

build: $(READY)
	.venv/bin/forwardc build

bench: $(READY)
	$(VENV) -m benchmarks $(NAMES)

fuzz: $(READY)
	$(VENV) -m pytest -m fuzz --hypothesis-profile fuzz -n auto --maxprocesses 8
	PYTHONPATH=compiler:tests/support $(VENV) -m fuzzed

mutants: $(READY)
	PYTHONPATH=tests/support $(VENV) -m mutants

pictures: $(READY)
	PYTHONPATH=compiler:tests/support $(VENV) -m pictures $(NAMES)

generated: $(READY)
	PYTHONPATH=compiler:tests/support $(VENV) -m generated_files .
	PYTHONPATH=compiler:tests/support $(VENV) -m schema_reference .

audit: $(READY)
	$(VENV) requirements/audit.py

facts: $(READY)
	PYTHONPATH=tests/support $(VENV) requirements/facts.py

$(READY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with its venv module is needed" \
		"(Debian: apt-get install python3-venv), or name one: make PYTHON=..." >&2; exit 1; }
	@$(VENV) -c '' 2>/dev/null || { rm -rf .venv && "$(PYTHON)" -m venv .venv; }
	@echo "Setting up .venv from requirements/dev.txt"
	@# Compiled to bytecode, as our own package below: no command shall do that when it starts.
	@$(PIP) --compile --require-hashes --only-binary :all: --requirement requirements/dev.txt
	@$(VENV) -m compileall -q -j 0 compiler
	@pwd | sed 's,$$,/compiler,' \
		>"$$($(VENV) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/forwardc.pth"
	@# -P: a file of the checkout called click.py or yaml.py is no package.
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -P -m forwardc "$$@"\n' >.venv/bin/forwardc
	@chmod +x .venv/bin/forwardc
	@rm -f .venv/.ready-* && touch $@
