#!/usr/bin/env bash
# Builds the source and binary rpm of this tree and an SPDX document beside them. Usage: packaging/rpm/build.sh [FOLDER]
# On Fedora it wants the spec's build dependencies installed (dnf builddep). On Debian, where rpm knows none of the
# installed packages, packaging/install-dependencies.sh has to have brought them, and missing.macros stands in for
# Fedora's macros.
set -euo pipefail
cd "$(dirname "$0")/../.."
source_tree=$PWD
mkdir -p "${1:-build/rpm}"
top=$(cd "${1:-build/rpm}" && pwd)

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || stat -c %Y CMakeLists.txt)}
export SOURCE_DATE_EPOCH
version=$(sed -n 's/^project(hawser VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)

options=(
  --define "_topdir $top"
  --define "hawser_version $version"
  --define "cmake_folder $top/CMAKE"
  --define "_smp_mflags -j${JOBS:-$(nproc)}"
  --define "use_source_date_epoch_as_buildtime 1"
  --define "clamp_mtime_to_source_date_epoch 1"
  --define "_buildhost localhost"
)
if [ -z "$(rpm --eval '%{?_unitdir}')" ]; then
  options+=(--load "$source_tree/packaging/rpm/missing.macros")
fi
if [ -e /var/lib/dpkg/status ]; then
  options+=(--nodeps)
fi

rm -rf "$top"/{BUILD,BUILDROOT,CMAKE,RPMS,SRPMS}
packaging/source-archive.sh "$top/SOURCES" > /dev/null
rpmbuild -ba "${options[@]}" packaging/rpm/hawser.spec

# The document is of the files as they came out of rpmbuild, which strips and compresses.
package=$(echo "$top"/RPMS/*/hawser-"$version"-*.rpm)
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
rpm2cpio "$package" | (cd "$unpacked" && cpio --quiet --extract --make-directories --no-absolute-filenames)
packaging/sbom/spdx.py --root "$unpacked" --build "$top/CMAKE" --output "${package%.rpm}.spdx.json"
echo "$package"
