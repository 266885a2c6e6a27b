"""`cmake --install`: what goes where, in each variant, and what is never overwritten."""
import pathlib
import re
import subprocess

import pytest

from harness.hawser_process import hawser_binary
from harness.installation import ROOT, configure, files_of, folders_of, install
from harness.unit_file import read_unit

pytestmark = pytest.mark.installed
CONFIGURATION_FILES = ["/etc/apparmor.d/usr.sbin.hawser", "/etc/default/hawser", "/etc/hawser/hawser.yaml",
                       "/etc/logrotate.d/hawser", "/etc/ufw/applications.d/hawser"]
EXAMPLES = [str(path.relative_to(ROOT / "conf")) for path in (ROOT / "conf").rglob("*") if path.is_file()]


def everything(unit_folder):
    data = "/usr/share"
    pages = ["man8/hawser.8", "man5/hawser.yaml.5"]
    vim = ROOT / "packaging/editors/vim"
    return sorted([
        "/usr/sbin/hawser", *CONFIGURATION_FILES, f"{unit_folder}/hawser.service",
        "/usr/lib/sysusers.d/hawser.conf", "/usr/lib/tmpfiles.d/hawser.conf",
        f"{data}/hawser/hawser.schema.json", *(f"{data}/man/{page}" for page in pages),
        f"{data}/bash-completion/completions/hawser", f"{data}/zsh/site-functions/_hawser",
        f"{data}/fish/vendor_completions.d/hawser.fish",
        f"{data}/doc/hawser/examples/systemd/hawser.socket", *(f"{data}/doc/hawser/examples/{name}" for name in EXAMPLES),
        *(f"{data}/vim/vimfiles/{path.relative_to(vim)}" for path in vim.rglob("*") if path.is_file())])


@pytest.fixture(scope="module")
def for_debian_12(tmp_path_factory):
    return configure(tmp_path_factory.mktemp("debian12"), "-DCMAKE_INSTALL_PREFIX=/usr", "-DHAWSER_NOTIFY_TYPE=notify",
                     "-DHAWSER_SYSTEMD_UNIT_DIR=/lib/systemd/system")


@pytest.fixture(scope="module")
def for_debian_13(tmp_path_factory):
    return configure(tmp_path_factory.mktemp("debian13"), "-DCMAKE_INSTALL_PREFIX=/usr", "-DHAWSER_NOTIFY_TYPE=notify-reload",
                     "-DHAWSER_SYSTEMD_UNIT_DIR=/usr/lib/systemd/system")


def test_debian_12_gets_exactly_these_files(for_debian_12, tmp_path):
    install(for_debian_12, destination=tmp_path)
    assert files_of(tmp_path) == everything("/lib/systemd/system")
    assert "/etc/hawser/conf.d" in folders_of(tmp_path)


def test_debian_13_gets_exactly_these_files(for_debian_13, tmp_path):
    install(for_debian_13, destination=tmp_path)
    assert files_of(tmp_path) == everything("/usr/lib/systemd/system")


def test_the_manifest_names_every_file(for_debian_13, tmp_path):
    install(for_debian_13, destination=tmp_path)
    assert sorted((for_debian_13 / "install_manifest.txt").read_text().split()) == files_of(tmp_path)


def test_the_variants_differ_in_how_they_reload_only(for_debian_12, for_debian_13, tmp_path):
    install(for_debian_12, destination=tmp_path / "12")
    install(for_debian_13, destination=tmp_path / "13")
    before = read_unit(tmp_path / "12/lib/systemd/system/hawser.service")
    after = read_unit(tmp_path / "13/usr/lib/systemd/system/hawser.service")
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"Type", "ExecReload"}
    assert (before["Type"], after["Type"]) == (["notify"], ["notify-reload"])
    test, hup = before["ExecReload"]
    assert test == "/usr/sbin/hawser -t -q -c /etc/hawser/hawser.yaml $HAWSER_OPTIONS" and "-HUP $MAINPID" in hup


@pytest.mark.parametrize("definition", ["HAWSER_NOTIFY_TYPE=simple", "HAWSER_NOTIFY_TYPE=notify-reloads"])
def test_another_notify_type_is_refused(tmp_path, definition):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        configure(tmp_path / "build", f"-D{definition}")
    assert "must be notify or notify-reload" in refused.value.stderr


