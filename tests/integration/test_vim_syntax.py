"""Vim with our files: which texts are taken for configurations of Hawser's, and how their words are shown."""
import json
import pathlib
import subprocess

import pytest

from harness.example_files import CONF, MAIN_FILES, PARTS, ROOT

PLUGIN = ROOT / "packaging/editors/vim"
# Writes the name of the syntax group of each character, a list of lines, and the file's type.
ASK = """
let groups = map(range(1, line('$')), {_, l ->
      \\ map(range(1, strlen(getline(l))), {_, c -> synIDattr(synID(l, c, 1), 'name')})})
call writefile([json_encode({'filetype': &filetype, 'groups': groups})], $ANSWER)
qall!
"""


def shown_by_vim(folder, file):
    settings, script, answer = folder / "vimrc", folder / "ask.vim", folder / "answer.json"
    settings.write_text(f"set nocompatible\nset runtimepath^={PLUGIN}\nfiletype on\nsyntax on\n")
    script.write_text(ASK)
    subprocess.run(["vim", "-es", "-N", "-n", "-i", "NONE", "-u", settings, "-S", script, file], timeout=30,
                   env={"ANSWER": str(answer), "HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    return json.loads(answer.read_text())


def groups_of_words(tmp_path, text):
    """The word at each mark <…> of the text, and the group that all of it is in."""
    plain = text.replace("<", "").replace(">", "")
    file = tmp_path / "hawser.yaml"
    file.write_text(plain)
    groups = shown_by_vim(tmp_path, file)["groups"]
    found = {}
    for number, line in enumerate(text.splitlines()):
        while "<" in line:
            begin, end = line.index("<"), line.index(">") - 1
            line = line.replace("<", "", 1).replace(">", "", 1)
            found[line[begin:end]] = set(groups[number][begin:end])
    return found


@pytest.mark.parametrize("name, text, filetype", [
    ("hawser.yaml", "", "yaml.hawser"),
    ("chat.yaml", "# yaml-language-server: $schema=../hawser.schema.json\n", "yaml.hawser"),
    ("chat.yaml", "routes: []\n", "yaml"),
    ("hawser.yml.txt", "", "text"),
])
def test_a_configuration_is_known_by_its_name_or_its_first_line(tmp_path, name, text, filetype):
    file = tmp_path / name
    file.write_text(text)
    assert shown_by_vim(tmp_path, file)["filetype"] == filetype


def test_keys_stand_out_wherever_they_are(tmp_path):
    text = """\
<workers>: 4
<listeners>:
  - <address>: "127.0.0.1:80"
    <timeouts>: { <body>: 20s, <request_head>: 5s }
upstreams: { chat: { <servers>: [], <balance>: round_robin } }
"""
    found = groups_of_words(tmp_path, text)
    sections = {word for word, groups in found.items() if groups == {"hawserSection"}}
    assert sections == {"workers", "listeners"}
    assert {word for word, groups in found.items() if groups == {"hawserKey"}} == set(found) - sections


def test_an_unknown_key_at_the_top_is_an_error(tmp_path):
    found = groups_of_words(tmp_path, "<lisseners>: []\n<routes>: []\n<adress>: x\n")
    assert found == {"lisseners": {"hawserUnknown"}, "routes": {"hawserSection"}, "adress": {"hawserUnknown"}}


def test_names_that_people_give_are_shown_as_in_any_yaml(tmp_path):
    found = groups_of_words(tmp_path, "upstreams:\n  <chat>: { servers: [] }\n  <my-hosts>:\n    servers: []\n")
    assert found == {"chat": {"yamlBlockMappingKey"}, "my-hosts": {"yamlBlockMappingKey"}}


def test_values_and_comments_hold_no_keys(tmp_path):
    found = groups_of_words(tmp_path, 'log: { target: "<weight: 1>" }  # <level: info>\nuser: <workers>\n')
    assert found == {"weight: 1": {"yamlFlowString"}, "level: info": {"yamlComment"}, "workers": {"yamlPlainScalar"}}


def test_variables_and_amounts_stand_out(tmp_path):
    text = 'access_log: { format: "a <$remote_addr> <${host}>" }\nshutdown: { drain_timeout: <25s> }\n'
    assert groups_of_words(tmp_path, text) == {
        "$remote_addr": {"hawserVariable"}, "${host}": {"hawserVariable"}, "25s": {"hawserAmount"}}


@pytest.mark.parametrize("path", [*MAIN_FILES, *PARTS], ids=lambda path: str(path.relative_to(CONF)))
def test_nothing_in_an_example_is_shown_as_an_error(tmp_path, path):
    shown = shown_by_vim(tmp_path, pathlib.Path(path))
    assert shown["filetype"] == "yaml.hawser"
    groups = {group for line in shown["groups"] for group in line}
    assert "hawserSection" in groups and "hawserUnknown" not in groups
