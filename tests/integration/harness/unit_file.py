"""A unit of systemd, read: which directives stand in it, and which system calls it allows."""
import re
import subprocess


def read_unit(file):
    """{directive: [value, …]} of all sections; a directive may stand more than once."""
    directives = {}
    for line in file.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            directives.setdefault(name.strip(), []).append(value.strip())
    return directives


def seconds_of(text):
    """Of the spans that our unit uses, as 60s or 2min."""
    number, span = re.fullmatch(r"(\d+)(s|min|h)", text).groups()
    return int(number) * {"s": 1, "min": 60, "h": 3600}[span]


def system_call_sets():
    """{set: [its members]}, as this machine's systemd knows them; members may be sets."""
    listing = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True, check=True)
    sets, members = {}, []
    for line in listing.stdout.splitlines():
        if line.startswith("#"):
            break  # what the kernel knows beside them
        if line.startswith("@"):
            members = sets.setdefault(line.strip(), [])
        elif line.startswith("    ") and not line.strip().startswith("#"):
            members.append(line.strip())
    return sets


def expanded(word, sets):
    if not word.startswith("@"):
        return {word}
    return set().union(*(expanded(member, sets) for member in sets[word]))


def allowed_system_calls(directives):
    """What is left of the lists in SystemCallFilter=; the first one must be a list of what is allowed."""
    sets, allowed = system_call_sets(), set()
    for number, value in enumerate(directives["SystemCallFilter"]):
        is_denied = value.startswith("~")
        assert not (is_denied and number == 0), "the first list takes away, so that all else would be allowed"
        named = set().union(*(expanded(word, sets) for word in value.lstrip("~").split()))
        allowed = allowed - named if is_denied else allowed | named
    return allowed | expanded("@default", sets)
