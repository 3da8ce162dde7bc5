"""Sets of keys that somebody else publishes (RFC 7517): asked for, checked, kept while they may be.

`JwkSet` is the one reader of such sets, a vault's and an issuer's: how it is asked for, and which
members are of use, is given. `VaultKeys` reads those of a vault, to encrypt for it.
"""

import asyncio
import json
import logging
import re
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Collection
from dataclasses import field
from time import monotonic
from typing import Any, Final, Generic, TypeAlias, TypeVar

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.http.declared_times import max_age
from forwardc.runtime.http.request import BoundRequest, ShownRequest
from forwardc.runtime.http.send import HostRefusedError, HttpAnswer, Sender, SendLimits

K = TypeVar("K")
Member: TypeAlias = dict[str, Any]

LARGEST: Final = 256 * 1024
"""The most bytes that a set may have."""
SHORTEST_S, LONGEST_S = 60.0, 3600.0
"""Whatever `Cache-Control` says, a set is fresh for so many seconds at least, and at most."""
STALE_S: Final = 86_400.0
"""A set that was understood serves for so many seconds, while there is no newer one."""
ASK_AGAIN_S: Final = 30.0
"""Nobody is asked more often, whatever fails and whoever asks: an unknown id may be made up."""
# Members of one set: publishers rotate with two to ten, and each is checked by arithmetic.
_MOST_KEYS: Final = 64
# RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1. One whose private part is public is nobody's any more.
_SECRET: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class JwkSetError(ForwardcError):
    """There is no set that may be used. The text says why, may be logged, and holds no value."""


@dataclass(frozen=True, slots=True)
class PublishedJwkSet:
    """What the publisher answered: the set, and its `Cache-Control`."""

    body: bytes = field(repr=False)
    cache_control: str = ""


@dataclass(slots=True)
class JwkSet(Generic[K]):
    """The usable keys of one set, for all callers of a process together.

    `ask` fetches it and raises `JwkSetError`; `take` gives the key of a member, None for one that
    is of no use, and raises nothing. `failed` is told why a set could not be had, and whether an
    older one goes on serving. `clock` gives seconds that never go back.
    """

    ask: Callable[[], Awaitable[PublishedJwkSet]]
    take: Callable[[Member], K | None]
    failed: Callable[[str, bool], None] = lambda _, __: None
    clock: Callable[[], float] = monotonic
    _keys: tuple[K, ...] = field(default=(), repr=False)
    _fetched_at: float | None = None
    _fresh_until: float = 0.0
    _ask_after: float = float("-inf")
    _why_not: str = "they were never asked for"
    _asking: "asyncio.Task[None] | None" = field(default=None, repr=False)

    async def keys(
        self, is_wanted: Callable[[K], bool] = lambda _: True, *, newest: bool = False
    ) -> tuple[K, ...]:
        """The keys that are `wanted`.

        Raises `JwkSetError` where there is no set, or none for a day.

        While a set whose time has passed is asked for again, it goes on serving; with `newest`
        only where there is no newer one.
        """
        keys = self._matching(is_wanted)
        due = self.clock() >= self._fresh_until or not keys
        if due and self.clock() >= self._ask_after:
            self._start()
        is_asked = self._asking is not None and not self._asking.done()
        if self._asking and is_asked and (newest or not keys or self._too_old()):
            await asyncio.shield(self._asking)
        if self._too_old():
            raise JwkSetError(self._why_not)
        return self._matching(is_wanted)

    def doubt(self) -> None:
        """Ask again before the next use: somebody could not use what the set told."""
        self._fresh_until = 0.0

    async def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    def _matching(self, is_wanted: Callable[[K], bool]) -> tuple[K, ...]:
        return tuple(key for key in self._keys if is_wanted(key))

    def _too_old(self) -> bool:
        return self._fetched_at is None or self.clock() - self._fetched_at >= STALE_S

    def _start(self) -> None:
        if self._asking is None or self._asking.done():
            self._ask_after = self.clock() + ASK_AGAIN_S
            self._asking = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        asked = self.clock()
        try:
            published = await self.ask()
            keys = tuple(
                key for member in members(published.body) if (key := self.take(member)) is not None
            )
            if not keys:
                raise JwkSetError("none of its keys can be used")
        except JwkSetError as problem:
            self._why_not = str(problem)
            self.failed(self._why_not, not self._too_old())
            return
        seconds = max_age(published.cache_control) or 0.0
        self._keys, self._fetched_at = keys, self.clock()
        self._fresh_until = asked + min(max(seconds, SHORTEST_S), LONGEST_S)


def members(body: bytes) -> list[Member]:
    """The members of a JWK Set that can be public keys, each once. Raises `JwkSetError`.

    What is no object, is symmetric or tells a private part is passed over.
    """
    try:
        listed: Any = json.loads(body)["keys"]
        if isinstance(listed, list) and len(listed) <= _MOST_KEYS:
            return _public(listed)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise JwkSetError("its answer is no JWK set")


def _public(listed: list[Any]) -> list[Member]:
    public: list[Member] = []
    for member in listed:
        if isinstance(member, dict) and not _SECRET & member.keys() and member not in public:
            public.append(member)
    return public


_LOG: Final = logging.getLogger(__name__)
_LIMITS: Final = SendLimits(connect_s=10, read_s=20, max_bytes=LARGEST)
# NIST SP 800-131A wants no less; more than the second only costs time.
_MIN_BITS, _MOST_BITS = 2048, 16384
# Bits of a public exponent. All in use have 17 (65537); NIST SP 800-56B allows up to 256, which
# would make each encryption take as many times longer.
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
            keys = await self._sets[url].keys(newest=True)
        except JwkSetError as problem:
            raise VaultKeyError(f"the vault's keys cannot be had: {problem}") from None
        return min(keys, key=lambda key: key.rank).jwk

    def doubt(self, url: str) -> None:
        """A vault refused what was encrypted for it: its key may be another one by now.

        No vault's documents say which refusal means that, so that each one asks for the set again.
        """
        if url in self._sets:
            self._sets[url].doubt()

    def _set(self, url: str, hosts: Collection[str]) -> JwkSet[EncryptionKey]:
        async def ask() -> PublishedJwkSet:
            return await self._fetch(url, hosts)

        return JwkSet(ask, encryption_key, _log_key_problem, self._clock)

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


def _log_key_problem(reason: str, bridged: bool) -> None:
    # Without an older set the run itself tells why it was not sent.
    if bridged:
        _LOG.warning("the vault's keys cannot be renewed, and the last ones are used: %s", reason)


def _encrypts(operations: object) -> bool:
    return isinstance(operations, list) and any(
        operation in operations for operation in ("encrypt", "wrapKey")
    )


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
