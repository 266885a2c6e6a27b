#!/bin/sh
# The Debian packages that hold the libraries which a program loads. Usage: runtime-packages.sh PROGRAM
set -eu
libraries=$(ldd "$1")
case $libraries in *"not found"*) echo "$libraries" >&2; exit 1 ;; esac
echo "$libraries" | sed -n 's/^.*=> \(\/[^ ]*\) (.*$/\1/p' | while read -r library; do
  # Merged /usr: the database knows some files by the name they have without it.
  dpkg-query --search "$(realpath "$library")" 2> /dev/null ||
    dpkg-query --search "$(realpath "$library" | sed 's,^/usr,,')"
done | cut -d : -f 1 | sort -u
