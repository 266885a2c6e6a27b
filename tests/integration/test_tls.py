"""TLS at the door: versions, names, ALPN, resumption, and clients that speak something else."""
import contextlib
import socket
import ssl
import subprocess

import pytest

from harness.certificates import common_name, make_certificate, trusting_context
from harness.configuration import relay_to
from harness.raw_client import connect, get, open_websocket, request
from harness.waiting import Stopwatch

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def tls_relay(hawser, peers, certificates, listener=None, **tls):
    settings = {"certificates": [certificate.as_configuration() for certificate in certificates], **tls}
    return hawser(relay_to(peers.echo().address, listener={"tls": settings, **(listener or {})}))


def s_client(address, *arguments, text=b""):
    host, port = address
    return subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}", *arguments], input=text,
                          capture_output=True, timeout=15).stdout.decode(errors="replace")


@pytest.mark.parametrize("version, name", [(V12, "TLSv1.2"), (V13, "TLSv1.3")])
def test_both_versions_are_spoken(hawser, peers, certificate, version, name):
    proxy = tls_relay(hawser, peers, [certificate])
    with open_websocket(proxy.address(), tls=trusting_context(version, version)) as wire:
        assert wire.socket.version() == name
        wire.send_text("hello")
        assert wire.read_text() == "hello"


def test_openssl_s_client_shakes_hands(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate])
    output = s_client(proxy.address(), "-tls1_3")
    assert "TLSv1.3" in output and "CN = localhost" in output


def test_min_version_1_3_refuses_1_2(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate], min_version="1.3")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(proxy.address(), tls=trusting_context(V12, V12))
    assert get(proxy.address(), tls=trusting_context(V13, V13)).status == 200


def test_tls_1_1_is_refused(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate])
    output = s_client(proxy.address(), "-tls1_1", "-cipher", "ALL@SECLEVEL=0")
    assert "Cipher is (NONE)" in output or "no protocols available" in output


def test_an_old_cipher_is_refused(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate])
    output = s_client(proxy.address(), "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA")
    assert "Cipher is (NONE)" in output


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    folder = tmp_path_factory.mktemp("named")
    return [make_certificate(folder, "a.test", "www.a.test"), make_certificate(folder, "b.test"),
            make_certificate(folder, "*.wild.test")]


def presented(address, server_name):
    with connect(address, tls=trusting_context(), server_name=server_name) as wire:
        return common_name(wire.socket.getpeercert(binary_form=True))


@pytest.mark.parametrize("asked, given", [
    ("a.test", "a.test"), ("www.a.test", "a.test"), ("b.test", "b.test"), ("B.TEST", "b.test"),
    ("x.wild.test", "*.wild.test"), ("unknown.test", "a.test"), (None, "a.test"), ("x.y.wild.test", "a.test")])
def test_the_certificate_is_chosen_by_name(hawser, peers, named, asked, given):
    proxy = tls_relay(hawser, peers, named)
    assert presented(proxy.address(), asked) == given


def test_unknown_names_can_be_rejected(hawser, peers, named):
    proxy = tls_relay(hawser, peers, named, unknown_sni="reject")
    assert presented(proxy.address(), "b.test") == "b.test"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        presented(proxy.address(), "unknown.test")


