"""What Hawser takes before anybody comes, and of descriptors for each who does. tests/bench/footprint.py has the figures;
the bounds here stand above what was measured, so that they break by a mistake and not by a busy machine."""
import subprocess

import pytest

from harness.configuration import relay_to
from harness.crowd import Crowd, statuses
from harness.hawser_process import hawser_binary, is_sanitized
from harness.process_facts import is_at_rest
from harness.raw_client import get
from harness.waiting import Stopwatch, wait_until

KIB = 1024
MIB = 1024 * KIB
RESIDENT = 18 * MIB  # most of it are the shared libraries, which differ by distribution


def serving(servers=("127.0.0.1:9",), workers=2, **listener):
    configuration = relay_to(*servers, workers=workers, listener=listener)
    configuration["routes"].insert(0, {"match": {"path": "/ready"}, "respond": {"status": 200, "body": "ready"}})
    return configuration


def at_rest(proxy):
    proxy.address()
    wait_until(lambda: is_at_rest(proxy.pid), what="every thread to sleep")
    return proxy


@pytest.fixture
def unsanitized():
    if is_sanitized():
        pytest.skip("sanitizers keep memory of their own")


@pytest.mark.figures
def test_memory_after_the_start(hawser, unsanitized):
    proxy = at_rest(hawser(serving()))
    assert proxy.memory("Anonymous") < 2.5 * MIB
    assert proxy.memory("Rss") < RESIDENT


@pytest.mark.figures
def test_memory_after_the_start_with_tls(hawser, certificate, unsanitized):
    pair = {"cert_file": str(certificate.cert_file), "key_file": str(certificate.key_file)}
    proxy = at_rest(hawser(serving(tls={"certificates": [pair]})))
    assert proxy.memory("Anonymous") < 3.5 * MIB
    assert proxy.memory("Rss") < RESIDENT


@pytest.mark.figures
def test_a_worker_that_nobody_uses_takes_little(hawser, unsanitized):
    few, many = (at_rest(hawser(serving(workers=workers))).memory("Anonymous") for workers in (1, 17))
    assert (many - few) / 16 < 100 * KIB


@pytest.mark.figures
def test_a_server_in_the_file_takes_little(hawser, unsanitized):
    servers = [f"10.0.{number // 250}.{number % 250 + 1}:9001" for number in range(1001)]
    few, many = (at_rest(hawser(serving(servers=servers[:count]))).memory("Anonymous") for count in (1, 1001))
    assert (many - few) / 1000 < 5 * KIB


@pytest.mark.figures
def test_the_first_request_is_answered_soon_after_the_start(hawser, unsanitized):
    clock = Stopwatch()
    proxy = hawser(serving())
    assert get(proxy.address(), "/ready").status == 200
    assert clock.seconds < 2


@pytest.mark.figures
def test_the_binary_is_small(tmp_path, unsanitized):
    stripped = tmp_path / "hawser"
    subprocess.run(["strip", "-o", stripped, hawser_binary()], check=True)
    assert stripped.stat().st_size < 2 * MIB


def test_a_session_takes_two_descriptors_and_gives_them_back(hawser, peers):
    proxy = hawser(serving(servers=[peers.echo().address]))
    address = proxy.address()
    before = proxy.descriptors()
    with Crowd(address) as crowd:
        assert statuses(crowd.open(100)) == {101: 100}
        assert proxy.descriptors() == before + 200
    proxy.wait_for_descriptors(before)
