# ruff: noqa: S314 - the parsed XML is our own
"""A value arrives at a server exactly as it was given, or nothing is sent at all."""

import asyncio
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.recognizer.cards import find_cards
from forwardc.plan.model import Plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

TEXTS = st.one_of(
    st.text(st.characters(codec=None)),
    st.text(st.sampled_from("{}%#\"'\\&=+;/?.:<>[]\r\n\t\0 ab0é\ud800\u2028"), max_size=12),
)


@dataclass
class Server:
    """An ASGI server that keeps what it received, as the wire gave it."""

    seen: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        self.seen.append((scope, body))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture(scope="module")
def deliver(direct: Plan) -> Callable[[str, dict[str, str]], tuple[dict[str, Any], bytes] | None]:
    """Run an operation of the direct plan; what the server got, or None if nothing was sent."""

    def go(operation: str, texts: dict[str, str]) -> tuple[dict[str, Any], bytes] | None:
        server, sink = Server(), Sink()

        async def once() -> object:
            async with Sender(httpx.ASGITransport(server)) as sender:
                means = RunDependencies(sender, VaultKeys(sender))
                request = RunRequest(texts=texts)
                return await run(direct, operation, request, sandbox_resolver(direct), means, sink)

        result = asyncio.run(once())
        assert (result is None) == (not server.seen) == sink.has_errors
        assert len(server.seen) <= 1
        return server.seen[0] if server.seen else None

    return go


pytestmark = pytest.mark.fuzz


@given(text=TEXTS, segment=TEXTS)
@example("{{card_number}}", "a/../b")
@example("%0d%0a&x=1", "%2e%2e")
def test_json_query_and_path(deliver: Any, text: str, segment: str) -> None:
    arrived = deliver("json", {"text": text, "segment": segment})
    if arrived is None:
        assert segment in ("", ".", "..") or _has_surrogate(text + segment) or _is_card(text)
        return
    scope, body = arrived
    assert json.loads(body) == {"text": text, "list": [text]}
    query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True, strict_parsing=True)
    assert query == [("q", text), ("last", "1")]
    _, version, middle, pay = scope["raw_path"].decode().split("/")
    assert (version, unquote(middle, errors="strict"), pay) == ("v1", segment, "pay")
    assert dict(scope["headers"])[b"host"] == b"shop.example"


@given(text=TEXTS)
@example("a\r\nX-Injected: 1")
@example(" a")
def test_header_and_form(deliver: Any, text: str) -> None:
    arrived = deliver("header", {"text": text})
    if arrived is None:
        plain = all(" " <= char <= "~" for char in text) and text == text.strip()
        assert not plain or _is_card(text)
        return
    scope, body = arrived
    assert [value for name, value in scope["headers"] if name == b"x-text"] == [text.encode()]
    assert not any(name == b"x-injected" for name, _ in scope["headers"])
    assert parse_qsl(body.decode(), keep_blank_values=True) == [("a[text]", text)]


@given(text=TEXTS)
@example("</text><admin/>")
@example("4000000000002222")
def test_xml(deliver: Any, text: str) -> None:
    arrived = deliver("xml", {"text": text})
    if arrived is None and _is_card(text):
        return
    if arrived is None:
        with pytest.raises((ET.ParseError, UnicodeEncodeError)):
            ET.fromstring(_as_references(text))
        return
    root = ET.fromstring(arrived[1])
    assert root.attrib == {"id": text}
    assert [(child.tag, child.text or "") for child in root] == [("text", text)]


def test_a_megabyte_arrives_in_a_body_and_is_refused_in_a_url(deliver: Any) -> None:
    text = ('{{card_number}}"&<\n' * 60_000)[: 1024 * 1024]
    arrived = deliver("xml", {"text": text})
    assert arrived is not None
    assert ET.fromstring(arrived[1]).findtext("text") == text
    assert deliver("json", {"text": text, "segment": "s"}) is None


def _as_references(text: str) -> bytes:
    """The text as character references, which a parser refuses where XML cannot hold it."""
    text.encode()
    return ("<a>" + "".join(f"&#{ord(char)};" for char in text) + "</a>").encode()


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _is_card(text: str) -> bool:
    return bool(find_cards(text))
