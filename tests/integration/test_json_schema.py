"""The JSON Schema for editors: it takes what Hawser takes and refuses what Hawser refuses, as far as it can tell."""
import json
import os
import re

import jsonschema
import pytest
import yaml

from harness.example_files import CONF, MAIN_FILES, PACKAGED, PARTS, ROOT, SCHEMA
from harness.hawser_process import run_hawser

INSTALLED_SCHEMA = "/usr/share/hawser/hawser.schema.json"
EDITOR_LINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")


class Yaml12Loader(yaml.SafeLoader):
    """Takes on, off, yes and no for text, as YAML 1.2 and most editors do."""


Yaml12Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Yaml12Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
LOADERS = {"1.1": yaml.SafeLoader, "1.2": Yaml12Loader}


@pytest.fixture(scope="module")
def schema():
    return json.loads(SCHEMA.read_text())


@pytest.fixture(params=LOADERS, ids=lambda version: f"yaml-{version}")
def complaints(schema, request):
    """Lists what an editor would say of a text."""
    validator = jsonschema.Draft7Validator(schema)

    def complain(text):
        value = yaml.load(text, Loader=LOADERS[request.param])
        return [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(value)]

    return complain


def shown(path):
    return str(path.relative_to(ROOT))


def test_the_schema_is_a_schema_with_a_title_and_without_an_address(schema):
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["title"]
    assert "$id" not in schema  # it is found by its file: there is no address that it could be fetched from


@pytest.mark.parametrize("path", [*MAIN_FILES, *PARTS, PACKAGED], ids=shown)
def test_an_example_is_valid(complaints, path):
    assert complaints(path.read_text()) == []


# Those of conf/migration stand beside files of other programs, on a page that shows all of them from their first line.
@pytest.mark.parametrize("path", [path for path in [*MAIN_FILES, *PARTS] if CONF / "migration" not in path.parents],
                         ids=shown)
def test_an_example_tells_editors_where_the_schema_is(path):
    line = EDITOR_LINE.fullmatch(path.read_text().splitlines()[0])
    assert line and os.path.normpath(path.parent / line[1]) == str(SCHEMA)


def test_the_packaged_configuration_tells_editors_where_the_schema_is_installed():
    assert EDITOR_LINE.fullmatch(PACKAGED.read_text().splitlines()[0])[1] == INSTALLED_SCHEMA


# Each stands for the line of GOOD that begins with the same key.
GOOD = {
    "listeners": 'listeners: [{ address: "127.0.0.1:0" }]',
    "routes": "routes: [{ upstream: chat }]",
    "upstreams": 'upstreams: { chat: { servers: ["127.0.0.1:9001"] } }',
}
UPSTREAM = 'upstreams: { chat: { servers: ["127.0.0.1:9001"], %s } }'
ROUTE = "routes: [{ upstream: chat, %s }]"
LISTENER = 'listeners: [{ address: "127.0.0.1:0", %s }]'

RIGHT = [
    "workers: auto",
    "user: null_user",
    "shutdown: { drain_timeout: 0, upgrade_drain: 0s, reason: 5 }",
    "include: []",
    "error_pages:",
    LISTENER % "mode: 0600, backlog: 64",
    LISTENER % "limits: { max_sessions: off, max_sessions_per_ip: 5 }",
    LISTENER % "max_head_size: 65536",
    LISTENER % "tls: { enabled: off, certificates: [{ cert_file: a, key_file: b }], min_version: 1.2 }",
    "routes: [{ split: [chat, { upstream: chat2, weight: 0 }] }]\n"
    'upstreams: { chat: { servers: ["127.0.0.1:1"] }, chat2: { servers: ["127.0.0.1:2"] } }',
    "routes: [{ respond: 404, upgrade_rate: off, redirect: }]",
    "routes: [{ redirect: /x }]",
    ROUTE % "split: [], max_body_size: 512, request_rate: 0.5",
    ROUTE % "websocket: { enabled: no }, timeouts: { read: 5m }",
    ROUTE % 'match: { headers: { X-Version: 2 }, query: { debug: true, "on": 1.5 } }',
    UPSTREAM % "health_check: off, circuit_breaker: off, tls: off, slow_start: off",
    UPSTREAM % "health_check: { type: http, path: /h, expect: 204 }, circuit_breaker: 3",
    UPSTREAM % "health_check: websocket, retry: { budget: 0.5, backoff: { base: 0s } }",
    UPSTREAM % "circuit_breaker: { failure_ratio: 12.5%, max_ejected: 100% }",
    UPSTREAM % "discover:",
]

