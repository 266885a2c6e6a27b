"""The life of the Debian package on one release, told in the order of the tests: run all of them (make package-test).

DEBIAN_RELEASE names the release, PACKAGE_TEST_FOLDER where roots, caches and logs go. Needs root, debootstrap and a
mirror (DEBIAN_MIRROR).
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest
from debian_build import DebianBuild
from debian_root import DebianRoot, base_tarball
from harness.waiting import wait_until

PROJECT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = os.environ.get("DEBIAN_RELEASE", "bookworm")
FOLDER = pathlib.Path(os.environ.get("PACKAGE_TEST_FOLDER", PROJECT / "build/package-test")) / RELEASE
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")

BINARY = "/usr/sbin/hawser"
CONFIGURATION = "/etc/hawser/hawser.yaml"
PID_FILE = "/run/hawser/hawser.pid"
LOG = "/var/log/hawser/hawser.log"
SCRIPT = "/opt/live_sessions.py"
URL = "ws://127.0.0.1:8080/ws"
SESSIONS = 60
# As long as a slow machine may take; nothing waits that long where all is well.
PATIENCE = 120

# What lintian says that stands, and why.
EXPECTED_TAGS = {
    # One source for two releases: it names the standards that the older one's lintian knows.
    "out-of-date-standards-version",
    # Hawser depends on the user that systemd-sysusers makes, not on systemd as the first process; an init script for
    # others is not there.
    "package-supports-alternative-init-but-no-init.d-script",
    # g++ 14 keeps the last letters of a text ("carriage return") in an instruction.
    "spelling-error-in-binary",
    # Inputs that fuzzing found.
    "very-long-line-length-in-source-file",
}


@pytest.fixture(scope="module")
def packages():
    """The .debs, in the order of their versions. REUSE_PACKAGES in the environment: those of the last run."""
    debs = FOLDER / "packages"
    if not os.environ.get("REUSE_PACKAGES"):
        build_packages(debs)
    return sorted(debs.glob("hawser_*.deb"), key=lambda deb: ("+later" in deb.name, deb.name))


def build_packages(debs):
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir()
    tarball = base_tarball(RELEASE, FOLDER, MIRROR)
    build = DebianBuild(PROJECT, RELEASE, FOLDER, tarball, fresh_log("build"))
    build.prepare()
    shutil.copy(build.build(), debs)
    (FOLDER / "lintian.log").write_text(build.lintian())
    for number in (1, 2):
        shutil.copy(build.build_later(f"+later{number}"), debs)
    for deb in build.root.path("/build").glob("hawser-dbgsym_*.deb"):
        shutil.copy(deb, debs)
    build.root.close()


@pytest.fixture(scope="module")
def root(packages):
    made = DebianRoot(FOLDER / "root", FOLDER / f"{RELEASE}.tar", fresh_log("machine"))
    for deb in packages:
        shutil.copy(deb, made.path("/opt"))
    made.path(SCRIPT).write_text((PROJECT / "tests/packaging/live_sessions.py").read_text())
    made.apt("update")
    made.apt("install", "python3-websockets")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def kept_logs(root):
    """What Hawser logged stays in FOLDER, whatever becomes of the root."""
    yield
    if root.path(LOG).exists():
        shutil.copytree(root.path(LOG).parent, FOLDER / "hawser-logs", dirs_exist_ok=True)


@pytest.fixture(scope="module")
def servers(root):
    """The port of an echo server."""
    process = start_script(root, "serve")
    yield int(process.stdout.readline())
    process.communicate("")


def fresh_log(name):
    log = FOLDER / f"{name}.log"
    log.unlink(missing_ok=True)
    return log


def start_script(root, *arguments):
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return root.spawn("python3", SCRIPT, *arguments, **streams)


def install(root, deb, check=True):
    return root.apt("install", f"/opt/{deb.name}", check=check)


@pytest.fixture(scope="module")
def daemon(root):
    """No systemd runs here: the command, user, capability and mask of the installed unit."""
    unit = root.path("/usr/lib/systemd/system/hawser.service").read_text()
    settings = dict(re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE))
    options = root.run("sh", "-c", '. /etc/default/hawser && printf %s "$HAWSER_OPTIONS"').stdout
    command = shlex.split(settings["ExecStart"].replace("$HAWSER_OPTIONS", options))
    capability = settings["AmbientCapabilities"].removeprefix("CAP_").lower()
    user = ["setpriv", "--reuid", settings["User"], "--regid", settings["Group"], "--init-groups", "--no-new-privs"]
    user += ["--bounding-set", f"-all,+{capability}", "--inh-caps", f"-all,+{capability}"]
    user += ["--ambient-caps", f"+{capability}"]
    shell = ["sh", "-c", f'umask {settings["UMask"]} && exec "$@"', "unit"]
    output = open(FOLDER / "daemon.log", "a")  # noqa: SIM115  the daemon's for its life
    process = root.spawn(*shell, *user, *command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    wait_until(lambda: process.poll() is not None or running_pid(root) is not None, PATIENCE, "the pid file")
    assert process.poll() is None, (FOLDER / "daemon.log").read_text()
    return process


def running_pid(root):
    """What the pid file says, once it names a process that runs."""
    path = root.path(PID_FILE)
    text = path.read_text().strip() if path.exists() else ""
    return int(text) if text and int(text) in root.processes(BINARY) else None


def fetch(root):
    """The status and the body that the port of the starter configuration answers."""
    script = "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8080); c.request('GET', '/'); a = c.getresponse()"
    return root.run("python3", "-c", script + "; print(a.status, a.read().decode())").stdout


class Crowd:
    """SESSIONS live sessions and a stream of visitors, from before a step until after it."""

    def __init__(self, root):
        self.process = start_script(root, "hold", SESSIONS, URL)
        assert self.process.stdout.readline() == "ready\n"

    def finish(self):
        report = json.loads(self.process.communicate("", timeout=PATIENCE)[0])
        print(report)
        return report


def assert_nobody_was_cut(report):
    assert report["cut"] == [] and report["refused"] == []
    assert report["sessions"] == SESSIONS and report["echoes"] >= SESSIONS


def assert_served_by(root, pid):
    visitor = start_script(root, "visit", URL)
    port = int(visitor.stdout.readline())
    assert root.owner_of_connection(8080, port) == pid
    assert visitor.communicate("", timeout=PATIENCE)[0] == "still here\n"


def test_lintian_finds_nothing_but_what_is_expected(packages):
    output = (FOLDER / "lintian.log").read_text()
    print(*re.findall(r"^[EWIPXO]: .*$", output, re.MULTILINE), sep="\n")
    tags = set(re.findall(r"^[EWIPX]: [^:]+: (\S+)", output, re.MULTILINE))
    assert tags - EXPECTED_TAGS == set()


def test_a_debug_package_is_built_beside_it(packages):
    versions = [deb.name.removeprefix("hawser") for deb in packages]
    assert sorted(path.name for path in packages[0].parent.glob("hawser-dbgsym_*")) == sorted(f"hawser-dbgsym{v}" for v in versions)


def test_apt_installs_it_with_user_folders_and_an_enabled_service(root, packages):
    print(install(root, packages[0]).stdout)
    assert root.run("getent", "passwd", "hawser").stdout.strip().endswith(":/nonexistent:/usr/sbin/nologin")
    folders = root.run("stat", "-c", "%n %U:%G %a", "/var/log/hawser", "/run/hawser", CONFIGURATION).stdout.splitlines()
    assert folders == ["/var/log/hawser hawser:adm 2750", "/run/hawser hawser:hawser 755", f"{CONFIGURATION} root:root 644"]
    assert root.path("/etc/systemd/system/multi-user.target.wants/hawser.service").is_symlink()
    conffiles = root.run("dpkg-query", "-W", "-f", "${Conffiles}", "hawser").stdout
    for file in (CONFIGURATION, "/etc/default/hawser", "/etc/logrotate.d/hawser", "/etc/apparmor.d/usr.sbin.hawser"):
        assert f" {file} " in conffiles


def test_every_file_of_it_is_whole(root):
    assert root.run("dpkg", "--verify", "hawser").stdout == ""


def test_the_starter_configuration_is_valid(root):
    assert "test is successful" in root.run("hawser", "-t").stdout


def test_its_own_autopkgtest_passes(root):
    tests = root.path("/opt/debian-tests")
    shutil.copytree(PROJECT / "packaging/debian/tests", tests)
    print(root.run("/opt/debian-tests/echo").stdout)


def test_it_starts_as_the_unit_does_and_answers(root, daemon):
    assert daemon.poll() is None
    assert fetch(root).startswith("200 ")


def test_a_route_of_ones_own_is_taken_by_a_reload(root, servers):
    text = root.path(CONFIGURATION).read_text()
    routes = text.index("routes:")
    own = f'routes: [{{ upstream: chat }}]\nupstreams: {{ chat: {{ servers: ["127.0.0.1:{servers}"] }} }}\n'
    root.path(CONFIGURATION).write_text(text[:routes] + own)
    root.run("sh", "-c", "hawser -t && hawser -s reload")
    wait_until(lambda: fetch(root).startswith("426 "), PATIENCE, "a server's answer to a plain request")
    crowd = Crowd(root)
    assert_nobody_was_cut(crowd.finish())


def test_an_upgrade_of_the_package_cuts_no_session(root, packages, daemon):
    before = running_pid(root)
    crowd = Crowd(root)
    print(install(root, packages[1]).stdout)
    after = running_pid(root)
    assert after is not None and after != before
    assert root.processes(BINARY) == [before, after], f"both serve; the first one ended with {daemon.poll()}"
    assert_served_by(root, after)
    assert_nobody_was_cut(crowd.finish())
    wait_until(lambda: root.processes(BINARY) == [after], PATIENCE, "the end of the former process after its sessions")


def test_an_upgrade_with_a_broken_configuration_changes_nothing_and_says_what_to_do(root, packages):
    before = running_pid(root)
    crowd = Crowd(root)
    good = root.path(CONFIGURATION).read_text()
    root.path(CONFIGURATION).write_text(good + "nonsense: true\n")
    done = install(root, packages[2])
    print(done.stdout)
    assert "nonsense" in done.stdout and "hawser -t && hawser -s upgrade" in done.stdout
    assert root.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", "hawser").stdout.endswith("+later2")
    assert running_pid(root) == before and root.processes(BINARY) == [before]
    assert_served_by(root, before)
    root.path(CONFIGURATION).write_text(good)
    root.run("sh", "-c", "hawser -t && hawser -s upgrade")
    assert running_pid(root) not in (None, before)
    assert_nobody_was_cut(crowd.finish())


def test_removal_stops_it_and_leaves_configuration_and_logs(root):
    print(root.apt("remove", "hawser").stdout)
    assert root.processes(BINARY) == []
    assert not root.path(BINARY).exists() and not root.path("/usr/lib/systemd/system/hawser.service").exists()
    assert root.path(CONFIGURATION).exists() and root.path(LOG).exists()


def test_purging_leaves_nothing_of_it_but_the_user(root):
    print(root.apt("purge", "hawser").stdout)
    places = ["/etc", "/run", "/usr", "/var/lib", "/var/log", "/var/cache/apparmor"]
    found = root.run("find", *places, "-name", "*hawser*", check=False).stdout
    assert [line for line in found.splitlines() if not line.startswith("find:")] == []
    assert root.run("getent", "passwd", "hawser").returncode == 0
