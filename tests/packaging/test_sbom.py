"""The SPDX document: which files and libraries it names, and that it is the same for the same content.

A small program stands in for Hawser, so that nothing has to be built first.
"""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITER = ROOT / "packaging" / "sbom" / "spdx.py"
EPOCH = "1700000000"

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-query"), reason="asks dpkg who owns a library")


def compile_program(path, source, *libraries):
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-o", str(path), "-Wl,--as-needed", "-x", "c", "-", "-x", "none", *libraries],
                   input=source, text=True, check=True)


@pytest.fixture
def staged(tmp_path):
    """A root with a program that links libuv, and two more files."""
    root = tmp_path / "root"
    compile_program(root / "usr/sbin/hawser", "unsigned uv_version(void); int main(void) { return uv_version() == 0; }", "-luv")
    (root / "etc/hawser").mkdir(parents=True)
    (root / "etc/hawser/hawser.yaml").write_text("listeners: []\n")
    (root / "usr/share/man/man8").mkdir(parents=True)
    (root / "usr/share/man/man8/hawser.8.gz").write_bytes(b"\x1f\x8b\0")
    (root / "etc/hawser/link.yaml").symlink_to("hawser.yaml")
    return root


def write(root, *arguments, epoch=EPOCH):
    output = root.parent / "written.json"
    done = subprocess.run([str(WRITER), "--root", str(root), "--output", str(output), *arguments], check=False,
                          capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": epoch})
    return done, output


def document_of(root, *arguments):
    done, output = write(root, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(output.read_text())


def package_named(document, name):
    return next(package for package in document["packages"] if package["name"] == name)


def related(document, kind):
    names = {entry["SPDXID"]: entry.get("name") or entry["fileName"] for entry in document["packages"] + document["files"]}
    names[document["SPDXID"]] = "document"
    return {(names[entry["spdxElementId"]], names[entry["relatedSpdxElement"]])
            for entry in document["relationships"] if entry["relationshipType"] == kind}


def owner_of(pattern):
    """The Debian package of a library, found without the code under test."""
    paths = subprocess.run(["ldconfig", "-p"], check=True, capture_output=True, text=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin"})
    path = pathlib.Path(re.search(rf"=> (\S*{pattern}\S*)$", paths.stdout, re.MULTILINE).group(1)).name
    found = subprocess.run(["dpkg-query", "--search", f"*/{path}"], check=True, capture_output=True, text=True)
    return found.stdout.split(":")[0]


def field_of(package, name):
    return subprocess.run(["dpkg-query", "--show", "--showformat", f"${{{name}}}", package], check=True,
                          capture_output=True, text=True).stdout


def test_every_file_has_its_checksums(staged):
    document = document_of(staged)
    listed = {entry["fileName"]: {sum_["algorithm"]: sum_["checksumValue"] for sum_ in entry["checksums"]}
              for entry in document["files"]}
    expected = ["./etc/hawser/hawser.yaml", "./usr/sbin/hawser", "./usr/share/man/man8/hawser.8.gz"]
    assert sorted(listed) == expected
    for name in expected:
        content = (staged / name).read_bytes()
        assert listed[name] == {"SHA1": hashlib.sha1(content).hexdigest(), "SHA256": hashlib.sha256(content).hexdigest()}
    assert related(document, "CONTAINS") == {("hawser", name) for name in expected}


def test_the_package_has_version_licence_and_verification_code(staged):
    document = document_of(staged, "--version", "1.2.3")
    package = package_named(document, "hawser")
    sums = sorted(hashlib.sha1(path.read_bytes()).hexdigest() for path in staged.rglob("*")
                  if path.is_file() and not path.is_symlink())
    code = hashlib.sha1("".join(sums).encode()).hexdigest()
    assert package["versionInfo"] == "1.2.3"
    assert package["licenseDeclared"] == "Apache-2.0"
    assert package["packageVerificationCode"] == {"packageVerificationCodeValue": code}
    assert related(document, "DESCRIBES") == {("document", "hawser")}


def test_the_version_is_that_of_the_project(staged):
    project = re.search(r"VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text().split("project(")[1]).group(1)
    assert package_named(document_of(staged), "hawser")["versionInfo"] == project


def test_a_linked_library_is_named_as_its_debian_package(staged):
    document = document_of(staged)
    name = owner_of(r"libuv\.so\.1")
    package = package_named(document, name)
    assert package["versionInfo"] == field_of(name, "Version")
    assert package["supplier"] == "Organization: Debian"
    assert package["licenseDeclared"] == "MIT"
    locator = package["externalRefs"][0]["referenceLocator"]
    assert locator.startswith(f"pkg:deb/debian/{name}@{field_of(name, 'Version').split('+')[0]}")
    assert ("./usr/sbin/hawser", name) in related(document, "DYNAMIC_LINK")
    assert (name, owner_of(r"libc\.so\.6")) in related(document, "DEPENDS_ON")


def test_a_library_that_only_another_one_wants_is_no_direct_link(tmp_path):
    root = tmp_path / "root"
    (root / "usr/sbin").mkdir(parents=True)
    shutil.copy(shutil.which("curl"), root / "usr/sbin/hawser")
    document = document_of(root)
    direct = {name for _, name in related(document, "DYNAMIC_LINK")}
    indirect = {name for program, name in related(document, "DEPENDS_ON") if program == "./usr/sbin/hawser"}
    nghttp2 = owner_of(r"libnghttp2\.so")
    assert owner_of(r"libcurl\.so\.4") in direct
    assert nghttp2 in indirect and nghttp2 not in direct
    assert (owner_of(r"libcurl\.so\.4"), nghttp2) in related(document, "DEPENDS_ON")


def test_a_library_of_nobody_is_listed_by_its_soname(tmp_path):
    root = tmp_path / "root"
    own = tmp_path / "libown.so.1"
    compile_program(own, "int own(void) { return 0; }", "-shared", "-fPIC", "-Wl,-soname,libown.so.1")
    compile_program(root / "usr/sbin/hawser", "int own(void); int main(void) { return own(); }", str(own), f"-Wl,-rpath,{tmp_path}")
    package = package_named(document_of(root), "libown.so.1")
    assert (package["versionInfo"], package["supplier"], package["licenseDeclared"]) == ("NOASSERTION",) * 3


def test_a_missing_library_is_an_error_and_nothing_is_written(tmp_path):
    root = tmp_path / "root"
    own = tmp_path / "libown.so.1"
    compile_program(own, "int own(void) { return 0; }", "-shared", "-fPIC", "-Wl,-soname,libown.so.1")
    compile_program(root / "usr/sbin/hawser", "int own(void); int main(void) { return own(); }", str(own))
    own.unlink()
    done, output = write(root)
    assert done.returncode == 1
    assert "libown.so.1 is not installed here" in done.stderr
    assert not output.exists()


def cmake_folder(tmp_path, library):
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "CMakeCache.txt").write_text(f"LLHTTP_LIBRARY:FILEPATH={library}\nLLHTTP_SOURCE_DIR:PATH=/usr/share/llhttp\n")
    return folder


@pytest.mark.skipif(not pathlib.Path("/usr/share/llhttp/llhttp.c").exists(), reason="llhttp is a library here")
def test_sources_that_were_compiled_in_are_named(staged, tmp_path):
    document = document_of(staged, "--build", str(cmake_folder(tmp_path, "LLHTTP_LIBRARY-NOTFOUND")))
    package = package_named(document, "node-llhttp")
    assert package["versionInfo"] == field_of("node-llhttp", "Version")
    assert package["licenseDeclared"] == "MIT"
    assert related(document, "STATIC_LINK") == {("./usr/sbin/hawser", "node-llhttp")}


def test_no_sources_are_named_where_the_library_was_linked(staged, tmp_path):
    document = document_of(staged, "--build", str(cmake_folder(tmp_path, "/usr/lib/libllhttp.so")))
    assert related(document, "STATIC_LINK") == set()


def test_what_is_used_by_its_headers_alone_is_named_as_compiled_in(staged, tmp_path):
    folder = cmake_folder(tmp_path, "/usr/lib/libllhttp.so")
    headers = pathlib.Path("/usr/include/uv.h")
    with (folder / "CMakeCache.txt").open("a") as cache:
        cache.write(f"fmt_DIR:PATH={headers}\nspdlog_DIR:PATH=spdlog_DIR-NOTFOUND\n")
    owner = subprocess.run(["dpkg-query", "--search", str(headers)], check=True, capture_output=True, text=True).stdout.split(":")[0]
    assert related(document_of(staged, "--build", str(folder)), "STATIC_LINK") == {("./usr/sbin/hawser", owner)}


def test_identifiers_are_unique_and_relationships_lead_somewhere(staged):
    document = document_of(staged)
    identifiers = [document["SPDXID"], *(entry["SPDXID"] for entry in document["packages"] + document["files"])]
    assert len(identifiers) == len(set(identifiers))
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", identifier) for identifier in identifiers)
    for entry in document["relationships"]:
        assert {entry["spdxElementId"], entry["relatedSpdxElement"]} <= set(identifiers)


def test_what_the_standard_demands_of_a_document_is_there(staged):
    document = document_of(staged)
    assert document["spdxVersion"] == "SPDX-2.3"
    assert document["dataLicense"] == "CC0-1.0"
    assert document["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    assert document["documentNamespace"].startswith("urn:uuid:")
    for package in document["packages"]:
        assert {"SPDXID", "name", "downloadLocation", "versionInfo", "licenseDeclared"} <= set(package)


def test_the_same_files_at_the_same_date_give_the_same_bytes(staged):
    first = write(staged)[1].read_bytes()
    assert write(staged)[1].read_bytes() == first


def test_another_file_gives_the_document_another_name(staged):
    first = document_of(staged)["documentNamespace"]
    (staged / "etc/hawser/hawser.yaml").write_text("listeners: [{ address: '0.0.0.0:80' }]\n")
    assert document_of(staged)["documentNamespace"] != first
