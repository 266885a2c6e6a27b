"""The files and the page of conf/migration/: each program takes its file, and the page shows the files as they are."""
import json
import re

import pytest

from harness.hawser_process import run_hawser
from harness.migration_files import FILE_NAMES, SOURCES, RunnableFile, server_addresses, setups, source_text
from harness.migration_trio import KINDS, shelf  # noqa: F401  a fixture
from harness.peer_proxies import run_haproxy, run_nginx

PAGE = SOURCES / "README.md"
SCHEMA = SOURCES.parent / "hawser.schema.json"
LANGUAGES = {"nginx": "nginx", "haproxy": "haproxy", "hawser": "yaml"}
# A key of Hawser's as the page's tables write it, and in some rows its default behind it.
KEY = re.compile(r"`((?:listeners\[\]|routes\[\]|upstreams\.\*|[a-z_]+)(?:\.[a-z_\[\].]+)?)`(?: (\d[\w%]*|off)\b)?")


def test_every_setup_has_its_three_files():
    assert len(setups()) == 9
    for setup in setups():
        assert {path.name for path in (SOURCES / setup).iterdir()} == set(FILE_NAMES.values()), setup


def checked(file):
    if file.kind == "hawser":
        return run_hawser("-t", "-c", str(file.path))
    return run_nginx(file.path, "-t") if file.kind == "nginx" else run_haproxy(file.path, "-c")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("setup", setups())
def test_a_file_is_taken_by_its_program_without_a_warning(tmp_path, shelf, setup, kind):
    servers = {address: f"127.0.0.1:{number}" for number, address in enumerate(server_addresses(source_text(setup, kind)), 1)}
    file = RunnableFile(setup, kind, tmp_path, servers, shelf)
    try:
        done = checked(file)
    finally:
        file.stop()
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert not re.search(r"(?i)\bwarn|\balert", said), said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("setup", setups())
def test_the_page_shows_a_file_as_it_is(setup, kind):
    block = f"[{FILE_NAMES[kind]}]({setup}/{FILE_NAMES[kind]})\n\n```{LANGUAGES[kind]}\n{source_text(setup, kind)}```\n"
    assert block in PAGE.read_text()


def test_every_block_of_a_configuration_on_the_page_is_one_of_the_files():
    blocks = re.findall(r"^```(?:nginx|haproxy|yaml)$", PAGE.read_text(), re.MULTILINE)
    assert len(blocks) == len(setups()) * len(KINDS)


def schema_of(key):
    """What the schema says of a key, or none."""
    places = [json.loads(SCHEMA.read_text())]
    for part in re.split(r"\.", key.replace("[]", ".[]")):
        places = [found for place in places for choice in (place, *place.get("anyOf", ()))
                  if (found := step_into(choice, part)) is not None]
    return places[0] if places else None


def step_into(schema, part):
    if part == "[]":
        return schema.get("items")
    if part == "*":
        return schema.get("additionalProperties") or None
    return schema.get("properties", {}).get(part)


def cells_of_hawser():
    """The cells of the page's tables that stand below the head "Hawser"."""
    column = None
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")] if line.startswith("|") else None
        if cells is None:
            column = None
        elif column is None:
            column = cells.index("Hawser") if "Hawser" in cells else -1
        elif column >= 0 and not cells[0].startswith("---"):
            yield cells[column]


def test_every_key_in_the_tables_is_one_that_hawser_knows():
    keys = [found for cell in cells_of_hawser() for found in KEY.findall(cell)]
    assert len(keys) > 80
    assert [key for key, _ in keys if schema_of(key) is None] == []


def test_every_default_in_the_tables_is_the_one_that_hawser_has():
    defaults = [found for cell in cells_of_hawser() for found in KEY.findall(cell) if found[1]]
    assert len(defaults) > 15
    wrong = [(key, told) for key, told in defaults if str(schema_of(key).get("default")) != told]
    assert wrong == []
