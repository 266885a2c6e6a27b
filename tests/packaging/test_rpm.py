"""The rpm that `make rpm` built: its files, what its scriptlets do, and that it goes in and out of a root.

HAWSER_RPM names another one. Scriptlets are run here one by one, with stand-ins for the system's programs; into the root
the package goes without them, as an empty root has no shell.
"""

import json
import os
import pathlib
import shutil
import stat
import subprocess

import pytest
from installed_files import PROJECT, SYSTEMD, expected, project_version, without_compression

pytestmark = pytest.mark.skipif(not shutil.which("rpm"), reason="there is no rpm")

FILES = r"[%{FILENAMES}\t%{FILEMODES:octal}\t%{FILEUSERNAME}\t%{FILEGROUPNAME}\t%{FILEFLAGS:fflags}\n]"
CONFIGURATION = {"etc/default/hawser", "etc/hawser/hawser.yaml", "etc/logrotate.d/hawser"}
DOCUMENTS = {f"usr/share/doc/hawser/{name}" for name in ("CHANGELOG.md", "README.md", "SECURITY.md")}
LICENCE = "usr/share/licenses/hawser/LICENSE"
FOLDERS = {
    "etc/hawser": "40755 root root",
    "etc/hawser/conf.d": "40755 root root",
    "run/hawser": "40755 hawser hawser",
    "usr/share/doc/hawser": "40755 root root",
    "usr/share/hawser": "40755 root root",
    "usr/share/licenses/hawser": "40755 root root",
    "var/log/hawser": "42750 hawser adm",
}


@pytest.fixture(scope="module")
def package():
    named = os.environ.get("HAWSER_RPM")
    found = [pathlib.Path(named)] if named else sorted((PROJECT / "build/rpm/RPMS").glob("*/hawser-[0-9]*.rpm"))
    assert found, "there is no rpm: run `make rpm`, or set HAWSER_RPM"
    return found[-1].resolve()


def query(package, form):
    return subprocess.run(["rpm", "--query", "--package", "--queryformat", form, str(package)], check=True,
                          capture_output=True, text=True).stdout


def entries(package):
    """path -> (mode with its kind, owner and group; flags), build ids left out, which distributions handle differently."""
    found = {}
    for line in query(package, FILES).splitlines():
        path, mode, user, group, flags = line.split("\t")
        if "/.build-id" not in path:
            found[without_compression(path.lstrip("/"))] = (f"{int(mode, 8):o} {user} {group}", flags)
    return found


def test_every_file_is_there_with_its_mode_and_owner_and_no_other(package):
    files = {path: shown for path, (shown, _) in entries(package).items() if shown.startswith("10")}
    wanted = {**expected("usr/sbin", SYSTEMD), **dict.fromkeys({*DOCUMENTS, LICENCE}, 0o644)}
    assert files == {path: f"100{mode:o} root root" for path, mode in wanted.items()}


def test_folders_of_its_own_have_their_mode_and_owner(package):
    found = entries(package)
    assert {path: found[path][0] for path in FOLDERS} == FOLDERS
    others = {path for path, (shown, _) in found.items() if shown.startswith("4")} - set(FOLDERS)
    shared = ("usr/share/doc/hawser/examples", "usr/share/fish", "usr/share/vim", "usr/share/zsh")
    assert all(path.startswith(shared) and found[path][0] == "40755 root root" for path in others)


def test_configuration_is_kept_when_it_was_changed(package):
    """c: configuration, n: never replaced."""
    found = entries(package)
    assert {path for path, (_, flags) in found.items() if "c" in flags} == CONFIGURATION
    assert {path for path, (_, flags) in found.items() if "n" in flags} == CONFIGURATION
    assert {path for path, (_, flags) in found.items() if "g" in flags} == {"run/hawser"}
    assert "l" in found[LICENCE][1]


def test_name_version_and_licence(package):
    assert query(package, "%{NAME} %{VERSION} %{LICENSE}") == f"hawser {project_version()} Apache-2.0"


