#!/usr/bin/env bash
# Builds the Debian packages twice, in folders of different names and depth, at different times, under different masks,
# time zones and languages, and compares every .deb byte by byte.
# Usage: tests/packaging/compare_builds.sh FOLDER
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
folder=$1
first=$folder/first
second=$folder/second/in-a-deeper/folder
rm -rf "$first" "$second"
mkdir -p "$first" "$second"

(umask 022 && TZ=UTC LC_ALL=C.UTF-8 "$project/packaging/build-deb.sh" "$first" > "$folder/first.log" 2>&1)
(umask 077 && TZ=Pacific/Kiritimati LC_ALL=C "$project/packaging/build-deb.sh" "$second" > "$folder/second.log" 2>&1)

status=0
for deb in "$first"/*.deb; do
  if cmp "$deb" "$second/$(basename "$deb")"; then
    sha256sum "$deb" "$second/$(basename "$deb")"
  else
    status=1
  fi
done
exit "$status"
