"""TLS towards the servers: who is trusted, what is said in the handshake, and never a byte in plain text."""
import ssl

import pytest

from harness.certificate_authority import CertificateAuthority
from harness.certificates import make_certificate
from harness.configuration import relay_to
from harness.flaky_server import answer, is_silent
from harness.log_lines import CANNOT_CONNECT, IS_DOWN, IS_UP, of
from harness.raw_client import get, open_websocket
from harness.tls_server import HANDSHAKE, record_types, tap
from harness.waiting import wait_until

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
NAME = "chat.test"


@pytest.fixture(scope="module")
def chat(authority):
    """What the server shows when all is well."""
    return authority.issue("chat", f"DNS:{NAME}")


def relay_by_tls(server, authority, listener=None, top=None, upstream=None, **tls):
    """An upstream that trusts `authority` and knows the server as chat.test, unless `tls` says otherwise."""
    settings = {"ca_file": authority.cert_file, "server_name": NAME, **tls}
    settings = {key: value for key, value in settings.items() if value is not None}
    return relay_to(getattr(server, "address", server), listener=listener, upstream={"tls": settings, **(upstream or {})},
                    **(top or {}))


def echoes(proxy, text="hello"):
    with open_websocket(proxy.address()) as wire:
        wire.send_text(text)
        return wire.read_text() == text


def test_a_websocket_echo_goes_through_tls(hawser, tls_server, authority, chat):
    server = tls_server(chat)
    proxy = hawser(relay_by_tls(server, authority))
    assert echoes(proxy)
    assert echoes(proxy, "x" * 300_000)
    assert not server.failures


@pytest.mark.parametrize("version, spoken", [(V12, "TLSv1.2"), (V13, "TLSv1.3")])
def test_both_versions_are_spoken_to_servers(hawser, tls_server, authority, chat, version, spoken):
    server = tls_server(chat, version=version)
    assert echoes(hawser(relay_by_tls(server, authority)))
    assert [handshake.version for handshake in server.handshakes] == [spoken]


def test_a_real_server_behind_tls_serves_plain_http_and_websocket(hawser, peers, authority, chat):
    server = peers.echo(name="real", cert=chat.cert_file, key=chat.key_file)
    proxy = hawser(relay_by_tls(server, authority))
    assert echoes(proxy)
    assert get(proxy.address()).body == b"real\n"
    assert len(get(proxy.address(), "/body?size=3000000").body) == 3_000_000


def assert_refused(proxy):
    """502, and the log says that it was the certificate."""
    assert get(proxy.address()).status == 502
    proxy.log.wait_for(CANNOT_CONNECT + ".*certificate", 5)


def refused_certificates():
    """Kind of fault → the certificate that has it, given the trusted authority and a folder for another one."""
    return {
        "wrong name": lambda trusted, folder: trusted.issue("wrong", "DNS:other.test"),
        "a name of its parent": lambda trusted, folder: trusted.issue("parent", "DNS:test"),
        "unknown authority": lambda trusted, folder: CertificateAuthority(folder / "x", "Nobody").issue("u", f"DNS:{NAME}"),
        "expired": lambda trusted, folder: trusted.issue_expired("expired", f"DNS:{NAME}"),
        "self-signed": lambda trusted, folder: make_certificate(folder, NAME),
    }


@pytest.mark.parametrize("fault", refused_certificates())
def test_a_certificate_that_does_not_hold_is_502(hawser, tls_server, authority, tmp_path, fault):
    server = tls_server(refused_certificates()[fault](authority, tmp_path))
    proxy = hawser(relay_by_tls(server, authority))
    assert_refused(proxy)
    assert not server.heads, "no request may reach it"


@pytest.mark.parametrize("fault", refused_certificates())
def test_without_verification_any_certificate_will_do(hawser, tls_server, authority, tmp_path, fault):
    server = tls_server(refused_certificates()[fault](authority, tmp_path))
    assert echoes(hawser(relay_by_tls(server, authority, verify=False)))


def test_a_public_authority_is_not_believed_to_be_the_tests(hawser, tls_server, authority, chat):
    """Without a ca_file the system's authorities count, and ours is none of them."""
    assert_refused(hawser(relay_by_tls(tls_server(chat), authority, ca_file=None)))


def test_a_wildcard_certificate_holds_for_one_label(hawser, tls_server, authority):
    server = tls_server(authority.issue("wild", "DNS:*.wild.test"))
    assert echoes(hawser(relay_by_tls(server, authority, server_name="a.wild.test")))
    assert_refused(hawser(relay_by_tls(server, authority, server_name="a.b.wild.test")))


def test_an_ip_address_is_verified_by_its_own_kind_of_name_and_not_sent(hawser, tls_server, authority):
    server = tls_server(authority.issue("address", "IP:127.0.0.1"))
    assert echoes(hawser(relay_by_tls(server, authority, server_name=None)))
    assert server.asked_names == [None]


