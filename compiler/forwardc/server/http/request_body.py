"""Takes a request in: its header fields once over, its body whole, within bytes and seconds.

The body is small by its limit, so that it is here before anybody reads it.
"""

import asyncio
from dataclasses import field
from typing import Final

from starlette.types import Message, Receive, Scope

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.server.http.admission import ForwardingHeaders
from forwardc.server.http.problems import ProblemError, ProblemKind

BODY: Final = "forwardc.body"
"""The member of a scope with the body that was taken in."""
# A second one of these means that two readers may see two requests.
_ONCE: Final = frozenset(
    {b"host", b"content-length", b"content-type", b"authorization", b"idempotency-key"}
    | {b"transfer-encoding", b"content-encoding", b"x-forwarded-proto", b"traceparent"}
)
_CLOSE: Final = {"Connection": "close"}
# Header fields of one request: partners send about ten, and a browser behind proxies about thirty.
_MOST_FIELDS: Final = 100


class CallerLeftError(ForwardcError):
    """The caller went away before the request was complete."""


@dataclass(frozen=True, slots=True)
class HeaderFields:
    """The header fields that the guards read."""

    values: dict[bytes, bytes] = field(repr=False)
    forwarding: ForwardingHeaders = field(default_factory=ForwardingHeaders, repr=False)

    def text(self, name: bytes) -> str | None:
        """A field's value; None where it is not there."""
        value = self.values.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def has_body(self) -> bool:
        """Whether a body is announced."""
        length = self.values.get(b"content-length")
        return b"transfer-encoding" in self.values or length not in (None, b"0")


def read_header_fields(scope: Scope, most_bytes: int) -> HeaderFields:
    """Read the header fields. Raises `ProblemError` where they are too large, or told twice."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    values: dict[bytes, bytes] = {}
    size, forwarded, x_forwarded_for = 0, [], []
    for name, value in headers:
        size += len(name) + len(value) + 4
        if name in _ONCE:
            if name in values:
                rule = "A header field stands there more than once."
                raise ProblemError(ProblemKind.INVALID_REQUEST, rule, headers=_CLOSE)
            values[name] = value
        elif name == b"x-forwarded-for":
            x_forwarded_for.append(value)
        elif name == b"forwarded":
            forwarded.append(value)
    if size > most_bytes or len(headers) > _MOST_FIELDS:
        raise ProblemError(ProblemKind.HEADERS_TOO_LARGE, headers=_CLOSE)
    coding = values.get(b"transfer-encoding", b"chunked").lower()
    old = b"transfer-encoding" in values and scope["http_version"] == "1.0"
    if coding != b"chunked" or old:
        # RFC 9112, 6.1: somebody on the way may have seen another end of this body.
        rule = "A body comes with Content-Length, or in chunks without another coding."
        raise ProblemError(ProblemKind.INVALID_REQUEST, rule, headers=_CLOSE)
    return HeaderFields(values, ForwardingHeaders(forwarded, x_forwarded_for))


def check_content_coding(fields: HeaderFields) -> None:
    """Refuse a body that is packed: what it unpacks to, this server does not read.

    Raises: `ProblemError`.
    """
    if (fields.text(b"content-encoding") or "identity").lower() != "identity":
        rule = "The body comes without Content-Encoding."
        raise ProblemError(
            ProblemKind.UNSUPPORTED_MEDIA_TYPE, rule, headers={"Accept-Encoding": "identity"}
        )


async def read_body(
    fields: HeaderFields, receive: Receive, most_bytes: int, within: float
) -> bytes:
    """The whole body.

    Raises: `ProblemError` where it is too large or too slow, and `CallerLeftError`.
    """
    announced = fields.values.get(b"content-length", b"0")
    if not announced.isdigit() or len(announced) > 12 or int(announced) > most_bytes:
        raise ProblemError(ProblemKind.CONTENT_TOO_LARGE, headers=_CLOSE)
    body = bytearray()
    try:
        async with asyncio.timeout(within):
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise CallerLeftError
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > most_bytes:
                    raise ProblemError(ProblemKind.CONTENT_TOO_LARGE, headers=_CLOSE)
    except TimeoutError:
        raise ProblemError(ProblemKind.REQUEST_TIMEOUT, headers=_CLOSE) from None
    return bytes(body)


def replay_body(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was taken in, and then what comes after it."""
    replayed = False

    async def again() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
