"""What a package of Hawser brings, whatever its form: the one list that the tests of packages compare with."""

import pathlib
import re

PROJECT = pathlib.Path(__file__).resolve().parents[2]

# path -> mode, regular files alone; BIN stands for the folder of the binary.
ALWAYS = {
    "BIN/hawser": 0o755,
    "etc/default/hawser": 0o644,
    "etc/hawser/hawser.yaml": 0o644,
    "etc/logrotate.d/hawser": 0o644,
    "usr/share/bash-completion/completions/hawser": 0o644,
    "usr/share/doc/hawser/examples/systemd/hawser.socket": 0o644,
    "usr/share/fish/vendor_completions.d/hawser.fish": 0o644,
    "usr/share/hawser/hawser.schema.json": 0o644,
    "usr/share/man/man5/hawser.yaml.5": 0o644,
    "usr/share/man/man8/hawser.8": 0o644,
    "usr/share/vim/vimfiles/ftdetect/hawser.vim": 0o644,
    "usr/share/vim/vimfiles/syntax/hawser.vim": 0o644,
    "usr/share/zsh/site-functions/_hawser": 0o644,
}
SYSTEMD = {
    "usr/lib/systemd/system/hawser.service": 0o644,
    "usr/lib/sysusers.d/hawser.conf": 0o644,
    "usr/lib/tmpfiles.d/hawser.conf": 0o644,
}
# The name of an AppArmor profile is the path of its program, with dots.
PROFILES = {"etc/apparmor.d/PROFILE": 0o644, "etc/ufw/applications.d/hawser": 0o644}


def examples():
    """All of conf/, as git has it or as it lies there."""
    found = [path for path in (PROJECT / "conf").rglob("*") if path.is_file()]
    return {f"usr/share/doc/hawser/examples/{path.relative_to(PROJECT / 'conf').as_posix()}": 0o644 for path in found}


def expected(binary_folder, *more):
    """path -> mode of everything that a package with its binary in `binary_folder` brings."""
    listed = {**ALWAYS, **examples()}
    for part in more:
        listed.update(part)
    profile = f"{binary_folder}/hawser".replace("/", ".")
    return {path.replace("BIN", binary_folder).replace("PROFILE", profile): mode for path, mode in listed.items()}


def without_compression(path):
    """Some packages compress the manual."""
    return re.sub(r"(/man\d/.*)\.gz$", r"\1", path)


def project_version():
    return re.search(r"^project\(hawser VERSION ([0-9.]+)", (PROJECT / "CMakeLists.txt").read_text(), re.MULTILINE).group(1)
