"""Who calls: reads, verifies and judges bearer tokens, and remembers which ones it believed.

A token is a signed JWT (RFC 7519, RFC 9068). Its claims are judged first, since that costs nothing,
then its signature is checked with a key of its issuer, then its client is looked for among the
revoked ones. A believed token costs one digest until it expires, and is the caller's to use again
(RFC 6750 has no other rule). A reason for a refusal names a rule, and no value.
"""

import json
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from hashlib import sha256
from typing import Any, Final, Protocol

from jwcrypto.common import JWException
from jwcrypto.jws import JWS

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.server.http.problems import ProblemError, ProblemKind, retry_after
from forwardc.server.oauth.verification_keys import KeySource, KeysUnavailableError, VerificationKey


@dataclass(frozen=True, slots=True)
class Caller:
    """An OAuth client. `expires_at` is the token's end, in seconds since the epoch."""

    client_id: str
    scope: frozenset[str]
    expires_at: int


class CallerGate(Protocol):
    """Believes or refuses a call, on the event loop."""

    async def caller(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header, None where there was none.

        Asked once for each call, and may be asked again with the same header. A caller that is
        returned has the scope of this API.

        Raises: `ProblemError`, INVALID_TOKEN or INSUFFICIENT_SCOPE with their WWW-Authenticate
        header (RFC 6750), or UNAVAILABLE where the issuer's keys cannot be had.
        """
        ...


# A token: taken apart, verified, judged.

# Characters of a token: issuers with many claims write 2000, and header fields have 16 KiB in all.
LONGEST: Final = 4096
_PARTS: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
# Members by which a token would bring its own key, or change how it is to be read.
_FORBIDDEN: Final = ("crit", "jwk", "jku", "x5u", "x5c", "b64", "zip", "cty", "enc")
_CLIENT_ID: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


class InvalidTokenError(ForwardcError):
    """A token is not believed. The text is the rule that it breaks, and may be shown."""


@dataclass(frozen=True, slots=True)
class TokenExpectations:
    """What a token must say. `types` are the allowed values of `typ`; times are seconds."""

    issuer: str
    audience: str
    types: frozenset[str | None]
    longest_life: int
    leeway: int


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token that was taken apart, and not believed yet."""

    text: str = field(repr=False)
    alg: str
    kid: str | None
    typ: str | None
    claims: dict[str, Any] = field(repr=False)


def parse_token(text: str) -> UnverifiedToken:
    """Take a token apart. Raises `InvalidTokenError` for every form that is not read here."""
    if len(text) > LONGEST or not _PARTS.fullmatch(text):
        raise InvalidTokenError("it does not have the form of a signed token")
    first, second, third = text.split(".")
    header = _object(first)
    _bytes(third)
    if any(name in header for name in _FORBIDDEN):
        raise InvalidTokenError("its header has a member that is not taken")
    alg, kid, typ = header.get("alg"), header.get("kid"), header.get("typ")
    named = isinstance(kid, str | None) and isinstance(typ, str | None)
    if not isinstance(alg, str) or not named:
        raise InvalidTokenError("its header is not well-formed")
    return UnverifiedToken(text, alg, kid, _media_type(typ), _object(second))


def verify_signature(token: UnverifiedToken, key: VerificationKey) -> None:
    """Check the signature, by the key's own algorithm. Raises `InvalidTokenError`."""
    if token.alg != key.alg:
        raise InvalidTokenError("its algorithm is not the key's")
    check = JWS()
    check.allowed_algs = [key.alg]
    try:
        check.deserialize(token.text, key.key)
    except (JWException, ValueError, TypeError):
        # Not chained: the library's error may carry the token.
        raise InvalidTokenError("its signature is not valid") from None


def check_claims(token: UnverifiedToken, expected: TokenExpectations, now: float) -> Caller:
    """The caller, where every claim is as expected. Raises `InvalidTokenError`."""
    claims = token.claims
    if token.typ not in expected.types:
        raise InvalidTokenError("it is not an access token")
    if claims.get("iss") != expected.issuer:
        raise InvalidTokenError("it is of another issuer")
    audience = claims.get("aud")
    if expected.audience not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidTokenError("it is for another audience")
    ends = _in_time(claims, expected, now)
    return Caller(_client(claims), _scope(claims), ends)


def _in_time(claims: dict[str, Any], expected: TokenExpectations, now: float) -> int:
    """The token's end."""
    ends, began = _time(claims, "exp"), _time(claims, "iat")
    valid_from = _time(claims, "nbf") if "nbf" in claims else began
    if now >= ends + expected.leeway:
        raise InvalidTokenError("it has expired")
    if max(began, valid_from) > now + expected.leeway:
        raise InvalidTokenError("it is not valid yet")
    if not 0 < ends - began <= expected.longest_life:
        raise InvalidTokenError("it lives longer than is allowed")
    return int(ends)


def _time(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidTokenError(f"it has no {name}")
    if not 0 <= value <= 1e11:
        raise InvalidTokenError(f"its {name} is no time")
    return value


def _client(claims: dict[str, Any]) -> str:
    claimed = (claims.get(name) for name in ("client_id", "azp", "sub"))
    client_id = next((value for value in claimed if value is not None), None)
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        raise InvalidTokenError("it names no client")
    return client_id


def _scope(claims: dict[str, Any]) -> frozenset[str]:
    """`scope` as RFC 9068 has it, or `scp` as several issuers write it: a list, or a text."""
    claimed = claims.get("scope", claims.get("scp"))
    if isinstance(claimed, str):
        return frozenset(claimed.split(" ")) - {""}
    if isinstance(claimed, list):
        return frozenset(scope for scope in claimed if isinstance(scope, str))
    return frozenset()


def _media_type(typ: str | None) -> str | None:
    # RFC 7515, section 4.1.9: the prefix may be left out, and case does not count.
    return None if typ is None else typ.lower().removeprefix("application/")


def _object(part: str) -> dict[str, Any]:
    try:
        document = json.loads(
            _bytes(part).decode("utf-8"), object_pairs_hook=_members, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        raise InvalidTokenError("it is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise InvalidTokenError("it is not a JSON object")
    return document


def _bytes(part: str) -> bytes:
    try:
        data = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (NotBase64, ValueError):
        raise InvalidTokenError("it is not base64url") from None
    # A second text for the same bytes would be a second token.
    if urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != part:
        raise InvalidTokenError("it is not base64url")
    return data


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidTokenError("a name stands twice in it")
    return members


def _refuse(_: str) -> float:
    raise InvalidTokenError("it holds a number that is none")


# The gate: what is asked before every call of the API.

# Believed tokens in memory: several for each client that anybody has.
_MOST_REMEMBERED: Final = 4096
# A token without a key's id may be of any key; more than this many are not tried.
_MOST_TRIED: Final = 8


class Revocations(Protocol):
    """Clients whose tokens are not believed any more, whatever their end. For the event loop."""

    async def refresh(self) -> None:
        """Know the truth of a few seconds ago; asked before every call, and mostly without a wait.

        Raises: `KeysUnavailableError` where what is known is too old to be trusted.
        """
        ...

    def holds(self, client_id: str) -> bool:
        """Whether a client is revoked, by what `refresh` left known. Never raises or waits."""
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
        """The caller behind an Authorization header, who has the scope of this gate.

        Raises `ProblemError`, also where the caller lacks that scope.
        """
        caller = await self.believe(authorization)
        if self.scope not in caller.scope:
            challenge = {"error": "insufficient_scope", "scope": self.scope}
            raise ProblemError(ProblemKind.INSUFFICIENT_SCOPE, headers=_challenge(challenge))
        return caller

    async def believe(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header, whatever its scope.

        Raises `ProblemError` where the token is not believed, or cannot be judged now.
        """
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
        remembered = self._believed.get(digest)
        if remembered is not None and self.clock() < remembered.until:
            self._believed.move_to_end(digest)
            return remembered.caller
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
    challenge = {"error": "invalid_token", "error_description": reason}
    return ProblemError(
        ProblemKind.INVALID_TOKEN,
        f"The access token is refused: {reason}.",
        headers=_challenge(challenge),
    )


def _challenge(parameters: Mapping[str, str]) -> dict[str, str]:
    """The header of RFC 6750, section 3. All that stands in it is ours."""
    parts = ['realm="forwardc"', *(f'{name}="{value}"' for name, value in parameters.items())]
    return {"WWW-Authenticate": f"Bearer {', '.join(parts)}"}
