"""The manual pages: clean to mandoc's lint, readable on a terminal, and complete."""
import json
import pathlib
import re
import subprocess

import pytest

from harness.hawser_process import run_hawser

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "man").glob("*.[58]"))
CONFIGURATION = ROOT / "man/hawser.yaml.5"
# Pages of others that ours may refer to.
FOREIGN = {"glob.7", "sd_notify.3", "systemd.1", "systemd.service.5", "systemd.socket.5"}
# What mandoc says of them depends on the machine: a test of its own looks at them.
ABOUT_REFERENCES = re.compile(r"referenced manual not found|outdated mandoc\.db")


def mandoc(*arguments):
    return subprocess.run(["mandoc", *map(str, arguments)], capture_output=True, text=True, timeout=30)


def test_both_pages_are_there():
    assert [page.name for page in PAGES] == ["hawser.8", "hawser.yaml.5"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mandoc_has_nothing_to_say_of_a_page(page):
    done = mandoc("-T", "lint", "-W", "all", page)
    assert [line for line in (done.stdout + done.stderr).splitlines() if not ABOUT_REFERENCES.search(line)] == []


def test_mandoc_has_something_to_say_of_a_page_with_a_mistake(tmp_path):
    page = tmp_path / "hawser.8"
    page.write_text((ROOT / "man/hawser.8").read_text().replace(".Sh FILES", ".Sh FILES\n.Nonsense"))
    assert "Nonsense" in mandoc("-T", "lint", "-W", "all", page).stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_refers_to_pages_that_exist(page):
    named = set(re.findall(r"^\.Xr (\S+) (\d)", page.read_text(), re.MULTILINE))
    assert named
    assert {f"{name}.{section}" for name, section in named} <= {page.name for page in PAGES} | FOREIGN


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_fits_a_terminal_of_80_columns(page):
    shown = mandoc("-T", "utf8", "-O", "width=78", page).stdout
    plain = re.sub(".\b", "", shown).splitlines()  # bold and underlined are struck twice
    assert len(plain) > 100
    assert [line for line in plain if len(line) > 80] == []


def schema_paths(section, prefix=""):
    """Every key of the schema, as the manual writes it."""
    for alternative in section.get("anyOf", []):
        yield from schema_paths(alternative, prefix)
    for key, value in section.get("properties", {}).items():
        path = prefix + key
        yield path
        yield from schema_paths(value, path + ".")
        yield from schema_paths(value.get("items", {}), path + "[].")
        entry = value.get("additionalProperties")
        yield from schema_paths(entry if isinstance(entry, dict) else {}, path + ".NAME.")


def documented_paths(page):
    """What the subsections of KEYS say: the title of each and, below it, its keys."""
    _, keys = page.split(".Sh KEYS\n")
    keys = keys[:keys.index("\n.Sh ")]
    section = ""
    for line in keys.splitlines():
        if title := re.fullmatch(r"\.Ss (.*?)(\\&)?", line):
            section = "" if title[1] == "Top level" else title[1] + "."
        if item := re.match(r"\.It Cm (\S+) : ", line):
            yield section + item[1]


def test_every_key_of_the_schema_is_in_the_manual_once():
    schema = json.loads((ROOT / "conf/hawser.schema.json").read_text())
    paths = set(schema_paths(schema))
    assert {"shutdown.upgrade_drain", "listeners[].tls.certificates[].key_file", "upstreams.NAME.retry.budget"} <= paths
    documented = list(documented_paths(CONFIGURATION.read_text()))
    assert sorted(documented) == sorted(paths)


def test_every_variable_is_in_the_manual():
    source = (ROOT / "src/log/access_variables.cc").read_text()
    names = set(re.findall(r'^    "(\w+)",$', source, re.MULTILINE))
    families = set(re.findall(r'"(\w+_)"', source))
    assert len(names) > 30 and families == {"arg_", "cookie_", "http_"}
    items = " ".join(re.findall(r"^\.It Va (.*)$", CONFIGURATION.read_text(), re.MULTILINE))
    assert set(re.findall(r"\$(\w+)", items)) == names | families


def keys_fixed_at_start(page):
    key = None
    for line in page.splitlines():
        if item := re.match(r"\.It Cm (\S+) : ", line):
            key = item[1]
        if line.startswith("Fixed at start"):
            yield key


def test_the_keys_that_the_manual_says_are_fixed_at_start_are_those_that_a_reload_warns_of(hawser):
    listeners = [{"name": "public", "address": "127.0.0.1:0"}]
    routes = [{"respond": 404}]
    proxy = hawser({"workers": 1, "listeners": listeners, "routes": routes})
    proxy.address()
    proxy.reload({"workers": 2, "user": "nobody", "pid_file": "other.pid", "on_term": "drain", "log": {"level": "debug"},
                  "shutdown": {"upgrade_drain": "5m"}, "resolver": {"timeout": "1s"}, "trusted_proxies": ["10.0.0.0/8"],
                  "listeners": listeners, "routes": routes})
    warned = re.findall(r"fixed at start.* key=(\S+)", "\n".join(proxy.log.lines))
    assert sorted(warned) == sorted(keys_fixed_at_start(CONFIGURATION.read_text())) != []


def test_every_option_of_the_command_line_is_in_the_manual():
    options = set(re.findall(r"^  -(\w)", run_hawser("-h").stdout, re.MULTILINE))
    assert {"c", "g", "s", "t"} <= options
    text = (ROOT / "man/hawser.8").read_text()
    assert set(re.findall(r"^\.It Fl (\w)", text, re.MULTILINE)) == options


def test_every_word_behind_the_option_s_is_in_the_manual():
    said = run_hawser("-s", "nonsense").stderr
    words = re.findall(r"\w+", said[said.index("one of ") + len("one of "):].splitlines()[0])
    assert {"stop", "quit", "reload", "reopen"} <= set(words)
    text = (ROOT / "man/hawser.8").read_text()
    synopsis = re.search(r"^\.Fl s Cm (.*)$", text, re.MULTILINE)[1]
    assert set(synopsis.split(" | ")) == set(words)
