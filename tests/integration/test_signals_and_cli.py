"""The command line, its texts and exit codes; signals as nginx has them."""
import os
import signal
import socket
import subprocess
import threading

import pytest
import yaml

from harness.configuration import relay_to
from harness.hawser_process import hawser_binary, run_hawser
from harness.process_facts import is_alive
from harness.raw_client import connect, get, open_websocket
from harness.waiting import Stopwatch, wait_until

GOOD = relay_to("127.0.0.1:9")


def written(folder, configuration, name="hawser.yaml"):
    file = folder / name
    file.write_text(configuration if isinstance(configuration, str) else yaml.safe_dump(configuration, sort_keys=False))
    return str(file)


# Texts and exit codes.

def test_t_says_that_a_good_file_is_good(tmp_path):
    file = written(tmp_path, GOOD)
    done = run_hawser("-t", "-c", file)
    assert done.returncode == 0
    assert "syntax is ok" in done.stderr and "test is successful" in done.stderr and file in done.stderr


def test_t_prints_every_error_with_its_place_and_a_hint(tmp_path):
    file = written(tmp_path, 'listeners: [{ address: "127.0.0.1:0" }]\nroutes: [{ upstream: nowhere }]\n'
                             'upstreams:\n  chat:\n    blance: round_robin\n    servers: ["127.0.0.1:1"]\nlog: { level: loud }\n')
    done = run_hawser("-t", "-c", file)
    assert done.returncode == 78
    assert f"{file}:5:5: upstreams.chat.blance: unknown key 'blance', did you mean 'balance'?" in done.stderr
    assert f"{file}:2:" in done.stderr and "nowhere" in done.stderr
    assert f"{file}:7:" in done.stderr and "loud" in done.stderr
    assert "test is successful" not in done.stderr


def test_q_is_silent_about_success_but_not_about_errors(tmp_path):
    done = run_hawser("-t", "-q", "-c", written(tmp_path, GOOD))
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    bad = run_hawser("-t", "-q", "-c", written(tmp_path, "nonsense: 1\n", "bad.yaml"))
    assert bad.returncode == 78 and "nonsense" in bad.stderr


def test_t_finds_a_missing_certificate(tmp_path):
    tls = {"tls": {"certificates": [{"cert_file": "absent.crt", "key_file": "absent.key"}]}}
    done = run_hawser("-t", "-c", written(tmp_path, relay_to("127.0.0.1:9", listener=tls)))
    assert done.returncode == 78 and "absent.crt" in done.stderr


