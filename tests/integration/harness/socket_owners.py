"""Which process holds which TCP socket, from /proc: who listens on an address, who serves a connection."""
import contextlib
import ipaddress
import os
import re
import struct

LISTEN = "0A"
SOCKET = re.compile(r"socket:\[(\d+)\]")


def kernel_form(address):
    """(host, port) as /proc/net/tcp and tcp6 write it: 32-bit words in the machine's order."""
    host, port = address
    packed = ipaddress.ip_address(host).packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"


def table_of(address):
    return "/proc/net/tcp6" if ":" in address[0] else "/proc/net/tcp"


def rows(address):
    """(local, remote, state, inode) of each socket of the address's family."""
    with open(table_of(address)) as table:
        next(table)
        for line in table:
            fields = line.split()
            yield fields[1], fields[2], fields[3], int(fields[9])


def listening_inodes(address):
    """The sockets that listen on (host, port), whoever holds them."""
    wanted = kernel_form(address)
    return {inode for local, _, state, inode in rows(address) if local == wanted and state == LISTEN}


def held_inodes(pid):
    """The sockets that a process holds; none once it is gone."""
    found = set()
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return found
    for name in names:
        with contextlib.suppress(OSError):
            if held := SOCKET.match(os.readlink(f"/proc/{pid}/fd/{name}")):
                found.add(int(held.group(1)))
    return found


def accepts_anywhere(pid):
    """Whether the process holds any socket that listens, in the network where it lives."""
    held = {str(inode) for inode in held_inodes(pid)}
    for table, state, inode, listens in (("tcp", 3, 9, LISTEN), ("tcp6", 3, 9, LISTEN), ("unix", 3, 6, "00010000")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/net/{table}") as lines:
            next(lines)
            if any(fields[state] == listens and fields[inode] in held for fields in map(str.split, lines)):
                return True
    return False


def is_listening(pid, address):
    return bool(listening_inodes(address) & held_inodes(pid))


def serves(pid, address, client):
    """Whether the process holds the server's end of the connection of `client`, a socket connected to `address`."""
    ends = kernel_form(address), kernel_form(client.getsockname()[:2])
    inodes = {inode for local, remote, _, inode in rows(address) if (local, remote) == ends}
    return bool(inodes & held_inodes(pid))


def count_served(pid, address):
    """How many connections to `address` the process holds."""
    wanted = kernel_form(address)
    inodes = {inode for local, _, state, inode in rows(address) if local == wanted and state != LISTEN}
    return len(inodes & held_inodes(pid))


def descriptor_kinds(pid):
    """How many descriptors of each kind: sockets, pipes, the kernel's own, and each file by its path."""
    kinds = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            kind = re.sub(r"(socket|pipe):\[\d+\]", r"\1", os.readlink(f"/proc/{pid}/fd/{name}"))
            kinds[kind] = kinds.get(kind, 0) + 1
    return kinds


def is_open_by(path, pids):
    """Whether one of the processes holds the file open."""
    wanted = os.stat(path)
    for pid in pids:
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                if os.path.samestat(os.stat(f"/proc/{pid}/fd/{name}"), wanted):
                    return True
    return False
