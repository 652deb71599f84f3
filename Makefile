# What a person does with Limpid. Everything made lies under build/ (and each module's target/), and what is slow to make is
# kept under $(LIMPID_CACHE), outside the tree, keyed by its inputs.
#
#   make           build everything into build/dist
#   make demo      the same, then run a container and show what is special about it
#   make test      every test (installs what they need)
#   make behaviours  what a runtime does as seen from outside, of runc and of Limpid, in two columns
#   make bench     Limpid beside runc, crun and gVisor, in numbers: three quarters of an hour
#   make install   [prefix=/usr/local] [DESTDIR=]
#   make clean

prefix ?= /usr/local
export LIMPID_CACHE ?= /var/cache/limpid/build
export DEBIAN_FRONTEND = noninteractive

BUILD := $(CURDIR)/build
DIST := $(BUILD)/dist
HOME_DIR := $(DIST)/lib/limpid
MVN ?= mvn -B -ntp
COMMIT := $(shell git rev-parse --verify -q HEAD 2>/dev/null || echo unknown)
COMMIT_DATE := $(shell git log -1 --format=%cs 2>/dev/null || date +%F)

JAVA_SOURCES := $(shell find oci-spec agent-proto vm-launcher runtime-cli -path '*/src/main/*' -type f -not -path '*/src/main/c/*' -not -path '*/src/main/jni/*') \
	pom.xml $(wildcard */pom.xml) runtime-cli/manual/pom.xml $(wildcard .mvn/*)
C_SOURCES := $(shell find agent-proto/src/main/c vm-launcher/src/main/c -type f)
CLIENT_SOURCES := $(shell find runtime-cli/src/main/c runtime-cli/src/main/jni runtime-cli/src/main/systemd -type f)
GUEST_SOURCES := $(shell find mini-os agent-proto/src/main/c -type f)

# Whose behaviour Limpid's is compared with.
OTHER_RUNTIME ?= /usr/sbin/runc

.PHONY: all demo test behaviours bench check-c install clean prerequisites test-prerequisites
all: $(DIST)/.complete

prerequisites:
	@mini-os/ensure-packages mini-os/packages.build mini-os/agent/packages.build vm-launcher/packages.run runtime-cli/manual/packages.build

test-prerequisites:
	@mini-os/ensure-packages runtime-cli/packages.test mini-os/agent/packages.test vm-launcher/src/test/c/packages.test runtime-cli/manual/packages.test

# Each stamp stands for a part that has been built from the sources it lists.
$(BUILD)/.guest: $(GUEST_SOURCES) | prerequisites
	@echo '== mini-OS: kernel, agent, image; qemu-lite'
	$(MAKE) --no-print-directory -C mini-os/agent OUT=$(BUILD)/mini-os
	$(MAKE) --no-print-directory -C mini-os OUT=$(BUILD)/mini-os
	@touch $@

$(BUILD)/.host: $(C_SOURCES) | prerequisites
	@echo '== shim'
	$(MAKE) --no-print-directory -C vm-launcher/src/main/c OUT=$(BUILD)/host
	@touch $@

$(BUILD)/.java: $(JAVA_SOURCES) | prerequisites
	@echo '== Java (Maven; a minute the first time)'
	@mkdir -p $(BUILD)
	@$(MVN) -q package -Dmaven.test.skip=true -Dlimpid.commit=$(COMMIT) > $(BUILD)/maven.log 2>&1 || { cat $(BUILD)/maven.log; exit 1; }
	@touch $@

# The Java side has made the pages in AsciiDoc.
$(BUILD)/.manual: $(BUILD)/.java | prerequisites
	@echo '== man pages'
	@rm -rf $(BUILD)/manual
	@asciidoctor -b manpage -a docdate=$(COMMIT_DATE) -D $(BUILD)/manual runtime-cli/manual/target/manual/limpid*.adoc
	@gzip -9n $(BUILD)/manual/*.8
	@touch $@

$(DIST)/.complete: $(BUILD)/.guest $(BUILD)/.host $(BUILD)/.java $(BUILD)/.manual runtime-cli/src/main/scripts/launcher runtime-cli/src/main/scripts/archive-classes $(CLIENT_SOURCES)
	@echo '== assembling $(DIST)'
	@rm -rf $(DIST)
	@$(MAKE) --no-print-directory assemble prefix=$(DIST) DESTDIR=
	@touch $@

# The files of an installation, from what has been built.
.PHONY: assemble
assemble:
	@install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/lib/limpid/jars $(DESTDIR)$(prefix)/lib/systemd/system \
	    $(DESTDIR)$(prefix)/share/man/man8 $(DESTDIR)$(prefix)/share/bash-completion/completions
	@rm -f $(DESTDIR)$(prefix)/lib/limpid/classes.jsa
	@install -m 644 runtime-cli/target/limpid-runtime-cli-*.jar runtime-cli/target/lib/*.jar $(DESTDIR)$(prefix)/lib/limpid/jars
	@install -m 755 $(BUILD)/host/limpid-shim $(DESTDIR)$(prefix)/lib/limpid/limpid-shim
	@install -m 644 $(BUILD)/mini-os/vmlinux $(BUILD)/mini-os/mini-os.erofs $(BUILD)/mini-os/image.manifest $(DESTDIR)$(prefix)/lib/limpid
	@install -m 755 $(BUILD)/mini-os/qemu-lite $(DESTDIR)$(prefix)/lib/limpid/qemu-lite
	@install -D -m 644 -t $(DESTDIR)$(prefix)/lib/limpid/firmware $(BUILD)/mini-os/*.bin
	@install -m 644 $(BUILD)/manual/*.8.gz $(DESTDIR)$(prefix)/share/man/man8
	@install -m 644 runtime-cli/manual/target/manual/limpid.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/limpid
	@home=$(prefix)/lib/limpid; \
	classpath=$$(cd $(DESTDIR)$$home/jars && { ls limpid-*.jar; ls *.jar | grep -v ^limpid-; } | sed "s|^|$$home/jars/|" | paste -sd:); \
	java=$$(readlink -f "$$(command -v java)"); \
	for script in lib/limpid/launcher lib/limpid/archive-classes; do \
	  sed -e "s|@HOME@|$$home|" -e "s|@CLASSPATH@|$$classpath|" -e "s|@JAVA@|$$java|" \
	    runtime-cli/src/main/scripts/$${script##*/} > $(DESTDIR)$(prefix)/$$script.new && \
	  chmod 755 $(DESTDIR)$(prefix)/$$script.new && \
	  mv $(DESTDIR)$(prefix)/$$script.new $(DESTDIR)$(prefix)/$$script || exit 1; \
	done
	@$(MAKE) --no-print-directory -s -C runtime-cli/src/main/jni OUT=$(BUILD)/client
	@install -m 644 $(BUILD)/client/libprocess_exit.so $(DESTDIR)$(prefix)/lib/limpid/libprocess_exit.so