def test_t_binds_nothing(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        configuration = relay_to("127.0.0.1:9", listener={"address": f"127.0.0.1:{taken.getsockname()[1]}"})
        assert run_hawser("-t", "-c", written(tmp_path, configuration)).returncode == 0


def test_what_capital_t_prints_reads_back_to_the_same(tmp_path):
    first = run_hawser("-T", "-c", written(tmp_path, GOOD))
    assert first.returncode == 0
    printed = yaml.safe_load(first.stdout)
    assert printed["upstreams"]["pool"]["balance"] in ("round_robin", {"method": "round_robin"})
    second = run_hawser("-T", "-c", written(tmp_path, first.stdout, "again.yaml"))
    assert second.returncode == 0
    assert yaml.safe_load(second.stdout) == printed


def test_g_overrides_a_key(tmp_path):
    done = run_hawser("-T", "-c", written(tmp_path, GOOD), "-g", "log.level=debug", "-g", "workers=3")
    assert done.returncode == 0
    printed = yaml.safe_load(done.stdout)
    assert (printed["log"]["level"], printed["workers"]) == ("debug", 3)


@pytest.mark.parametrize("override", ["log.level=loud", "log.lvel=info", "nonsense"])
def test_a_bad_override_is_an_error(tmp_path, override):
    assert run_hawser("-t", "-c", written(tmp_path, GOOD), "-g", override).returncode in (2, 78)


@pytest.mark.parametrize("arguments", [["-x"], ["--nonsense"], ["-c"], ["-s", "dance"], ["-s"], ["stray"]])
def test_wrong_usage_is_2(arguments):
    done = run_hawser(*arguments)
    assert done.returncode == 2
    assert done.stderr


def test_v_tells_the_version(tmp_path):
    short = run_hawser("-v")
    assert short.returncode == 0
    assert "hawser" in (short.stdout + short.stderr).lower()
    long = run_hawser("-V")
    assert long.returncode == 0
    assert "openssl" in (long.stdout + long.stderr).lower()


def test_h_tells_every_option():
    done = run_hawser("-h")
    assert done.returncode == 0
    for option in ("-c", "-t", "-T", "-q", "-s", "-g", "-d", "-v", "-V", "-h"):
        assert option in done.stdout


@pytest.mark.parametrize("arguments", [[], ["-t"]])
def test_a_missing_file_is_78(tmp_path, arguments):
    done = run_hawser("-c", str(tmp_path / "absent.yaml"), *arguments)
    assert done.returncode == 78 and "absent.yaml" in done.stderr


def test_a_bad_file_at_start_is_78(tmp_path):
    done = run_hawser("-c", written(tmp_path, "nonsense: 1\n"))
    assert done.returncode == 78 and "nonsense" in done.stderr


def test_a_port_held_by_another_process_is_1(tmp_path):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        configuration = relay_to("127.0.0.1:9", listener={"address": f"127.0.0.1:{port}"})
        done = run_hawser("-c", written(tmp_path, configuration))
    assert done.returncode == 1
    assert str(port) in done.stderr


# -s through the pid file.

def with_pid_file(tmp_path, *servers, **top):
    return relay_to(*servers, pid_file=str(tmp_path / "hawser.pid"), **top)


def test_the_pid_file_names_the_process_and_goes_with_it(hawser, tmp_path):
    proxy = hawser(with_pid_file(tmp_path, "127.0.0.1:9"))
    proxy.address()
    assert int((tmp_path / "hawser.pid").read_text()) == proxy.pid
    proxy.stop()
    assert not (tmp_path / "hawser.pid").exists()


@pytest.mark.parametrize("word", ["stop", "quit"])
def test_s_ends_the_process(hawser, tmp_path, word):
    proxy = hawser(with_pid_file(tmp_path, "127.0.0.1:9"))
    proxy.address()
    assert run_hawser("-c", str(proxy.file), "-s", word).returncode == 0
    assert proxy.wait_for_exit() == 0


def test_s_reload_takes_a_good_file(hawser, peers, tmp_path):
    old, new = peers.echo(name="old"), peers.echo(name="new")
    proxy = hawser(with_pid_file(tmp_path, old.address))
    assert get(proxy.address()).body == b"old\n"
    proxy.write(with_pid_file(tmp_path, new.address))
    assert run_hawser("-c", str(proxy.file), "-s", "reload").returncode == 0
    wait_until(lambda: get(proxy.address()).body == b"new\n", 5, "the new server")


def test_s_reload_tests_the_file_first(hawser, tmp_path):
    proxy = hawser(with_pid_file(tmp_path, "127.0.0.1:9"))
    proxy.address()
    start = proxy.log.position()
    proxy.write({**with_pid_file(tmp_path, "127.0.0.1:9"), "nonsense": 1})
    done = run_hawser("-c", str(proxy.file), "-s", "reload")
    assert done.returncode == 78 and "nonsense" in done.stderr
    proxy.write(with_pid_file(tmp_path, "127.0.0.1:9"))
    proxy.reload()
    assert "nonsense" not in "\n".join(proxy.log.lines[start:]), "the process was never asked"


def test_s_stop_works_with_a_broken_file(hawser, tmp_path):
    proxy = hawser(with_pid_file(tmp_path, "127.0.0.1:9"))
    proxy.address()
    proxy.write({**with_pid_file(tmp_path, "127.0.0.1:9"), "nonsense": 1})
    assert run_hawser("-c", str(proxy.file), "-s", "stop").returncode == 0
    assert proxy.wait_for_exit() == 0


def test_s_without_a_running_process_is_1(tmp_path):
    done = run_hawser("-c", written(tmp_path, with_pid_file(tmp_path, "127.0.0.1:9")), "-s", "stop")
    assert done.returncode == 1 and "hawser.pid" in done.stderr


def test_a_second_process_is_told_who_runs(hawser, tmp_path):
    proxy = hawser(with_pid_file(tmp_path, "127.0.0.1:9"))
    proxy.address()
    done = run_hawser("-c", str(proxy.file))
    assert done.returncode == 1
    assert f"already running (pid {proxy.pid})" in done.stderr
    assert int((tmp_path / "hawser.pid").read_text()) == proxy.pid


def test_a_stale_pid_file_is_no_obstacle(hawser, tmp_path):
    (tmp_path / "hawser.pid").write_text("1\n")
    proxy = hawser(with_pid_file(tmp_path, "127.0.0.1:9"))
    proxy.address()
    assert int((tmp_path / "hawser.pid").read_text()) == proxy.pid


def test_d_goes_to_the_background(tmp_path, peers):
    log = tmp_path / "hawser.log"
    configuration = with_pid_file(tmp_path, peers.echo().address, log={"target": str(log)})
    file = written(tmp_path, configuration)
    started = subprocess.run([hawser_binary(), "-d", "-c", file], timeout=10, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert started.returncode == 0
    pid = int(wait_until(lambda: (tmp_path / "hawser.pid").exists() and (tmp_path / "hawser.pid").read_text(), 5))
    try:
        line = wait_until(lambda: next((l for l in log.read_text().splitlines() if "listening listener=" in l), None), 5)
        port = int(line.rsplit(":", 1)[1])
        assert get(("127.0.0.1", port)).status == 200
        assert os.getsid(pid) != os.getsid(0)
    finally:
        assert run_hawser("-c", file, "-s", "stop").returncode == 0
        wait_until(lambda: not is_alive(pid), 5, "the daemon's end")


# Signals.

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_an_idle_process_ends_at_once(hawser, number):
    proxy = hawser(relay_to("127.0.0.1:9"))
    proxy.address()
    watch = Stopwatch()
    proxy.stop(number)
    assert watch.seconds < 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_term_sends_1001_to_all_and_ends_within_a_second_or_so(hawser, peers, number):
    proxy = hawser(relay_to(peers.echo().address))
    wires = [open_websocket(proxy.address()) for _ in range(50)]
    watch = Stopwatch()
    proxy.send_signal(number)
    assert [wire.read_close_code() for wire in wires] == [1001] * 50
    proxy.stop(number)
    assert watch.seconds < 2.5


def test_term_does_not_wait_for_a_client_that_does_not_read(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address(), "/flood?bytes=1000000000&size=65536") as wire:
        wire.read_frame()
        watch = Stopwatch()
        proxy.stop(signal.SIGTERM)
        assert watch.seconds < 2.5


def refuses(address):
    try:
        socket.create_connection(address, 1).close()
    except OSError:
        return True
    return False


def is_served_or_told(wire):
    """A draining session goes on, or was told so with 1001; never is it just cut."""
    wire.send_text("still served?")
    frame = wire.read_frame()
    return frame.payload == b"still served?" or frame.close_code == 1001


def test_quit_stops_accepting_and_waits_for_sessions(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "10s"}))
    address = proxy.address()
    with open_websocket(address) as wire:
        proxy.send_signal(signal.SIGQUIT)
        wait_until(lambda: refuses(address), 5, "the listener to close")
        assert is_served_or_told(wire)
        assert proxy.is_running()
        wire.send_close(1001)
        assert wire.is_over()
    watch = Stopwatch()
    assert proxy.wait_for_exit() == 0
    assert watch.seconds < 2


