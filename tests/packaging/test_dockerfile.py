"""The Dockerfile as it is written. No engine runs here: run_dockerfile.py takes its steps in roots of Debian."""

import os
import pathlib
import re
import shutil
import subprocess

import dockerfile
import pytest
from installed_files import PROJECT, project_version

TEXT = (PROJECT / "packaging/docker/Dockerfile").read_text()
STAGES, _ = dockerfile.read(TEXT)
IMAGE = STAGES[-1]
BINARY = pathlib.Path(os.environ.get("HAWSER_BIN", PROJECT / "build/release/hawser"))


def test_it_has_a_stage_to_build_in_and_one_that_stays():
    assert [(stage.base, stage.name) for stage in STAGES] == [("debian:bookworm-slim", "build"), ("debian:bookworm-slim", "")]


def test_the_image_runs_as_a_numbered_user_that_is_not_root():
    user = IMAGE.of("USER")[0].text
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    made = " ".join(instruction.text for instruction in IMAGE.of("RUN"))
    number = user.split(":")[0]
    assert f"--uid {number}" in made and f"--gid {number}" in made
    words = [instruction.word for instruction in IMAGE.instructions]
    assert "RUN" not in words[words.index("USER"):]


def test_stopping_it_drains():
    assert IMAGE.of("STOPSIGNAL")[0].text == "SIGQUIT"


def test_it_starts_hawser_with_the_configuration_that_it_brings():
    assert IMAGE.of("ENTRYPOINT")[0].arguments() == ["/usr/sbin/hawser"]
    assert IMAGE.of("CMD")[0].arguments() == ["-c", "/etc/hawser/hawser.yaml"]
    copied = [instruction.arguments() for instruction in IMAGE.of("COPY")]
    assert ["packaging/docker/hawser.yaml", "/etc/hawser/hawser.yaml"] in copied


def test_the_port_that_is_exposed_is_the_one_of_the_configuration():
    ports = re.findall(r'address: "0\.0\.0\.0:(\d+)"', (PROJECT / "packaging/docker/hawser.yaml").read_text())
    assert [IMAGE.of("EXPOSE")[0].text] == ports


def test_the_logs_go_to_the_containers_own():
    written = (PROJECT / "packaging/docker/hawser.yaml").read_text()
    assert re.findall(r"target: (\w+)", written) == ["stderr", "stdout"]


def test_labels_say_version_and_licence():
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="(.*?)"', IMAGE.of("LABEL")[0].text))
    assert labels["version"] == project_version()
    assert labels["licenses"] == "Apache-2.0"


def test_what_is_copied_from_the_tree_is_there_and_not_ignored():
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    for stage in STAGES:
        for instruction in stage.of("COPY"):
            if "from" not in instruction.flags():
                for source in instruction.arguments()[:-1]:
                    assert (PROJECT / source).exists()
                    assert pathlib.PurePosixPath(source).parts[:1] not in [(line,) for line in ignored]


@pytest.mark.skipif(not BINARY.exists(), reason=f"there is no {BINARY}: run `make build`")
def test_hawser_takes_the_images_configuration():
    done = subprocess.run([str(BINARY), "-t", "-c", str(PROJECT / "packaging/docker/hawser.yaml")], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="asks dpkg who owns a library")
def test_the_packages_of_a_programs_libraries_are_found():
    found = subprocess.run([str(PROJECT / "packaging/docker/runtime-packages.sh"), shutil.which("curl")], check=True,
                           capture_output=True, text=True).stdout.split()
    wanted = subprocess.run(["dpkg-query", "--show", "--showformat", "${Depends}", "curl"], check=True,
                            capture_output=True, text=True).stdout
    for name in re.findall(r"(?:^|, )(lib\S+)", wanted):
        assert name in found


def test_a_program_that_lacks_a_library_is_an_error(tmp_path):
    library, program = tmp_path / "libown.so", tmp_path / "program"
    subprocess.run(["cc", "-shared", "-o", str(library), "-x", "c", "/dev/null"], check=True)
    subprocess.run(["cc", "-o", str(program), "-Wl,--no-as-needed", "-x", "c", "-", "-x", "none", str(library)],
                   input="int main(void) { return 0; }", text=True, check=True)
    library.unlink()
    done = subprocess.run([str(PROJECT / "packaging/docker/runtime-packages.sh"), str(program)], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert "libown.so => not found" in done.stderr
