"""Keys that verify tokens, each with the one algorithm that it may be used with.

A token never chooses its algorithm: the kind of the key does, as RFC 8725, section 3.1, wants.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, Protocol

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError

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
