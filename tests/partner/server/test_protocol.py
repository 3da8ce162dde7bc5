"""A connection itself: what becomes of an answer that its caller does not read."""

import asyncio
import socket
from typing import Any

import pytest
from uvicorn.server import ServerState

from forwardc.partner.server import protocol
from forwardc.partner.server.process import Configured
from forwardc.partner.server.settings import Limits

LARGE = 32 << 20


async def unread(ended: asyncio.Event) -> None:
    """Ask for an answer that fits into no buffer, read nothing, and wait for its end."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * LARGE, "more_body": True})
        await send({"type": "http.response.body", "body": b"x"})
        ended.set()

    config = Configured(app, Limits(), http=protocol.Limited, lifespan="off", log_config=None)
    config.load()
    loop = asyncio.get_running_loop()
    state = ServerState()
    server = await loop.create_server(
        lambda: protocol.Limited(config, state, {}), "127.0.0.1", 0, family=socket.AF_INET
    )
    async with server:
        with socket.create_connection(server.sockets[0].getsockname()) as caller:
            caller.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.wait_for(ended.wait(), 5)


def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would count as a call under way for as long as its caller likes."""
    monkeypatch.setattr(protocol, "_TAKEN_WITHIN_S", 0.2)
    asyncio.run(unread(asyncio.Event()))
