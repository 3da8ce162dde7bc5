"""The vault's public keys: fetched from its JWKS, checked, and kept for the process.

Knows RFC 7517 and no vault.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Collection
from typing import Any

from forwardc.runtime.send import Answer, Limits, Sender
from forwardc.runtime.shapes import BoundRequest, ShownRequest

_LIMITS = Limits(connect_s=10, read_s=20, max_bytes=256 * 1024)
_MIN_BITS = 2048
_ALGORITHMS = ("RSA-OAEP-256", "RSA-OAEP")
_PUBLIC = ("kty", "use", "key_ops", "alg", "kid", "n", "e")


class NoKey(Exception):  # noqa: N818 - what the vault's answer lacks
    """The vault's key cannot be had. Nothing was sent to a destination."""


class KeyRing:
    """The key of each JWKS URL, fetched once through one sender."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._keys: dict[str, str] = {}

    async def key(self, url: str, hosts: Collection[str]) -> str:
        """The vault's encryption key as JWK JSON. Raises `NoKey`."""
        if url not in self._keys:
            self._keys[url] = await self._fetch(url, hosts)
        return self._keys[url]

    async def _fetch(self, url: str, hosts: Collection[str]) -> str:
        headers = (("Accept", "application/json"),)
        shown = ShownRequest("GET", url, headers, None)
        request = BoundRequest("GET", url, headers, None, shown)
        answer = await self._sender.send(request, hosts, _LIMITS)
        if not isinstance(answer, Answer):
            raise NoKey(f"the vault's keys cannot be fetched: {answer.reason}")
        if answer.status != 200:
            raise NoKey(f"the vault's keys cannot be fetched: status {answer.status}")
        return encryption_key(answer.body)


def encryption_key(key_set: bytes) -> str:
    """The first RSA key of a JWK Set that may encrypt, its public members only.

    A key must have at least 2048 bits, `use` "enc" or none, and an algorithm of RSA-OAEP or none.
    Raises `NoKey`.
    """
    try:
        keys = json.loads(key_set)["keys"]
        usable = [key for key in keys if _usable(key)]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NoKey("the vault's keys are not a JWK Set") from None
    if not usable:
        raise NoKey("the vault publishes no RSA key of 2048 bits or more for encryption")
    best = min(usable, key=_rank)
    return json.dumps({name: best[name] for name in _PUBLIC if name in best})


def _usable(key: dict[str, Any]) -> bool:
    operations = key.get("key_ops")
    return (
        key.get("kty") == "RSA"
        and key.get("use", "enc") == "enc"
        and (operations is None or bool({"encrypt", "wrapKey"} & set(operations)))
        and key.get("alg", _ALGORITHMS[0]) in _ALGORITHMS
        and _number(key["n"]).bit_length() >= _MIN_BITS
        and _number(key["e"]) >= 3
    )


def _rank(key: dict[str, Any]) -> tuple[bool, int]:
    # A key that says it is for encryption comes before one that says nothing.
    return ("use" not in key, _ALGORITHMS.index(key.get("alg", _ALGORITHMS[0])))


def _number(text: str) -> int:
    padded = text + "=" * (-len(text) % 4)
    return int.from_bytes(urlsafe_b64decode(padded.encode("ascii")))
