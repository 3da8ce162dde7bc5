"""The keys of another issuer, fetched from its JWKS (RFC 7517) and kept while they may be used.

Knows no token. What was fetched last and understood survives every failure after it, for a day.
"""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import httpx

from forwardc.partner.auth.gate import KeysUnavailable
from forwardc.partner.auth.pinned import PinnedKey, verifying_key
from forwardc.partner.service_url import service_mistake

_LOG: Final = logging.getLogger(__name__)
_TIMEOUT_S: Final = 5.0
_LARGEST: Final = 256 * 1024
_MOST_KEYS: Final = 64
_SHORTEST_S, _LONGEST_S = 60.0, 3600.0
_STALE_S: Final = 86_400.0
# An unknown key's id may be made up: it makes nobody ask more often than this.
_ASK_AGAIN_S: Final = 30.0
_NEVER_HAD_S: Final = 2.0
_MAX_AGE: Final = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d{1,9})\"?\s*(?=,|$)", re.IGNORECASE)


class _NotUnderstood(Exception):  # noqa: N818 - the answer's state
    """The issuer's answer is no set of keys. The text may be logged."""


@dataclass(slots=True)
class RemoteKeys:
    """`Keys` of an issuer at `url`. `clock` gives seconds that never go back."""

    url: str
    algorithms: Collection[str]
    client: httpx.AsyncClient
    clock: Callable[[], float] = monotonic
    _keys: tuple[PinnedKey, ...] = ()
    _fetched_at: float | None = None
    _fresh_until: float = 0.0
    _ask_after: float = 0.0
    _asking: "asyncio.Task[None] | None" = field(default=None, repr=False)

    async def candidates(self, kid: str | None) -> Sequence[PinnedKey]:
        """The keys of an id, or all without one.

        Raises `KeysUnavailable` where the issuer never gave any, or none for a day.
        """
        now = self.clock()
        found = self._found(kid)
        stale = now >= self._fresh_until
        if (stale or not found) and now >= self._ask_after:
            self._start()
        # While the issuer is asked, keys that are known go on serving.
        if self._asking is not None and (not found or self._too_old()):
            await asyncio.shield(self._asking)
        if self._too_old():
            raise KeysUnavailable("the issuer's keys cannot be had")
        return self._found(kid)

    async def close(self) -> None:
        """Stop asking, and give the connections back."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        await self.client.aclose()

    def _found(self, kid: str | None) -> list[PinnedKey]:
        return [key for key in self._keys if kid is None or key.kid in (kid, None)]

    def _too_old(self) -> bool:
        return self._fetched_at is None or self.clock() - self._fetched_at >= _STALE_S

    def _start(self) -> None:
        if self._asking is None or self._asking.done():
            self._ask_after = self.clock() + (_NEVER_HAD_S if self._too_old() else _ASK_AGAIN_S)
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                keys, seconds = await self._fetch()
        except (httpx.HTTPError, TimeoutError, _NotUnderstood) as problem:
            told = str(problem) if isinstance(problem, _NotUnderstood) else "it does not answer"
            _LOG.warning("the keys of the tokens' issuer cannot be had: %s", told)
            return
        self._keys, self._fetched_at = keys, self.clock()
        self._fresh_until = self._fetched_at + seconds

    async def _fetch(self) -> tuple[tuple[PinnedKey, ...], float]:
        headers = {
            "Accept": "application/jwk-set+json, application/json",
            # A small body can unpack to a large one.
            "Accept-Encoding": "identity",
        }
        async with self.client.stream("GET", self.url, headers=headers) as answer:
            if answer.status_code != 200:
                raise _NotUnderstood(f"it answered {answer.status_code}")
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > _LARGEST:
                    raise _NotUnderstood("its answer is too large")
            control = answer.headers.get("cache-control", "")
        return _keys_of(bytes(body), self.algorithms), _seconds(control)


def open_remote_keys(url: str, algorithms: Collection[str]) -> RemoteKeys:
    """Keys behind a URL: https, or http on this machine. Raises `ValueError` for another one."""
    if mistake := service_mistake(url):
        raise ValueError(f"the URL of the issuer's keys cannot be used: {mistake}")
    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError("the URL of the issuer's keys cannot be used: it is no URL") from None
    # Proxies of the environment are left out, as everywhere: they would see and could answer.
    client = httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False)
    return RemoteKeys(url, algorithms, client)


def _keys_of(body: bytes, algorithms: Collection[str]) -> tuple[PinnedKey, ...]:
    try:
        members: Any = json.loads(body)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _NotUnderstood("its answer is no JWK set") from None
    if not isinstance(members, list) or len(members) > _MOST_KEYS:
        raise _NotUnderstood("its answer is no JWK set")
    pinned = [verifying_key(member, algorithms) for member in members if isinstance(member, dict)]
    keys = tuple(key for key in pinned if key is not None)
    if not keys:
        raise _NotUnderstood("none of its keys can be used")
    return keys


def _seconds(control: str) -> float:
    """How long the answer is fresh, by Cache-Control (RFC 9111), within our bounds."""
    found = _MAX_AGE.search(control)
    return min(max(float(found[1]) if found else 0.0, _SHORTEST_S), _LONGEST_S)