@pytest.mark.parametrize("offered, chosen", [(["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (None, None)])
def test_alpn_is_http_1_1(hawser, peers, certificate, offered, chosen):
    proxy = tls_relay(hawser, peers, [certificate])
    with connect(proxy.address(), tls=trusting_context(alpn=offered)) as wire:
        assert wire.socket.selected_alpn_protocol() == chosen


def resumes(address, version):
    """Whether a second handshake reuses the session of the first. TLS 1.3 tickets come with the first data."""
    context = trusting_context(version, version)
    session = None
    for _ in range(2):
        raw = socket.create_connection(address, 10)
        with context.wrap_socket(raw, session=session) as wire:
            wire.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.recv(65536).startswith(b"HTTP/1.1 200")
            session, reused = wire.session, wire.session_reused
    return reused


@pytest.mark.parametrize("version", [V12, V13])
def test_sessions_resume_by_ticket_on_any_worker(hawser, peers, certificate, version):
    proxy = tls_relay(hawser, peers, [certificate])
    assert all(resumes(proxy.address(), version) for _ in range(8))


@pytest.mark.parametrize("version", [V12, V13])
def test_tickets_can_be_switched_off(hawser, peers, certificate, version):
    proxy = tls_relay(hawser, peers, [certificate], session_tickets=False)
    output = s_client(proxy.address(), "-tls1_2" if version == V12 else "-tls1_3", text=b"GET / HTTP/1.0\r\n\r\n")
    assert "TLS session ticket:" not in output


def test_tickets_survive_a_reload(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate])
    context = trusting_context(V12, V12)
    with context.wrap_socket(socket.create_connection(proxy.address(), 10)) as wire:
        session = wire.session
    proxy.reload()
    with context.wrap_socket(socket.create_connection(proxy.address(), 10), session=session) as wire:
        assert wire.session_reused


def test_tickets_survive_an_upgrade_of_the_binary(upgrading_hawser, peers, certificate):
    """Also one upgrade later, when the keys come from a process that had inherited them."""
    proxy = tls_relay(upgrading_hawser, peers, [certificate])
    context = trusting_context(V12, V12)
    with context.wrap_socket(socket.create_connection(proxy.address(), 10)) as wire:
        session = wire.session
    for _ in range(2):
        proxy.upgrade()
        with context.wrap_socket(socket.create_connection(proxy.address(), 10), session=session) as wire:
            assert wire.session_reused


def test_plain_http_to_the_tls_port_is_refused(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate])
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            answer = wire.read_to_end()
        except ConnectionError:
            answer = b""
        assert not answer.startswith(b"HTTP/1.1 200")
    assert get(proxy.address(), tls=trusting_context()).status == 200


@pytest.mark.parametrize("garbage", [b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"\x00" * 200, b"\x16\x03\x01\x00\x05\x01",
                                     b"\x80\x2e\x01\x00\x02", b"\xff" * 20000])
def test_garbage_ends_the_connection_and_nothing_else(hawser, peers, certificate, garbage):
    proxy = tls_relay(hawser, peers, [certificate], {"timeouts": {"handshake": "1s"}})
    with connect(proxy.address()) as wire:
        try:
            wire.send(garbage)
        except ConnectionError:
            pass
        assert wire.is_over()
    assert get(proxy.address(), tls=trusting_context()).status == 200


def test_a_handshake_that_does_not_go_on_is_ended_in_time(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate], {"timeouts": {"handshake": "500ms"}})
    proxy.address()
    base = proxy.descriptors()
    silent = [connect(proxy.address()) for _ in range(20)]
    for wire in silent[:10]:
        wire.send(b"\x16\x03\x01")
    watch = Stopwatch()
    assert all(wire.is_over() for wire in silent)
    assert 0.3 < watch.seconds < 2
    proxy.wait_for_descriptors(base)


@pytest.mark.heavy
def test_2000_half_open_handshakes_do_not_slow_live_sessions(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate], {"timeouts": {"handshake": "30s"}})
    with open_websocket(proxy.address(), tls=trusting_context()) as session:
        half_open = [connect(proxy.address()) for _ in range(2000)]
        for wire in half_open:
            wire.send(b"\x16\x03\x01\x02")
        watch = Stopwatch()
        for number in range(200):
            session.send_text(str(number))
            assert session.read_text() == str(number)
        assert watch.seconds < 2
        for wire in half_open:
            wire.close()


def test_the_end_of_a_session_is_told_in_tls_too(hawser, peers, certificate):
    """close_notify comes before the FIN: Python raises no error for a truncated stream."""
    proxy = tls_relay(hawser, peers, [certificate])
    with open_websocket(proxy.address(), tls=trusting_context()) as wire:
        wire.send_close(1000, "bye")
        assert wire.read_close_code() == 1000
        wire.socket.suppress_ragged_eofs = False
        assert wire.is_at_end()


def test_a_client_without_close_notify_ends_its_session(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate])
    proxy.address()
    base = proxy.descriptors()
    wire = open_websocket(proxy.address(), tls=trusting_context())
    wire.socket.shutdown(socket.SHUT_RDWR)
    wire.close()
    proxy.wait_for_descriptors(base)


def test_big_answers_come_whole_over_tls(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate])
    answer = get(proxy.address(), "/body?size=5000000", tls=trusting_context())
    assert len(answer.body) == 5000000


def test_a_request_split_over_many_records_is_read(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate])
    with connect(proxy.address(), tls=trusting_context()) as wire:
        for byte in b"GET / HTTP/1.1\r\nHost: a\r\n\r\n":
            wire.send(bytes([byte]))
        assert wire.read_answer().status == 200
    assert request(proxy.address(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", tls=trusting_context()).status == 200


def test_pipelined_requests_before_a_goodbye_are_all_answered(hawser, peers, certificate):
    proxy = tls_relay(hawser, peers, [certificate])
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = trusting_context(V13, V13).wrap_bio(received, sent, server_hostname=None)
    with socket.create_connection(proxy.address(), timeout=10) as wire:
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                wire.sendall(sent.read())
                received.write(wire.recv(65536))
        session.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        with contextlib.suppress(ssl.SSLWantReadError):
            session.unwrap()
        wire.sendall(sent.read())  # with the rest of the handshake: one segment says it all
        while piece := wire.recv(65536):
            received.write(piece)
    answers = b""
    with contextlib.suppress(ssl.SSLError):
        while piece := session.read(65536):
            answers += piece
    assert answers.count(b"HTTP/1.1 200 OK") == 3
