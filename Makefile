# make demo and make test set up everything that they use. make help lists all targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The demo and the tests need speech and a translator; everything else is ffmpeg and Python.
PACKAGES := ffmpeg espeak-ng asterisk-core-sounds-en-wav asterisk-core-sounds-fr-wav python3-venv \
	apertium-eng-spa
# Tests that need no model, no network and no daemon process.
UNIT_TESTS := tests/unit

.PHONY: help demo setup check test lint format-check ruff types imports words unit docs docs-serve \
	fuzz test-slow test-faults test-postgres test-systemd test-kodi test-players test-package test-root \
	test-bare test-live test-web test-api test-examples screenshots bench clean system model
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z%-]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/ready system ## a film in, two languages out: the real daemon on a made-up film
	$(BIN)/python demo/demo.py

setup: $(VENV)/ready ## create .venv with everything that development needs

# --- Before a commit -----------------------------------------------------------------------------

# A property is tried with 15 examples, and what is marked "thorough" is left to make test.
QUICK := --hypothesis-profile quick
check: $(VENV)/ready ## format, lint, types, import order, words and most unit tests; a minute
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target \
	  unit types format-check ruff imports words UNIT="$(QUICK)" UNIT_MARKS=" and not thorough"

lint: format-check ruff types imports words ## the same without the tests

format-check: $(VENV)/ready
	$(BIN)/ruff format --check

ruff: $(VENV)/ready
	$(BIN)/ruff check

types: $(VENV)/ready
	$(BIN)/mypy

imports: $(VENV)/ready
	$(BIN)/lint-imports

words: $(VENV)/ready
	$(BIN)/python tools/check_words.py
	$(BIN)/python tools/check_docs.py
	$(BIN)/python tools/check_calls.py
	$(BIN)/python tools/check_plugin_api.py

unit: $(VENV)/ready ## the unit tests: no model, no network, no daemon process
	$(BIN)/pytest -q -n 2 $(UNIT) $(UNIT_TESTS) \
	  -m "not model and not slow and not faults and not postgres$(UNIT_MARKS)"

# --- Tests ---------------------------------------------------------------------------------------

# Three processes on two cores: a quarter of the time goes by in waiting for other processes. Tests of
# one file run in one process, since they share what they start.
CI_TESTS := not slow and not faults and not kodi and not players and not systemd \
  and not root and not postgres and not browser and not api \
  and not examples
# The cases that random tests try are the same in each run; make fuzz and make test-slow try others.
SEEDS := SUBTITLED_TEST_SEED=$${SUBTITLED_TEST_SEED:-1} SUBTITLED_FUZZ_SEED=$${SUBTITLED_FUZZ_SEED:-1}
test: $(VENV)/ready system lint model ## everything that CI runs; about 17 minutes on 2 cores
	$(SEEDS) $(BIN)/pytest --cache-clear -n 3 --dist loadfile -m "$(CI_TESTS)" \
	  || { test $$? -eq 1 && $(BIN)/python tools/run_failed_again.py "$(CI_TESTS)"; }

