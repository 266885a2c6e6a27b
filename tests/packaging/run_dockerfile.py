#!/usr/bin/python3
"""Runs the steps of packaging/docker/Dockerfile in plain roots with chroot, for machines without a container engine.

Usage, as root: run_dockerfile.py BASE.tar WORK   with a root file system of Debian (debootstrap --variant=minbase) that
stands for the base image. WORK/0, WORK/1, … become the stages' file systems and stay there. At the end the image's
program is started as its user until it answers on port 8080, and stopped by STOPSIGNAL.
"""

import fnmatch
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import dockerfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 20


def unpack(tarball, root):
    root.mkdir(parents=True)
    subprocess.run(["tar", "--extract", "--numeric-owner", "--file", str(tarball), "--directory", str(root)], check=True)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)


class Root:
    def __init__(self, root):
        self.root = root
        self.folder = "/"

    def inside(self, path):
        return self.root / str(pathlib.PurePosixPath(self.folder) / path).lstrip("/")

    def command(self, *words, user=""):
        account = [f"--userspec={user}"] if user else []
        return ["chroot", *account, str(self.root), "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *words]

    def run(self, instruction):
        words = instruction.arguments() if instruction.text.startswith("[") else ["sh", "-c", f"cd {self.folder} && {instruction.text}"]
        mounted = self.root / "proc"
        subprocess.run(["mount", "-t", "proc", "proc", str(mounted)], check=True)
        try:
            subprocess.run(self.command(*words), check=True)
        finally:
            subprocess.run(["umount", str(mounted)], check=True)


def ignored_names():
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    return [line.removeprefix("**/") for line in lines if line and not line.startswith("#")]


def copy(source, target):
    """A folder's content goes into the target, a file to it, or below it where that ends in a slash."""
    if source.is_dir():
        ignored = ignored_names()
        shutil.copytree(source, target, dirs_exist_ok=True, symlinks=True, ignore=lambda _, names: [
            name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in ignored)])
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def take_step(stage, instruction, roots):
    if instruction.word == "WORKDIR":
        stage.folder = instruction.text
        stage.inside(".").mkdir(parents=True, exist_ok=True)
    elif instruction.word == "RUN":
        stage.run(instruction)
    elif instruction.word == "COPY":
        *sources, target = instruction.arguments()
        origin = instruction.flags().get("from")
        for source in sources:
            path = roots[origin].inside(f"/{source}") if origin else PROJECT / source
            goal = stage.inside(target)
            copy(path, goal / path.name if target.endswith("/") and path.is_file() else goal)


def build(stages, tarball, work):
    roots = {}
    for number, stage in enumerate(stages):
        root = Root(work / str(number))
        roots[stage.name or str(number)] = root
        print(f"== FROM {stage.base}: {root.root}", flush=True)
        unpack(tarball, root.root)
        for instruction in stage.instructions:
            print(f"== {instruction.word} {instruction.text}", flush=True)
            take_step(root, instruction, roots)
    return root


def answer():
    with urllib.request.urlopen("http://127.0.0.1:8080/", timeout=5) as got:
        return f"{got.status} {got.read().decode().strip()}"


def start_and_stop(root, stage):
    words = stage.of("ENTRYPOINT")[0].arguments() + stage.of("CMD")[0].arguments()
    process = subprocess.Popen(root.command(*words, user=stage.of("USER")[0].text))
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                print(f"== it answers {answer()}", flush=True)
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
        process.send_signal(getattr(signal, stage.of("STOPSIGNAL")[0].text))
        print(f"== stopped: exit status {process.wait(PATIENCE)}", flush=True)
        return process.returncode
    finally:
        if process.poll() is None:
            process.kill()


def main():
    if len(sys.argv) != 3 or os.geteuid() != 0:
        print(__doc__, file=sys.stderr)
        return 2
    stages, _ = dockerfile.read((PROJECT / "packaging/docker/Dockerfile").read_text())
    root = build(stages, pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    return start_and_stop(root, stages[-1])


if __name__ == "__main__":
    sys.exit(main())
