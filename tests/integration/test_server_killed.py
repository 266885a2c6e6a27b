"""A server dies by kill -9: its clients are told at once, others notice nothing, new sessions go elsewhere."""
from harness.configuration import relay_to
from harness.raw_client import open_websocket
from harness.waiting import Stopwatch


def sessions_by_server(proxy, count):
    """`count` live sessions, sorted by the server that answered."""
    found = {}
    for _ in range(count):
        wire = open_websocket(proxy.address())
        wire.send_text("here")
        assert wire.read_text() == "here"
        found.setdefault(wire.upgrade.get("x-server"), []).append(wire)
    return found


def test_clients_of_a_killed_server_get_1011_within_a_second(hawser, peers):
    doomed, steady = peers.echo(name="doomed"), peers.echo(name="steady")
    proxy = hawser(relay_to(doomed.address, steady.address))
    sessions = sessions_by_server(proxy, 40)
    assert len(sessions["doomed"]) == len(sessions["steady"]) == 20
    watch = Stopwatch()
    doomed.kill()
    assert [wire.read_close_code() for wire in sessions["doomed"]] == [1011] * 20
    assert watch.seconds < 1
    for wire in sessions["doomed"]:
        wire.send_close(1011)
        assert wire.is_over()
    for wire in sessions["steady"]:
        wire.send_text("still here")
        assert wire.read_text() == "still here"
    assert set(sessions_by_server(proxy, 20)) == {"steady"}


def test_a_session_under_traffic_learns_of_the_death_too(hawser, peers):
    doomed = peers.echo(name="doomed")
    proxy = hawser(relay_to(doomed.address))
    with open_websocket(proxy.address(), "/flood?bytes=1000000000&size=65536") as wire:
        for _ in range(100):
            wire.read_frame()
        watch = Stopwatch()
        doomed.kill()
        # Death comes inside a frame or between two: a Close with 1011, or nothing more than the end.
        try:
            while (frame := wire.read_frame()).opcode == 2:
                pass
            assert frame.close_code == 1011
        except (EOFError, ConnectionError):
            pass
        assert watch.seconds < 3


def test_descriptors_of_dead_sessions_are_freed(hawser, peers):
    doomed, steady = peers.echo(name="doomed"), peers.echo(name="steady")
    proxy = hawser(relay_to(doomed.address, steady.address))
    proxy.address()
    base = proxy.descriptors()
    sessions = sessions_by_server(proxy, 40)
    doomed.kill()
    for wire in sessions["doomed"]:
        wire.read_frame()
        wire.close()
    for wire in sessions["steady"]:
        wire.close()
    proxy.wait_for_descriptors(base)
