"""Reads the body of a request whole, up to a size.

It takes the `receive` of ASGI, message by message, and each route words its own refusal.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from forwardc.core.diagnostics.errors import ForwardcError

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
"""The next message of a request, as ASGI has it."""


class BodyTooLargeError(ForwardcError):
    """A body has more bytes than are read."""


class BodyIncompleteError(ForwardcError):
    """The caller has left before the body was there."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body, `limit` bytes at the most.

    Raises: `BodyTooLargeError` as soon as there are more bytes, `BodyIncompleteError` where the
    caller has left.
    """
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyIncompleteError
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLargeError
        more = message.get("more_body", False)
    return bytes(body)
