#!/usr/bin/env bash
# Packs the tree as a release would be: the files that git knows, as they are now, below hawser-VERSION/. The same files
# give the same bytes. Usage: packaging/source-archive.sh FOLDER   prints the name of the archive written there.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

version=$(sed -n 's/^project(hawser VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || stat -c %Y CMakeLists.txt)}
archive=$folder/hawser-$version.tar.gz

# Without git, as in an unpacked release, everything but build results.
files() {
  if git rev-parse --is-inside-work-tree > /dev/null 2>&1; then
    git ls-files -z
  else
    find . -path ./build -prune -o -name node_modules -prune -o -name __pycache__ -prune -o -type f -printf '%P\0'
  fi
}

files | while IFS= read -r -d '' file; do
  if [ -e "$file" ]; then printf '%s\0' "$file"; fi
done | LC_ALL=C sort -z > "$archive.files"
tar --create --null --no-recursion --files-from="$archive.files" --format=gnu --mtime="@$epoch" --owner=0 --group=0 \
  --numeric-owner --mode='u+rw,go=rX' --transform="s,^,hawser-$version/," | gzip -9 --no-name > "$archive"
rm "$archive.files"
echo "$archive"
