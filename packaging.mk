# For packagers: make install DESTDIR=... PREFIX=/usr SYSCONFDIR=/etc
# pip installs the Python package. This target installs the systemd units, the user, the folders,
# the examples and the documentation. It changes nothing outside DESTDIR.
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
# systemd reads units from /usr/lib and /usr/local/lib, but not from every PREFIX.
UNITS ?= $(PREFIX)/lib/systemd/system
DOCS := $(PREFIX)/share/doc/subtitled
# Growing delays between restarts need systemd 254.
SYSTEMD_VERSION ?= $(shell systemctl --version 2>/dev/null | awk 'NR == 1 {print int($$2)}')

.PHONY: install
install: ## install units, examples and documentation (for packagers; see packaging.mk)
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
	sed -e 's|/usr/local/bin/|$(PREFIX)/bin/|' -e 's|/etc/subtitled|$(SYSCONFDIR)/subtitled|g' \
	  systemd/drop-ins/plugins.conf > $(DESTDIR)$(DOCS)/drop-ins/plugins.conf
	chmod 644 $(DESTDIR)$(DOCS)/drop-ins/plugins.conf
	install -D -m 644 -t $(DESTDIR)$(DOCS) README.md
	for page in $$(cd docs && find . -name '*.md'); do \
	  install -D -m 644 docs/$$page $(DESTDIR)$(DOCS)/$$page || exit 1; \
	done
	install -D -m 644 config.example.toml $(DESTDIR)$(SYSCONFDIR)/subtitled/config.example.toml
