"""Random UUIDs for what is named many times a second: chance is drawn for many of them at once.

Each draw asks the system, and gives the interpreter to a thread that waits for it: in a server that
is the history's, and the loop gets it back late. So 256 draws are one. The bytes are the system's
own, each is used once, and a process that is forked forgets what it has of its parent's. No key and
no nonce is made of them: a machine that is copied while it runs has the same bytes twice.
"""

import os
from collections import deque
from typing import Final
from uuid import UUID

# Ids of one draw: 4 KiB, as much as the system gives without a pause.
_DRAWN: Final = 256
# Bytes of a UUID (RFC 9562).
_SIZE: Final = 16
_DRAWS: Final[deque[bytes]] = deque()


def random_uuid() -> UUID:
    """A random UUID (version 4). From any thread."""
    while True:
        try:
            return UUID(bytes=_DRAWS.popleft(), version=4)
        except IndexError:
            drawn = os.urandom(_DRAWN * _SIZE)
            _DRAWS.extend(drawn[at : at + _SIZE] for at in range(0, len(drawn), _SIZE))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_DRAWS.clear)
