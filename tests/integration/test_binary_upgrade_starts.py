"""However the first process was started, the next one is found and started in the same way."""
import os
import pathlib
import pwd
import shutil
import signal
import tempfile

import pytest

from harness.binaries import put_copy, put_shell
from harness.configuration import relay_to
from harness.network_namespace import own_network
from harness.raw_client import get, open_websocket
from harness.waiting import wait_until


def check_takes_the_file(proxy, address):
    """Upgrades to a replaced file, and proves that it is that one; twice, since the second is started by the first."""
    with open_websocket(address) as wire:
        for _ in range(2):
            put_copy(proxy.binary, appended=b"\n")
            new = proxy.upgrade()
            assert os.path.samefile(f"/proc/{new.pid}/exe", proxy.binary)
            assert get(address).status == 200
        wire.send_text("all along")
        assert wire.read_text() == "all along"


def test_a_relative_path(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address), program="./bin/hawser")
    check_takes_the_file(proxy, proxy.address())


def test_a_relative_path_from_another_folder(upgrading_hawser, peers, tmp_path):
    other = tmp_path / "elsewhere" / "deeper"
    other.mkdir(parents=True)
    proxy = upgrading_hawser(relay_to(peers.echo().address), program="../../hawser0/bin/hawser", cwd=other)
    check_takes_the_file(proxy, proxy.address())


def test_a_name_that_is_searched_in_path(upgrading_hawser, peers, tmp_path):
    path = f"{tmp_path}/hawser0/bin:{os.environ['PATH']}"
    proxy = upgrading_hawser(relay_to(peers.echo().address), program="hawser", environment={"PATH": path})
    assert proxy.newest.facts("cmdline").startswith(b"hawser\0")
    check_takes_the_file(proxy, proxy.address())


def test_a_symbolic_link_is_followed_anew(upgrading_hawser, peers, tmp_path):
    """As packages with alternatives and versioned folders do: the link is what counts, not where it led."""
    link, other = tmp_path / "current", tmp_path / "other"
    link.symlink_to(tmp_path / "hawser0/bin/hawser")
    proxy = upgrading_hawser(relay_to(peers.echo().address), program=str(link))
    with open_websocket(proxy.address()):
        put_copy(other)
        (tmp_path / "new_link").symlink_to(other)
        (tmp_path / "new_link").rename(link)
        new = proxy.upgrade()
        assert os.path.samefile(f"/proc/{new.pid}/exe", other)
        other.unlink()


def test_overrides_of_the_command_line_stay(upgrading_hawser, peers, tmp_path):
    access_log = tmp_path / "access.log"
    proxy = upgrading_hawser(relay_to(peers.echo().address), arguments=["-g", f"access_log.target={access_log}"])
    proxy.address()
    old = proxy.newest
    proxy.upgrade()
    old.wait_for_end(5)
    get(proxy.address(), "/after")
    wait_until(lambda: "/after" in access_log.read_text(), 5, "the line")


def test_a_daemon(upgrading_hawser, peers, tmp_path):
    path, log = f"{tmp_path}/in", tmp_path / "log"
    proxy = upgrading_hawser(relay_to(peers.echo().address, listener={"address": f"unix:{path}"}, log={
        "target": str(log)}), arguments=["-d"])
    assert proxy.process.wait(10) == 0
    with open_websocket(path) as wire:
        old, new = proxy.newest, proxy.upgrade()
        proxy.family.wait_for([old.pid, new.pid])
        assert os.getsid(new.pid) == os.getsid(old.pid) != os.getsid(0)
        for number in (0, 1, 2):
            assert os.readlink(f"/proc/{new.pid}/fd/{number}") == "/dev/null"
        wait_until(lambda: f"pid={new.pid}" in log.read_text(), 5, "the old process to say so")
        wire.send_text("behind a daemon")
        assert wire.read_text() == "behind a daemon"
    old.wait_for_end(5)
    third = proxy.upgrade()
    proxy.family.wait_for([third.pid])
    assert get(path).status == 200


def test_a_daemon_whose_new_binary_fails_logs_its_words(upgrading_hawser, peers, tmp_path):
    path, log = f"{tmp_path}/in", tmp_path / "log"
    proxy = upgrading_hawser(relay_to(peers.echo().address, listener={"address": f"unix:{path}"}, log={
        "target": str(log)}), arguments=["-d"])
    put_shell(proxy.binary, "echo no disk left for me >&2", "exit 1")
    proxy.send_signal(signal.SIGUSR2)
    wait_until(lambda: "upgrade failed, nothing changed" in log.read_text(), 10, "the refusal")
    wait_until(lambda: "no disk left for me" in log.read_text(), 5, "its words")
    assert get(path).status == 200


@pytest.fixture
def open_folder():
    """A folder that every user may enter, which pytest's own are not."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hawser-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_process_that_gave_up_root(open_folder, upgrading_hawser, peers):
    """The pid file lies where only root may write: its descriptor is all that the new process has of it."""
    user = pwd.getpwnam("nobody")
    proxy = upgrading_hawser(relay_to(peers.echo().address, user="nobody"), folder=open_folder / "hawser")
    with open_websocket(proxy.address()) as wire:
        assert proxy.newest.status_field("Uid").split() == [str(user.pw_uid)] * 4
        for _ in range(2):
            new = proxy.upgrade()
            assert new.status_field("Uid").split() == [str(user.pw_uid)] * 4
            assert proxy.pid_file.read_text() == f"{new.pid}\n"
        wire.send_text("as nobody")
        assert wire.read_text() == "as nobody"
        assert get(proxy.address()).status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_low_port_survives_the_loss_of_root(open_folder, upgrading_hawser, peers):
    with own_network():
        proxy = upgrading_hawser(relay_to(peers.echo().address, user="nobody", listener={"address": "127.0.0.1:80"}),
                                 folder=open_folder / "hawser")
        old = proxy.newest
        assert get(("127.0.0.1", 80)).status == 200
        proxy.write(relay_to(peers.echo().address, user="nobody", listener={"address": "127.0.0.1:81"}))
        proxy.upgrade()
        assert get(("127.0.0.1", 81)).status == 200, "the right to bind low ports survives the exec"
        old.wait_for_end(5)
