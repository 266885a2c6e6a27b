"""The line from the newest process to all older ones holds, whichever of those between are gone."""
import signal

import pytest

from harness.configuration import relay_to
from harness.raw_client import open_websocket
from harness.socket_owners import descriptor_kinds, is_open_by
from harness.waiting import wait_until

GONE = r"the process that took over is gone"


def open_gap(proxy):
    """A session on the oldest of three processes, of which the middle one has ended."""
    early = open_websocket(proxy.address(), "/early")
    middle = proxy.upgrade()
    proxy.upgrade()
    middle.wait_for_end(5)
    return early


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_an_end_reaches_a_process_that_is_not_the_newest_ones_parent(upgrading_hawser, peers, number):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "500ms"}))
    early = open_gap(proxy)
    with early:
        proxy.send_signal(number)
        assert early.read_close_code() == 1001
        early.send_close(1001)
    proxy.wait_for_all(5)


def test_usr1_reaches_a_process_that_is_not_the_newest_ones_parent(upgrading_hawser, peers, tmp_path):
    access_log = tmp_path / "access.log"
    proxy = upgrading_hawser(relay_to(peers.echo().address, access_log={"target": str(access_log)}))
    early = open_gap(proxy)
    with early:
        rotated = access_log.rename(tmp_path / "access.old")
        proxy.send_signal(signal.SIGUSR1)
        wait_until(lambda: not is_open_by(rotated, [proxy.oldest.pid, proxy.pid]), 5, "both to let go")
        early.send_close()
        early.read_close_code()
        wait_until(lambda: "/early" in access_log.read_text(), 5, "the line")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_an_end_reaches_an_old_process_whose_successor_was_killed_and_replaced(upgrading_hawser, peers, number):
    """The middle one crashed after it had handed over: nobody could tell the oldest of it."""
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "500ms"}))
    with open_websocket(proxy.address()) as early:
        middle = proxy.upgrade()
        with open_websocket(proxy.address()):
            proxy.upgrade()
            middle.expected_end = -signal.SIGKILL
            middle.send_signal(signal.SIGKILL)
            middle.wait_for_end()
            proxy.send_signal(number)
            assert early.read_close_code() == 1001
            early.send_close(1001)
    proxy.wait_for_all(5)


def test_the_end_of_a_process_that_was_upgraded_itself_is_no_error(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_gap(proxy) as early:
        early.send_close()
        early.read_close_code()
        proxy.oldest.wait_for_end(5)
    assert proxy.log.count(GONE) == 0


def test_a_process_that_took_over_and_crashed_is_reported(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address()):
        new = proxy.upgrade()
        new.expected_end = -signal.SIGKILL
        new.send_signal(signal.SIGKILL)
        proxy.log.wait_for(GONE)


def test_lines_to_processes_that_are_gone_are_closed(upgrading_hawser, peers):
    """Five processes live at once, then only the newest: it holds what a first process holds."""
    configuration = relay_to(peers.echo().address, upstream={"keepalive": {"idle": 0}})
    proxy = upgrading_hawser(configuration)
    proxy.address()
    fresh = descriptor_kinds(proxy.pid)
    wires = []
    for _ in range(4):
        wires.append(open_websocket(proxy.address()))
        proxy.upgrade()
    assert descriptor_kinds(proxy.pid)["socket"] == fresh["socket"] + 4, "a line to each"
    for wire in wires:
        wire.send_close()
        wire.read_close_code()
    proxy.family.wait_for([proxy.pid])
    wait_until(lambda: descriptor_kinds(proxy.pid) == fresh, 5, f"{fresh}, there are {descriptor_kinds(proxy.pid)}")
