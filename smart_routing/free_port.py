"""Ports of this machine that nobody listens on."""

import random
import socket
from contextlib import suppress

_LOOPBACK = "127.0.0.1"
# Below the range from which Linux gives outgoing connections their ports. While a server is down for a restart, a client that keeps
# trying a port of that range can connect to itself, and the server then finds its port taken.
_LOWEST, _HIGHEST = 20_000, 32_000


def free_port(*, besides: int = 0) -> int:
    """A port of the loopback interface, not `besides`, that was free a moment ago and that no outgoing connection takes by chance."""
    for port in random.sample(range(_LOWEST, _HIGHEST), 200):  # spread, so that two callers rarely meet
        if port != besides and is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port = probe.getsockname()[1]
    return int(port)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface now."""
    with socket.socket() as probe, suppress(OSError):
        # As servers do: connections of an earlier server that still linger are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((_LOOPBACK, port))
        probe.listen(1)
        return True
    return False
