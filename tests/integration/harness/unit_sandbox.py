"""Puts a process into what a unit of systemd asks for, as far as that goes without systemd: its view of the file system, its
capabilities and its system calls. Needs root. A call that the unit forbids kills the process, where systemd would only
refuse it: so that a test sees it. Calls that a library is known to try and to do without are refused as by systemd."""
import ctypes
import os
import pathlib
import socket
import struct

from harness.unit_file import allowed_system_calls, read_unit

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x00020000
NEW_NAMESPACES = 0x7E020080
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 24, 47, 2
SYS_CAPSET = 126  # x86_64
CAPABILITIES = {"CAP_NET_BIND_SERVICE": 10}
PROT_WRITE, PROT_EXEC = 2, 4
KILL, ALLOW, NO_SUCH_CALL, NOT_PERMITTED = 0x80000000, 0x7FFF0000, 0x00050000 | 38, 0x00050000 | 1
TRIED = ["io_uring_setup"]  # by libuv from 1.45 on (Debian 13)
EQUAL, MASKED_EQUAL = 4, 7
KERNEL_FILE_SYSTEMS = ("proc", "sysfs", "devtmpfs", "devpts", "mqueue", "cgroup", "cgroup2")


def call(function, *arguments):
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)} {arguments}")


def mounts():
    """(file system, folder) of all that this process sees."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, after = line.split(" - ")
        yield after.split()[0], pathlib.Path(before.split()[4])


def make_read_only(folder):
    call(LIBC.mount, None, bytes(folder), None, MS_REMOUNT | MS_BIND | MS_RDONLY, None)


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class SystemCalls:
    """A filter that kills for every call which was not allowed, by libseccomp."""

    def __init__(self):
        self._library = ctypes.CDLL("libseccomp.so.2")
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._filter = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(KILL)))

    def allow(self, name, *comparisons, action=ALLOW):
        """Or does with it what `action` says."""
        number = self._library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return  # of another processor
        array = (Comparison * len(comparisons))(*comparisons)
        done = self._library.seccomp_rule_add_array(self._filter, ctypes.c_uint32(action), number, len(array), array)
        assert done == 0, f"{name}: {os.strerror(-done)}"

    def load(self):
        done = self._library.seccomp_load(self._filter)
        assert done == 0, os.strerror(-done)


class UnitSandbox:
    """enter() goes between fork and exec: Hawser(…, preexec=UnitSandbox(unit, user=64999).enter)."""

    def __init__(self, unit, user):
        self._directives = read_unit(unit)
        self._user = user
        self._system_calls = self._compile()  # before the fork: it runs systemd-analyze

    def enter(self):
        self._enter_file_system()
        os.umask(int(self._value("UMask"), 8))
        self._become_user()
        self._system_calls.load()

    def enter_folders(self):
        """Only what the unit makes, and its user; nothing is forbidden."""
        self._leave_mounts_of_others()
        self._make_folders()
        self._become_user()

    def _value(self, name):
        return self._directives[name][-1]

    def _is_on(self, name):
        return self._value(name) == "yes"

    def _compile(self):
        special = {"socket": self._socket, "mmap": self._mmap, "mprotect": self._mprotect,
                   "pkey_mprotect": self._mprotect, "clone": self._clone, "clone3": self._clone3}
        calls = SystemCalls()
        for name in sorted(allowed_system_calls(self._directives)):
            special.get(name, SystemCalls.allow)(calls, name)
        assert self._value("SystemCallErrorNumber") == "EPERM"
        for name in TRIED:
            calls.allow(name, action=NOT_PERMITTED)
        return calls

    def _socket(self, calls, name):
        for family in self._value("RestrictAddressFamilies").split():
            calls.allow(name, Comparison(0, EQUAL, getattr(socket, family)))

    def _mmap(self, calls, name):
        assert self._is_on("MemoryDenyWriteExecute")
        for protection in (0, PROT_WRITE, PROT_EXEC):
            calls.allow(name, Comparison(2, MASKED_EQUAL, PROT_WRITE | PROT_EXEC, protection))

    def _mprotect(self, calls, name):
        calls.allow(name, Comparison(2, MASKED_EQUAL, PROT_EXEC, 0))

    def _clone(self, calls, name):
        assert self._is_on("RestrictNamespaces")
        calls.allow(name, Comparison(0, MASKED_EQUAL, NEW_NAMESPACES, 0))

    def _clone3(self, calls, name):
        calls.allow(name, action=NO_SUCH_CALL)  # its flags cannot be seen: systemd makes callers fall back to clone

    def _enter_file_system(self):
        """All of it read-only but for what the unit makes or names."""
        assert self._value("ProtectSystem") == "strict"
        self._leave_mounts_of_others()
        for kind, folder in mounts():
            if kind not in KERNEL_FILE_SYSTEMS:
                make_read_only(folder)
        for folder in self._make_folders():
            make_read_only(folder.parent)

    def _leave_mounts_of_others(self):
        call(LIBC.unshare, CLONE_NEWNS)
        call(LIBC.mount, b"none", b"/", None, MS_REC | MS_PRIVATE, None)

    def _make_folders(self):
        folders = [pathlib.Path("/run", self._value("RuntimeDirectory")), pathlib.Path(self._value("ReadWritePaths").lstrip("-"))]
        for folder in folders:
            self._make_writable(folder)
        return folders

    def _make_writable(self, folder):
        """In a file system of its own, so that nothing of this machine is touched."""
        call(LIBC.mount, b"tmpfs", bytes(folder.parent), b"tmpfs", 0, b"mode=0755")
        folder.mkdir()
        call(LIBC.mount, b"tmpfs", bytes(folder), b"tmpfs", 0, f"mode=0755,uid={self._user},gid={self._user}".encode())

    def _become_user(self):
        kept = [CAPABILITIES[name] for name in self._value("CapabilityBoundingSet").split()]
        for capability in range(int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1):
            if capability not in kept:
                call(LIBC.prctl, PR_CAPBSET_DROP, capability, 0, 0, 0)
        call(LIBC.prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(self._user, self._user, self._user)
        os.setresuid(self._user, self._user, self._user)
        mask = sum(1 << capability for capability in kept)
        header, sets = struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", mask, mask, mask, 0, 0, 0)
        call(LIBC.syscall, SYS_CAPSET, header, sets)
        for capability in kept:
            call(LIBC.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