def test_quit_drops_stubborn_sessions_at_the_deadline(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "1s"}))
    with open_websocket(proxy.address()):
        watch = Stopwatch()
        proxy.stop(signal.SIGQUIT)
        assert 0.5 < watch.seconds < 4


def test_quit_says_close_on_keep_alive_connections(hawser, recording_server):

    go = threading.Event()

    def handle(wire):
        wire.read_head()
        go.wait(10)
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    server = recording_server(handle)
    proxy = hawser(relay_to(server.address))
    address = proxy.address()
    with connect(address) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: server.received().endswith(b"\r\n\r\n"), 5)
        proxy.send_signal(signal.SIGQUIT)
        wait_until(lambda: refuses(address), 5, "the listener to close")
        go.set()
        answer = wire.read_answer()
        assert (answer.body, answer.get("connection").lower()) == (b"ok", "close")
    assert proxy.wait_for_exit() == 0


def test_quit_uses_the_configured_close_code_and_reason(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address,
                            shutdown={"drain_timeout": "1s", "close_code": 1012, "reason": "back soon"}))
    with open_websocket(proxy.address()) as wire:
        proxy.send_signal(signal.SIGQUIT)
        frame = wire.read_frame()
        assert (frame.close_code, frame.payload[2:]) == (1012, b"back soon")
        wire.send_close(1012)


def test_on_term_drain_makes_term_polite(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, on_term="drain", shutdown={"drain_timeout": "10s"}))
    with open_websocket(proxy.address()) as wire:
        proxy.send_signal(signal.SIGTERM)
        # A fast stop would be over by now; here the session decides when it ends.
        with pytest.raises(subprocess.TimeoutExpired):
            proxy.process.wait(2)
        assert is_served_or_told(wire)
        wire.send_close(1001)
        assert wire.is_over()
    assert proxy.wait_for_exit() == 0


def test_usr1_reopens_the_logs(hawser, peers, tmp_path):
    error_log, access_log = tmp_path / "error.log", tmp_path / "access.log"
    proxy = hawser(relay_to(peers.echo().address, log={"target": str(error_log)}, access_log={"target": str(access_log)}))
    line = wait_until(lambda: error_log.exists() and next(
        (l for l in error_log.read_text().splitlines() if "listening listener=public" in l), None), 5)
    address = ("127.0.0.1", int(line.rsplit(":", 1)[1]))
    get(address, "/before")
    wait_until(lambda: "/before" in access_log.read_text(), 5, "the first line")
    error_log.rename(tmp_path / "error.old")
    access_log.rename(tmp_path / "access.old")
    proxy.send_signal(signal.SIGUSR1)
    wait_until(lambda: error_log.exists() and access_log.exists(), 5, "new files")
    get(address, "/after")
    wait_until(lambda: "/after" in access_log.read_text(), 5, "the second line")
    assert "/after" not in (tmp_path / "access.old").read_text()


def test_s_reopen_reopens_the_logs(hawser, peers, tmp_path):
    access_log = tmp_path / "access.log"
    proxy = hawser(with_pid_file(tmp_path, peers.echo().address, access_log={"target": str(access_log)}))
    proxy.address()
    access_log.rename(tmp_path / "access.old")
    assert run_hawser("-c", str(proxy.file), "-s", "reopen").returncode == 0
    wait_until(access_log.exists, 5, "a new file")


def test_sigpipe_does_not_end_it(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    proxy.address()
    proxy.send_signal(signal.SIGPIPE)
    assert get(proxy.address()).status == 200
