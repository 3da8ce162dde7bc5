"""Calls an ASGI app with the exact bytes of a request, and collects its answer.

Knows no party. A vault signs the bytes that it sends, so nothing here may normalise them, which
is why no HTTP client stands in between.
"""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from forwardc.sandbox.hosts import App, Message, Receive, Scope, Send
from forwardc.sandbox.world import OutboundRequest, Pairs


def scope_of(outbound: OutboundRequest) -> Scope:
    """The ASGI scope of an outbound request, as a server would build it from the wire."""
    parts = urlsplit(outbound.url)
    path = parts.path or "/"
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in outbound.headers]
    if not any(name == b"host" for name, _ in headers):
        headers.insert(0, (b"host", parts.netloc.encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": outbound.method,
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": parts.query.encode("ascii"),
        "root_path": "",
        "headers": [*headers, (b"content-length", str(len(outbound.body)).encode())],
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname or "", parts.port or 443),
    }


@dataclass(slots=True)
class InProcessExchange:
    """One request body to give and one answer to take."""

    request: bytes = field(repr=False)
    status: int = 0
    headers: Pairs = field(default=(), repr=False)
    body: bytearray = field(default_factory=bytearray, repr=False)
    _given: bool = False

    async def receive(self) -> Message:
        """The ASGI receive side: the body once, then the end of the connection."""
        if self._given:
            return {"type": "http.disconnect"}
        self._given = True
        return {"type": "http.request", "body": self.request, "more_body": False}

    async def send(self, message: Message) -> None:
        """The ASGI send side."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            )
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def replay(self, send: Send) -> None:
        """Send the collected answer on to a client."""
        headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers
        ]
        if not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(self.body)})


async def call(app: App, scope: Scope, body: bytes) -> InProcessExchange:
    """Give one request to an app in this process. What the app raises passes through."""
    exchange = InProcessExchange(body)
    await app(scope, exchange.receive, exchange.send)
    return exchange


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The whole body of a request.

    None if it has more than `limit` bytes, or if the client leaves before its end: half of a
    request is none.
    """
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            return None
    return bytes(body)
