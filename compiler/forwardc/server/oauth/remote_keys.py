"""The keys of another issuer: fetched from its JWK set, and kept while they may be used.

`runtime/http/jwk_sets` says how long; a key is asked for by the id in a token's header. This stands
apart from `verification_keys` because `forwardc clients` reads keys and asks nobody.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Final

import httpx

from forwardc.runtime.http.jwk_sets import LARGEST, JwkSet, JwkSetError, PublishedJwkSet
from forwardc.runtime.http.tls import public_authorities
from forwardc.server.oauth.verification_keys import (
    KeysUnavailableError,
    VerificationKey,
    read_verification_key,
)
from forwardc.server.settings import service_mistake

_LOG: Final = logging.getLogger(__name__)
# Seconds for an issuer to give its keys; a call that needs them waits for it.
_TIMEOUT_S: Final = 5.0


class RemoteKeys:
    """`KeySource` of an issuer at `url`. `clock` gives seconds that never go back."""

    def __init__(
        self,
        url: str,
        algorithms: Collection[str],
        client: httpx.AsyncClient,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._url = url
        self._client = client
        self._set = JwkSet(
            self._ask,
            lambda member: read_verification_key(member, algorithms),
            _log_key_problem,
            clock,
        )

    async def candidates(self, kid: str | None) -> Sequence[VerificationKey]:
        """The keys of an id, or all without one.

        Raises `KeysUnavailableError` where the issuer never gave any, or none for a day.
        """
        try:
            return await self._set.keys(lambda key: kid is None or key.kid in (kid, None))
        except JwkSetError:
            raise KeysUnavailableError("the issuer's keys cannot be had") from None

    async def close(self) -> None:
        """Stop asking, and give the connections back."""
        await self._set.close()
        await self._client.aclose()

    async def _ask(self) -> PublishedJwkSet:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await self._fetch()
        except (httpx.HTTPError, TimeoutError):
            raise JwkSetError("it does not answer") from None

    async def _fetch(self) -> PublishedJwkSet:
        headers = {
            "Accept": "application/jwk-set+json, application/json",
            # A small body can unpack to a large one.
            "Accept-Encoding": "identity",
        }
        async with self._client.stream("GET", self._url, headers=headers) as answer:
            if answer.status_code != 200:
                raise JwkSetError(f"it answered {answer.status_code}")
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > LARGEST:
                    raise JwkSetError("its answer is too large")
            return PublishedJwkSet(bytes(body), answer.headers.get("cache-control", ""))


def open_remote_keys(url: str, algorithms: Collection[str]) -> RemoteKeys:
    """Keys behind a URL: https, or http on this machine. Raises `ValueError` for another one."""
    if mistake := service_mistake(url):
        raise ValueError(f"the URL of the issuer's keys cannot be used: {mistake}")
    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError("the URL of the issuer's keys cannot be used: it is no URL") from None
    # Proxies of the environment are left out, as everywhere: they would see and could answer.
    client = httpx.AsyncClient(
        verify=public_authorities(), timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False
    )
    return RemoteKeys(url, algorithms, client)


def _log_key_problem(reason: str, _bridged: bool) -> None:
    _LOG.warning("the keys of the tokens' issuer cannot be had: %s", reason)
