"""The same tree at the same date gives the same rpm. rpm writes the folder of the build into a package's header, with the
whole spec, so that only what is packed can be the same in every folder.

The binary is the one of build/release: what the compiler makes of two folders takes two builds to tell, which
compare_builds.sh does for the Debian package.
"""

import os
import pathlib
import shutil
import subprocess

import pytest
from installed_files import PROJECT

BINARY = pathlib.Path(os.environ.get("HAWSER_BIN", PROJECT / "build/release/hawser")).resolve()


def build(folder):
    stand_ins = PROJECT / "tests/packaging/stand_ins"
    done = subprocess.run([str(PROJECT / "packaging/rpm/build.sh"), str(folder)], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          env={"PATH": f"{stand_ins}:/usr/sbin:/usr/bin:/sbin:/bin", "HAWSER_BUILT": str(BINARY),
                               "SOURCE_DATE_EPOCH": "1700000000", "HOME": str(folder)})
    assert done.returncode == 0, done.stdout
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("*RPMS/**/*") if path.is_file()}


pytestmark = [
    pytest.mark.skipif(not shutil.which("rpmbuild"), reason="there is no rpmbuild"),
    pytest.mark.skipif(not BINARY.exists(), reason=f"there is no {BINARY}: run `make build`"),
]


def test_one_folder_gives_the_same_packages_twice(tmp_path):
    first = build(tmp_path)
    assert sorted(path.rpartition(".")[2] for path in first) == ["json", "rpm", "rpm"]
    assert build(tmp_path) == first


def packed(folder):
    """The digest of what is packed, and the document of it."""
    build(folder)
    package = next(folder.glob("RPMS/*/*.rpm"))
    digest = subprocess.run(["rpm", "--query", "--package", "--queryformat", "%{PAYLOADDIGESTALT}", str(package)], check=True,
                            capture_output=True, text=True).stdout
    return digest, package.with_suffix(".spdx.json").read_bytes()


def test_two_folders_pack_the_same(tmp_path):
    first = packed(tmp_path / "first")
    assert len(first[0]) == 64
    assert packed(tmp_path / "second") == first
