#!/usr/bin/python3
"""Checks that the tree keeps its shape: rooms in order, one door per library, one idea per file.

Usage: check_layout.py [ROOT]   prints one line per violation and exits 1 when there is any.
"""

import pathlib
import re
import sys

# A room includes itself and the rooms that CMakeLists.txt lists for it, which must stand before it here.
ROOM_ORDER = ["base", "log", "limits", "event", "tls", "http", "websocket", "config", "upstream", "proxy", "server"]
# Balancing methods see what the upstream room sees, and that room.
MODULE_ROOM = "upstream"

# Third-party headers and the one room that may include them.
LIBRARY_ROOMS = {
    r"uv\.h": "event",
    r"ares\.h": "event",
    r"openssl/.*": "tls",
    r"llhttp\.h": "http",
    r"yaml-cpp/.*": "config",
    r"(spdlog|fmt)/.*": "log",
    r"re2/.*": "proxy",
    r"nlohmann/.*": "server",
    r"xxhash\.h": "base",
}
# C and POSIX headers of the system, free to all; C++ ones have no suffix.
SYSTEM_FOLDERS = ("sys/", "netinet/", "arpa/", "net/", "linux/", "asm/")
SYSTEM_HEADERS = set(
    "assert cpuid ctype cxxabi dirent dlfcn endian errno execinfo fcntl features fnmatch getopt glob grp ifaddrs "
    "immintrin inttypes langinfo libgen limits locale malloc math mntent netdb poll pthread pwd resolv sched semaphore "
    "signal spawn stdarg stddef stdint stdio stdlib string strings syslog termios time unistd wait".split()
)

