"""What stands before every page: the Host check, the size of a request, the security headers.

A name that resolves to this machine is not enough to read it (DNS rebinding).
"""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forwardc.core.dataclass import dataclass
from forwardc.core.http.request_target import RequestTargetError, host_name, normalize_target

LARGEST_FORM: Final = 16 * 1_024
"""Bytes. The largest form is that of signing in with an access token, of 4 KiB at the most."""
# Bytes. All filters at their longest have less than a quarter of it.
_LONGEST_TARGET: Final = 4_096
_READS: Final = ("GET", "HEAD")

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """An ASGI application around another one. `hosts` are names without a port, lower case."""

    app: ASGIApp
    hosts: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        answer = self.app if refusal is None else refusal
        await answer(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        try:
            normalize_target(scope)
        except RequestTargetError as problem:
            return PlainTextResponse(f"{problem}\n", 400)
        headers = Headers(scope=scope)
        if host_of(headers.get("host", "")) not in self.hosts:
            return PlainTextResponse("This dashboard does not answer to that name.\n", 421)
        if len(scope["query_string"]) + len(scope["path"]) > _LONGEST_TARGET:
            return PlainTextResponse("The address is too long.\n", 414)
        if scope["method"] not in (*_READS, "POST"):
            return PlainTextResponse("Pages are read with GET.\n", 405, {"Allow": "GET, POST"})
        if scope["method"] == "POST" and not _same_origin(headers):
            return PlainTextResponse("A form of another site is not taken.\n", 403)
        return None


def host_of(header: str) -> str:
    """The name in a Host header, without its port: `[::1]:8456` gives `::1`. Empty for none."""
    try:
        return host_name(header.strip(" \t").encode("latin-1", "replace"))
    except RequestTargetError:
        return ""


def _same_origin(headers: Headers) -> bool:
    origin = headers.get("origin")
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return sending