# It has the launcher's place compiled in.
	@$(MAKE) --no-print-directory -s -C runtime-cli/src/main/c OUT=$(BUILD)/client HOME_DIR=$(prefix)/lib/limpid
	@install -m 755 $(BUILD)/client/limpid $(DESTDIR)$(prefix)/bin/limpid.new
	@mv $(DESTDIR)$(prefix)/bin/limpid.new $(DESTDIR)$(prefix)/bin/limpid
	@for unit in limpid-resident.socket limpid-resident.service; do \
	  sed -e "s|@PREFIX@|$(prefix)|" runtime-cli/src/main/systemd/$$unit > $(DESTDIR)$(prefix)/lib/systemd/system/$$unit && \
	  chmod 644 $(DESTDIR)$(prefix)/lib/systemd/system/$$unit || exit 1; \
	done
# It names the jars by their final place.
	@if [ -n "$(DESTDIR)" ]; then \
	  echo 'On the host, when the files are there: $(prefix)/lib/limpid/archive-classes'; \
	else \
	  $(prefix)/lib/limpid/archive-classes || echo 'There is no archive of classes: verbs start more slowly.' >&2; \
	fi

install: all
	@$(MAKE) --no-print-directory assemble

demo: all
	@mini-os/ensure-packages runtime-cli/packages.demo
	@runtime-cli/src/main/scripts/demo $(DIST)/bin/limpid

check-c: all test-prerequisites
	$(MAKE) --no-print-directory -C agent-proto/src/test/c check
	$(MAKE) --no-print-directory -C vm-launcher/src/test/c check
	$(MAKE) --no-print-directory -C runtime-cli/src/test/c check
	$(MAKE) --no-print-directory -C vm-launcher/src/test/c check-real LIMPID=$(DIST)/bin/limpid
	$(MAKE) --no-print-directory -C mini-os/agent check
	$(MAKE) --no-print-directory -C mini-os OUT=$(BUILD)/mini-os check

# Surefire's and Failsafe's closing lines come last.
test: check-c
	$(MVN) verify -Dlimpid.commit=$(COMMIT) -Dlimpid.dist=$(DIST) -Dlimpid.compare=$(OTHER_RUNTIME)

behaviours: all test-prerequisites
	$(MVN) verify -pl runtime-cli -am -Dlimpid.commit=$(COMMIT) -Dlimpid.dist=$(DIST) -Dlimpid.compare=$(OTHER_RUNTIME) \
	  -Dtest=None -Dsurefire.failIfNoSpecifiedTests=false -Dit.test='dev.limpid.behaviour.*IT' -Dfailsafe.failIfNoSpecifiedTests=false

# Each prints a table, and JSON in its last line.
bench: all test-prerequisites
	@mini-os/ensure-packages bench/packages
	@for each in start-up lifecycle density concurrency network storage; do echo "== bench/$$each"; bench/$$each --limpid $(DIST)/bin/limpid || exit 1; done

clean:
	rm -rf $(BUILD)
	rm -rf oci-spec/target agent-proto/target vm-launcher/target runtime-cli/target runtime-cli/manual/target