MAX_LINES = 500
COUNTED_SUFFIXES = {".cc", ".h", ".c", ".py", ".go", ".js", ".mjs", ".sh", ".cmake"}
FORBIDDEN_NAMES = {"util", "utils", "common", "helper", "helpers", "misc"}
SKIPPED_FOLDERS = {"build", "node_modules", "__pycache__"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
ROOM_LINE = re.compile(r"hawser_room\(\s*(\w+)([^)]*)\)")


def read_rooms(root):
    """The rooms each room may include, from the hawser_room lines of CMakeLists.txt."""
    rooms = {}
    for name, rest in ROOM_LINE.findall((root / "CMakeLists.txt").read_text()):
        listed = re.search(r"ROOMS((?:\s+\w+)*?)(?=\s+DEPENDS|\s*$)", rest)
        rooms[name] = listed.group(1).split() if listed else []
    return rooms


def check_room_order(root, rooms):
    for name, allowed in rooms.items():
        if name not in ROOM_ORDER:
            yield f"CMakeLists.txt: room '{name}' has no place in the order of rooms"
            continue
        for other in allowed:
            if other not in ROOM_ORDER[: ROOM_ORDER.index(name)]:
                yield f"CMakeLists.txt: room '{name}' lists '{other}', which does not stand above it"
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir() and folder.name not in rooms:
            yield f"src/{folder.name}: a folder of src/ that is no room"


def files_below(root):
    """Every file of ours, hidden folders and build results left out."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in SKIPPED_FOLDERS or path.is_symlink():
            continue
        if path.is_dir():
            yield from files_below(path)
        else:
            yield path


def includes_of(path):
    """(line number, 'angle' or 'quoted', name) for each include of a file."""
    text = path.read_text(errors="replace")
    for found in INCLUDE.finditer(text):
        line = text.count("\n", 0, found.start(2)) + 1
        yield line, "angle" if found.group(1) == "<" else "quoted", found.group(2)


def room_of(relative):
    """The room whose rules a source file keeps; None where none apply (main.cc, tests)."""
    parts = relative.parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return "modules" if parts[0] == "modules" else None


def check_file_includes(path, shown, room, allowed):
    for line, form, name in includes_of(path):
        if form == "angle":
            problem = library_problem(name, room)
        else:
            problem = upward_problem(name, room, allowed)
        if problem:
            yield f"{shown}:{line}: {problem}"


def library_problem(name, room):
    for pattern, owner in LIBRARY_ROOMS.items():
        if re.fullmatch(pattern, name):
            return None if owner == room else f"<{name}> belongs to room '{owner}' alone"
    if not name.endswith((".h", ".hpp")) and "/" not in name:
        return None
    if name.startswith(SYSTEM_FOLDERS) or name.removesuffix(".h") in SYSTEM_HEADERS:
        return None
    return f"<{name}> is neither a system header nor a library that has a room"


def upward_problem(name, room, allowed):
    target = name.split("/")[0]
    if "/" not in name:
        return f'"{name}" must be named from src/, as "room/file.h"'
    if target == room or target in allowed or (room == "modules" and target == "balancers"):
        return None
    return f"room '{room}' may not include \"{name}\""


def check_includes(root, rooms):
    module_rooms = rooms.get(MODULE_ROOM, []) + [MODULE_ROOM]
    for path in sources_below(root, "src", "modules"):
        relative = path.relative_to(root)
        room = room_of(relative)
        if room is None or relative.name.endswith("_test.cc"):
            continue
        allowed = module_rooms if room == "modules" else rooms.get(room, [])
        yield from check_file_includes(path, relative, room, allowed)


def sources_below(root, *folders):
    for folder in folders:
        if (root / folder).is_dir():
            for path in files_below(root / folder):
                if path.suffix in {".cc", ".h"}:
                    yield path


def check_include_order(root):
    """A source file opens with its own header; then <…>, then "…"."""
    for path in sources_below(root, "src", "modules"):
        found = list(includes_of(path))
        relative = path.relative_to(root)
        header = path.with_suffix(".h")
        if path.suffix == ".cc" and header.exists():
            own = "/".join(header.relative_to(root).parts[1:])
            if not found or found[0][2] != own:
                yield f'{relative}:1: the first include must be its own header, "{own}"'
                continue
            found = found[1:]
        forms = [form for _, form, _ in found]
        if "quoted" in forms and "angle" in forms[forms.index("quoted") :]:
            yield f"{relative}:1: <…> includes stand before those in quotes"


def check_sizes_and_names(root):
    for path in files_below(root):
        relative = path.relative_to(root)
        if path.suffix in COUNTED_SUFFIXES:
            lines = len(path.read_text(errors="replace").splitlines())
            if lines > MAX_LINES:
                yield f"{relative}: {lines} lines, more than {MAX_LINES}: give the second idea its own file"
        if any(FORBIDDEN_NAMES & set(re.split(r"[_.\-]", part.lower())) for part in relative.parts):
            yield f"{relative}: the name says nothing: name it for what is in it"


def check_unit_tests(root):
    unit = root / "tests" / "unit"
    if not unit.is_dir():
        return
    for path in files_below(unit):
        relative = path.relative_to(root)
        if path.suffix == ".cc" and not path.name.endswith("_test.cc"):
            yield f"{relative}: a unit test is named *_test.cc, or it is never built"
        if len(relative.parts) != 4 or relative.parts[2] not in ROOM_ORDER + ["modules"]:
            yield f"{relative}: unit tests live in tests/unit/<room>/"


def check_modules(root):
    balancers = root / "modules" / "balancers"
    if not balancers.is_dir():
        return
    for folder in sorted(path for path in balancers.iterdir() if path.is_dir()):
        names = {path.name for path in folder.iterdir()}
        code = [name for name in names if name.endswith(".cc") and not name.endswith("_test.cc")]
        missing = [] if code else ["code (*.cc)"]
        missing += [] if any(name.endswith("_test.cc") for name in names) else ["a test (*_test.cc)"]
        missing += [] if "README.md" in names else ["README.md"]
        for what in missing:
            yield f"{folder.relative_to(root)}: lacks {what}"


def check(root):
    """Every violation of the layout below `root`, as lines of text."""
    rooms = read_rooms(root)
    violations = list(check_room_order(root, rooms))
    violations += check_includes(root, rooms)
    violations += check_include_order(root)
    violations += check_sizes_and_names(root)
    violations += check_unit_tests(root)
    violations += check_modules(root)
    return violations


def main(arguments):
    root = pathlib.Path(arguments[1] if len(arguments) > 1 else __file__).resolve()
    if len(arguments) < 2:
        root = root.parents[2]
    violations = check(root)
    for line in violations:
        print(line)
    print(f"layout: {len(violations)} violation(s)" if violations else "layout: clean")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
