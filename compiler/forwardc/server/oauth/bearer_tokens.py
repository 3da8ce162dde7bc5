"""The gate: believes bearer tokens of one issuer, and remembers which ones it believed.

Knows no issuer's kind: keys and revocations are given. A believed token costs one digest until it
expires, and is the caller's to use again (RFC 6750 has no other rule).
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.server.http.problems import ProblemError, ProblemKind, retry_after
from forwardc.server.oauth.access_token import (
    InvalidTokenError,
    TokenExpectations,
    UnverifiedToken,
    check_claims,
    parse_token,
    verify_signature,
)
from forwardc.server.oauth.caller import Caller
from forwardc.server.oauth.verification_keys import VerificationKey

_MOST_REMEMBERED: Final = 4096
# A token without a key's id may be of any key; more than this many are not tried.
_MOST_TRIED: Final = 8


class KeysUnavailableError(ForwardcError):
    """The issuer's keys, or its revocations, cannot be had."""


class KeySource(Protocol):
    """The issuer's verifying keys."""

    async def candidates(self, kid: str | None) -> Sequence[VerificationKey]:
        """The keys of an id, or all without one. Raises `KeysUnavailableError`."""
        ...


class Revocations(Protocol):
    """Clients whose tokens are not believed any more, whatever their end."""

    async def refresh(self) -> None:
        """Know the truth of a few seconds ago. Raises `KeysUnavailableError`."""
        ...

    def holds(self, client_id: str) -> bool:
        """Whether a client is revoked, by what is known."""
        ...


class NoRevocations:
    """For issuers whose tokens simply expire."""

    async def refresh(self) -> None:
        """Nothing can change."""

    def holds(self, client_id: str) -> bool:
        """Nobody is revoked."""
        return False


@dataclass(frozen=True, slots=True)
class _Believed:
    caller: Caller
    until: float


@dataclass(slots=True)
class TokenGate:
    """A `CallerGate` for bearer JWTs. `clock` gives seconds since the epoch.

    `scope` is what `caller` wants of a token.
    """

    expected: TokenExpectations
    keys: KeySource
    scope: str
    revocations: Revocations = field(default_factory=NoRevocations)
    clock: Callable[[], float] = time.time
    _believed: OrderedDict[bytes, _Believed] = field(default_factory=OrderedDict, repr=False)

    async def caller(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header, who has the scope of this gate."""
        caller = await self.believe(authorization)
        if self.scope not in caller.scope:
            told = {"error": "insufficient_scope", "scope": self.scope}
            raise ProblemError(ProblemKind.INSUFFICIENT_SCOPE, headers=_challenge(told))
        return caller

    async def believe(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header, whatever its scope."""
        text = _bearer(authorization)
        try:
            await self.revocations.refresh()
            caller = await self._judged(text)
        except InvalidTokenError as problem:
            raise _refused(str(problem)) from None
        except KeysUnavailableError:
            raise ProblemError(ProblemKind.UNAVAILABLE, headers=retry_after(5)) from None
        if self.revocations.holds(caller.client_id):
            raise _refused("its client is revoked")
        return caller

    async def _judged(self, text: str) -> Caller:
        digest = sha256(text.encode()).digest()
        known = self._believed.get(digest)
        if known is not None and self.clock() < known.until:
            self._believed.move_to_end(digest)
            return known.caller
        token = parse_token(text)
        # Claims first: they cost nothing, and an expired token must not make anybody fetch keys.
        caller = check_claims(token, self.expected, self.clock())
        await self._verify(token)
        self._remember(digest, caller)
        return caller

    async def _verify(self, token: UnverifiedToken) -> None:
        keys = await self.keys.candidates(token.kid)
        fitting = [key for key in keys if key.alg == token.alg][:_MOST_TRIED]
        if not fitting:
            raise InvalidTokenError("no key of its issuer fits it")
        for key in fitting[:-1]:
            with suppress(InvalidTokenError):
                return verify_signature(token, key)
        return verify_signature(token, fitting[-1])

    def _remember(self, digest: bytes, caller: Caller) -> None:
        until = caller.expires_at + self.expected.leeway
        self._believed[digest] = _Believed(caller, until)
        if len(self._believed) > _MOST_REMEMBERED:
            self._believed.popitem(last=False)


def _bearer(authorization: str | None) -> str:
    """The token of a header. RFC 6750, section 3.1: without one, no error is named."""
    if authorization is None:
        raise ProblemError(ProblemKind.INVALID_TOKEN, headers=_challenge({}))
    scheme, _, text = authorization.partition(" ")
    text = text.strip(" ")
    if scheme.lower() != "bearer" or not text:
        raise ProblemError(ProblemKind.INVALID_TOKEN, headers=_challenge({}))
    if not text.isascii():
        raise _refused("it does not have the form of a signed token")
    return text


def _refused(reason: str) -> ProblemError:
    told = {"error": "invalid_token", "error_description": reason}
    return ProblemError(
        ProblemKind.INVALID_TOKEN,
        f"The access token is refused: {reason}.",
        headers=_challenge(told),
    )


def _challenge(told: Mapping[str, str]) -> dict[str, str]:
    """The header of RFC 6750, section 3. All that stands in it is ours."""
    parts = ['realm="forwardc"', *(f'{name}="{value}"' for name, value in told.items())]
    return {"WWW-Authenticate": f"Bearer {', '.join(parts)}"}
