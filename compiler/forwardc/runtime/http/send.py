"""Sends one bound request and reads one answer, within limits of time and size.

Whoever calls says which hosts are allowed. The URL that leaves is the one that was approved, byte
for byte: no redirects, no proxies out of the environment, TLS verified, nothing logged.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Collection
from dataclasses import field
from functools import lru_cache
from time import perf_counter
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import httpcore
import httpx

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.http.addresses import AddressRefusedError, is_host, is_public
from forwardc.runtime.http.bodies.decoding import UndecodableBodyError, uncompressed
from forwardc.runtime.http.client_certificate import (
    ClientIdentity,
    is_certificate_refused,
    is_handshake_refused,
    present,
)
from forwardc.runtime.http.connection_pool import (
    ConnectionPool,
    ExchangingTransport,
    RawAnswer,
    network_pool,
)
from forwardc.runtime.http.request import BoundRequest, Pairs
from forwardc.runtime.http.tls import public_authorities
from forwardc.version import __version__

_LOGGERS: Final = (
    "httpx",
    *("httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"),
)
# RFC 9110, section 4.1 asks servers for 8000 at least; no API of a vault takes as many.
_LONGEST_URL: Final = 8000
_OURS: Final = (("User-Agent", f"forwardc/{__version__}"), ("Accept-Encoding", "identity"))
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_MOST_IDENTITIES: Final = 64
"""Client certificates with connections of their own: a process serves fewer destinations, and one
that was renewed leaves its old connections behind."""
_REFUSED_CERTIFICATE: Final = (
    "the server did not take our client certificate, or asks for one; nothing was sent"
)
_UNUSABLE_CERTIFICATE: Final = "our client certificate could not be loaded; nothing was sent"
_REFUSED_HANDSHAKE: Final = (
    "the server ended the handshake, as one that asks for a client certificate; nothing was sent"
)


@dataclass(frozen=True, slots=True)
class SendLimits:
    """Seconds to connect and to wait for the whole answer, and the answer's largest size."""

    connect_s: float
    read_s: float
    max_bytes: int


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, whole."""

    status: int
    headers: Pairs = field(repr=False)
    body: bytes = field(repr=False)
    duration_ms: int


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing left this process."""

    reason: str


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The request may have arrived; there is no usable answer."""

    reason: str


SendResult: TypeAlias = HttpAnswer | NotSent | AnswerLost


class HostRefusedError(ForwardcError):
    """A request is for a host, scheme or port that the plan does not name."""


class Sender:
    """Sends over connections that are kept. `transport` replaces the network, in a sandbox."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None = None,
        authorities: Callable[[], ssl.SSLContext] = public_authorities,
    ) -> None:
        _silence()
        self._authorities = authorities
        self._presenting: dict[tuple[bytes, bool], ConnectionPool] = {}
        # No client: what it adds, redirects, cookies and credentials of its own, is not wanted.
        # None: the usual authorities, which are read once for the process.
        trusted = None if authorities is public_authorities else authorities()
        self._transport = transport or network_pool(is_public, trusted)
        # Connections of its own: one that may be private must serve nobody who may not.
        self._private = transport or network_pool(is_host, trusted)

    async def __aenter__(self) -> "Sender":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()
        if self._private is not self._transport:
            await self._private.aclose()
        for pool in self._presenting.values():
            await pool.aclose()

    async def send(
        self,
        request: BoundRequest,
        hosts: Collection[str],
        limits: SendLimits,
        *,
        private: bool = False,
        identity: ClientIdentity | None = None,
    ) -> SendResult:
        """Send once, never again. Raises `HostRefusedError` before anything is opened.

        Only with `private` may a host have an address of the operator's own network. `identity` is
        presented to a server that asks for it, over connections that serve nobody else.
        """
        url = check_url(request.url, hosts)
        started = perf_counter()
        try:
            # httpx limits the time between two reads; a slow drip needs a limit of its own.
            async with asyncio.timeout(limits.connect_s + limits.read_s):
                try:
                    over = await self._over(identity, private=private)
                except OSError:
                    # `ssl.SSLError` is one, too.
                    return NotSent(_UNUSABLE_CERTIFICATE)
                raw = await _exchanged(over, request, url, limits)
                return _answer(request.method, raw, limits.max_bytes, started)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            return NotSent(_connect_reason(problem))
        except (TimeoutError, httpx.TimeoutException):
            return AnswerLost("no answer came in time")
        except (httpx.TransportError, ssl.SSLError) as problem:
            # httpcore lets an alert through that comes instead of an answer.
            if is_certificate_refused(problem):
                return NotSent(_REFUSED_CERTIFICATE)
            return AnswerLost("the connection ended without a whole answer")

    async def _over(
        self, identity: ClientIdentity | None, *, private: bool
    ) -> httpx.AsyncBaseTransport:
        usual = self._private if private else self._transport
        if identity is None or self._private is self._transport:
            # A sandbox speaks no TLS that could ask.
            return usual
        key = (identity.digest, private)
        if key not in self._presenting:
            if len(self._presenting) >= _MOST_IDENTITIES:
                await self._presenting.pop(next(iter(self._presenting))).aclose()
            trusted = present(identity, self._authorities())
            self._presenting[key] = network_pool(is_host if private else is_public, trusted)
        return self._presenting[key]


