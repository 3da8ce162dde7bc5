"""A set of keys that somebody else publishes (RFC 7517): asked for, read, and kept while it may be.

The one reader of such sets: the vault's and an issuer's. Knows no network and no use of a key: how
it is asked for, and which members are of use, is given.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Generic, TypeAlias, TypeVar

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.http.declared_times import max_age

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
        self, wanted: Callable[[K], bool] = lambda _: True, *, newest: bool = False
    ) -> tuple[K, ...]:
        """The keys that are `wanted`.

        Raises `JwkSetError` where there is no set, or none for a day.

        While a set whose time has passed is asked for again, it goes on serving; with `newest`
        only where there is no newer one.
        """
        found = self._found(wanted)
        due = self.clock() >= self._fresh_until or not found
        if due and self.clock() >= self._ask_after:
            self._start()
        is_asked = self._asking is not None and not self._asking.done()
        if self._asking and is_asked and (newest or not found or self._too_old()):
            await asyncio.shield(self._asking)
        if self._too_old():
            raise JwkSetError(self._why_not)
        return self._found(wanted)

    def doubt(self) -> None:
        """Ask again before the next use: somebody could not use what the set told."""
        self._fresh_until = 0.0

    async def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    def _found(self, wanted: Callable[[K], bool]) -> tuple[K, ...]:
        return tuple(key for key in self._keys if wanted(key))

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
        told = max_age(published.cache_control) or 0.0
        self._keys, self._fetched_at = keys, self.clock()
        self._fresh_until = asked + min(max(told, SHORTEST_S), LONGEST_S)


def members(body: bytes) -> list[Member]:
    """The members of a JWK Set that can be public keys, each once. Raises `JwkSetError`.

    What is no object, is symmetric or tells a private part is passed over.
    """
    try:
        found: Any = json.loads(body)["keys"]
        if isinstance(found, list) and len(found) <= _MOST_KEYS:
            return _public(found)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise JwkSetError("its answer is no JWK set")


def _public(found: list[Any]) -> list[Member]:
    public: list[Member] = []
    for member in found:
        if isinstance(member, dict) and not _SECRET & member.keys() and member not in public:
            public.append(member)
    return public
