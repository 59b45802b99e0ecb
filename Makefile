# The two commands that a newcomer needs: make demo, make test. Both set up what they use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Speech and a translator for the demo and the tests; everything else is ffmpeg and Python.
PACKAGES := ffmpeg espeak-ng asterisk-core-sounds-fr-wav python3-venv apertium-eng-spa

.PHONY: demo test lint test-slow test-package test-root test-faults test-postgres test-systemd \
	test-kodi test-players test-live bench bench-hallucination bench-library bench-quality \
	bench-vocabulary bench-alignment bench-identification bench-cloud docs install clean system
.DELETE_ON_ERROR:

demo: $(VENV)/ready system
	$(BIN)/python demo/demo.py

# Everything that CI runs; about 19 minutes on 2 cores.
test: $(VENV)/ready system lint
	$(BIN)/subtitled models pull base
	$(BIN)/pytest -m "not slow and not faults and not kodi and not players and not systemd \
	  and not root and not postgres"

# Kills the daemon and workers at random instants, over and over; about 17 minutes.
test-slow: $(VENV)/ready system
	$(BIN)/subtitled models pull base
	$(BIN)/pytest -m slow

# A real daemon against disks that fill up, fail, hang, go away and lose their power, against kill -9
# and a clock that jumps; and 1 000 random histories of a library. About 25 minutes, as root: others
# get skips, with the reason of each.
FAULT_PACKAGES := fuse3 e2fsprogs faketime
test-faults: PACKAGES += $(if $(filter 0,$(shell id -u)),$(FAULT_PACKAGES))
test-faults: $(VENV)/ready system
	$(BIN)/subtitled models pull base
	@echo "about 25 minutes on 2 cores; a seed that is printed can be given in SUBTITLED_TEST_SEED"
	$(BIN)/pytest -m faults

# The ledger's tests on PostgreSQL, and a farm of three machines on one; about 3 minutes. With
# Debian's postgresql: a server of the tests' own, in a temporary folder.
test-postgres: PACKAGES += postgresql
test-postgres: $(VENV)/ready system
	$(BIN)/pytest -m postgres

# A real systemd in a container, on which the unit is installed and maltreated; about a minute, as
# root, with Debian's systemd-container.
test-systemd: PACKAGES += $(if $(filter 0,$(shell id -u)),systemd-container)
test-systemd: $(VENV)/ready system
	$(BIN)/pytest -m systemd

# A real Kodi, on a screen that is none: what it lists of a film and our subtitles. About 1 minute.
KODI_PACKAGES := kodi xvfb
test-kodi: PACKAGES += $(KODI_PACKAGES)
test-kodi: $(VENV)/ready system
	$(BIN)/pytest -m kodi

# The steps of container/Dockerfile in a fresh virtual environment; 2 minutes. And, where there
# is hadolint, what it says of the Dockerfile.
test-package: $(VENV)/ready system
	$(BIN)/subtitled models pull base
	! command -v hadolint || hadolint container/Dockerfile
	$(BIN)/pytest -m "not root" tests/container

# The instructions of container/Dockerfile in a Debian root, and what they make at work there as
# another user: a subtitle, the health check, the end. About 5 minutes, as root, with a network.
ROOT_PACKAGES := debootstrap systemd-container
test-root: PACKAGES += $(if $(filter 0,$(shell id -u)),$(ROOT_PACKAGES))
test-root: $(VENV)/ready system
	$(BIN)/pytest -o faulthandler_timeout=1200 -m root

# mpv lists our sidecars by their names, ffmpeg decodes them. About 5 seconds.
PLAYER_PACKAGES := mpv
test-players: PACKAGES += $(PLAYER_PACKAGES)
test-players: $(VENV)/ready system
	$(BIN)/pytest -m players

# Qwen end to end against the service itself, with the key in $DASHSCOPE_API_KEY, of the region
# $DASHSCOPE_REGION (singapore): half a minute of speech, less than a cent.
test-live: $(VENV)/ready system
	@test -n "$$DASHSCOPE_API_KEY" || { echo "set DASHSCOPE_API_KEY to a key of Model Studio"; exit 1; }
	SUBTITLED_TEST_LIVE=1 $(BIN)/pytest tests/plugins/test_qwen_end_to_end.py

lint: $(VENV)/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# About 13 minutes; ratios against named baselines in the same run.
bench: $(VENV)/ready system
	$(BIN)/subtitled models pull base
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/wer.py
	$(BIN)/python benchmarks/idle.py
	$(BIN)/python benchmarks/pausing.py
	$(BIN)/python benchmarks/rebuild.py
	$(BIN)/python benchmarks/segmentation.py

