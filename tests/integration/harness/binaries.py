"""Programs that a test puts where Hawser's binary was: copies of it, and all that cannot take over from it."""
import os
import shutil
import subprocess

from harness.hawser_process import hawser_binary


def put(path, write, mode=0o755):
    """Replaces `path` in one step by what `write(temporary path)` makes, as an installation does."""
    temporary = path.with_name(path.name + ".new")
    write(temporary)
    temporary.chmod(mode)
    temporary.rename(path)


def put_copy(path, appended=b"", mode=0o755):
    """The binary under test; a byte appended makes it another file that does the same."""
    def write(temporary):
        shutil.copyfile(hawser_binary(), temporary)
        if appended:
            with temporary.open("ab") as file:
                file.write(appended)
    put(path, write, mode)


def put_script(path, text, mode=0o755):
    put(path, lambda temporary: temporary.write_text(text), mode)


def put_shell(path, *lines):
    put_script(path, "\n".join(["#!/bin/bash", *lines, ""]))


def put_python(path, *lines):
    put_script(path, "\n".join(["#!/usr/bin/python3", "import os, sys, time", *lines, ""]))


def put_program_without_its_library(path):
    """A program that the loader cannot start."""
    folder = path.parent
    library, source = folder / "libabsent.so", folder / "needs_library.c"
    (folder / "absent.c").write_text("int absent(void) { return 0; }\n")
    source.write_text("int absent(void);\nint main(void) { return absent(); }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(folder / "absent.c")], check=True)
    put(path, lambda temporary: subprocess.run(
        ["cc", "-o", str(temporary), str(source), f"-L{folder}", "-labsent"], check=True))
    library.unlink()


class Gate:
    """A binary that waits until the test lets it on and then is Hawser: holds an upgrade where a test wants it."""

    def __init__(self, path):
        self._fifo = path.with_name("gate")
        os.mkfifo(self._fifo)
        real = path.with_name("behind_the_gate")
        put_copy(real)
        put_shell(path, f'read -r < "{self._fifo}"', f'exec -a "$0" "{real}" "$@"')

    def open(self):
        """Waits for the one that waits, and lets it on."""
        with open(self._fifo, "w") as fifo:
            fifo.write("go on\n")
