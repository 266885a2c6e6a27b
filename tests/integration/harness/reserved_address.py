"""A port that a program under test is about to listen on, for programs that cannot say which one the kernel gave them."""
import socket


class ReservedAddress:
    """127.0.0.1 with a port that is held from the start, so that nothing else gets it: the kernel gives a bound port to nobody
    who asks for any, and lets those bind it by number who, as servers do, set SO_REUSEADDR. Nobody listens on it until then."""

    def __init__(self):
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.address = self._holder.getsockname()
        self.text = "{}:{}".format(*self.address)

    def accepts(self):
        with socket.socket() as probe:
            return probe.connect_ex(self.address) == 0

    def stop(self):
        self._holder.close()