def test_an_ip_address_written_as_a_dns_name_does_not_hold(hawser, tls_server, authority):
    server = tls_server(authority.issue("wrongkind", "DNS:127.0.0.1", "IP:127.0.0.2"))
    assert_refused(hawser(relay_by_tls(server, authority, server_name=None)))


def test_the_host_of_the_address_is_the_name_unless_another_is_given(hawser, tls_server, authority):
    server = tls_server(authority.issue("local", "DNS:localhost"))
    by_name = f"localhost:{server.port}"
    proxy = hawser(relay_by_tls(by_name, authority, server_name=None))
    wait_until(lambda: get(proxy.address()).status == 200, 5, "localhost to be resolved")
    assert set(server.asked_names) == {"localhost"}
    assert_refused(hawser(relay_by_tls(server, authority, server_name=None)))


def test_the_given_name_is_asked_for(hawser, tls_server, authority, chat):
    server = tls_server(chat)
    assert echoes(hawser(relay_by_tls(server, authority)))
    assert server.asked_names == [NAME]


@pytest.mark.parametrize("version", [V12, V13])
def test_a_client_certificate_is_shown_when_the_server_asks(hawser, tls_server, authority, chat, version):
    server = tls_server(chat, client_ca=authority.cert_file, version=version)
    own = authority.issue("hawser", "DNS:hawser.test")
    assert echoes(hawser(relay_by_tls(server, authority, **own.as_configuration())))
    shown = dict(pair for (pair,) in server.handshakes[0].client_certificate["subject"])
    assert shown["commonName"] == "hawser"


@pytest.mark.parametrize("version", [V12, V13])
def test_without_the_client_certificate_that_is_asked_for_it_is_502(hawser, tls_server, authority, chat, version):
    server = tls_server(chat, client_ca=authority.cert_file, version=version)
    proxy = hawser(relay_by_tls(server, authority))
    assert get(proxy.address()).status == 502
    assert not server.heads
    wait_until(lambda: server.failures, 5, "the handshake to fail at the server")
    assert "certificate" in str(server.failures[0])


def test_a_revoked_certificate_is_502(hawser, tls_server, tmp_path):
    own = CertificateAuthority(tmp_path / "revoking")
    kept, revoked = own.issue("kept", f"DNS:{NAME}"), own.issue("revoked", f"DNS:{NAME}")
    own.revoke(revoked)
    listed = own.revocation_list()
    assert echoes(hawser(relay_by_tls(tls_server(kept), own, crl_file=listed)))
    assert echoes(hawser(relay_by_tls(tls_server(revoked), own))), "without the list nobody knows"
    assert_refused(hawser(relay_by_tls(tls_server(revoked), own, crl_file=listed)))


@pytest.mark.parametrize("name, status", [(NAME, 200), ("other.test", 502)])
def test_nothing_but_tls_records_leave_for_the_server(hawser, tls_server, recording_server, authority, chat, name, status):
    server = tls_server(chat)
    tapped = tap(server, recording_server)
    proxy = hawser(relay_by_tls(tapped, authority, server_name=name))
    assert get(proxy.address(), "/a-path-to-look-for").status == status
    wait_until(lambda: tapped.connections, 5, "a connection")
    for wire in tapped.connections:
        assert record_types(bytes(wire.received))[0] == HANDSHAKE
    assert b"a-path-to-look-for" not in tapped.received() and b"HTTP/1.1" not in tapped.received()


def test_a_server_that_speaks_plain_text_gets_none(hawser, recording_server, authority):
    """What it answers is no TLS: 502, and it saw a ClientHello only."""
    def answer_in_plain_text(wire):
        wire.read_exactly(1)
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        wire.read_to_end()
    server = recording_server(answer_in_plain_text)
    proxy = hawser(relay_by_tls(server, authority))
    assert get(proxy.address()).status == 502
    assert server.received()[:1] == b"\x16" and b"HTTP" not in server.received()


def test_a_server_that_never_answers_the_handshake_is_504(hawser, recording_server, authority):
    server = recording_server(lambda wire: wire.read_to_end())
    proxy = hawser(relay_by_tls(server, authority, upstream={"timeouts": {"connect": "500ms"}}))
    assert get(proxy.address()).status == 504
    assert server.received()[:1] == b"\x16"


@pytest.mark.parametrize("version", [V12, V13])
def test_later_connections_resume_the_session_of_the_first(hawser, tls_server, authority, chat, version):
    server = tls_server(chat, version=version)
    proxy = hawser(relay_by_tls(server, authority, top={"workers": 1}))
    for _ in range(10):
        assert echoes(proxy)
    assert server.resumptions() == [False] + [True] * 9


def test_a_session_is_not_resumed_under_another_name(hawser, tls_server, authority):
    """Two upstreams, one server, one certificate for both names: what one verified says nothing to the other."""
    server = tls_server(authority.issue("both", f"DNS:{NAME}", "DNS:second.test"))
    configuration = relay_by_tls(server, authority, top={"workers": 1})
    second = relay_by_tls(server, authority, server_name="second.test")["upstreams"]["pool"]
    configuration["upstreams"]["second"] = second
    configuration["routes"] = [{"match": {"path_prefix": "/second"}, "upstream": "second"}, {"upstream": "pool"}]
    proxy = hawser(configuration)
    assert get(proxy.address(), "/first").status == 200
    assert get(proxy.address(), "/second").status == 200
    assert server.asked_names == [NAME, "second.test"]
    assert server.resumptions() == [False, False]