def test_what_this_machines_systemd_knows_is_the_default(tmp_path):
    version = re.match(r"systemd (\d+)", subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout)
    build = configure(tmp_path / "build", "-DCMAKE_INSTALL_PREFIX=/usr")
    install(build, destination=tmp_path / "root")
    units = pathlib.Path(subprocess.run(["pkg-config", "--variable=systemdsystemunitdir", "systemd"], capture_output=True, text=True,
                                        check=True).stdout.strip())
    unit = read_unit(tmp_path / "root" / units.relative_to("/") / "hawser.service")
    assert unit["Type"] == ["notify-reload" if int(version.group(1)) >= 253 else "notify"]


def test_the_parts_that_a_system_lacks_can_be_left_out(tmp_path):
    off = [f"-DHAWSER_INSTALL_{part}=OFF" for part in ("SYSTEMD", "APPARMOR", "UFW", "LOGROTATE")]
    install(configure(tmp_path / "build", *off), destination=tmp_path / "root")
    installed = files_of(tmp_path / "root")
    assert "/etc/hawser/hawser.yaml" in installed and "/usr/sbin/hawser" in installed
    assert not [path for path in installed if re.search("systemd/system|sysusers|tmpfiles|apparmor|ufw|logrotate", path)]


def test_a_prefix_given_on_installing_is_in_every_path(tmp_path):
    prefix, etc = tmp_path / "opt", tmp_path / "etc"
    build = configure(tmp_path / "build")
    install(build, prefix, sysconfdir=etc)
    unit = read_unit(prefix / "lib/systemd/system/hawser.service")
    assert unit["ExecStart"] == [f"{prefix}/sbin/hawser -c {etc}/hawser/hawser.yaml $HAWSER_OPTIONS"]
    assert unit["EnvironmentFile"] == [f"-{etc}/default/hawser"]
    assert f"{prefix}/sbin/hawser -c {etc}/hawser/hawser.yaml" in (etc / "logrotate.d/hawser").read_text()
    profile = etc / "apparmor.d" / f"{prefix}/sbin/hawser".lstrip("/").replace("/", ".")
    assert f"profile hawser {prefix}/sbin/hawser " in profile.read_text()


def test_nothing_is_left_to_be_replaced(for_debian_13, tmp_path):
    install(for_debian_13, destination=tmp_path)
    texts = [path for path in files_of(tmp_path) if path != "/usr/sbin/hawser"]
    assert not [path for path in texts if re.search(r"@[A-Za-z_]+@", (tmp_path / path.lstrip("/")).read_text())]


def test_configuration_that_is_there_is_kept(for_debian_13, tmp_path):
    install(for_debian_13, destination=tmp_path)
    for path in CONFIGURATION_FILES:
        (tmp_path / path.lstrip("/")).write_text("mine\n")
    said = install(for_debian_13, destination=tmp_path)
    for path in CONFIGURATION_FILES:
        assert (tmp_path / path.lstrip("/")).read_text() == "mine\n"
        assert f"Kept: {tmp_path}{path}" in said


def test_make_install_takes_its_three_folders(tmp_path):
    """From build/release, as people do after `make build`."""
    if pathlib.Path(hawser_binary()) != ROOT / "build/release/hawser":
        pytest.skip("another build is under test")
    subprocess.run(["make", "-C", str(ROOT), "install", f"DESTDIR={tmp_path}", "PREFIX=/opt/hawser", "SYSCONFDIR=/opt/etc"],
                   check=True, capture_output=True)
    unit = read_unit(tmp_path / "opt/hawser/lib/systemd/system/hawser.service")
    assert unit["ExecStart"] == ["/opt/hawser/sbin/hawser -c /opt/etc/hawser/hawser.yaml $HAWSER_OPTIONS"]
    assert (tmp_path / "opt/etc/hawser/hawser.yaml").is_file() and not (tmp_path / "etc").exists()
    assert (tmp_path / "opt/hawser/sbin/hawser").stat().st_size < pathlib.Path(hawser_binary()).stat().st_size, "stripped"
