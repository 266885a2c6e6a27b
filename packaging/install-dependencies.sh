#!/usr/bin/env bash
# Installs the Debian packages (12 and 13) that building and testing Hawser needs, and only those that are missing.
# Usage: packaging/install-dependencies.sh GROUP…   with groups build, test, lint, fuzz, bench, demo, deb,
# package-test, rpm, recipe-test.
set -euo pipefail

usage() {
  echo "usage: $0 GROUP…  (build, test, lint, fuzz, bench, demo, deb, package-test, rpm, recipe-test)" >&2
  exit 2
}

packages_of() {
  case "$1" in
    build)
      echo g++ cmake ninja-build make pkg-config ccache
      echo libuv1-dev libc-ares-dev libssl-dev libyaml-cpp-dev libspdlog-dev libre2-dev libxxhash-dev "$(llhttp_package)"
      echo catch2 python3
      ;;
    test)
      echo clang-format-19 catch2 curl openssl procps iproute2 nftables
      echo python3 python3-pytest python3-websockets python3-yaml python3-jsonschema mandoc vim
      echo golang-go golang-github-gorilla-websocket-dev
      echo chromium chromium-driver wrk nginx-light haproxy
      command -v node > /dev/null || echo nodejs
      command -v npm > /dev/null || echo npm
      ;;
    lint) echo clang-19 clang-tidy-19 clang-format-19 ;;
    fuzz) echo clang-19 libclang-rt-19-dev ;;
    bench) echo nginx-light haproxy valgrind openssl python3 ;;
    demo) echo python3 python3-websockets ;;
    deb)
      echo build-essential dpkg-dev debhelper dh-apparmor lintian git
      systemd_packages
      ;;
    package-test) echo debootstrap dpkg-dev git iproute2 python3 python3-pytest util-linux ;;
    rpm) echo rpm rpm2cpio cpio binutils python3 ;;
    recipe-test) echo python3-pytest makepkg libarchive-tools fakeroot shellcheck curl rpm ;;
    *) usage ;;
  esac
}

codename() {
  # shellcheck source=/dev/null
  if [ -r /etc/os-release ]; then (. /etc/os-release && echo "${VERSION_CODENAME:-}"); fi
}

# Debian 12 ships llhttp as the C sources of a Node package, Debian 13 as a library.
llhttp_package() {
  if [ "$(codename)" = bookworm ]; then echo node-llhttp; else echo libllhttp-dev; fi
}

# The tools that judge units, and the file by which pkg-config knows where units go.
systemd_packages() {
  if [ "$(codename)" = bookworm ]; then echo systemd; else echo systemd systemd-dev; fi
}

missing_of() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2> /dev/null | awk '$1 ~ /^.i/ { print $2 }' || true)
  comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$installed" | sort -u)
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo --preserve-env=DEBIAN_FRONTEND "$@"; fi
}

# While packages are installed no service of theirs may start: the bench starts its own nginx and haproxy. The rule is
# withdrawn on leaving, and a rule that was there before is left alone.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  [ -e "$policy" ] && return
  trap 'as_root rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" > /dev/null
  as_root chmod 755 "$policy"
}

[ $# -gt 0 ] || usage
wanted=""
for group in "$@"; do
  wanted+=" $(packages_of "$group")"
done
# Package names hold no spaces, so the list is split on purpose.
# shellcheck disable=SC2086
missing=$(missing_of $wanted)
if [ -z "$missing" ]; then
  echo "dependencies ($*): all installed"
  exit 0
fi
command -v apt-get > /dev/null || { echo "missing: $missing" >&2; echo "no apt-get here: install them by hand" >&2; exit 1; }
# shellcheck disable=SC2086
echo "dependencies ($*): installing" $missing
export DEBIAN_FRONTEND=noninteractive
forbid_services
as_root apt-get -q update
# shellcheck disable=SC2086
as_root apt-get -q install -y --no-install-recommends $missing
