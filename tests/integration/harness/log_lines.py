"""What Hawser's log says of servers, as patterns; `of` narrows one down to a server."""
import re

CANNOT_CONNECT = r"cannot connect to a server"
EJECTED = r"server ejected"
RECOVERED = r"server recovered"
IS_DOWN = r"server (is )?down"
IS_UP = r"server (is )?up"
MEMBERS_CHANGED = r"servers of an upstream changed"


def of(pattern, server):
    """A line of this kind that names the server's address."""
    return rf"{pattern}\b.*{re.escape(server.address if hasattr(server, 'address') else server)}\b"
