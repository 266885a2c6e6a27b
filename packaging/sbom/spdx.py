#!/usr/bin/python3
"""Writes an SPDX 2.3 document (JSON) of an installed or staged Hawser: its files, and the libraries that it links.

Usage: spdx.py --root DIR --output FILE [--binary usr/sbin/hawser] [--build DIR] [--name NAME] [--version VERSION]

Every file below --root is listed with its checksums. The libraries are those that the binary really loads on this
system; --build names the CMake folder, which tells what was compiled in. With SOURCE_DATE_EPOCH set, the same files
and libraries give the same bytes.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import stat
import sys
import uuid

import elf
import owners

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LICENCE = "Apache-2.0"
DOCUMENT = "SPDXRef-DOCUMENT"


def identifier(kind, *words):
    return "-".join(["SPDXRef", kind, *(re.sub(r"[^A-Za-z0-9.]+", "-", word).strip("-") for word in words)])


def project_version():
    return re.search(r"^project\(hawser VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text(), re.MULTILINE).group(1)


def moment_of_creation():
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.now(datetime.timezone.utc)
    moment = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc) if epoch else now
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def kinds_of(path, content):
    if content.startswith(b"\x7fELF"):
        return ["BINARY"]
    if "/share/doc/" in path or "/share/man/" in path:
        return ["DOCUMENTATION"]
    return ["TEXT"] if b"\0" not in content else ["OTHER"]


def describe_file(root, path):
    name = path.relative_to(root).as_posix()
    content = path.read_bytes()
    return {
        "SPDXID": identifier("File", name, hashlib.sha256(name.encode()).hexdigest()[:8]),
        "fileName": f"./{name}",
        "fileTypes": kinds_of(f"/{name}", content),
        "checksums": [
            {"algorithm": algorithm.upper(), "checksumValue": hashlib.new(algorithm, content).hexdigest()}
            for algorithm in ("sha1", "sha256")
        ],
        "licenseConcluded": LICENCE,
        "licenseInfoInFiles": [owners.UNKNOWN],
        "copyrightText": owners.UNKNOWN,
    }


def files_below(root):
    found = sorted(path for path in root.rglob("*") if stat.S_ISREG(path.lstat().st_mode))
    return [describe_file(root, path) for path in found]


def verification_code(files):
    """SPDX 2.3, clause 7.9: SHA-1 over the sorted SHA-1 sums of all files."""
    sums = sorted(entry["checksumValue"] for file in files for entry in file["checksums"] if entry["algorithm"] == "SHA1")
    return hashlib.sha1("".join(sums).encode()).hexdigest()


def describe_product(name, version, files):
    return {
        "SPDXID": identifier("Package", name),
        "name": name,
        "versionInfo": version,
        "supplier": "Organization: Hawser",
        "downloadLocation": owners.UNKNOWN,
        "filesAnalyzed": True,
        "packageVerificationCode": {"packageVerificationCodeValue": verification_code(files)},
        "licenseConcluded": LICENCE,
        "licenseDeclared": LICENCE,
        "licenseInfoFromFiles": [owners.UNKNOWN],
        "copyrightText": owners.UNKNOWN,
        "primaryPackagePurpose": "APPLICATION",
    }


def describe_library(package, sonames):
    described = {
        "SPDXID": identifier("Package", package.name),
        "name": package.name,
        "versionInfo": package.version,
        "supplier": package.supplier,
        "downloadLocation": owners.UNKNOWN,
        "homepage": package.homepage,
        "filesAnalyzed": False,
        "licenseConcluded": owners.UNKNOWN,
        "licenseDeclared": package.licence,
        "licenseComments": package.remark,
        "copyrightText": owners.UNKNOWN,
        "comment": f"Linked as {', '.join(sorted(sonames))}." if sonames else "Compiled into the binary.",
        "primaryPackagePurpose": "LIBRARY",
    }
    if package.locator:
        described["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                      "referenceLocator": package.locator}]
    if package.homepage == owners.UNKNOWN:
        del described["homepage"]
    if not package.remark:
        del described["licenseComments"]
    return described


def unowned(soname):
    return owners.Package(soname, owners.UNKNOWN, owners.UNKNOWN, owners.UNKNOWN, owners.UNKNOWN)


class Libraries:
    """The packages that a binary's libraries come from, and who of them asks for whom."""

    def __init__(self, binary, database):
        self.loaded = elf.loaded_by(binary)
        self.by_soname = {}
        for soname, path in self.loaded.items():
            self.by_soname[soname] = (database.owner_of(path) if database else None) or unowned(soname)
        self.direct = {self.by_soname[soname] for soname in elf.needed_by(binary)}

    def packages(self):
        """package -> its sonames, by name."""
        found = {}
        for soname, package in self.by_soname.items():
            found.setdefault(package, []).append(soname)
        return dict(sorted(found.items(), key=lambda entry: entry[0].name))

    def dependencies(self):
        """Pairs of packages; one that serves itself is none."""
        pairs = {(self.by_soname[soname].name, self.by_soname[wanted].name)
                 for soname, path in self.loaded.items() for wanted in elf.needed_by(path)}
        return sorted(pair for pair in pairs if pair[0] != pair[1])


