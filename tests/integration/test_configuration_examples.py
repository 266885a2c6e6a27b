"""Every example in conf/ is taken by the real binary, on a machine that has the certificate files it names."""
import shutil

import pytest
import yaml

from harness.certificates import make_certificate
from harness.example_files import CONF, MAIN_FILES, PACKAGED, PARTS, yaml_files
from harness.hawser_process import run_hawser

EXAMPLES = [path.relative_to(CONF) for path in MAIN_FILES]
# Folders below conf/ whose YAML is for other programs.
FOREIGN_FOLDERS = {"kubernetes"}


def certificates_of(file):
    """Where the example wants its certificates and keys, as it writes them."""
    for listener in yaml.safe_load(file.read_text()).get("listeners", []):
        for certificate in (listener.get("tls") or {}).get("certificates", []):
            yield file.parent / certificate["cert_file"], file.parent / certificate["key_file"]


@pytest.fixture
def conf(tmp_path):
    """A copy of conf/ in which every certificate that an example names exists."""
    copy = shutil.copytree(CONF, tmp_path / "conf")
    for example in EXAMPLES:
        for cert_file, key_file in certificates_of(copy / example):
            cert_file.parent.mkdir(parents=True, exist_ok=True)
            made = make_certificate(tmp_path, cert_file.stem)
            shutil.move(made.cert_file, cert_file)
            shutil.move(made.key_file, key_file)
    return copy


def test_the_examples_are_found():
    assert {"hawser.yaml", "minimal.yaml", "tls.yaml", "multi-file/hawser.yaml"} <= {str(example) for example in EXAMPLES}


def test_every_other_yaml_file_is_a_part_or_for_another_program():
    others = [path.relative_to(CONF) for path in yaml_files() if path not in MAIN_FILES and path not in PARTS]
    assert [path for path in others if path.parts[0] not in FOREIGN_FOLDERS] == []


def test_the_packaged_configuration_is_a_good_one():
    done = run_hawser("-t", "-c", str(PACKAGED))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_is_a_good_configuration(conf, example):
    done = run_hawser("-t", "-c", str(conf / example))
    assert done.returncode == 0, done.stderr
    assert "test is successful" in done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_is_printed_of_an_example_is_a_good_configuration_again(conf, example):
    printed = run_hawser("-T", "-q", "-c", str(conf / example))
    assert printed.returncode == 0, printed.stderr
    again = conf / example.parent / "printed.yaml"
    again.write_text(printed.stdout)
    done = run_hawser("-t", "-c", str(again))
    assert done.returncode == 0, done.stderr
    assert run_hawser("-T", "-q", "-c", str(again)).stdout == printed.stdout


def test_an_example_whose_certificate_is_missing_is_refused_with_the_file_named(conf):
    missing, _ = next(certificates_of(conf / "tls.yaml"))
    missing.unlink()
    done = run_hawser("-t", "-c", str(conf / "tls.yaml"))
    assert done.returncode == 78
    assert missing.name in done.stderr
