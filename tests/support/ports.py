"""Ports for servers that have to be told one.

Who is told 0 is given a port that nobody else has. A port that is asked for that way, given back
and used later is another thing: meanwhile the system may give it to any connection of any test.
So these are ports that the system gives to nobody by itself.
"""

import os
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Final

# The ports below it that programs like to have are passed over.
_LOWEST: Final = 20_000
# Where a system does not say from which one on it gives ports by itself: the lowest that any does.
_USUAL_RANGE: Final = 32_768
_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A port of this machine on which nobody listens, and that no other call has given."""
    for port in _ports():
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("unreachable: the ports go round")


@cache
def _ports() -> Iterator[int]:
    """In turn, begun elsewhere in each process, as each worker is one of several."""
    end = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else _USUAL_RANGE
    ports = range(min(_LOWEST, end // 2), end)
    first = os.getpid() * 64 % len(ports)
    return cycle((*ports[first:], *ports[:first]))
