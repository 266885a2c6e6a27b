#!/bin/sh
# Runs an APKBUILD as abuild does, as far as a recipe can tell on a system without abuild: abuild.sh APKBUILD SRCDIR PKGDIR
# Owners are written down in PKGDIR.owners instead of given, as their users are not here; subpackages are taken apart
# below PKGDIR-NAME.
set -eu
srcdir=$2
pkgdir=$3
export LDFLAGS=""

install() {
  owner=""
  kept=""
  while [ $# -gt 0 ]; do
    case $1 in
      -o | -g) owner="$owner $2"; shift ;;
      *) kept="$kept $1" ;;
    esac
    shift
  done
  # No path of a package has a space in it.
  # shellcheck disable=SC2086
  command install $kept
  if [ -n "$owner" ]; then echo "${kept##* }$owner" >> "$pkgdir.owners"; fi
}

amove() {
  for moved in "$@"; do
    mkdir -p "$subpkgdir/$(dirname "$moved")"
    mv "$pkgdir/$moved" "$subpkgdir/$moved"
  done
}

. "$1"
builddir=$srcdir/$pkgname-$pkgver
for step in build check package; do
  cd "$builddir"
  "$step"
done
subpkgdir=$pkgdir-vim
vim
