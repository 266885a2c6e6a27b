"""Which files a process touches, by strace: the binary is replaced by a script that has itself traced, children included."""
import os
import re

from harness.apparmor_profile import EXECUTE, READ, WRITE

CALLS = "open,openat,execve,connect,bind,sendmsg,sendto,unlink,unlinkat,chmod,fchmodat,rename,mkdir"
LINE = re.compile(r'^(?:\d+ +)?(\w+)\((.*)$')
PATH = re.compile(r'"(/[^"]*)"')


def traced(binary, output, script):
    """A script that becomes `binary`, pid and all, while strace watches from outside."""
    output.write_text("")
    output.chmod(0o666)
    script.write_text(f'#!/bin/sh\nexec strace -D -f -q -s 4096 -e trace={CALLS} -o "{output}" "{binary}" "$@"\n')
    script.chmod(0o755)
    return script


def access_of(call, arguments):
    if call == "execve":
        return EXECUTE | READ
    if call in ("open", "openat"):
        writes = "O_WRONLY" in arguments or "O_RDWR" in arguments or "O_CREAT" in arguments
        return (WRITE if writes else 0) | (0 if "O_WRONLY" in arguments else READ)
    return WRITE


def resolved(path):
    """As the kernel names it: links followed, /proc/self by a number."""
    return path.replace("/proc/self/", "/proc/1/") if path.startswith("/proc/self/") else os.path.realpath(path)


def touched_files(output):
    """{(path, access)}; what was not there does not count."""
    found = set()
    for line in output.read_text().splitlines():
        parsed = LINE.match(line)
        if not parsed or "= -1 ENOENT" in line:
            continue
        call, arguments = parsed.groups()
        path = PATH.search(arguments)
        if path and (call not in ("connect", "bind", "sendmsg", "sendto") or "sun_path=" in arguments):
            found.add((resolved(path.group(1)), access_of(call, arguments)))
    return found