# Characters that are written where nobody speaks: the goal is 0. About 2 minutes.
bench-hallucination: $(VENV)/ready system
	$(BIN)/subtitled models pull base
	$(BIN)/python benchmarks/hallucination.py

# Names that the recogniser was told, and was not; about 2 minutes.
bench-vocabulary: $(VENV)/ready system
	$(BIN)/subtitled models pull base
	$(BIN)/python benchmarks/vocabulary.py

# The same words laid out by us and by others; about 2 minutes, and as long to fetch the others.
bench-quality: $(VENV)/ready system
	$(BIN)/subtitled models pull base
	$(BIN)/python benchmarks/quality.py

# Times found for text that came without: how far off, at what cost. About 2 minutes.
bench-alignment: $(VENV)/ready system
	$(BIN)/subtitled models pull base
	$(BIN)/python benchmarks/alignment.py

# Right texts refused for their language, wrong ones let pass; about 2 minutes, 46 MB of packages.
bench-identification: $(VENV)/ready system
	$(BIN)/python benchmarks/identification.py

# The Qwen plugin against its stand-in: how busy it keeps the service, what kill -9 costs, memory for
# up to 12 hours of sound. About 25 minutes.
bench-cloud: $(VENV)/ready system
	$(BIN)/python benchmarks/cloud.py

# Walks, watching and the way of a file in a large library; about 5 minutes.
bench-library: $(VENV)/ready system
	$(BIN)/python benchmarks/library.py

docs: $(VENV)/ready
	$(BIN)/python -m subtitled.config.reference > docs/configuration.md

$(VENV)/ready: pyproject.toml | system
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# Root gets the packages installed; others are told the one command.
system:
	@missing=$$(dpkg-query -W -f '$${Package} $${db:Status-Status}\n' $(PACKAGES) 2>/dev/null \
	  | awk '$$2 == "installed" {print $$1}' | sort > /tmp/subtitled-have.$$$$; \
	  printf '%s\n' $(PACKAGES) | sort | comm -23 - /tmp/subtitled-have.$$$$; \
	  rm -f /tmp/subtitled-have.$$$$); \
	command -v ffmpeg >/dev/null 2>&1 && missing=$$(echo $$missing | sed 's/\bffmpeg\b//'); \
	$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null && \
	  missing=$$(echo $$missing | sed 's/\bpython3-venv\b//'); \
	if [ -n "$$(echo $$missing)" ]; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  else \
	    echo "Some packages are missing. Run this, then try again:"; \
	    echo "  sudo apt-get install --no-install-recommends $$(echo $$missing)"; exit 1; \
	  fi; \
	fi

# For packagers: make install DESTDIR=... PREFIX=/usr SYSCONFDIR=/etc. The package itself comes with
# pip; this puts its unit, user, folders, examples and documentation in place, and changes no system.
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
# Units are read from both, but not from every PREFIX.
UNITS ?= $(PREFIX)/lib/systemd/system
DOCS := $(PREFIX)/share/doc/subtitled
# From 254 on, systemd knows pauses between starts that grow.
SYSTEMD_VERSION ?= $(shell systemctl --version 2>/dev/null | awk 'NR == 1 {print int($$2)}')
install:
	install -d $(DESTDIR)$(UNITS)
	for unit in subtitled subtitled-worker@; do \
	  sed -e 's|/usr/local/bin/|$(PREFIX)/bin/|' -e 's|/usr/local/share/|$(PREFIX)/share/|' \
	    -e 's|/etc/subtitled|$(SYSCONFDIR)/subtitled|g' systemd/$$unit.service \
	    > $(DESTDIR)$(UNITS)/$$unit.service && \
	  chmod 644 $(DESTDIR)$(UNITS)/$$unit.service || exit 1; \
	  test "$(or $(SYSTEMD_VERSION),0)" -lt 254 || install -D -m 644 systemd/drop-ins/back-off.conf \
	    $(DESTDIR)$(UNITS)/$$unit.service.d/10-back-off.conf || exit 1; \
	done
	install -D -m 644 systemd/subtitled.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/subtitled.conf
	install -D -m 644 systemd/subtitled.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/subtitled.conf
	install -D -m 644 -t $(DESTDIR)$(DOCS)/drop-ins systemd/drop-ins/gpu.conf systemd/drop-ins/cloud-only.conf
	install -D -m 644 -t $(DESTDIR)$(DOCS) docs/*.md README.md
	install -D -m 644 config.example.toml $(DESTDIR)$(SYSCONFDIR)/subtitled/config.example.toml

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
