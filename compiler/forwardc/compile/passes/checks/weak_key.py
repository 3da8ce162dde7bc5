"""FC0512: keys written in a destination are real, strong, and fit the algorithm.

A key library accepts a 1024-bit modulus and even the placeholder of a vendor's sample.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import assert_never

from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.terms.terms import (
    HAS_CALL,
    Amount,
    Atom,
    Call,
    Encoded,
    If,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
)

_ALGORITHMS = {"RSA-OAEP": "RSA", "RSA-OAEP-256": "RSA", "A256GCMKW": "oct"}
# RFC 7518 section 5.1, all of them: which of these a vault computes is said by its facts.
_ENCRYPTIONS = frozenset(
    {"A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"}
)
_LEAST_MODULUS_BYTES = 256
"""2048 bits, the least that RFC 7518 (sections 4.2 and 4.3) allows."""


def check(case: Case) -> Iterator[Problem]:
    """Every `jwe` call: its algorithms, and its key as far as it is known."""
    for node in case.step.request.holding(HAS_CALL):
        if isinstance(node, Call) and node.function == "jwe":
            yield from _call(node)


def _call(call: Call) -> Iterator[Problem]:
    named = dict(call.named)
    kind = _algorithm(named.get("alg"))
    if kind is None:
        expected = ", ".join(_ALGORITHMS)
        yield Problem("FC0512", "the key algorithm of `jwe` is not known", call.span, expected)
    if _text(named.get("enc")) not in _ENCRYPTIONS:
        expected = ", ".join(sorted(_ENCRYPTIONS))
        yield Problem("FC0512", "the encryption of `jwe` is not known", call.span, expected)
    key = named.get("key")
    match key:
        case Map() if kind:
            yield from _jwk(key, kind)
        case Lit():
            yield Problem(
                "FC0512", "the key is text", key.span, "write the JWK as a map under `let:`"
            )
        case Ref() | Map() | None:
            return
        case Atom() | Raw() | Call() | Text() | Seq() | If() | Encoded() | Limit() | Source():
            yield Problem("FC0512", "the key is neither a JWK nor a secret", call.span)
        case Amount():
            yield Problem("FC0512", "the key is neither a JWK nor a secret", call.span)
        case _:
            assert_never(key)


def _algorithm(term: Term | None) -> str | None:
    text = _text(term)
    return _ALGORITHMS.get(text) if text else None


def _text(term: Term | None) -> str | None:
    return term.value if isinstance(term, Lit) and isinstance(term.value, str) else None


def _jwk(key: Map, kind: str) -> Iterator[Problem]:
    members = {name: value for name, value in key.entries if not isinstance(value, If)}
    if _text(members.get("kty")) != kind:
        yield Problem("FC0512", f"the algorithm needs a key of kind {kind}", key.span)
        return
    if kind == "RSA":
        modulus = _decoded(_text(members.get("n")))
        if modulus is None or len(modulus.lstrip(b"\0")) < _LEAST_MODULUS_BYTES:
            yield Problem(
                "FC0512",
                "the modulus is a placeholder or shorter than 2048 bits",
                key.span,
                "copy `n` from the destination's JWKS",
            )
        if "d" in members:
            yield Problem("FC0504", "a private key stands in the file", key.span, "remove `d`")
    elif isinstance(members.get("k"), Lit):
        yield Problem("FC0504", "a symmetric key stands in the file", key.span, "make it a secret")


def _decoded(text: str | None) -> bytes | None:
    if not text or not all(char.isalnum() or char in "-_" for char in text):
        return None
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
