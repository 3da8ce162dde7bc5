"""Reads access tokens in the form of a signed JWT (RFC 7519, RFC 9068) and judges their claims.

Knows no key, no clock and no HTTP: what is expected is given. A reason names a rule, no value.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from typing import Any, Final

from jwcrypto.common import JWException
from jwcrypto.jws import JWS

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.server.oauth.caller import Caller
from forwardc.server.oauth.verification_keys import VerificationKey

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
    given = (claims.get(name) for name in ("client_id", "azp", "sub"))
    found = next((value for value in given if value is not None), None)
    if not isinstance(found, str) or not _CLIENT_ID.fullmatch(found):
        raise InvalidTokenError("it names no client")
    return found


def _scope(claims: dict[str, Any]) -> frozenset[str]:
    """`scope` as RFC 9068 has it, or `scp` as several issuers write it: a list, or a text."""
    given = claims.get("scope", claims.get("scp"))
    if isinstance(given, str):
        return frozenset(given.split(" ")) - {""}
    if isinstance(given, list):
        return frozenset(one for one in given if isinstance(one, str))
    return frozenset()


def _media_type(typ: str | None) -> str | None:
    # RFC 7515, section 4.1.9: the prefix may be left out, and case does not count.
    return None if typ is None else typ.lower().removeprefix("application/")


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(
            _bytes(part).decode("utf-8"), object_pairs_hook=_members, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        raise InvalidTokenError("it is not JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise InvalidTokenError("it is not a JSON object")
    return found


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
