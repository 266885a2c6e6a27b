"""Shares of thousands of held sessions over five servers, by four workers: what each method promises, counted."""
import math
from collections import Counter
from types import SimpleNamespace

import pytest

from harness.configuration import relay_to
from harness.crowd import Crowd, shares, statuses
from harness.hash_ring import HashRing

SESSIONS = 3000
NAMES = "abcde"
WEIGHTS = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
EQUAL = dict.fromkeys(NAMES, 1)

pytestmark = pytest.mark.heavy


@pytest.fixture
def pool(peers):
    """Real echo servers by name, and how an upstream of them is written."""
    addresses = {name: peers.echo(name=name).address for name in NAMES + "f"}

    def relay(balance, weights, names=NAMES, workers=4, **upstream):
        servers = [{"address": addresses[name], "weight": weights.get(name, 1)} for name in names]
        return relay_to(*servers, upstream={"balance": balance, **upstream}, workers=workers)
    return SimpleNamespace(addresses=addresses, relay=relay)


def hold(proxy, count=SESSIONS, **options):
    """Opens that many sessions and leaves them open."""
    crowd = Crowd(proxy.address())
    visits = crowd.open(count, **{"in_flight": 64, **options})
    assert statuses(visits) == {101: count}
    return crowd


def assert_shares_near(found, weights, tolerance):
    """Each server has its share of the weights, give or take `tolerance` of that share."""
    total = sum(found.values())
    for name, weight in weights.items():
        wanted = total * weight / sum(weights.values())
        assert abs(found[name] - wanted) <= tolerance * wanted, f"{name}: {found[name]} for {wanted:.0f} of {dict(found)}"


def test_round_robin_shares_are_equal(hawser, pool):
    with hold(hawser(pool.relay("round_robin", EQUAL))) as crowd:
        assert_shares_near(shares(crowd.visits), EQUAL, 0.02)


def test_weighted_round_robin_shares_follow_the_weights(hawser, pool):
    with hold(hawser(pool.relay("weighted_round_robin", WEIGHTS))) as crowd:
        assert_shares_near(shares(crowd.visits), WEIGHTS, 0.02)


@pytest.mark.parametrize("weights", [EQUAL, WEIGHTS], ids=["equal", "weighted"])
def test_least_connections_shares_follow_the_weights(hawser, pool, weights):
    with hold(hawser(pool.relay("least_connections", weights))) as crowd:
        assert_shares_near(shares(crowd.visits), weights, 0.02)


@pytest.mark.parametrize("weights", [EQUAL, WEIGHTS], ids=["equal", "weighted"])
def test_power_of_two_shares_nearly_follow_the_weights(hawser, pool, weights):
    with hold(hawser(pool.relay("power_of_two", weights))) as crowd:
        assert_shares_near(shares(crowd.visits), weights, 0.05)


def level(found):
    return max(found.values()) - min(found.values())


def test_least_connections_is_exact_across_workers(hawser, pool):
    """Workers that choose in the same instant may choose alike; sessions one after another make up for it at once."""
    with hold(hawser(pool.relay("least_connections", EQUAL)), SESSIONS - 100) as crowd:
        for _ in range(100):
            crowd.open(1)
            if crowd.visits[-1].number > SESSIONS - 50:
                assert level(shares(crowd.visits)) <= 1
        assert shares(crowd.visits) == dict.fromkeys(NAMES, SESSIONS // len(NAMES))


def test_least_connections_is_exact_across_a_reload(hawser, pool):
    proxy = hawser(pool.relay("least_connections", EQUAL, names="abcd"))
    with hold(proxy, SESSIONS - 600) as crowd:
        before = shares(crowd.visits)
        assert before["e"] == 0
        proxy.reload(pool.relay("least_connections", EQUAL))
        # The newcomer gets all of them until it has as many as the others.
        newcomers = shares(crowd.open(min(before.values()) - 5))
        assert newcomers == {"e": min(before.values()) - 5}
        crowd.open(50, in_flight=1)
        assert level(shares(crowd.visits)) <= 1


def by_user(**more):
    return {"method": "consistent_hash", "key": "$arg_user", **more}


def user_path(number):
    return f"/?user=user-{number}"


def homes(crowd, addresses):
    """User → address of the server."""
    return {f"user-{visit.number}": addresses[visit.server] for visit in crowd.visits}


@pytest.mark.parametrize("weights", [EQUAL, WEIGHTS], ids=["equal", "weighted"])
def test_consistent_hash_shares_are_the_ring_s_own(hawser, pool, weights):
    ring = HashRing({pool.addresses[name]: weight for name, weight in weights.items()})
    with hold(hawser(pool.relay(by_user(), weights)), path=user_path) as crowd:
        found = homes(crowd, pool.addresses)
        assert found == {user: ring.home(user) for user in found}


def test_consistent_hash_homes_depend_on_neither_workers_nor_order(hawser, pool):
    with hold(hawser(pool.relay(by_user(), EQUAL)), path=user_path) as crowd:
        first = homes(crowd, pool.addresses)
    with hold(hawser(pool.relay(by_user(), EQUAL, names=NAMES[::-1], workers=1)), path=user_path) as crowd:
        assert homes(crowd, pool.addresses) == first


def test_a_server_more_moves_about_its_share_of_the_keys(hawser, pool):
    proxy = hawser(pool.relay(by_user(), EQUAL))
    with hold(proxy, path=user_path) as crowd:
        before = homes(crowd, pool.addresses)
    proxy.reload(pool.relay(by_user(), EQUAL, names=NAMES + "f"))
    with hold(proxy, path=user_path) as crowd:
        after = homes(crowd, pool.addresses)
    moved = [user for user in before if before[user] != after[user]]
    assert {after[user] for user in moved} == {pool.addresses["f"]}, "a key moves to the newcomer or not at all"
    assert 0.5 / 6 <= len(moved) / SESSIONS <= 1.6 / 6


def neighbours(pool):
    """Users who all live at one server, which a ring without a bound would give every session of theirs; its name."""
    ring = HashRing({pool.addresses[name]: 1 for name in NAMES})
    users = [f"user-{number}" for number in range(200) if ring.home(f"user-{number}") == pool.addresses["a"]][:8]
    assert len(users) == 8
    return lambda number: f"/?user={users[number % 8]}"


def test_consistent_hash_never_exceeds_the_balance_factor(hawser, pool):
    factor, count = 1.25, 1000
    proxy = hawser(pool.relay(by_user(balance_factor=factor), EQUAL))
    path = neighbours(pool)
    held = Counter()
    with Crowd(proxy.address()) as crowd:
        for _ in range(count):
            (visit,) = crowd.open(1, path=path)
            held[visit.server] += 1
            bound = math.ceil(factor * sum(held.values()) / 5)
            assert held[visit.server] <= bound, f"{dict(held)} after {sum(held.values())}"
        assert held["a"] == factor * count / 5, "their own server takes as many as it may"


def test_the_balance_factor_holds_under_parallel_load(hawser, pool):
    """Workers that choose in the same instant may overshoot by one each, not more."""
    proxy = hawser(pool.relay(by_user(balance_factor=1.1), EQUAL))
    with hold(proxy, path=neighbours(pool)) as crowd:
        assert max(shares(crowd.visits).values()) <= 1.1 * SESSIONS / 5 + 4
