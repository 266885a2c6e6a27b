"""Which installed package a library comes from, asked of dpkg-query or rpm, and under which licence."""

import pathlib
import re
import shutil
import subprocess
import urllib.parse
from dataclasses import dataclass, field

# What the projects themselves say. Debian's copyright files have no one form and names of their own for licences, so
# for these the table counts; the source package decides, without the version that some names carry.
DECLARED = {
    "c-ares": "MIT",
    "fmt": "MIT",
    "fmtlib": "MIT",
    "gcc": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "abseil": "Apache-2.0",
    "abseil-cpp": "Apache-2.0",
    "libuv": "MIT",
    "libuv1": "MIT",
    "llhttp": "MIT",
    "node-llhttp": "MIT",
    "node-undici": "MIT",
    "openssl": "Apache-2.0",
    "re2": "BSD-3-Clause",
    "spdlog": "MIT",
    "xxhash": "BSD-2-Clause",
    "yaml-cpp": "MIT",
}
UNKNOWN = "NOASSERTION"


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    supplier: str
    licence: str
    homepage: str
    locator: str = ""  # package URL
    remark: str = field(default="", compare=False)


def declared_licence(source):
    return DECLARED.get(re.sub(r"-\d+$", "", source), UNKNOWN)


def ask(*command):
    """What a command prints; nothing when it fails."""
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout if done.returncode == 0 else ""


def distribution():
    """ID and VERSION_ID as os-release says them."""
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    found = dict(re.findall(r'^(\w+)="?(.*?)"?$', text, re.MULTILINE))
    return found.get("ID", "linux"), found.get("VERSION_ID", "")


def locator(kind, vendor, name, version, architecture):
    release = "-".join(part for part in distribution() if part)
    quoted = urllib.parse.quote(version, safe=".~")
    return f"pkg:{kind}/{vendor}/{urllib.parse.quote(name)}@{quoted}?arch={architecture}&distro={release}"


class Dpkg:
    FORMAT = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Homepage}\n"

    def owner_of(self, path):
        """Asks by each name of the file: the database knows /lib/x as the package wrote it, merged /usr or not."""
        real = pathlib.Path(path).resolve()
        names = [str(path), str(real)]
        names += [name.removeprefix("/usr") if name.startswith("/usr/") else f"/usr{name}" for name in names]
        for name in dict.fromkeys(names):
            for line in ask("dpkg-query", "--search", name).splitlines():
                if not line.startswith("diversion "):
                    return self.describe(line.split(":")[0].split(",")[0])
        return None

    def describe(self, name):
        _, version, architecture, source, homepage = ask("dpkg-query", "--show", "--showformat", self.FORMAT, name).splitlines()[0].split("\t")
        said = self.copyright_says(name)
        return Package(name, version, f"Organization: {self.vendor()}", declared_licence(source), homepage or UNKNOWN,
                       locator("deb", self.vendor().lower(), name, version, architecture),
                       f"The package's copyright file calls the licence of the library {said}." if said else "")

    @staticmethod
    def vendor():
        found = re.search(r"^Vendor: (.+)$", pathlib.Path("/etc/dpkg/origins/default").read_text(encoding="utf-8"), re.MULTILINE)
        return found.group(1)

    @staticmethod
    def copyright_says(name):
        """The licence of 'Files: *' where the copyright file is in the machine-readable form; empty where not."""
        path = pathlib.Path("/usr/share/doc") / name / "copyright"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        found = re.search(r"^Files:\s*\*\s*\n(?:\S[^\n]*\n|[ \t][^\n]*\n)*?License:[ \t]*(\S[^\n]*)$", text, re.MULTILINE)
        return found.group(1).strip() if found else ""


class Rpm:
    FORMAT = "%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{VENDOR}\t%{LICENSE}\t%{URL}\n"

    def owner_of(self, path):
        found = ask("rpm", "--query", "--file", "--queryformat", self.FORMAT, str(pathlib.Path(path).resolve()))
        if not found:
            return None
        name, version, architecture, vendor, licence, homepage = found.splitlines()[0].split("\t")
        return Package(name, version, f"Organization: {vendor}", licence, homepage,
                       locator("rpm", distribution()[0], name, version, architecture))


def database():
    """That of the system this runs on; None on one that has neither."""
    if shutil.which("dpkg-query") and pathlib.Path("/var/lib/dpkg/status").exists():
        return Dpkg()
    return Rpm() if shutil.which("rpm") else None
