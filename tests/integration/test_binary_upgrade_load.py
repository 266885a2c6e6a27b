"""Upgrades while clients come in crowds and stay in crowds: nobody is refused, reset, kept waiting or forgotten."""
import signal
import threading
from collections import Counter

import pytest

from harness.configuration import relay_to
from harness.generations import zombies_below
from harness.hawser_process import is_sanitized
from harness.peers import verify
from harness.socket_owners import count_served, descriptor_kinds, listening_inodes
from harness.waiting import Stopwatch, wait_until

UPGRADES_PER_SECOND = 150 if is_sanitized() else 500


def arrived(counts):
    return counts["sessions"] + counts["answers"] + counts["kept"]


def let_arrive(arrivals, seconds, rate):
    """Until `seconds` worth of sessions were served from now on."""
    before = arrivals.report()["sessions"]
    wait_until(lambda: arrivals.report()["sessions"] >= before + seconds * rate, 60, f"sessions: {arrivals.report()}")


def in_background(work):
    """Runs work() in a thread; the function returned waits for what it gave."""
    result = []
    thread = threading.Thread(target=lambda: result.append(work()))
    thread.start()

    def wait():
        thread.join()
        return result[0]
    return wait


@pytest.mark.heavy
def test_nobody_notices_an_upgrade(upgrading_hawser, peers):
    """1,000 live sessions, 500 new ones a second, requests with and without kept connections, large messages under way."""
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    address = proxy.address()
    held = peers.hold(proxy.url(), 1000, interval="1s", visitors=0)
    arrivals = peers.arrivals(address, upgrades=UPGRADES_PER_SECOND, requests=100, keepers=20)
    let_arrive(arrivals, 2, UPGRADES_PER_SECOND)
    verified = in_background(lambda: verify(proxy.url(), sessions=10, messages=40, max_size=1 << 18, seed=5))
    old, new = proxy.newest, proxy.upgrade()
    let_arrive(arrivals, 3, UPGRADES_PER_SECOND)
    assert count_served(old.pid, address) >= 1000
    before = held.report()["echoes"]
    wait_until(lambda: held.report()["echoes"] >= before + 2000, 30, "each held session to be served again")
    result = verified()
    assert (result["errors"], result["mismatches"]) == ([], 0)
    counts, held_counts = arrivals.stop(), held.stop()
    assert counts["failures"] == {}, counts
    assert counts["slowest"] < 5, counts
    assert (held_counts["lost"], held_counts["errors"]) == (0, []), held_counts
    assert old.wait_for_end(10) == 0
    assert proxy.family.members() == [new.pid]


@pytest.mark.heavy
def test_a_thousand_sessions_are_told_when_upgrade_drain_is_over(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"upgrade_drain": "2s", "drain_timeout": "2s"}))
    held = peers.hold(proxy.url(), 1000, interval="500ms", visitors=0)
    old = proxy.newest
    watch = Stopwatch()
    proxy.upgrade()
    assert old.wait_for_end(15) == 0
    assert watch.seconds > 2
    counts = held.stop()
    closes = Counter({cause: count for cause, count in counts["closes"].items() if "1001" in cause})
    assert closes.total() == 1000, counts


@pytest.mark.heavy
def test_a_broken_binary_disturbs_nobody(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    held = peers.hold(proxy.url(), 1000, interval="1s", visitors=0)
    arrivals = peers.arrivals(proxy.address(), upgrades=UPGRADES_PER_SECOND, requests=100, keepers=20)
    proxy.binary.unlink()
    for _ in range(5):
        proxy.upgrade_refused()
    proxy.binary.write_text("#!/bin/sh\nexit 1\n")
    proxy.binary.chmod(0o755)
    for _ in range(5):
        proxy.upgrade_refused()
    let_arrive(arrivals, 1, UPGRADES_PER_SECOND)
    counts, held_counts = arrivals.stop(), held.stop()
    assert counts["failures"] == {}, counts
    assert (held_counts["lost"], held_counts["errors"]) == (0, []), held_counts


def settled(generation):
    """What a process holds once nobody is served."""
    kinds = []

    def is_steady():
        kinds.append(descriptor_kinds(generation.pid))
        return len(kinds) > 20 and all(each == kinds[-1] for each in kinds[-20:])
    wait_until(is_steady, 10, "descriptors that stay")
    return kinds[-1]


def test_ten_upgrades_in_a_row_leave_one_process_and_no_descriptor(upgrading_hawser, peers):
    configuration = relay_to(peers.echo().address, upstream={"keepalive": {"idle": 0}}, shutdown={
        "upgrade_drain": "200ms", "drain_timeout": "500ms"})
    proxy = upgrading_hawser(configuration)
    address = proxy.address()
    inodes, fresh = listening_inodes(address), settled(proxy.newest)
    arrivals = peers.arrivals(address, upgrades=30, requests=30, keepers=4, also_close=1001)
    for _ in range(10):
        before = arrivals.report()["sessions"]
        new = proxy.upgrade()
        assert proxy.pid_file.read_text() == f"{new.pid}\n"
        wait_until(lambda: arrivals.report()["sessions"] > before, 10, "a session")
    counts = arrivals.stop()
    assert counts["failures"] == {}, counts
    proxy.family.wait_for([proxy.pid])
    assert all(generation.wait_for_end(5) in (0, None) for generation in proxy.generations[:-1])
    assert zombies_below(proxy.pid) == []
    assert listening_inodes(address) == inodes
    assert settled(proxy.newest) == fresh
    proxy.send_signal(signal.SIGHUP)
    proxy.log.wait_for("reloaded")
    assert settled(proxy.newest) == fresh