def websocket_check(**more):
    return {"health_check": {"type": "websocket", "interval": "100ms", "timeout": "500ms", "rise": 1, "fall": 1, **more}}


def test_a_websocket_health_check_goes_through_tls(hawser, tls_server, authority, chat):
    server = tls_server(chat)
    proxy = hawser(relay_by_tls(server, authority, upstream=websocket_check()))
    proxy.address()
    wait_until(lambda: any(head.get("upgrade") for head in server.heads), 5, "a check over TLS")
    assert echoes(proxy)
    server.behaviour = is_silent
    proxy.log.wait_for(of(IS_DOWN, server), 10)


def test_a_health_check_finds_a_certificate_that_does_not_hold(hawser, tls_server, authority):
    server = tls_server(authority.issue("sick", "DNS:other.test"))
    proxy = hawser(relay_by_tls(server, authority, upstream=websocket_check()))
    proxy.log.wait_for(of(IS_DOWN, server), 10)
    assert proxy.log.count(of(IS_UP, server)) == 0
    assert not server.heads


def test_a_server_that_leaves_without_a_word_ends_the_session(hawser, tls_server, authority, chat):
    """No close_notify, no Close frame."""
    server = tls_server(chat)
    proxy = hawser(relay_by_tls(server, authority))
    with open_websocket(proxy.address()) as wire:
        server.cut()
        assert wire.is_over()
    assert echoes(proxy)


@pytest.mark.parametrize("key", ["ca_file", "crl_file"])
@pytest.mark.parametrize("content", [None, "no certificate at all\n"])
def test_a_reload_with_a_file_that_cannot_be_used_is_refused(hawser, tls_server, authority, chat, tmp_path, key, content):
    server = tls_server(chat)
    proxy = hawser(relay_by_tls(server, authority))
    assert echoes(proxy)
    unusable = tmp_path / "unusable.pem"
    if content is not None:
        unusable.write_text(content)
    said = [line for line in proxy.reload_refused(relay_by_tls(server, authority, **{key: str(unusable)}))
            if "unusable.pem" in line]
    assert said, "the file is named"
    assert content is not None or "No such file" in said[0], "and the reason"
    assert echoes(proxy), "what was there goes on"


def test_a_reload_with_a_key_of_another_certificate_is_refused(hawser, tls_server, authority, chat):
    server = tls_server(chat)
    proxy = hawser(relay_by_tls(server, authority))
    assert echoes(proxy)
    one, other = authority.issue("one", "DNS:one.test"), authority.issue("two", "DNS:two.test")
    mixed = {"cert_file": one.cert_file, "key_file": other.key_file}
    assert any("one.crt" in line or "two.key" in line
               for line in proxy.reload_refused(relay_by_tls(server, authority, **mixed)))
    assert echoes(proxy)


def test_a_reload_with_another_authority_counts_for_new_connections(hawser, tls_server, authority, chat, tmp_path):
    server = tls_server(chat)
    proxy = hawser(relay_by_tls(server, authority))
    with open_websocket(proxy.address()) as wire:
        other = CertificateAuthority(tmp_path / "other", "Another")
        proxy.reload(relay_by_tls(server, other))
        assert get(proxy.address()).status == 502
        wire.send_text("still here")
        assert wire.read_text() == "still here"


def serves_on(server, wire, head):
    """Answers requests until the other side has no more."""
    while True:
        wire.send(answer(200, body=head.start_line.encode()))
        head = wire.read_head()


def serves_one_and_ends(server, wire, head):
    """As a server that says nothing of it: close_notify, then FIN."""
    wire.send(answer(200, body=head.start_line.encode()))
    wire.socket = wire.socket.unwrap()


@pytest.mark.parametrize("version", [V12, V13])
def test_many_requests_take_one_handshake(hawser, tls_server, authority, chat, version):
    server = tls_server(chat, behaviour=serves_on, version=version)
    proxy = hawser(relay_by_tls(server, authority, top={"workers": 1}))
    for number in range(30):
        assert get(proxy.address(), f"/{number}").body == f"GET /{number} HTTP/1.1".encode()
    assert len(server.handshakes) == 1


def test_a_kept_connection_that_ended_meanwhile_costs_no_client_its_answer(hawser, tls_server, authority, chat):
    server = tls_server(chat, behaviour=serves_one_and_ends)
    proxy = hawser(relay_by_tls(server, authority, top={"workers": 1}, upstream={"retry": {"attempts": 1}}))
    for number in range(10):
        assert get(proxy.address(), f"/{number}").body == f"GET /{number} HTTP/1.1".encode()
        wait_until(server.connections[-1].is_closed, 5, "the server's end")
    assert len(server.handshakes) == 10
