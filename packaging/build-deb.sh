#!/usr/bin/env bash
# Builds the Debian packages. The sources that git knows (outside of a clone: all but build/) are copied to
# OUTPUT/hawser-VERSION with packaging/debian at their top, and dpkg-buildpackage runs there; OUTPUT is build/packages.
# Usage: packaging/build-deb.sh [--stage-only] [OUTPUT]
# Environment: DEB_BUILD_OPTIONS, "nocheck" where nothing is said: `make test` runs the unit tests, and more.
set -euo pipefail
# As Debian's policy has it for packages, whoever builds them.
umask 022

root=$(cd "$(dirname "$0")/.." && pwd)
only_stage=
if [ "${1:-}" = --stage-only ]; then
  only_stage=yes
  shift
fi
output=${1:-$root/build/packages}
mkdir -p "$output"
output=$(cd "$output" && pwd)

changelog=$root/packaging/debian/changelog
version=$(dpkg-parsechangelog -l "$changelog" -S Version)
time=$(dpkg-parsechangelog -l "$changelog" -S Timestamp)
staged=$output/hawser-$version

# Names of the source files, each followed by a zero byte. The folder may belong to someone else than who builds.
list_sources() {
  if [ -e "$root/.git" ]; then
    git -c safe.directory='*' -C "$root" ls-files -z
  else
    (cd "$root" && find . -path ./build -prune -o \( -type f -o -type l \) -print0 | LC_ALL=C sort -z)
  fi
}

# Times and modes of the working folder must not reach the packages.
rm -rf "$staged"
mkdir "$staged"
list_sources |
  tar --create --directory "$root" --null --files-from - --mtime "@$time" --mode 'u=rwX,go=rX' --owner 0 --group 0 |
  tar --extract --directory "$staged" --preserve-permissions --no-same-owner
cp -a "$staged/packaging/debian" "$staged/debian"

[ -z "$only_stage" ] || exit 0

cd "$staged"
export DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS-nocheck parallel=$(nproc)}
dpkg-buildpackage --unsigned-source --unsigned-changes --build=full
