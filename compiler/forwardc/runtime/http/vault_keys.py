"""The vault's public keys: out of its JWKS, each checked, and renewed while the process lives.

Knows RFC 7517 and no vault. How sets are kept and asked for again is `jwk_sets`'s.
"""

import json
import logging
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.http.jwk_sets import LARGEST, JwkSet, JwkSetError, Member, PublishedJwkSet
from forwardc.runtime.http.send import HostRefusedError, HttpAnswer, Sender, SendLimits
from forwardc.runtime.run.result import BoundRequest, ShownRequest

_LOG: Final = logging.getLogger(__name__)
_LIMITS: Final = SendLimits(connect_s=10, read_s=20, max_bytes=LARGEST)
# NIST SP 800-131A wants no less; more than the second only costs time.
_MIN_BITS, _MOST_BITS = 2048, 16384
_MOST_BITS_OF_E: Final = 64
_ALGORITHMS: Final = ("RSA-OAEP-256", "RSA-OAEP")
_PUBLIC: Final = ("kty", "use", "key_ops", "alg", "kid", "n", "e")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+=*")


class VaultKeyError(ForwardcError):
    """The vault's key cannot be had. Nothing was sent to a destination."""


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A key that the vault can decrypt for, as JWK JSON. A lower rank is the better key."""

    jwk: str = field(repr=False)
    rank: tuple[bool, int]


class VaultKeys:
    """The keys of each JWKS URL, fetched through one sender. `clock` never goes back."""

    def __init__(self, sender: Sender, clock: Callable[[], float] = monotonic) -> None:
        self._sender = sender
        self._clock = clock
        self._sets: dict[str, JwkSet[EncryptionKey]] = {}

    async def key(self, url: str, hosts: Collection[str]) -> str:
        """The vault's encryption key of now, as JWK JSON. Raises `VaultKeyError`."""
        if url not in self._sets:
            self._sets[url] = self._set(url, hosts)
        try:
            known = await self._sets[url].keys(newest=True)
        except JwkSetError as problem:
            raise VaultKeyError(f"the vault's keys cannot be had: {problem}") from None
        return min(known, key=lambda key: key.rank).jwk

    def doubt(self, url: str) -> None:
        """A vault refused what was encrypted for it: its key may be another one by now.

        No vault's documents say which refusal means that, so that each one asks for the set again.
        """
        if url in self._sets:
            self._sets[url].doubt()

    def _set(self, url: str, hosts: Collection[str]) -> JwkSet[EncryptionKey]:
        async def ask() -> PublishedJwkSet:
            return await self._fetch(url, hosts)

        return JwkSet(ask, encryption_key, _tell, self._clock)

    async def _fetch(self, url: str, hosts: Collection[str]) -> PublishedJwkSet:
        headers = (("Accept", "application/jwk-set+json, application/json"),)
        shown = ShownRequest("GET", url, headers, None)
        try:
            answer = await self._sender.send(
                BoundRequest("GET", url, headers, None, shown), hosts, _LIMITS
            )
        except HostRefusedError as problem:
            raise JwkSetError(str(problem)) from None
        if not isinstance(answer, HttpAnswer):
            raise JwkSetError(answer.reason)
        if answer.status != 200:
            raise JwkSetError(f"it answered {answer.status}")
        control = [value for name, value in answer.headers if name.lower() == "cache-control"]
        return PublishedJwkSet(answer.body, ", ".join(control))


def encryption_key(member: Member) -> EncryptionKey | None:
    """The key of a member, its public parts only; None for one that must not be encrypted for.

    It is RSA of 2048 bits or more, with `use` "enc" or none, `key_ops` that encrypt or none, and
    an algorithm of RSA-OAEP or none.
    """
    use, operations, alg = (member.get(name) for name in ("use", "key_ops", "alg"))
    fits = (
        member.get("kty") == "RSA"
        and use in (None, "enc")
        and (operations is None or _encrypts(operations))
        and (alg is None or alg in _ALGORITHMS)
        and isinstance(member.get("kid"), str | None)
    )
    if not fits or not _is_rsa(_number(member.get("n")), _number(member.get("e"))):
        return None
    jwk = {name: member[name] for name in _PUBLIC if member.get(name) is not None}
    # A key that says it is for encryption comes before one that says nothing.
    return EncryptionKey(json.dumps(jwk), (use is None, _ALGORITHMS.index(alg or "RSA-OAEP-256")))


def _tell(reason: str, bridged: bool) -> None:
    # Without an older set the run itself tells why it was not sent.
    if bridged:
        _LOG.warning("the vault's keys cannot be renewed, and the last ones are used: %s", reason)


def _encrypts(operations: object) -> bool:
    return isinstance(operations, list) and any(one in operations for one in ("encrypt", "wrapKey"))


def _is_rsa(modulus: int, exponent: int) -> bool:
    return (
        _MIN_BITS <= modulus.bit_length() <= _MOST_BITS
        and modulus % 2 == 1
        and 3 <= exponent < 2**_MOST_BITS_OF_E
        and exponent % 2 == 1
    )


def _number(text: Any) -> int:
    """A number of RFC 7518, section 2; 0 for what is none."""
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        return 0
    digits = text.rstrip("=")
    try:
        return int.from_bytes(urlsafe_b64decode(digits + "=" * (-len(digits) % 4)))
    except ValueError:
        return 0
