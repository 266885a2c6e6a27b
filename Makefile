# A thin wrapper: every target is a few commands that can also be typed by hand. CMake presets do the building,
# tests/support/suite.py runs and counts the tests.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
SECONDS ?= 60
RELEASES ?= bookworm trixie
# Set to any value where the packages are there but apt-get is not.
SKIP_DEPENDENCIES ?=

python := /usr/bin/python3
dependencies := $(if $(SKIP_DEPENDENCIES),@: ,@packaging/install-dependencies.sh)
suite := @JOBS=$(JOBS) $(python) tests/support/suite.py
our_sources := find src modules tests -name node_modules -prune -o \( -name '*.h' -o -name '*.cc' \) -print0

.PHONY: help
help:
	@echo "make demo and make test are all one needs to know; the rest:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build/release/hawser
	$(dependencies) build
	$(suite) build-release

.PHONY: demo
demo: ## install, build, start three chat servers and Hawser, say what to try; Ctrl-C stops
	$(dependencies) build demo
	$(suite) build-release
	@exec $(python) tests/support/demo/demo.py --hawser build/release/hawser

.PHONY: test
test: ## install, build, run every test; the last line is 'N passed, M failed'
	$(dependencies) build test
	$(suite) format layout build-asan unit-asan build-tsan unit-tsan build-release blackbox-release blackbox-asan

.PHONY: test-unit
test-unit: ## unit tests, release build
	$(dependencies) build
	$(suite) build-release unit-release

.PHONY: test-asan
test-asan: ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(dependencies) build
	$(suite) build-asan unit-asan

.PHONY: test-tsan
test-tsan: ## unit tests under ThreadSanitizer
	$(dependencies) build
	$(suite) build-tsan unit-tsan

.PHONY: test-integration
test-integration: ## black-box tests on the release build
	$(dependencies) build test
	$(suite) build-release blackbox-release

.PHONY: test-integration-asan
test-integration-asan: ## black-box tests on the AddressSanitizer build
	$(dependencies) build test
	$(suite) build-asan blackbox-asan

.PHONY: soak
soak: ## the long black-box runs: many sessions, many reloads, hours of traffic in minutes
	$(dependencies) build test
	$(suite) build-release soak

.PHONY: layout
layout: ## rooms, library doors, names and sizes of files
	$(suite) layout

.PHONY: format
format: ## write every source in the one format
	$(dependencies) lint
	@$(our_sources) | xargs -0 -r clang-format-19 -i

.PHONY: format-check
format-check: ## refuse a source that is not in the one format
	$(suite) format

.PHONY: lint
lint: ## clang-tidy over every source
	$(dependencies) build lint
	@cmake --preset lint
	@run-clang-tidy-19 -quiet -j $(JOBS) -p build/lint '$(CURDIR)/(src|modules)/(?!.*_test[.]cc)'

.PHONY: fuzz
fuzz: ## each fuzz target for SECONDS (60)
	$(dependencies) build fuzz
	@cmake --preset fuzz
	@cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	$(suite) fuzz --seconds $(SECONDS)

.PHONY: bench
bench: ## Hawser, nginx and HAProxy side by side
	$(dependencies) build bench
	@cmake --preset release
	@cmake --build --preset release -j $(JOBS) --target hawser bench_tools
	@$(python) tests/bench/run.py $(BENCH_ARGUMENTS)

.PHONY: install
install: ## the release build, its configuration (kept where there is one), unit, manual; DESTDIR, PREFIX, SYSCONFDIR
	@test -x build/release/hawser || { echo "run 'make build' first"; exit 1; }
	@HAWSER_SYSCONFDIR="$(SYSCONFDIR)" cmake --install build/release --strip --prefix "$(PREFIX)"

.PHONY: deb
deb: ## the Debian packages, in build/packages
	$(dependencies) build deb
	@packaging/build-deb.sh

.PHONY: package-test
package-test: recipe-test ## as root: build, install, upgrade under live sessions and remove the packages in fresh roots of RELEASES
	$(dependencies) package-test
	@status=0; for release in $(RELEASES); do \
	  DEBIAN_RELEASE=$$release $(python) -m pytest -p no:cacheprovider -x -v -rA tests/packaging/test_debian_package.py \
	    || status=1; \
	done; exit $$status

.PHONY: rpm
rpm: ## build/rpm: the source and binary rpm, and an SPDX document of what is in it
	$(dependencies) build rpm
	@JOBS=$(JOBS) packaging/rpm/build.sh build/rpm

.PHONY: recipe-test
recipe-test: build rpm ## test the rpm, the recipes for Arch and Alpine, the Dockerfile and the SPDX document
	$(dependencies) recipe-test
	@$(python) -m pytest -p no:cacheprovider -q -ra --ignore=tests/packaging/test_debian_package.py tests/packaging

.PHONY: sbom
sbom: ## build/sbom/hawser.spdx.json: the files that would be installed, and the libraries the binary links
	@test -x build/release/hawser || { echo "run 'make build' first"; exit 1; }
	@rm -rf build/sbom
	@DESTDIR="$(CURDIR)/build/sbom/root" cmake --install build/release --strip --prefix /usr > build/release/install.log
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} packaging/sbom/spdx.py \
	  --root build/sbom/root --build build/release --output build/sbom/hawser.spdx.json

.PHONY: clean
clean: ## remove what was built
	@rm -rf build
