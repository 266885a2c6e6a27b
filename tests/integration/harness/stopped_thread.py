"""Stops one thread of a process, as if it hung, while the others go on: by ptrace, without a hook in the program."""
import contextlib
import ctypes
import os

from harness.waiting import wait_until

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000  # __WALL: threads too
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, tid):
    if LIBC.ptrace(request, tid, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of thread {tid}")


@contextlib.contextmanager
def stopped(tid):
    """Inside, the thread runs nothing. Enter and leave in one thread: it is the tracer. SIGKILL for the process works."""
    ptrace(PTRACE_SEIZE, tid)
    ptrace(PTRACE_INTERRUPT, tid)
    os.waitpid(tid, WALL)
    try:
        yield
    finally:
        ptrace(PTRACE_DETACH, tid)


def wake_ups(pid):
    """How often each thread but the first has gone to sleep, by its number."""
    found = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        if int(tid) == pid:
            continue
        with open(f"/proc/{pid}/task/{tid}/status") as status:
            found[int(tid)] = int(next(line.split()[1] for line in status if line.startswith("voluntary_ctxt")))
    return found


def serving_thread(pid, exchange, rounds=50):
    """The thread that serves what `exchange` does: the one that wakes up at each of many rounds."""
    before = wake_ups(pid)
    for _ in range(rounds):
        exchange()
    busy = wait_until(lambda: [tid for tid, count in wake_ups(pid).items() if count - before[tid] >= rounds], 5,
                      "a thread that woke up for each exchange")
    assert len(busy) == 1, f"several threads were busy: {busy}"
    return busy[0]
