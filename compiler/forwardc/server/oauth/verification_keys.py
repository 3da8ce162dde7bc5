"""Keys that verify tokens, each with the one algorithm that it may be used with.

A token never chooses its algorithm: the kind of the key does, as RFC 8725, section 3.1, wants. The
keys of another issuer are fetched from its JWK set and kept while they may be used
(`runtime/http/jwk_sets`).
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Protocol

import httpx
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.http.jwk_sets import LARGEST, JwkSet, JwkSetError, PublishedJwkSet
from forwardc.runtime.http.tls import public_authorities
from forwardc.server.settings import service_mistake

_CURVES: Final = {"P-256": "ES256", "P-384": "ES384", "Ed25519": "EdDSA"}
_KINDS: Final = {"ES256": "EC", "ES384": "EC", "EdDSA": "OKP", "RS256": "RSA", "PS256": "RSA"}
# NIST SP 800-131A; RFC 7518, section 3.3, wants no less.
_SHORTEST_RSA: Final = 2048
# Bits: a longer key makes each verification slow, and no issuer has one.
_LONGEST_RSA: Final = 8192


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key, its id if its owner gave it one, and its algorithm."""

    kid: str | None
    alg: str
    key: JWK = field(repr=False)


class KeysUnavailableError(ForwardcError):
    """The issuer's keys, or its revocations, cannot be had."""


class KeySource(Protocol):
    """The issuer's verifying keys. For the event loop."""

    async def candidates(self, kid: str | None) -> Sequence[VerificationKey]:
        """The keys of the id that a token's header names, or all without one; none where none fits.

        Asked for each token that is new to this process; made-up ids must cost nobody more than a
        look at what is known.

        Raises: `KeysUnavailableError` where the issuer gave none.
        """
        ...


def read_verification_key(
    jwk: Mapping[str, Any], algorithms: Collection[str]
) -> VerificationKey | None:
    """The key of a JWK; None where it is not for signatures, too weak, or of no allowed algorithm.

    A symmetric key is never taken: whoever can check with it can sign with it.
    """
    alg = _algorithm(jwk, algorithms)
    kid = jwk.get("kid")
    if alg is None or not _for_signatures(jwk) or not isinstance(kid, str | None):
        return None
    # Private members and certificates of a JWK are nobody's business here.
    public = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
    try:
        key = JWK(**public)
        public_key = key.get_op_key("verify")
    except (JWException, ValueError, TypeError, KeyError, AttributeError, NotImplementedError):
        return None
    size = getattr(public_key, "key_size", 0)
    if alg in ("RS256", "PS256") and not _SHORTEST_RSA <= size <= _LONGEST_RSA:
        return None
    return VerificationKey(kid, alg, key)


def _algorithm(jwk: Mapping[str, Any], algorithms: Collection[str]) -> str | None:
    kind, named = jwk.get("kty"), jwk.get("alg")
    if kind == "RSA":
        # RS256 is what RFC 9068, section 2.1, makes everybody know.
        fits = [alg for alg in ("RS256", "PS256") if alg in algorithms]
        alg = named if named is not None else next(iter(fits), None)
    else:
        crv = jwk.get("crv")
        alg = _CURVES.get(crv) if isinstance(crv, str) else None
        if named is not None and named != alg:
            return None
    if not isinstance(alg, str) or alg not in algorithms or _KINDS.get(alg) != kind:
        return None
    return alg


def _for_signatures(jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return False
    return jwk.get("use") in (None, "sig")


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
            self._ask, lambda member: read_verification_key(member, algorithms), _tell, clock
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


def _tell(reason: str, _bridged: bool) -> None:
    _LOG.warning("the keys of the tokens' issuer cannot be had: %s", reason)
