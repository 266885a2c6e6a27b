"""The Kubernetes example: its files fit each other, and its configuration lives a pod's life with the real binary."""
import copy
import pathlib
import signal
import socket

import pytest
import yaml

from harness.hawser_process import run_hawser
from harness.raw_client import get, open_websocket
from harness.waiting import Stopwatch, wait_until

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "conf/kubernetes"
UNITS = {"s": 1, "m": 60, "h": 3600}
LAST_CLOSE_FRAMES = 1  # seconds that Hawser takes at most once the drain is over


def manifests():
    """{(kind, name): manifest} of every document of every file."""
    found = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            found[document["kind"], document["metadata"]["name"]] = document
    return found


@pytest.fixture
def example():
    return manifests()


@pytest.fixture
def pod(example):
    return example["Deployment", "hawser"]["spec"]["template"]["spec"]


@pytest.fixture
def container(pod):
    return pod["containers"][0]


@pytest.fixture
def embedded(example):
    return example["ConfigMap", "hawser"]["data"]["hawser.yaml"]


def seconds(duration):
    return int(duration[:-1]) * UNITS[duration[-1]]


def port_of(listener):
    return int(listener["address"].rsplit(":", 1)[1])


def pause_before_term(container):
    command = container["lifecycle"]["preStop"]["exec"]["command"]
    assert command[0] == "sleep"
    return int(command[1])


def in_a_test(embedded, servers, drain_timeout):
    """The example's configuration on free ports, with servers that are here and less time."""
    changed = copy.deepcopy(yaml.safe_load(embedded))
    for listener in changed["listeners"]:
        listener["address"] = "127.0.0.1:0"
    changed["shutdown"]["drain_timeout"] = drain_timeout
    changed["access_log"]["target"] = "off"
    del changed["upstreams"]["chat"]["discover"]
    changed["upstreams"]["chat"]["servers"] = servers
    return changed


# The files.

def test_the_example_has_all_its_parts(example):
    assert {kind for kind, _ in example} == {"ConfigMap", "Deployment", "Service", "PodDisruptionBudget"}


def test_the_embedded_configuration_is_a_good_one(embedded, tmp_path):
    (tmp_path / "hawser.yaml").write_text(embedded)
    done = run_hawser("-t", "-c", str(tmp_path / "hawser.yaml"), timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_selector_finds_the_pods(example):
    labels = example["Deployment", "hawser"]["spec"]["template"]["metadata"]["labels"].items()
    assert example["Deployment", "hawser"]["spec"]["selector"]["matchLabels"].items() <= labels
    assert example["Service", "hawser"]["spec"]["selector"].items() <= labels
    assert example["PodDisruptionBudget", "hawser"]["spec"]["selector"]["matchLabels"].items() <= labels


def test_ports_lead_from_the_service_to_the_listeners(example, container, embedded):
    listeners = {listener["name"]: port_of(listener) for listener in yaml.safe_load(embedded)["listeners"]}
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == listeners
    assert [port["targetPort"] for port in example["Service", "hawser"]["spec"]["ports"]] == ["public"]


def test_servers_are_found_through_the_headless_service(example, embedded):
    service = example["Service", "chat"]
    assert service["spec"]["clusterIP"] == "None"
    name, port = yaml.safe_load(embedded)["upstreams"]["chat"]["discover"]["dns"].rsplit(":", 1)
    assert name.startswith(service["metadata"]["name"] + ".") and name.endswith(".svc.cluster.local.")
    assert int(port) == service["spec"]["ports"][0]["port"]


def test_the_configuration_is_mounted_where_the_arguments_look(pod, container, example):
    folder = next(mount for mount in container["volumeMounts"] if mount["name"] == "configuration")
    assert container["args"] == ["-c", folder["mountPath"] + "/hawser.yaml"]
    volume = next(volume for volume in pod["volumes"] if volume["name"] == "configuration")
    assert ("ConfigMap", volume["configMap"]["name"]) in example


def test_a_pod_has_the_time_to_drain(pod, container, embedded):
    configuration = yaml.safe_load(embedded)
    assert configuration["on_term"] == "drain"
    needed = pause_before_term(container) + seconds(configuration["shutdown"]["drain_timeout"]) + LAST_CLOSE_FRAMES
    assert pod["terminationGracePeriodSeconds"] > needed


def test_a_failing_liveness_probe_cannot_end_a_pod_that_drains(pod, container):
    probe = container["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] > pod["terminationGracePeriodSeconds"]


def test_a_rollout_takes_no_pod_away_before_its_replacement_is_ready(example):
    strategy = example["Deployment", "hawser"]["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_the_pod_may_do_nothing_that_it_need_not(pod, container, embedded):
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] != 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    configuration = yaml.safe_load(embedded)
    assert not {"user", "pid_file"} & configuration.keys(), "nothing may be written, no user may be taken"
    assert all(port_of(listener) >= 1024 for listener in configuration["listeners"])


def test_a_pod_asks_for_as_many_processors_as_it_has_workers(container, embedded):
    assert int(container["resources"]["requests"]["cpu"]) == yaml.safe_load(embedded)["workers"]


# The life of a pod.

def test_the_probes_are_answered_and_lead_to_no_server(hawser, embedded, container, refusing):
    proxy = hawser(in_a_test(embedded, [refusing], "10s"))
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] == "probes"
        assert get(proxy.address("probes"), container[probe]["httpGet"]["path"]).status == 200
    assert get(proxy.address("probes"), "/").status == 404


def refuses(address):
    with socket.socket() as client:
        return client.connect_ex(address) != 0


def test_the_life_of_a_pod(hawser, embedded, peers):
    """TERM, as after preStop: no new session, the old ones go on, the last get their Close, exit 0 in time."""
    drain_timeout = 2
    proxy = hawser(in_a_test(embedded, [peers.echo().address], f"{drain_timeout}s"))
    addresses = [proxy.address("public"), proxy.address("probes")]
    with open_websocket(addresses[0]) as leaving, open_websocket(addresses[0]) as staying:
        clock = Stopwatch()
        proxy.send_signal(signal.SIGTERM)
        wait_until(lambda: all(map(refuses, addresses)), what="the listeners to close")
        for wire in (leaving, staying):
            wire.send_text("still here")
            assert wire.read_text() == "still here"
        leaving.close()
        assert proxy.is_running(), "one session is left"
        frame = staying.read_frame()
        assert (frame.close_code, frame.payload[2:]) == (1001, b"moving")
        assert clock.seconds >= drain_timeout
    assert proxy.wait_for_exit(drain_timeout + LAST_CLOSE_FRAMES + 5) == 0
    proxy.judge(0)


def test_a_pod_without_sessions_is_gone_at_once(hawser, embedded, refusing):
    proxy = hawser(in_a_test(embedded, [refusing], "5m"))
    proxy.address("probes")
    proxy.send_signal(signal.SIGTERM)
    assert proxy.wait_for_exit(10) == 0
    proxy.judge(0)
