"""Reads the body of a request whole, up to a size. Knows no route: each words its own refusal."""

from starlette.requests import ClientDisconnect, Request


class TooLarge(Exception):  # noqa: N818 - the body's property
    """A body has more bytes than are read."""


class EndedEarly(Exception):  # noqa: N818 - what happened
    """The caller has left before the body was there."""


async def body_of(request: Request, most: int) -> bytes:
    """The whole body, `most` bytes at the most. Raises `TooLarge` and `EndedEarly`."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise TooLarge
    except ClientDisconnect:
        raise EndedEarly from None
    return bytes(body)
