"""The PKGBUILD and the APKBUILD: run with the real tree, they package the files of the one list.

Both take the binary of build/release (or HAWSER_BIN), so that nothing is compiled here. makepkg is the real one, where
it is installed; abuild is stood in for, as Debian has none.
"""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import tarfile
import tempfile

import pytest
from installed_files import PROFILES, PROJECT, SYSTEMD, expected, project_version, without_compression

STAND_INS = PROJECT / "tests/packaging/stand_ins"
BINARY = pathlib.Path(os.environ.get("HAWSER_BIN", PROJECT / "build/release/hawser")).resolve()
NOBODY = 65534

needs_binary = pytest.mark.skipif(not BINARY.exists(), reason=f"there is no {BINARY}: run `make build`")


def write_archive(folder):
    subprocess.run([str(PROJECT / "packaging/source-archive.sh"), str(folder)], check=True, capture_output=True)
    return folder / f"hawser-{project_version()}.tar.gz"


def run(command, folder, **environment):
    """As an ordinary user: makepkg refuses to be root."""
    if os.geteuid() == 0:
        command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
    done = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={"PATH": f"{STAND_INS}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder), "LANG": "C.UTF-8",
                               "HAWSER_BUILT": str(folder / "built"), "SOURCE_DATE_EPOCH": "1700000000", **environment})
    assert done.returncode == 0, done.stdout


def hand_over(folder):
    """What nobody needs to read and write."""
    shutil.copy(BINARY, folder / "built")
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(folder)], check=True)


@pytest.fixture(scope="module")
def workshop():
    """A folder that nobody reaches too, as those of pytest are for one user alone."""
    with tempfile.TemporaryDirectory(prefix="hawser-recipes-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="module")
def arch_package(workshop):
    folder = workshop / "arch"
    folder.mkdir()
    for name in ("PKGBUILD", "hawser.install"):
        shutil.copy(PROJECT / "packaging/arch" / name, folder)
    write_archive(folder)
    hand_over(folder)
    # No pacman: what is installed here is not for it to say.
    run(["makepkg", "--nodeps", "--noconfirm", "--ignorearch"], folder, PKGEXT=".pkg.tar.gz", PACMAN="true")
    return next(folder.glob("hawser-*.pkg.tar.gz"))


needs_makepkg = pytest.mark.skipif(not shutil.which("makepkg"), reason="there is no makepkg")


@needs_makepkg
@needs_binary
def test_arch_packages_every_file_with_its_mode_and_no_other(arch_package):
    with tarfile.open(arch_package) as archive:
        files = {without_compression(entry.name): (entry.mode, entry.uid) for entry in archive
                 if entry.isfile() and not entry.name.startswith(".")}
    assert files == {path: (mode, 0) for path, mode in expected("usr/bin", SYSTEMD, PROFILES).items()}


@needs_makepkg
@needs_binary
def test_arch_keeps_each_file_below_etc_that_was_changed(arch_package):
    with tarfile.open(arch_package) as archive:
        told = archive.extractfile(".PKGINFO").read().decode()
        brought = {entry.name for entry in archive if entry.isfile() and entry.name.startswith("etc/")}
        script = archive.extractfile(".INSTALL").read().decode()
    assert set(re.findall(r"^backup = (.+)$", told, re.MULTILINE)) == brought
    assert script == (PROJECT / "packaging/arch/hawser.install").read_text()


@needs_makepkg
@needs_binary
def test_archs_unit_starts_the_binary_where_it_is(arch_package):
    with tarfile.open(arch_package) as archive:
        unit = archive.extractfile("usr/lib/systemd/system/hawser.service").read().decode()
    assert "ExecStart=/usr/bin/hawser " in unit
    assert "Type=notify-reload" in unit


@pytest.fixture(scope="module")
def alpine_tree(workshop):
    folder = workshop / "alpine"
    (folder / "source").mkdir(parents=True)
    with tarfile.open(write_archive(folder)) as archive:
        archive.extractall(folder / "source")
    shutil.copy(PROJECT / "packaging/alpine/APKBUILD", folder)
    hand_over(folder)
    run([str(STAND_INS / "abuild.sh"), "./APKBUILD", str(folder / "source"), str(folder / "package")], folder)
    return folder / "package"


def files_in(root):
    return {without_compression(path.relative_to(root).as_posix()): stat.S_IMODE(path.stat().st_mode)
            for path in root.rglob("*") if path.is_file()}


@needs_binary
def test_alpine_packages_every_file_with_its_mode_and_no_other(alpine_tree):
    vim = files_in(alpine_tree.parent / "package-vim")
    assert set(vim) == {"usr/share/vim/vimfiles/ftdetect/hawser.vim", "usr/share/vim/vimfiles/syntax/hawser.vim"}
    assert {**files_in(alpine_tree), **vim} == {**expected("usr/sbin", PROFILES), "etc/init.d/hawser": 0o755}


@needs_binary
def test_alpines_logs_belong_to_the_user(alpine_tree):
    assert stat.S_IMODE((alpine_tree / "var/log/hawser").stat().st_mode) == 0o2750
    owners = (alpine_tree.parent / "package.owners").read_text().split()
    assert owners == [str(alpine_tree / "var/log/hawser"), "hawser", "adm"]


@pytest.mark.parametrize("path, pattern", [
    ("packaging/arch/PKGBUILD", r"^pkgver=(.+)$"),
    ("packaging/alpine/APKBUILD", r"^pkgver=(.+)$"),
    ("packaging/rpm/hawser.spec", r"global hawser_version (.+)}$"),
    ("packaging/docker/Dockerfile", r"^ARG VERSION=(.+)$"),
])
def test_every_recipe_names_the_version_of_the_project(path, pattern):
    assert re.findall(pattern, (PROJECT / path).read_text(), re.MULTILINE) == [project_version()]


def test_the_source_archive_is_the_same_each_time_and_holds_what_git_knows(tmp_path):
    first, second = (write_archive(tmp_path / name) for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        names = set(archive.getnames())
    top = f"hawser-{project_version()}"
    assert {f"{top}/CMakeLists.txt", f"{top}/LICENSE", f"{top}/packaging/rpm/hawser.spec"} <= names
    assert all(name.startswith(f"{top}/") and not name.startswith((f"{top}/build", f"{top}/.git/")) for name in names)