def run_scriptlet(package, tag, argument, folder):
    """Runs a scriptlet with systemctl and the like replaced by programs that write down how they were called."""
    folder.mkdir()
    calls = folder / "calls"
    for name in ("systemctl", "groupadd", "useradd"):
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {calls}\n')
    (folder / "getent").write_text("#!/bin/sh\nexit 2\n")
    for program in folder.iterdir():
        program.chmod(0o755)
    # As if systemd ran here, and no Hawser.
    text = query(package, f"%{{{tag}}}").replace("/run/systemd/system", "/").replace("/run/hawser", str(folder / "none"))
    done = subprocess.run(["sh", "-e", "-c", text, tag, str(argument)], check=False, capture_output=True, text=True,
                          env={"PATH": f"{folder}:/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    return calls.read_text().splitlines() if calls.exists() else []


def test_an_upgrade_neither_stops_nor_restarts_anything(package, tmp_path):
    """2 installed while the new one comes, 1 left while the old one goes."""
    calls = []
    for tag, argument in (("PREIN", 2), ("POSTIN", 2), ("PREUN", 1), ("POSTUN", 1), ("POSTTRANS", 1)):
        calls += [call for call in run_scriptlet(package, tag, argument, tmp_path / tag) if call.startswith("systemctl")]
    assert calls == ["systemctl daemon-reload"]


def test_the_first_installation_makes_the_user_and_asks_for_the_preset(package, tmp_path):
    made = run_scriptlet(package, "PREIN", 1, tmp_path / "pre")
    assert made[0] == "groupadd -r hawser"
    assert made[1].startswith("useradd -r -g hawser -d /nonexistent -s /usr/sbin/nologin")
    assert run_scriptlet(package, "POSTIN", 1, tmp_path / "post") == ["systemctl --no-reload preset hawser.service"]


def test_removal_stops_the_service(package, tmp_path):
    assert run_scriptlet(package, "PREUN", 0, tmp_path / "preun") == ["systemctl --no-reload disable --now hawser.service"]


def test_the_spdx_document_beside_it_lists_what_is_in_it(package):
    document = json.loads(package.with_suffix(".spdx.json").read_text())
    listed = {file["fileName"][1:]: next(entry["checksumValue"] for entry in file["checksums"] if entry["algorithm"] == "SHA256")
              for file in document["files"]}
    packed = dict(line.split("\t") for line in query(package, r"[%{FILENAMES}\t%{FILEDIGESTS}\n]").splitlines())
    assert listed == {path: digest for path, digest in packed.items() if digest}
    linked = {entry["name"] for entry in document["packages"]}
    assert len(linked) > 8 and "hawser" in linked


def rpm_in(root, *arguments):
    done = subprocess.run(["rpm", "--root", str(root), "--dbpath", "/var/lib/rpm", *arguments], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def root(tmp_path, package):
    if os.geteuid() != 0:
        pytest.skip("only root can install")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    # What the scriptlet before installation would have made.
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nhawser:x:990:991::/nonexistent:/usr/sbin/nologin\n")
    (root / "etc/group").write_text("root:x:0:\nadm:x:4:\nhawser:x:991:\n")
    rpm_in(root, "--initdb")
    rpm_in(root, "--install", "--nodeps", "--noscripts", str(package))
    return root


def files_in(root):
    found = {path.relative_to(root).as_posix() for path in root.rglob("*")
             if path.is_file() and not path.is_relative_to(root / "var/lib/rpm")}
    return found - {"etc/passwd", "etc/group"}


def test_it_installs_into_a_root_and_the_binary_runs(root):
    wanted = {**expected("usr/sbin", SYSTEMD), **dict.fromkeys({*DOCUMENTS, LICENCE}, 0o644)}
    assert {without_compression(path) for path in files_in(root)} == set(wanted)
    logs = (root / "var/log/hawser").stat()
    assert (stat.S_IMODE(logs.st_mode), logs.st_uid, logs.st_gid) == (0o2750, 990, 4)
    shown = subprocess.run([str(root / "usr/sbin/hawser"), "-v"], check=True, capture_output=True, text=True)
    assert project_version() in shown.stdout + shown.stderr


def test_erasing_it_leaves_changed_configuration_and_nothing_else(root):
    changed = root / "etc/hawser/hawser.yaml"
    changed.write_text("# mine\n")
    own = root / "etc/hawser/conf.d/own.yaml"
    own.write_text("# mine, too\n")
    rpm_in(root, "--erase", "--noscripts", "hawser")
    assert files_in(root) == {"etc/hawser/hawser.yaml.rpmsave", "etc/hawser/conf.d/own.yaml"}


def test_an_upgrade_keeps_changed_configuration(root, package):
    changed = root / "etc/hawser/hawser.yaml"
    changed.write_text("# mine\n")
    rpm_in(root, "--upgrade", "--nodeps", "--noscripts", "--replacepkgs", str(package))
    assert changed.read_text() == "# mine\n"
