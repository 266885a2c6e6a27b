"""Long runs, outside the common one: the same promises as elsewhere, kept for many minutes."""
import os
import random

import pytest

from harness.configuration import relay_to
from harness.peers import verify
from harness.waiting import Stopwatch, wait_until_steady

MINUTES = float(os.environ.get("HAWSER_SOAK_MINUTES", "20"))


@pytest.mark.soak
def test_bytes_stay_intact_through_endless_reloads(hawser, peers):
    """Verified sessions, held sessions and reloads together; memory must level out."""
    servers = [peers.echo(name=name).address for name in ("a", "b", "c")]
    configurations = [relay_to(*servers), relay_to(*servers, upstream={"balance": "least_connections"})]
    proxy = hawser(configurations[0])
    held = peers.hold(proxy.url(), 1000, interval="5s", visitors=1)
    memory = []
    watch = Stopwatch()
    while watch.seconds < MINUTES * 60:
        seed = random.randrange(1 << 30)
        result = verify(proxy.url(), sessions=50, messages=10, max_size=1 << 20, seed=seed, timeout=150)
        assert (result["errors"], result["mismatches"]) == ([], 0), f"seed {seed}"
        proxy.reload(configurations[len(memory) % 2])
        memory.append(proxy.memory())
    counts = held.stop()
    assert (counts["lost"], counts["refused"]) == (0, 0), counts
    wait_until_steady(proxy.descriptors, 0.5)
    middle, last = memory[len(memory) // 2], memory[-1]
    assert last <= middle * 1.05 + 512 * 1024, memory