# Everything is installed as its users install it: a wheel of this tree, and each example.
EXAMPLES := build/examples
test-examples: $(VENV)/ready system ## examples/plugins in a new environment, with their weights; 5 minutes
	rm -rf $(EXAMPLES) && $(PYTHON) -m venv $(EXAMPLES)
	$(EXAMPLES)/bin/pip install --quiet --disable-pip-version-check '.[testing]' \
	  $(addprefix ./,$(wildcard examples/plugins/*))
	for plugin in hello-engine moonshine journal; do \
	  $(EXAMPLES)/bin/subtitled plugins check $$plugin --load || exit 1; done
	$(EXAMPLES)/bin/pytest -rs --import-mode importlib --rootdir build examples/plugins
	$(BIN)/pytest -m examples tests/integration/plugins

test-api: $(VENV)/ready ## every route by every caller; the API against its description; 15 minutes
	$(BIN)/pytest -rA -n 2 --dist load --timeout 1800 -m api tests/integration/web

fuzz: $(VENV)/ready ## broken input for every reader of something from outside; 10 minutes
	SUBTITLED_FUZZ_SECONDS=$${SUBTITLED_FUZZ_SECONDS:-600} $(BIN)/pytest -q -rA tests/fuzz

test-slow: $(VENV)/ready system model ## daemon and workers killed at random, 1 000 histories; an hour
	$(BIN)/pytest -m slow

# Without root, the tests that need it are skipped with the reason.
FAULT_PACKAGES := fuse3 e2fsprogs faketime
test-faults: PACKAGES += $(if $(filter 0,$(shell id -u)),$(FAULT_PACKAGES))
test-faults: $(VENV)/ready system model ## full disks, power cuts, kill -9; about 25 minutes, as root
	@echo "about 25 minutes on 2 cores; SUBTITLED_TEST_SEED repeats a seed that was printed"
	$(BIN)/pytest -m faults

# Debian's PostgreSQL; the tests start their own server in a temporary folder.
test-postgres: PACKAGES += postgresql
test-postgres: $(VENV)/ready system ## the database tests and three processes on PostgreSQL; 3 minutes
	$(BIN)/pytest -m postgres

# Chromium is Debian's; nothing else is downloaded for it.
test-web: PACKAGES += chromium
test-web: $(VENV)/ready system ## the pages in Debian's Chromium: journeys, axe; 6 minutes
	SUBTITLED_WEB_REQUIRED=1 $(BIN)/python tools/vendor.py
	$(BIN)/pytest -m browser tests/external/web

screenshots: PACKAGES += chromium
screenshots: $(VENV)/ready system ## pictures of every page, light, dark and narrow, in build/screenshots
	$(BIN)/python tools/screenshots.py

test-systemd: PACKAGES += $(if $(filter 0,$(shell id -u)),systemd-container)
test-systemd: $(VENV)/ready system ## the unit on a real systemd in a container; a minute, as root
	$(BIN)/pytest -m systemd tests/external/systemd

test-kodi: PACKAGES += kodi xvfb
test-kodi: $(VENV)/ready system ## a real Kodi lists our subtitles; about a minute
	$(BIN)/pytest -m kodi tests/external/kodi

test-players: PACKAGES += mpv
test-players: $(VENV)/ready system ## mpv lists our sidecars by name; 5 seconds
	$(BIN)/pytest -m players tests/external/players

test-package: $(VENV)/ready system model ## the Dockerfile's steps in a virtual environment; 2 minutes
	! command -v hadolint || hadolint container/Dockerfile
	$(BIN)/pytest -m "not root" tests/external/container

test-root: PACKAGES += $(if $(filter 0,$(shell id -u)),debootstrap systemd-container)
test-root: $(VENV)/ready system ## the Dockerfile in a Debian root; 5 minutes, as root, with a network
	$(BIN)/pytest -o faulthandler_timeout=1200 -m root tests/external/container

# BARE="--step demo bookworm" runs only the demo, in Debian 12. Logs are in build/bare.
test-bare: PACKAGES += $(if $(filter 0,$(shell id -u)),mmdebstrap)
test-bare: $(VENV)/ready system ## demo and tests in bare Debian roots with their Python; 90 minutes, as root
	$(BIN)/python tools/bare_roots.py $(BARE)

# The key is in $DASHSCOPE_API_KEY, its region in $DASHSCOPE_REGION (default: singapore).
test-live: $(VENV)/ready system ## Qwen against the real service, with your key; under a cent
	@test -n "$$DASHSCOPE_API_KEY" || { echo "set DASHSCOPE_API_KEY to a key of Model Studio"; exit 1; }
	SUBTITLED_TEST_LIVE=1 $(BIN)/pytest tests/integration/plugins/test_qwen_end_to_end.py

# --- Benchmarks ----------------------------------------------------------------------------------

BENCHMARKS := speed wer idle pausing rebuild segmentation
bench: $(VENV)/ready system model ## speed, word error rate, idle cost; 13 minutes, on a quiet machine
	for benchmark in $(BENCHMARKS); do $(BIN)/python benchmarks/$$benchmark.py || exit 1; done

bench-%: $(VENV)/ready system model ## one of benchmarks/: bench-words, bench-noise, bench-quality, bench-library ...
	$(BIN)/python benchmarks/$*.py

# --- Documentation -------------------------------------------------------------------------------

docs: $(VENV)/docs-ready docs/openapi.json ## write docs/configuration.md and docs/openapi.json, build the site
	$(BIN)/python -m subtitled.config.reference > docs/configuration.md
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir build/site

docs/openapi.json: $(VENV)/ready FORCE
	$(BIN)/python -m subtitled.web.api.schema > $@.new
	mv $@.new $@
FORCE:

docs/plugins/surface.txt: $(VENV)/ready FORCE ## record what the plugin API is; a change breaks plugins
	$(BIN)/python tools/check_plugin_api.py --record

docs-serve: $(VENV)/docs-ready ## show the site on http://127.0.0.1:8000 and follow changes
	$(BIN)/mkdocs serve

# --- Set-up --------------------------------------------------------------------------------------

$(VENV)/ready: pyproject.toml | system
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

$(VENV)/docs-ready: $(VENV)/ready
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

model: $(VENV)/ready
	$(BIN)/subtitled models pull base

# Root gets the missing Debian packages installed; others are told the one command.
system: ## install the Debian packages that the demo and the tests need
	@missing=$$(dpkg-query -W -f '$${Package} $${db:Status-Status}\n' $(PACKAGES) 2>/dev/null \
	  | awk '$$2 == "installed" {print $$1}' | sort > /tmp/subtitled-have.$$$$; \
	  printf '%s\n' $(PACKAGES) | sort | comm -23 - /tmp/subtitled-have.$$$$; \
	  rm -f /tmp/subtitled-have.$$$$); \
	command -v ffmpeg >/dev/null 2>&1 && missing=$$(echo $$missing | sed 's/\bffmpeg\b//'); \
	$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null && \
	  missing=$$(echo $$missing | sed 's/\bpython3-venv\b//'); \
	if [ -n "$$(echo $$missing)" ]; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get -o DPkg::Lock::Timeout=300 update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq \
	      --no-install-recommends $$missing >/dev/null; \
	  else \
	    echo "Some packages are missing. Run this, then try again:"; \
	    echo "  sudo apt-get install --no-install-recommends $$(echo $$missing)"; exit 1; \
	  fi; \
	fi

clean: ## delete .venv, build output and caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

include packaging.mk
