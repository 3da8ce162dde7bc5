"""Turns the connection, and nothing else, to a sandbox on this machine.

The bound request keeps its URL and Host header, so what a sandbox sees is what a vault would see.
"""

import ipaddress
from urllib.parse import urlsplit

import httpx

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.http.addresses import is_loopback
from forwardc.runtime.http.connection_pool import network_pool


class NotLoopbackError(ForwardcError, ValueError):
    """A sandbox's address is not one of this machine."""


class LoopbackTransport(httpx.AsyncBaseTransport):
    """Connects to a sandbox whatever host a request names. Raises `NotLoopbackError`."""

    def __init__(self, base_url: str) -> None:
        self._base = loopback_url(base_url)
        self._inner = network_pool(is_loopback)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the sandbox, its Host header and target unchanged."""
        turned = httpx.Request(
            request.method,
            self._base.copy_with(raw_path=request.url.raw_path),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await self._inner.handle_async_request(turned)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


def loopback_url(text: str) -> httpx.URL:
    """An http or https URL of this machine without a path. Raises `NotLoopbackError`."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise NotLoopbackError("the sandbox's URL is damaged") from None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise NotLoopbackError("the sandbox's URL must be like http://127.0.0.1:8123")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise NotLoopbackError("the sandbox's URL must have no path")
    # The name could resolve to anything, the address cannot.
    address = "127.0.0.1" if host == "localhost" else host
    try:
        local = ipaddress.ip_address(address).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NotLoopbackError("a sandbox runs on this machine only, on a loopback address")
    return httpx.URL(scheme=parts.scheme, host=address, port=port)
