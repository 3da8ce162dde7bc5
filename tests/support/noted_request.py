"""A request that notes what a signature scheme reads of it, and a spy for what is hashed."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from forwardc.core.signatures.request_text import RequestText

# What a read of `RequestText` is a read of.
THINGS = {
    **dict.fromkeys(("url", "parts"), ("url",)),
    **dict.fromkeys(("query", "query_text"), ("query",)),
    **dict.fromkeys(("body", "body_bytes"), ("body",)),
    **dict.fromkeys(("time", "moment", "http_date"), ("time",)),
    "host": ("host",),
    "path": ("path",),
    "target": ("path", "query"),
    "method": ("method",),
    "nonce": ("nonce",),
}


class NotedMap(Mapping[str, Any]):
    """A map that notes which of its names are asked for, all of them where it is gone through."""

    def __init__(self, kind: str, values: Mapping[str, Any], reads: set[str]) -> None:
        self.kind, self.values_of, self.reads = kind, values, reads

    def __getitem__(self, name: str) -> Any:
        self.reads.add(f"{self.kind} {name}")
        return self.values_of[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_of)

    def __len__(self) -> int:
        return len(self.values_of)


class Noted:
    """A request that notes what is read of it; names that only it has are asked of it itself."""

    def __init__(self, request: RequestText) -> None:
        self._request, self.read = request, set[str]()
        self.options = NotedMap("option", request.options, self.read)
        self.fields = NotedMap("field", request.fields, self.read)

    def __getattr__(self, name: str) -> Any:
        if name != "headers":
            # A thing that nobody has described here has no words on the page.
            self.read.update(THINGS[name])
        return getattr(self._request, name)

    def option(self, name: str) -> str:
        return str(self.options.get(name, ""))

    def header(self, name: str) -> str | None:
        self.read.add(f"header {name.lower()}")
        return self._request.header(name)


class Spy:
    """Whatever goes into a hash or under a private key, in place of the modules that do that."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def sha256(self, data: bytes) -> Any:
        self.seen.append(data.decode())
        return hashlib.sha256(data)

    def new(self, name: str, data: bytes, **how: Any) -> Any:
        self.seen.append(data.decode())
        return hashlib.new(name, data, **how)

    def digest(self, key: bytes, data: bytes, name: str) -> bytes:
        self.seen.append(data.decode())
        return hmac.digest(key, data, name)

    def private_key(self, *_: Any) -> "Spy":
        return self

    def sign(self, data: bytes, *_: Any) -> bytes:
        self.seen.append(data.decode())
        return b"signature"