WRONG = {
    "a key with a slip in it": "listners: []",
    "a key of another section": LISTENER % "servers: []",
    "a key of a later version": "admin: {}",
    "a list where a map belongs": "log: []",
    "a map where a list belongs": 'listeners: { address: "127.0.0.1:0" }',
    "a single value where a list belongs": "include: conf.d/*.yaml",
    "a word where a number belongs": "workers: many",
    "a number out of range": "workers: 0",
    "a fraction of a worker": "workers: 1.5",
    "an unknown word": "log: { level: loud }",
    "a value that is missing": "log: { level: }",
    "a duration without its unit": "shutdown: { drain_timeout: 10 }",
    "a duration with a blank in it": "shutdown: { drain_timeout: 10 s }",
    "a duration of nothing": LISTENER % "timeouts: { body: 0s }",
    "a close code that may not be sent": "shutdown: { close_code: 1005 }",
    "a size with an unknown unit": ROUTE % "max_body_size: 1x",
    "a size out of range": LISTENER % "max_head_size: 10",
    "a mode that is not octal": LISTENER % "mode: 0o689",
    "a listener without its address": "listeners: [{ name: public }]",
    "a certificate without its key": LISTENER % "tls: { certificates: [{ cert_file: a }] }",
    "TLS without a certificate": LISTENER % "tls: { certificates: [] }",
    "a limit of nobody": LISTENER % "limits: { max_sessions: 0 }",
    "a route to nowhere": "routes: [{ name: lost }]",
    "a route to two places": ROUTE % "redirect: /elsewhere",
    "a key that only forwarding routes have": "routes: [{ respond: 404, max_body_size: 1m }]",
    "a share without its upstream": "routes: [{ split: [{ weight: 1 }] }]",
    "a status that is none": "routes: [{ respond: 99 }]",
    "a status that is no redirect": "routes: [{ redirect: { to: /, status: 200 } }]",
    "a rate of nothing": ROUTE % "request_rate: 0",
    "a page for an answer that is no error": "error_pages: [{ status: 200, file: a.html }]",
    "an upstream without servers": "upstreams: { chat: { servers: [] } }",
    "an upstream that says nothing": "upstreams: { chat: {} }",
    "two ways of discovery": UPSTREAM % 'discover: { dns: "a.example.com:1", file: servers.yaml }',
    "a certificate without its key towards servers": UPSTREAM % "tls: { cert_file: a }",
    "a check of an unknown kind": UPSTREAM % "health_check: ftp",
    "a path that nobody is asked for": UPSTREAM % "health_check: { type: tcp, path: /h }",
    "a path that nobody is asked for by default": UPSTREAM % "health_check: { path: /h }",
    "statuses that are none": UPSTREAM % "health_check: { type: http, expect: 700 }",
    "more than all": UPSTREAM % "retry: { budget: 120% }",
}


def whole(text):
    lines = {**GOOD, **{line.split(":")[0]: line for line in text.splitlines()}}
    return "\n".join(lines.values()) + "\n"


def checked(tmp_path, text):
    file = tmp_path / "hawser.yaml"
    file.write_text(text)
    return run_hawser("-t", "-c", str(file))


@pytest.mark.parametrize("text", RIGHT)
def test_what_hawser_takes_is_valid(complaints, tmp_path, text):
    done = checked(tmp_path, whole(text))
    assert done.returncode == 0, done.stderr
    assert complaints(whole(text)) == []


@pytest.mark.parametrize("name", WRONG)
def test_what_hawser_refuses_is_not_valid(complaints, tmp_path, name):
    assert checked(tmp_path, whole(WRONG[name])).returncode == 78
    assert len(complaints(whole(WRONG[name]))) == 1