async def _exchanged(
    over: httpx.AsyncBaseTransport, request: BoundRequest, url: httpx.URL, limits: SendLimits
) -> RawAnswer:
    """What comes back over a transport. A pool of ours needs none of httpx's objects for it."""
    if isinstance(over, ExchangingTransport):
        return await over.exchange(_raw_request(request, url, limits), limits.max_bytes)
    answer = await over.handle_async_request(_outgoing(request, url, limits))
    stream = answer.stream
    assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - an async transport's
    body = bytearray()
    try:
        async for chunk in stream:
            body += chunk
            if len(body) > limits.max_bytes:
                return RawAnswer(answer.status_code, answer.headers.raw, None)
    finally:
        await stream.aclose()
    return RawAnswer(answer.status_code, answer.headers.raw, bytes(body))


def _answer(method: str, raw: RawAnswer, max_bytes: int, started: float) -> SendResult:
    """An answer without what was put around it on its way; lost where it is not whole."""
    if raw.body is None:
        return AnswerLost(f"the answer is larger than {max_bytes} bytes")
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in raw.headers
    )
    took = round((perf_counter() - started) * 1000)
    if method != "HEAD" and _is_cut(headers, len(raw.body)):
        return AnswerLost("the connection ended without a whole answer")
    try:
        plain = uncompressed(raw.body, _values(headers, "content-encoding"), max_bytes)
    except UndecodableBodyError as problem:
        return AnswerLost(str(problem))
    return HttpAnswer(raw.status, headers, plain, took)


_Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Address:
    """A URL as it is split and as the client sends it; `host` has no port where that is 443."""

    scheme: str
    host: str
    sent: httpx.URL = field(repr=False)
    rewritten: bool


def check_url(url: str, hosts: Collection[str]) -> httpx.URL:
    """Refuse what is not https to one of `hosts` (`host`, or `host:port` for another than 443).

    Raises `HostRefusedError`, also where the client would write the URL in another way: what was
    approved and signed must be what arrives, byte for byte.
    """
    if len(url) > _LONGEST_URL:
        raise HostRefusedError(f"the URL is longer than {_LONGEST_URL} characters")
    address = _address(url)
    if address is None:
        raise HostRefusedError("the URL is damaged")
    if address.scheme != "https":
        raise HostRefusedError("only https is spoken")
    if address.host not in hosts:
        raise HostRefusedError("the plan does not name this host")
    if address.rewritten:
        raise HostRefusedError("the URL would be rewritten on its way")
    return address.sent


@lru_cache(maxsize=128)
def _address(url: str) -> _Address | None:
    """A URL taken apart; None where it is damaged.

    Kept, as `urlsplit` keeps its own: the same one is rehearsed, bound and sent.
    """
    try:
        parts = urlsplit(url)
        # A port that is no number is found by asking for it.
        _, sent = parts.port, httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        return None
    netloc = parts.netloc.lower()
    written = url.partition("://")[2][len(parts.netloc) :].encode()
    host = netloc.removesuffix(":443")
    return _Address(parts.scheme, host, sent, sent.raw_path != (written or b"/"))


def _raw_request(request: BoundRequest, url: httpx.URL, limits: SendLimits) -> httpcore.Request:
    target = httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
    headers = [
        (name.encode("ascii"), value.encode("ascii"))
        for name, value in (*_defaults(request, url), *request.headers)
    ]
    return httpcore.Request(
        request.method,
        target,
        headers=headers,
        content=request.body or b"",
        extensions={"timeout": _waits(limits)},
    )


def _waits(limits: SendLimits) -> dict[str, float]:
    return {
        "connect": limits.connect_s,
        "pool": limits.connect_s,
        "read": limits.read_s,
        "write": limits.read_s,
    }


def _outgoing(request: BoundRequest, url: httpx.URL, limits: SendLimits) -> httpx.Request:
    # With a stream of its own a request gets no headers but these.
    return httpx.Request(
        request.method,
        url,
        headers=[*_defaults(request, url), *request.headers],
        stream=httpx.ByteStream(request.body or b""),
        extensions={"timeout": _waits(limits)},
    )


def _defaults(request: BoundRequest, url: httpx.URL) -> list[tuple[str, str]]:
    """What HTTP wants of a client (RFC 9110, sections 7.2, 8.6 and 10.1.5), if it is not given."""
    names = {name.lower() for name, _ in request.headers}
    ours = [("Host", url.netloc.decode("ascii")), *_OURS]
    if request.body is not None or request.method in _WITH_BODY:
        ours.append(("Content-Length", str(len(request.body or b""))))
    return [(name, value) for name, value in ours if name.lower() not in names]


def _values(headers: _Headers, header: str) -> list[str]:
    return [value for name, value in headers if name.lower() == header]


def _is_cut(headers: _Headers, count: int) -> bool:
    """Whether the bytes of an answer are not as many as the server says."""
    length = str(count)
    return any(value != length for value in _values(headers, "content-length"))


def _connect_reason(problem: Exception) -> str:
    if isinstance(problem.__cause__, AddressRefusedError):
        return "the host has a private address, which the plan does not allow; nothing was sent"
    if is_certificate_refused(problem):
        return _REFUSED_CERTIFICATE
    if is_handshake_refused(problem):
        return _REFUSED_HANDSHAKE
    if isinstance(problem, httpx.ConnectError) and "CERTIFICATE" in str(problem).upper():
        return "the server's certificate is not valid; nothing was sent"
    return "the server cannot be reached; nothing was sent"


def _silence() -> None:
    """Switch off the loggers that write URLs and headers, whatever the root logger is set to."""
    for name in _LOGGERS:
        logging.getLogger(name).disabled = True
