"""Everything that the sandbox's parties got and gave, and answers that get lost on the way.

One line for each party that a request reached: what somebody is told to quote must be in there.
"""

import html
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

import httpx

from forwardc.sandbox.app import create_app
from forwardc.sandbox.world import OutboundRequest, World


@dataclass
class Overheard(httpx.AsyncBaseTransport):
    """A sandbox in this process, with a record by host.

    `lost` matches the requests, as `POST host/path`, whose answer never comes back to us, though
    they arrived.
    """

    world: World = field(default_factory=World)
    lost: re.Pattern[str] = re.compile(r"(?!)")
    got: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    gave: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._inner = httpx.ASGITransport(create_app(self.world))
        self._deliver = self.world.send
        self.world.send = self._delivered

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        host = request.url.host
        self.got[host].append(_plain(request.url.raw_path, request.headers.raw, body))
        answer = await self._inner.handle_async_request(request)
        told = await answer.aread()
        self.gave[host].append(told.decode("utf-8", "replace"))
        if self.lost.fullmatch(f"{request.method} {host}{request.url.path}"):
            raise httpx.ReadError("lost by the test")
        return httpx.Response(answer.status_code, headers=answer.headers, content=told)

    async def _delivered(self, outbound: OutboundRequest) -> Any:
        host = httpx.URL(outbound.url).host
        headers = [(name.encode(), value.encode()) for name, value in outbound.headers]
        self.got[host].append(_plain(outbound.url.encode(), headers, outbound.body))
        assert self._deliver is not None
        answer = await self._deliver(outbound)
        self.gave[host].append(answer.body.decode("utf-8", "replace"))
        return answer


def _plain(target: bytes, headers: Any, body: bytes) -> str:
    """A request as text in which every value stands as it reads, whatever escapes it."""
    lines = [target, *(name + b": " + value for name, value in headers), body]
    text = b"\n".join(lines).decode("utf-8", "replace")
    return "\n".join([text, unquote_plus(text), html.unescape(text), *_strings(body)])


def _strings(body: bytes) -> list[str]:
    found: list[str] = []

    def look(value: Any) -> None:
        match value:
            case dict():
                for inner in value.values():
                    look(inner)
            case list():
                for inner in value:
                    look(inner)
            case _:
                found.append(str(value))

    try:
        look(json.loads(body))
    except ValueError:
        return []
    return found
