"""What is installed beside the binary, judged by the programs that will read it."""
import configparser
import grp
import os
import pathlib
import pwd
import re
import shutil
import stat
import subprocess

import pytest
import yaml

from harness.apparmor_profile import parse
from harness.hawser_process import run_hawser
from harness.installation import ROOT, configure, install
from harness.raw_client import get
from harness.terminal import Terminal
from harness.unit_file import read_unit, seconds_of
from harness.waiting import wait_until

pytestmark = pytest.mark.installed


def run(*command, **options):
    """A program that must succeed; what it said, errors included."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Installed for good, below a folder of its own: programs that the files name are really there."""
    folder = tmp_path_factory.mktemp("place")
    build = configure(tmp_path_factory.mktemp("build"))
    install(build, folder, sysconfdir=folder / "etc")
    return folder


@pytest.fixture(scope="module")
def unit(place):
    return place / "lib/systemd/system/hawser.service"


@pytest.fixture
def system_root(tmp_path):
    """A root with the users of this machine's own packages, as systemd's tools take by --root."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text("root:x:0:\nadm:x:4:\n")
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    return tmp_path


# systemd

def test_the_unit_is_clean(unit):
    assert run("systemd-analyze", "verify", "--man=no", unit) == ""


def test_the_example_of_a_socket_is_clean(unit, place, tmp_path):
    shutil.copy(unit, tmp_path)
    shutil.copy(place / "share/doc/hawser/examples/systemd/hawser.socket", tmp_path)
    assert run("systemd-analyze", "verify", "--man=no", tmp_path / "hawser.socket") == ""


def test_the_unit_is_exposed_by_no_more_than_1_5(unit):
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    assert float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", said).group(1)) <= 1.5


def test_stopping_waits_for_the_drain_and_crashes_are_restarted(unit):
    directives = {name: values[-1] for name, values in read_unit(unit).items()}
    defaults = yaml.safe_load(run_hawser("-T", "-q", "-c", str(ROOT / "conf/minimal.yaml")).stdout)
    assert seconds_of(directives["TimeoutStopSec"]) > seconds_of(defaults["shutdown"]["drain_timeout"])
    expected = {"KillSignal": "SIGQUIT", "KillMode": "control-group", "NotifyAccess": "main", "WatchdogSec": "30s",
                "Restart": "on-failure", "RestartPreventExitStatus": "78 2", "LimitNOFILE": "1048576", "User": "hawser"}
    assert {name: directives.get(name) for name in expected} == expected


def test_the_exit_codes_that_prevent_a_restart_are_those_of_hawser(tmp_path):
    (tmp_path / "bad.yaml").write_text("nonsense: 1\n")
    assert run_hawser("-c", str(tmp_path / "bad.yaml")).returncode == 78
    assert run_hawser("--nonsense").returncode == 2


def test_sysusers_makes_the_user(place, system_root):
    run("systemd-sysusers", f"--root={system_root}", place / "lib/sysusers.d/hawser.conf")
    user = next(line for line in (system_root / "etc/passwd").read_text().splitlines() if line.startswith("hawser:"))
    assert user.split(":")[5:] == ["/nonexistent", "/usr/sbin/nologin"]
    assert re.search("^hawser:", (system_root / "etc/group").read_text(), re.MULTILINE)


def test_tmpfiles_makes_the_folders(place, system_root):
    run("systemd-sysusers", f"--root={system_root}", place / "lib/sysusers.d/hawser.conf")
    number = int(re.search(r"^hawser:[^:]*:(\d+)", (system_root / "etc/passwd").read_text(), re.MULTILINE).group(1))
    run("systemd-tmpfiles", "--create", f"--root={system_root}", place / "lib/tmpfiles.d/hawser.conf")
    facts = {name: (stat.filemode(found.st_mode), found.st_uid, found.st_gid)
             for name in ("run/hawser", "var/log/hawser") for found in [(system_root / name).stat()]}
    assert facts == {"run/hawser": ("drwxr-xr-x", number, number), "var/log/hawser": ("drwxr-s---", number, 4)}


# The configuration

@pytest.fixture
def as_installed(place, tmp_path):
    """The packaged configuration, moved to where a test may listen and write."""
    text = (place / "etc/hawser/hawser.yaml").read_text()
    for path in ("/run/hawser/", "/var/log/hawser/"):
        assert path in text
        text = text.replace(path, f"{tmp_path}/")
    assert '"0.0.0.0:8080"' in text
    return text.replace('"0.0.0.0:8080"', '"127.0.0.1:0"')


def test_the_configuration_answers_and_says_what_to_edit(hawser, as_installed, tmp_path):
    proxy = hawser(as_installed)
    log = tmp_path / "hawser.log"
    wait_until(lambda: log.exists() and "listening" in log.read_text(), what="the log")
    host, port = re.search(r"listening listener=public address=(\S+):(\d+)", log.read_text()).groups()
    answer = get((host, int(port)))
    assert answer.status == 200 and b"/etc/hawser/hawser.yaml" in answer.body
    assert int((tmp_path / "hawser.pid").read_text()) == proxy.pid


def test_the_configuration_takes_what_lies_in_conf_d(place, as_installed, tmp_path):
    (tmp_path / "hawser.yaml").write_text(as_installed)
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/chat.yaml").write_text('routes: [{ upstream: chat }]\nupstreams: { chat: { servers: ["127.0.0.1:9001"] } }\n')
    done = run_hawser("-T", "-q", "-c", str(tmp_path / "hawser.yaml"))
    assert done.returncode == 0, done.stderr
    assert list(yaml.safe_load(done.stdout)["upstreams"]) == ["chat"]


def test_the_commented_lines_of_the_configuration_are_good_once_uncommented(as_installed, tmp_path):
    """All but the certificates, which are not there."""
    text = "\n".join(line for line in as_installed.splitlines() if "tls:" not in line and "cert_file" not in line)
    begin = text.index("routes:")
    text = text[:begin] + re.sub(r"^( *)# (?=[ -]|\w+:)", r"\1", text[begin:], flags=re.MULTILINE)
    (tmp_path / "hawser.yaml").write_text(text)
    done = run_hawser("-T", "-q", "-c", str(tmp_path / "hawser.yaml"))
    assert done.returncode == 0, done.stderr
    printed = yaml.safe_load(done.stdout)
    assert printed["upstreams"]["chat"]["servers"] and [route["name"] for route in printed["routes"]] == ["welcome", "chat"]


def test_the_defaults_file_is_what_systemd_and_a_shell_read(place):
    file = place / "etc/default/hawser"
    assert run("sh", "-uc", f'. "{file}"; printf "<%s>" "$HAWSER_OPTIONS"') == "<>"
    for line in file.read_text().splitlines():
        assert re.fullmatch(r"#.*|\w+=\"[^\"]*\"", line), line


# Logs

def test_rotating_makes_hawser_write_into_the_new_file(place, hawser, tmp_path):
    """The installed rule, with the folders and the user of this test in place of those of a system."""
    folder = tmp_path / "logs"
    folder.mkdir()
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    configuration = place / "etc/hawser/hawser.yaml"
    proxy = hawser({"pid_file": f"{tmp_path}/hawser.pid", "access_log": {"target": f"{folder}/access.log"},
                    "listeners": [{"name": "public", "address": "127.0.0.1:0"}], "routes": [{"respond": 204}]})
    rule = (place / "etc/logrotate.d/hawser").read_text()
    for before, after in (("/var/log/hawser", str(folder)), ("su hawser adm", f"su {user} {group}"),
                          ("create 0640 hawser adm", f"create 0640 {user} {group}"), (str(configuration), str(proxy.file))):
        assert before in rule
        rule = rule.replace(before, after)
    (tmp_path / "rule").write_text(rule)
    (tmp_path / "rule").chmod(0o644)

    def lines(name):
        return len((folder / name).read_text().splitlines()) if (folder / name).exists() else 0

    get(proxy.address())
    wait_until(lambda: lines("access.log") == 1, what="the first line")
    run("logrotate", "--force", "--state", tmp_path / "state", tmp_path / "rule")
    proxy.log.wait_for("reopened")
    get(proxy.address())
    wait_until(lambda: lines("access.log") == 1, what="a line in the new file")
    assert lines("access.log.1") == 1
    assert stat.filemode((folder / "access.log").stat().st_mode) == "-rw-r-----"
    run("logrotate", "--force", "--state", tmp_path / "state", tmp_path / "rule")
    assert sorted(path.name for path in folder.iterdir()) == ["access.log", "access.log.1", "access.log.2.gz"]


def test_rotating_while_hawser_is_stopped_is_no_error(place, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/access.log").write_text("a line\n")
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    rule = (place / "etc/logrotate.d/hawser").read_text().replace("/var/log/hawser", f"{tmp_path}/logs")
    (tmp_path / "rule").write_text(rule.replace("hawser adm", f"{user} {group}"))
    (tmp_path / "rule").chmod(0o644)
    run("logrotate", "--force", "--state", tmp_path / "state", tmp_path / "rule")
    assert (tmp_path / "logs/access.log.1").read_text() == "a line\n"


# Other programs

def test_the_profiles_of_ufw_name_ports(place):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(place / "etc/ufw/applications.d/hawser")
    assert {name: parser[name]["ports"] for name in parser.sections()} == {
        "Hawser HTTP": "80/tcp", "Hawser HTTPS": "443/tcp", "Hawser Full": "80,443/tcp", "Hawser Start": "8080/tcp"}
    assert all(parser[name]["title"] and parser[name]["description"] for name in parser.sections())


def test_apparmor_takes_the_profile(place):
    [profile] = (place / "etc/apparmor.d").iterdir()
    parsed = parse(profile)
    assert parsed.returncode == 0, parsed.stdout


def completed_by_bash(place, *words, cwd=None):
    """What the function offers when the last of the words is being typed, after bash-completion found it by its name."""
    data = place / "share"
    script = f"""
      source /usr/share/bash-completion/bash_completion
      _completion_loader hawser
      COMP_WORDS=({" ".join(f"'{word}'" for word in words)}) COMP_CWORD={len(words) - 1}
      _hawser hawser '{words[-1]}' '{words[-2]}'
      printf '%s\\n' "${{COMPREPLY[@]}}" """
    said = run("bash", "--norc", "-c", script, cwd=cwd, env={**os.environ, "XDG_DATA_DIRS": str(data)})
    return sorted(said.splitlines())


@pytest.mark.parametrize("words, expected", [
    (["-s", ""], ["quit", "reload", "reopen", "stop", "upgrade"]), (["-qs", "st"], ["stop"]),
    (["-t", "-g", "log.l"], ["log.level="]), (["-"], sorted(f"-{flag}" for flag in "TVcdghqstv"))])
def test_bash_completes(place, words, expected):
    assert completed_by_bash(place, "hawser", *words) == expected


def test_bash_completes_files_after_c(place, tmp_path):
    (tmp_path / "my file.yaml").write_text("")
    assert completed_by_bash(place, "hawser", "-c", "my", cwd=tmp_path) == ["my file.yaml"]


def test_every_key_that_bash_offers_is_one_that_g_takes(place, tmp_path):
    keys = re.search(r'compgen -S = -W "([^"]*)"', (place / "share/bash-completion/completions/hawser").read_text()).group(1).split()
    assert {"workers", "log.level", "shutdown.drain_timeout"} <= set(keys)
    for key in keys:
        said = run_hawser("-t", "-c", str(ROOT / "conf/minimal.yaml"), "-g", f"{key}=1").stderr
        assert "unknown key" not in said and "is a list" not in said, said


def test_the_options_that_completions_know_are_those_of_the_help(place):
    options = sorted(re.findall(r"^  -(\w)", run_hawser("-h").stdout, re.MULTILINE))
    fish = (place / "share/fish/vendor_completions.d/hawser.fish").read_text()
    zsh = (place / "share/zsh/site-functions/_hawser").read_text()
    assert sorted(re.findall(r"^complete -c hawser -s (\w)", fish, re.MULTILINE)) == options
    assert sorted(re.findall(r"'(?:\([^)]*\)|\*)?-(\w)\[", zsh)) == options


def test_fish_completes(place):
    script = f'source "{place}/share/fish/vendor_completions.d/hawser.fish"; complete -C "hawser -s re"'
    assert [line.split("\t")[0] for line in run("fish", "--no-config", "-c", script).splitlines()] == ["reload", "reopen"]


def test_zsh_completes_at_a_terminal(place, tmp_path):
    with Terminal("zsh", "-f", "-i", cwd=tmp_path) as shell:
        shell.type(f"fpath=('{place}/share/zsh/site-functions' $fpath); autoload -Uz compinit; compinit -D; echo loa''ded\n")
        shell.wait_for("loaded")
        shell.type("hawser -s re\t\t")
        shell.wait_for(r"reload\s+reopen")
        shell.type("\x15hawser -g log.l\t")  # ^U: from the start of the line
        shell.wait_for(r"log\.level=")


def test_bash_completes_at_a_terminal(place, tmp_path):
    with Terminal("bash", "--norc", "-i", cwd=tmp_path) as shell:
        shell.type(f"source '{place}/share/bash-completion/completions/hawser'; echo loa''ded\n")
        shell.wait_for("loaded")
        shell.type("hawser -s re\t\t")
        shell.wait_for(r"reload\s+reopen")
        shell.type("l\t")
        shell.wait_for("load ")
