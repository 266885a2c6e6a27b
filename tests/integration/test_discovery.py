"""Servers that are found by DNS or in a watched file: who comes gets sessions, who leaves keeps those it has, and a source
that fails takes nobody away."""
import os

import pytest

from harness.configuration import relay_to
from harness.crowd import Crowd, shares
from harness.flaky_server import answers, on_one_port
from harness.log_lines import MEMBERS_CHANGED
from harness.raw_client import get, open_websocket
from harness.waiting import Stopwatch, wait_until

NAME, SERVICE = "chat.test", "_ws._tcp.chat.test"


@pytest.fixture
def trio(flaky_server):
    """Three servers a, b, c at 127.0.0.1, .2, .3 and one port."""
    return on_one_port(flaky_server, "a", "b", "c")


def found_by(nameserver=None, upstream=None, top=None, **discover):
    """An upstream whose servers are discovered; answers may be asked for again soon."""
    resolver = {}
    if nameserver:
        resolver = {"resolver": {"nameservers": [nameserver.address], "timeout": "200ms", "attempts": 2}}
    settings = {"discover": discover, "resolve": {"min": "100ms"}, **(upstream or {})}
    configuration = relay_to(upstream=settings, **resolver, **(top or {}))
    del configuration["upstreams"]["pool"]["servers"]
    return configuration


def by_name(dns, port, **more):
    return found_by(dns, dns=f"{NAME}:{port}", **more)


def served_by(proxy, count=12):
    """The names of the servers that this many sessions meet."""
    with Crowd(proxy.address()) as crowd:
        return set(shares(crowd.open(count)))


def wait_for_servers(proxy, *names, timeout=10):
    wait_until(lambda: served_by(proxy) == set(names), timeout, f"sessions at {names} and nowhere else")


def ask_anew(dns, name=NAME, kind="A", times=2):
    """Until the name was asked for that often from now on, with an answer as it is now."""
    dns.wait_for_query(name, kind, count=times, timeout=10)


