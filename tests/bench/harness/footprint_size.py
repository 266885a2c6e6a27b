"""Size on disk: the stripped binary, what `cmake --install` puts in place, and the shared libraries it needs."""

import os
import pathlib
import re
import subprocess

from . import report
from .process import BenchError


def strip(binary, folder):
    stripped = folder / "hawser"
    subprocess.run(["strip", "-o", stripped, binary], check=True)
    return stripped


def libraries(binary):
    """{name: bytes} of every shared library that the loader maps for it."""
    found = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    paths = re.findall(r"^\s*(\S+) => (/\S+)|^\s*(/\S+) \(", found, re.MULTILINE)
    return {(name or path or loader).rsplit("/", 1)[-1]: os.stat(path or loader).st_size for name, path, loader in paths}


def installed(build, folder):
    """Bytes of each top folder of an installed tree; nothing where the binary's folder is not a build tree."""
    if not (build / "cmake_install.cmake").exists():
        return {}
    tree = folder / "installed"
    done = subprocess.run(["cmake", "--install", str(build), "--strip", "--prefix", "/usr"], capture_output=True,
                          text=True, check=False, env={**os.environ, "DESTDIR": str(tree)})
    if done.returncode != 0:
        raise BenchError(f"cannot install {build}:\n{done.stderr}")
    sizes = {}
    for path in tree.rglob("*"):
        if path.is_file() and not path.is_symlink():
            place = "/" + "/".join(path.relative_to(tree).parts[:-1][:3])
            sizes[place] = sizes.get(place, 0) + path.stat().st_size
    return sizes


def measure(stripped, build, folder):
    return {"binary": os.stat(stripped).st_size, "installed": installed(pathlib.Path(build), folder),
            "libraries": libraries(stripped)}


def table(figures):
    lines = [("size", "bytes"), ("binary, stripped", f"{figures['binary']:,}")]
    lines += [(f"installed {place}", f"{size:,}") for place, size in sorted(figures["installed"].items())]
    lines.append(("installed in all", f"{sum(figures['installed'].values()):,}"))
    lines += [(f"needs {name}", f"{size:,}") for name, size in sorted(figures["libraries"].items())]
    lines.append(("needs in all", f"{sum(figures['libraries'].values()):,}"))
    return report.align(lines) + "\n"
