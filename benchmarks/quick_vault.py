"""A vault that answers at once: `python -m benchmarks.quick_vault`. Prints its port.

It reads requests whole and gives the recorded answer of a forward, or the list of stored secrets.
It costs a fraction of any client, so that what calls it is measured, and not the emulator.
"""

import asyncio
import json
import sys

import uvloop

_FORWARDED = {
    "request_id": "fwd_01hn3hghw2fw2nqfxvjgk1dytc",
    "destination_response": {
        "status": 200,
        "headers": {"content-type": ["application/json"]},
        "body": json.dumps({"status": "accepted", "id": "a" * 400}),
    },
}
_SECRETS = {"data": [{"name": "rokt_token", "version": 1}]}


def _answer(document: object) -> bytes:
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


_ANSWERS = {b"G": _answer(_SECRETS), b"P": _answer(_FORWARDED)}


class Vault(asyncio.Protocol):
    """One connection. Requests come one after the other, each with a Content-Length or no body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is there whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            _, found, length = head.partition(b"content-length:")
            whole = end + 4 + (int(length.split(b"\r\n", 1)[0]) if found else 0)
            if len(self._buffer) < whole:
                return
            method, self._buffer = self._buffer[:1], self._buffer[whole:]
            self._transport.write(_ANSWERS[method])  # type: ignore[attr-defined]


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Vault, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