def test_every_address_of_a_name_is_a_server(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.1", "127.0.0.3"])
    proxy = hawser(by_name(dns, trio[0].port))
    wait_for_servers(proxy, "a", "c")


def test_a_server_may_be_written_by_its_name(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.2"])
    top = {"resolver": {"nameservers": [dns.address]}}
    proxy = hawser(relay_to(f"{NAME}:{trio[0].port}", **top))
    wait_for_servers(proxy, "b")


def test_ipv6_addresses_are_servers_too(hawser, dns, flaky_server):
    server = flaky_server("six", address="::1")
    dns.set_aaaa(NAME, ["::1"])
    wait_for_servers(hawser(by_name(dns, server.port)), "six")


def test_an_address_that_is_added_gets_sessions(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.1"], ttl=1)
    proxy = hawser(by_name(dns, trio[0].port))
    wait_for_servers(proxy, "a")
    dns.set_a(NAME, ["127.0.0.1", "127.0.0.2"], ttl=1)
    wait_for_servers(proxy, "a", "b")
    proxy.log.wait_for(MEMBERS_CHANGED + ".*127.0.0.2", 10)


def test_an_address_that_is_removed_keeps_its_sessions_and_gets_no_new_one(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.1"], ttl=1)
    proxy = hawser(by_name(dns, trio[0].port))
    with open_websocket(proxy.address()) as wire:
        assert wire.upgrade.get("x-server") == "a"
        dns.set_a(NAME, ["127.0.0.2"], ttl=1)
        wait_for_servers(proxy, "b")
        wire.send_text("still here")
        assert wire.read_text() == "still here"


def test_a_ttl_of_one_second_is_followed(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.1"], ttl=1)
    proxy = hawser(by_name(dns, trio[0].port))
    wait_for_servers(proxy, "a")
    watch = Stopwatch()
    ask_anew(dns, times=4)
    assert 2 <= watch.seconds <= 8, "four questions, about a second apart"


def test_a_long_ttl_is_not_asked_for_again(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.1"], ttl=3600)
    dns.set_a("other.test", ["127.0.0.1"], ttl=1)
    configuration = by_name(dns, trio[0].port)
    configuration["upstreams"]["other"] = found_by(dns, dns=f"other.test:{trio[0].port}")["upstreams"]["pool"]
    configuration["routes"].append({"upstream": "other"})
    proxy = hawser(configuration)
    wait_for_servers(proxy, "a")
    asked = dns.count(NAME, "A")
    ask_anew(dns, "other.test", times=3)
    assert dns.count(NAME, "A") == asked


def test_a_long_ttl_is_cut_to_resolve_max(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.1"], ttl=3600)
    proxy = hawser(by_name(dns, trio[0].port, upstream={"resolve": {"min": "100ms", "max": "300ms"}}))
    wait_for_servers(proxy, "a")
    ask_anew(dns, times=3)


@pytest.mark.parametrize("failure", ["SERVFAIL", "NXDOMAIN", "REFUSED", "silent"])
def test_a_failing_dns_takes_no_server_away(hawser, dns, trio, failure):
    dns.set_a(NAME, ["127.0.0.1", "127.0.0.2"], ttl=1)
    proxy = hawser(by_name(dns, trio[0].port))
    wait_for_servers(proxy, "a", "b")
    dns.fail(NAME, failure)
    ask_anew(dns, times=3)
    assert served_by(proxy) == {"a", "b"}
    assert proxy.log.count(r"level=warn.*" + NAME) or proxy.log.count("cannot resolve"), "it is said"
    dns.set_a(NAME, ["127.0.0.3"], ttl=1)
    wait_for_servers(proxy, "c")


def test_an_empty_answer_takes_no_server_away(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.1"], ttl=1)
    proxy = hawser(by_name(dns, trio[0].port))
    wait_for_servers(proxy, "a")
    dns.set_a(NAME, [], ttl=1)
    ask_anew(dns, times=3)
    assert served_by(proxy) == {"a"}


@pytest.mark.parametrize("failure", ["SERVFAIL", "NXDOMAIN", "silent"])
def test_a_name_that_cannot_be_resolved_starts_down_and_comes_up_later(hawser, dns, trio, failure):
    dns.fail(NAME, failure)
    proxy = hawser(by_name(dns, trio[0].port))
    answer = get(proxy.address())
    assert answer.status == 503 and answer.get("retry-after") is not None
    proxy.log.wait_for(NAME, 5)
    dns.set_a(NAME, ["127.0.0.1"], ttl=1)
    wait_for_servers(proxy, "a")


def test_a_name_that_cannot_be_resolved_leaves_other_servers_be(hawser, dns, trio, flaky_server):
    dns.fail(NAME, "NXDOMAIN")
    written = flaky_server("written")
    configuration = by_name(dns, trio[0].port)
    configuration["upstreams"]["pool"]["servers"] = [written.address]
    proxy = hawser(configuration)
    assert served_by(proxy) == {"written"}
    dns.set_a(NAME, ["127.0.0.1"], ttl=1)
    wait_for_servers(proxy, "a", "written")


def test_a_silent_nameserver_does_not_stop_sessions(hawser, dns, flaky_server):
    """Resolving never blocks a loop: while the answer is waited for, another upstream serves."""
    written = flaky_server("written")
    dns.fail(NAME, "silent")
    configuration = by_name(dns, 1)
    configuration["resolver"]["timeout"] = "3s"
    configuration["upstreams"]["other"] = {"servers": [written.address]}
    configuration["routes"] = [{"match": {"path_prefix": "/lost"}, "upstream": "pool"}, {"upstream": "other"}]
    proxy = hawser(configuration)
    proxy.address(timeout=20)
    dns.wait_for_query(NAME, timeout=20)
    watch = Stopwatch()
    assert served_by(proxy, 50) == {"written"}
    assert get(proxy.address(), "/lost").status == 503
    assert watch.seconds < 2


def test_srv_records_bring_port_and_weight(hawser, dns, flaky_server):
    one, three = flaky_server("one"), flaky_server("three")
    dns.set_a("one.test", ["127.0.0.1"])
    dns.set_srv(SERVICE, [(10, 1, one.port, "one.test"), (10, 3, three.port, "one.test")])
    proxy = hawser(found_by(dns, srv=SERVICE, upstream={"balance": "weighted_round_robin"}, top={"workers": 1}))
    wait_for_servers(proxy, "one", "three")
    with Crowd(proxy.address()) as crowd:
        assert shares(crowd.open(40)) == {"one": 10, "three": 30}


def test_srv_weights_may_change(hawser, dns, flaky_server):
    one, two = flaky_server("one"), flaky_server("two")
    dns.set_a("host.test", ["127.0.0.1"])
    dns.set_srv(SERVICE, [(0, 1, one.port, "host.test"), (0, 1, two.port, "host.test")], ttl=1)
    proxy = hawser(found_by(dns, srv=SERVICE, upstream={"balance": "weighted_round_robin"}, top={"workers": 1}))
    wait_for_servers(proxy, "one", "two")
    dns.set_srv(SERVICE, [(0, 4, one.port, "host.test"), (0, 1, two.port, "host.test")], ttl=1)
    with Crowd(proxy.address()) as crowd:
        wait_until(lambda: shares(crowd.open(50)) == {"one": 40, "two": 10}, 10, "the new weights")


def test_srv_targets_of_a_later_priority_wait_until_no_earlier_one_is_left(hawser, dns, flaky_server):
    first, second = flaky_server("first"), flaky_server("second")
    dns.set_a("host.test", ["127.0.0.1"])
    dns.set_srv(SERVICE, [(10, 1, first.port, "host.test"), (20, 1, second.port, "host.test")], ttl=1)
    proxy = hawser(found_by(dns, srv=SERVICE, upstream={"circuit_breaker": {"max_ejected": "100%"}}))
    wait_for_servers(proxy, "first")
    assert served_by(proxy, 20) == {"first"}
    assert not second.connections
    first.behaviour = answers(503)
    wait_for_servers(proxy, "second")
    dns.set_srv(SERVICE, [(20, 1, second.port, "host.test")], ttl=1)
    proxy.log.wait_for(MEMBERS_CHANGED + r".*removed=1", 10)
    assert served_by(proxy) == {"second"}


def test_srv_targets_follow_their_own_addresses(hawser, dns, trio):
    dns.set_a("moving.test", ["127.0.0.1"], ttl=1)
    dns.set_srv(SERVICE, [(0, 1, trio[0].port, "moving.test")], ttl=60)
    proxy = hawser(found_by(dns, srv=SERVICE))
    wait_for_servers(proxy, "a")
    dns.set_a("moving.test", ["127.0.0.3"], ttl=1)
    wait_for_servers(proxy, "c")


def test_a_failing_srv_keeps_the_last_set(hawser, dns, trio):
    dns.set_a("host.test", ["127.0.0.1"], ttl=1)
    dns.set_srv(SERVICE, [(0, 1, trio[0].port, "host.test")], ttl=1)
    proxy = hawser(found_by(dns, srv=SERVICE))
    wait_for_servers(proxy, "a")
    dns.fail(SERVICE, "SERVFAIL")
    ask_anew(dns, SERVICE, "SRV", times=3)
    assert served_by(proxy) == {"a"}


def test_many_addresses_come_over_tcp(hawser, dns, trio):
    """An answer too long for a datagram is truncated and asked for again over TCP."""
    dns.set_a(NAME, [*(f"127.0.1.{n}" for n in range(1, 41)), "127.0.0.1", "127.0.0.2", "127.0.0.3"])
    patient = {"retry": {"attempts": 43, "budget": "off", "backoff": {"base": "1ms", "max": "1ms"}}}
    proxy = hawser(by_name(dns, trio[0].port, upstream=patient))
    wait_until(lambda: served_by(proxy, 43) == {"a", "b", "c"}, 20, "sessions at all three that live")


# A watched file.

class ServersFile:
    def __init__(self, folder):
        self.path = folder / "servers.yaml"

    def write(self, *servers, text=None):
        """Over the old content, in the same file."""
        self.path.write_text(self._said(servers) if text is None else text)

    def put_in_place(self, *servers):
        """A new file renamed over the old one, as careful programs write."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(self._said(servers))
        fresh.rename(self.path)

    @staticmethod
    def _said(servers):
        lines = [server if isinstance(server, str) else f'"{server.address}"' for server in servers]
        return "".join(f"- {line}\n" for line in lines) or "[]\n"


@pytest.fixture
def servers_file(tmp_path):
    return ServersFile(tmp_path)


def listed_in(file, **more):
    return found_by(file=str(file.path), **more)


def test_a_file_lists_the_servers(hawser, trio, servers_file):
    servers_file.write(trio[0], f'{{ address: "{trio[1].address}", weight: 3 }}')
    proxy = hawser(listed_in(servers_file, upstream={"balance": "weighted_round_robin"}, top={"workers": 1}))
    with Crowd(proxy.address()) as crowd:
        assert shares(crowd.open(40)) == {"a": 10, "b": 30}


@pytest.mark.parametrize("change", ["write", "put_in_place"])
def test_a_file_that_changes_is_followed(hawser, trio, servers_file, change):
    servers_file.write(trio[0])
    proxy = hawser(listed_in(servers_file))
    with open_websocket(proxy.address()) as wire:
        for names in ("abc", "bc", "c", "a"):
            getattr(servers_file, change)(*[server for server in trio if server.name in names])
            wait_for_servers(proxy, *names)
        wire.send_text("still here")
        assert wire.read_text() == "still here"


def test_a_link_that_turns_is_followed(hawser, trio, servers_file):
    """As a volume of Kubernetes changes: the name leads elsewhere."""
    folder = servers_file.path.parent
    for server in trio:
        (folder / f"{server.name}.yaml").write_text(f'- "{server.address}"\n')
    servers_file.path.symlink_to("a.yaml")
    proxy = hawser(listed_in(servers_file))
    wait_for_servers(proxy, "a")
    (folder / "link").symlink_to("b.yaml")
    (folder / "link").rename(servers_file.path)
    wait_for_servers(proxy, "b")


@pytest.mark.parametrize("text", ["- [", "- address: 127.0.0.1\n", "- { address: \"127.0.0.1:1\", wieght: 3 }\n", "", "42"],
                         ids=["syntax", "no port", "unknown key", "empty", "number"])
def test_a_broken_file_keeps_the_last_set_and_is_reported(hawser, trio, servers_file, text):
    servers_file.write(trio[0])
    proxy = hawser(listed_in(servers_file))
    wait_for_servers(proxy, "a")
    start = proxy.log.position()
    servers_file.write(text=text)
    proxy.log.wait_for(r"servers\.yaml", 10, start)
    assert served_by(proxy) == {"a"}
    servers_file.write(trio[1])
    wait_for_servers(proxy, "b")


def test_a_file_that_vanishes_keeps_the_last_set(hawser, trio, servers_file):
    servers_file.write(trio[0])
    proxy = hawser(listed_in(servers_file))
    wait_for_servers(proxy, "a")
    start = proxy.log.position()
    os.unlink(servers_file.path)
    proxy.log.wait_for(r"servers\.yaml", 10, start)
    assert served_by(proxy) == {"a"}
    servers_file.put_in_place(trio[2])
    wait_for_servers(proxy, "c")


def test_a_file_that_says_there_is_no_server_is_believed(hawser, trio, servers_file):
    servers_file.write(trio[0])
    proxy = hawser(listed_in(servers_file))
    with open_websocket(proxy.address()) as wire:
        servers_file.write()
        wait_until(lambda: get(proxy.address()).status == 503, 10, "no server to be left")
        wire.send_text("still here")
        assert wire.read_text() == "still here"


def test_a_start_without_the_file_is_refused(hawser, servers_file):
    proxy = hawser(listed_in(servers_file))
    proxy.expected_exit = 78
    assert proxy.wait_for_exit() == 78
    assert "servers.yaml" in proxy.log.text


# Reloads in between.

def test_a_reload_keeps_what_dns_said_and_goes_on_asking(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.1", "127.0.0.2"], ttl=1)
    configuration = by_name(dns, trio[0].port)
    proxy = hawser(configuration)
    wait_for_servers(proxy, "a", "b")
    dns.fail(NAME, "SERVFAIL")
    configuration["upstreams"]["pool"]["balance"] = "least_connections"
    proxy.reload(configuration)
    assert served_by(proxy) == {"a", "b"}
    dns.set_a(NAME, ["127.0.0.3"], ttl=1)
    wait_for_servers(proxy, "c")


def test_a_reload_finds_what_is_new_to_it(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.2"], ttl=1)
    proxy = hawser(relay_to(trio[0].address))
    assert served_by(proxy) == {"a"}
    proxy.reload(by_name(dns, trio[0].port))
    wait_for_servers(proxy, "b")


def test_a_reload_in_the_middle_of_changes_loses_none(hawser, trio, servers_file):
    servers_file.write(trio[0])
    configuration = listed_in(servers_file)
    proxy = hawser(configuration)
    wait_for_servers(proxy, "a")
    for server in (trio[1], trio[2], trio[0], trio[1]):
        servers_file.put_in_place(server)
        proxy.reload(configuration)
        wait_for_servers(proxy, server.name)


def test_a_reload_that_drops_discovery_asks_no_more(hawser, dns, trio):
    dns.set_a(NAME, ["127.0.0.2"], ttl=1)
    dns.set_a("other.test", ["127.0.0.1"], ttl=1)
    proxy = hawser(by_name(dns, trio[0].port))
    wait_for_servers(proxy, "b")
    proxy.reload(found_by(dns, dns=f"other.test:{trio[0].port}"))
    wait_for_servers(proxy, "a")
    asked = dns.count(NAME, "A")
    ask_anew(dns, "other.test", times=3)
    assert dns.count(NAME, "A") <= asked + 1, "one may have been under way"


def test_members_found_by_dns_are_checked_and_verified_by_their_name(hawser, dns, tls_server, authority):
    server = tls_server(authority.issue("found", f"DNS:{NAME}"))
    dns.set_a(NAME, ["127.0.0.1"])
    proxy = hawser(by_name(dns, server.port, upstream={
        "tls": {"ca_file": authority.cert_file},
        "health_check": {"type": "websocket", "initial": "check", "interval": "100ms"}}))
    wait_for_servers(proxy, "tls")
    assert set(server.asked_names) == {NAME}
