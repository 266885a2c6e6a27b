"""What a program links with, asked of readelf and of the dynamic loader (ldd)."""

import re
import subprocess


class LinkError(Exception):
    """A program cannot be read, or a library it wants is not there."""


def output_of(*command):
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    except (OSError, subprocess.CalledProcessError) as error:
        raise LinkError(f"{' '.join(command)}: {getattr(error, 'stderr', '') or error}") from error
    return done.stdout


def needed_by(path):
    """The sonames that an ELF file itself asks for, in its order."""
    return re.findall(r"\(NEEDED\)\s+Shared library: \[(.+?)\]", output_of("readelf", "--dynamic", "--wide", str(path)))


def loaded_by(path):
    """soname -> file, for every library that running the program loads, the loader among them."""
    found = {}
    for line in output_of("ldd", str(path)).splitlines():
        if missing := re.match(r"\s*(\S+) => not found", line):
            raise LinkError(f"{path}: {missing.group(1)} is not installed here")
        if named := re.match(r"\s*(\S+) => (/\S+) \(", line):
            found[named.group(1)] = named.group(2)
        elif loader := re.match(r"\s*(/\S*/(\S+)) \(", line):
            found[loader.group(2)] = loader.group(1)
    return found
