"""What the packages' scripts do with a Hawser that runs, on each of rpm, Arch and Alpine: one text, three files."""

import re
import shutil
import subprocess

import pytest
from installed_files import PROJECT

SCRIPTS = {
    "rpm": PROJECT / "packaging/rpm/hawser.spec",
    "arch": PROJECT / "packaging/arch/hawser.install",
    "alpine": PROJECT / "packaging/alpine/hawser.post-upgrade",
}


def upgrade_function(name):
    return re.search(r"^upgrade_running\(\) \{\n.*?^\}\n", SCRIPTS[name].read_text(), re.MULTILINE | re.DOTALL).group(0)


class Machine:
    """A stand-in for the installed system below a folder: a binary that writes down its calls, and maybe a process."""

    def __init__(self, folder):
        self.folder = folder
        self.calls = folder / "calls"
        self.process = None
        self.install(test=0, upgrade=0)
        (folder / "options").write_text('HAWSER_OPTIONS="-g log.level=debug"\n')

    def install(self, test, upgrade):
        binary = self.folder / "new-hawser"
        binary.write_text(f'#!/bin/sh\necho "$*" >> {self.calls}\n'
                          f'case "$*" in *" -t") exit {test} ;; *"-s upgrade") exit {upgrade} ;; esac\nexit 99\n')
        binary.chmod(0o755)

    def run_process(self, name):
        program = self.folder / name
        shutil.copy(shutil.which("sleep"), program)
        self.process = subprocess.Popen([str(program), "1000"])
        (self.folder / "hawser.pid").write_text(f"{self.process.pid}\n")
        return program

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def upgrade(self, script):
        text = upgrade_function(script)
        for path, own in (("/usr/sbin/hawser", "new-hawser"), ("/run/hawser/hawser.pid", "hawser.pid"),
                          ("/etc/default/hawser", "options")):
            text = text.replace(path, str(self.folder / own))
        done = subprocess.run(["sh", "-e", "-c", text + "upgrade_running\n"], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def called(self):
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    yield made
    made.end()


OPTIONS = "-c /etc/hawser/hawser.yaml -g log.level=debug"
TESTED = f"{OPTIONS} -q -t"
UPGRADED = f"{OPTIONS} -s upgrade"


def test_the_three_say_the_same():
    assert len({upgrade_function(name) for name in SCRIPTS}) == 1


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_running_process_is_upgraded_once_the_configuration_was_tested(machine, script):
    machine.run_process("hawser")
    assert machine.upgrade(script) == ""
    assert machine.called() == [TESTED, UPGRADED]


def test_a_process_whose_binary_was_replaced_is_still_found(machine):
    machine.run_process("hawser").unlink()
    machine.upgrade("rpm")
    assert machine.called() == [TESTED, UPGRADED]


def test_nothing_is_called_where_nothing_runs(machine):
    assert machine.upgrade("rpm") == ""
    assert machine.called() == []


def test_a_pid_file_left_behind_that_names_another_program_is_not_believed(machine):
    machine.run_process("other")
    assert machine.upgrade("rpm") == ""
    assert machine.called() == []


def test_a_configuration_that_the_new_version_refuses_leaves_the_process_alone(machine):
    machine.run_process("hawser")
    machine.install(test=78, upgrade=0)
    said = machine.upgrade("rpm")
    assert machine.called() == [TESTED]
    assert "refuses the configuration" in said and "hawser -s upgrade" in said


def test_an_upgrade_that_fails_does_not_fail_the_package(machine):
    machine.run_process("hawser")
    machine.install(test=0, upgrade=1)
    assert "did not take over" in machine.upgrade("rpm")
    assert machine.called() == [TESTED, UPGRADED]


@pytest.mark.parametrize("path", ["arch/hawser.install", "alpine/hawser.pre-install", "alpine/hawser.post-upgrade"])
def test_no_script_stops_or_restarts_anything(path):
    lines = (PROJECT / "packaging" / path).read_text().splitlines()
    code = "\n".join(line for line in lines if not line.lstrip().startswith(("#", "echo")))
    assert not re.search(r"\b(systemctl|rc-service|restart|stop|kill|pkill)\b", code)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="there is no shellcheck")
@pytest.mark.parametrize("path, options", [
    ("packaging/source-archive.sh", []),
    ("packaging/rpm/build.sh", []),
    ("packaging/docker/runtime-packages.sh", []),
    ("packaging/alpine/hawser.initd", ["--exclude=SC1091"]),
    ("packaging/alpine/hawser.pre-install", []),
    # Options are words, so they are split on purpose.
    ("packaging/alpine/hawser.post-upgrade", ["--exclude=SC1091,SC2086"]),
    ("packaging/arch/hawser.install", ["--shell=sh", "--exclude=SC1091,SC2086"]),
    # Variables that makepkg and abuild read, or set.
    ("packaging/arch/PKGBUILD", ["--shell=bash", "--exclude=SC2034,SC2154"]),
    ("packaging/alpine/APKBUILD", ["--shell=sh", "--exclude=SC2034,SC2154"]),
])
def test_shellcheck_has_nothing_to_say(path, options):
    done = subprocess.run(["shellcheck", *options, str(PROJECT / path)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