# What the CMake folder says of libraries that leave no name in the binary: llhttp's sources, where the distribution has
# no library of it, and what is used by its headers alone.
COMPILED_IN = {"LLHTTP_SOURCE_DIR": "llhttp", "spdlog_DIR": "spdlog", "fmt_DIR": "fmt"}


def compiled_in(build, database):
    """The packages whose code is part of the binary itself, by name."""
    if build is None:
        return []
    cache = (build / "CMakeCache.txt").read_text(encoding="utf-8")
    values = dict(re.findall(r"^(\w+):\w+=(.*)$", cache, re.MULTILINE))
    if not values.get("LLHTTP_LIBRARY", "NOTFOUND").endswith("NOTFOUND"):
        values.pop("LLHTTP_SOURCE_DIR", None)
    found = [(database and database.owner_of(values[variable])) or unowned(name)
             for variable, name in COMPILED_IN.items() if not values.get(variable, "NOTFOUND").endswith("NOTFOUND")]
    return sorted(found, key=lambda package: package.name)


def relationship(element, kind, related):
    return {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}


def relationships(product, files, binary, libraries, static):
    program = next(file["SPDXID"] for file in files if file["fileName"] == f"./{binary}")
    yield relationship(DOCUMENT, "DESCRIBES", product["SPDXID"])
    for file in files:
        yield relationship(product["SPDXID"], "CONTAINS", file["SPDXID"])
    for package in libraries.packages():
        kind = "DYNAMIC_LINK" if package in libraries.direct else "DEPENDS_ON"
        yield relationship(program, kind, identifier("Package", package.name))
    for package in static:
        yield relationship(program, "STATIC_LINK", identifier("Package", package.name))
    for library, wanted in libraries.dependencies():
        yield relationship(identifier("Package", library), "DEPENDS_ON", identifier("Package", wanted))


def document(arguments):
    database = owners.database()
    files = files_below(arguments.root)
    product = describe_product(arguments.name, arguments.version, files)
    libraries = Libraries(arguments.root / arguments.binary, database)
    static = compiled_in(arguments.build, database)
    described = [describe_library(package, sonames) for package, sonames in libraries.packages().items()]
    described += [describe_library(package, []) for package in static]
    content = {
        "packages": [product, *described],
        "files": files,
        "relationships": list(relationships(product, files, arguments.binary, libraries, static)),
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": f"{arguments.name}-{arguments.version}",
        # One name for one content, and nobody's host in it.
        "documentNamespace": uuid.uuid5(uuid.NAMESPACE_OID, f"hawser {arguments.version} {digest}").urn,
        "creationInfo": {"created": moment_of_creation(), "creators": ["Tool: hawser-packaging-sbom"]},
        "documentDescribes": [product["SPDXID"]],
        **content,
    }


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--binary", default="usr/sbin/hawser", help="below the root")
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--name", default="hawser")
    parser.add_argument("--version", default=project_version())
    return parser.parse_args()


def main():
    arguments = read_arguments()
    try:
        written = document(arguments)
    except (elf.LinkError, OSError) as error:
        print(f"sbom: {error}", file=sys.stderr)
        return 1
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    libraries = len(written["packages"]) - 1
    print(f"sbom: {arguments.output}: {len(written['files'])} files, {libraries} packages of libraries")
    return 0


if __name__ == "__main__":
    sys.exit(main())
