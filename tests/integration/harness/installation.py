"""Installs the binary under test by the rules of packaging/CMakeLists.txt, as a package would."""
import os
import pathlib
import shutil
import subprocess

from harness.hawser_process import hawser_binary

ROOT = pathlib.Path(__file__).resolve().parents[3]


def configure(folder, *definitions):
    """A build folder of its own that holds the binary under test, configured anew and not built."""
    command = ["cmake", "-S", str(ROOT), "-B", str(folder), "-DCMAKE_BUILD_TYPE=Release", "-DHAWSER_BUILD_TESTS=OFF", *definitions]
    subprocess.run(command, check=True, capture_output=True, text=True)
    shutil.copy(hawser_binary(), folder / "hawser")
    return folder


def install(build, prefix="/usr", destination="", sysconfdir=None):
    """What CMake says of it."""
    environment = {**os.environ, "DESTDIR": str(destination)}
    if sysconfdir:
        environment["HAWSER_SYSCONFDIR"] = str(sysconfdir)
    command = ["cmake", "--install", str(build), "--prefix", str(prefix)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def files_of(tree):
    """Every file below, as absolute paths of the installed system."""
    return sorted("/" + str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file())


def folders_of(tree):
    """Every empty folder below."""
    return sorted("/" + str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_dir() and not any(path.iterdir()))
