"""Names of the language in words, for somebody who has never seen it.

A test asks for each name that a destination may use.
"""

from collections.abc import Iterable
from typing import Final

from forwardc.compile.review.page.inside import own_nodes
from forwardc.core.terms.terms import Amount, Call, If, Ref, Term

_ATOMS: Final = {
    "card.number": "card number (PAN)",
    "card.cvc": "security code (CVC)",
    "card.pin_first_two": "first two digits of the PIN",
    "card.holder_name": "cardholder's name",
    "network_token.number": "network token number",
    "network_token.cryptogram": "cryptogram",
    "network_token.eci": "ECI",
    "network_token.type": "kind of network token",
}
_ROOTS: Final = {
    "params": "params.*: given by the merchant, for each run",
    "inputs": "inputs.*: given by the merchant, with the card's id at the vault",
    "steps": "steps.*: from the answer to an earlier step",
    "secrets": "secrets.*: a credential, by its name",
}
_RUN: Final = {
    "run.id": "run.id: a UUID, another one for each run",
    "run.now": "run.now: the time of sending (UTC)",
    "run.idempotency_key": "run.idempotency_key: one for each step and run, also when resumed",
}
_FUNCTIONS: Final = {
    "text": "text: written as text",
    "int": "int: written as a number",
    "json": "json: written as JSON text",
    "lower": "lower: in lower case",
    "upper": "upper: in upper case",
    "slice": "slice(x, a, b): the characters from a to before b, counted from 0",
    "base64": "base64: with padding (RFC 4648)",
    "base64url": "base64url: without padding (RFC 4648)",
    "hex": "hex: lower-case hexadecimal",
    "sha256": "sha256: SHA-256, as bytes",
    "hmac_sha256": "hmac_sha256(key, x): HMAC-SHA256, as bytes",
    "hmac_sha512": "hmac_sha512(key, x): HMAC-SHA512, as bytes",
    "unix": "unix: seconds since 1970 (UTC)",
    "unix_ms": "unix_ms: milliseconds since 1970 (UTC)",
    "iso8601": "iso8601: ISO 8601 in UTC with milliseconds",
}
AS_KEY: Final = {
    "sha256_base64url": "SHA-256 of the secret",
    "base64url": "the bytes of the secret",
    "jwk": "the JWK in the secret",
}
"""What a secret becomes where it is used as a key."""


def atom_words(name: str) -> str:
    """A card value in words; all forms of an expiry date are one, and so is an address."""
    root, _, rest = name.partition(".")
    if root == "billing":
        return "billing address"
    if rest.startswith("expiry."):
        return "expiry date" if root == "card" else "expiry date of the token"
    return _ATOMS[name]


def glossary(terms: Iterable[Term]) -> list[str]:
    """What the names and functions in these values mean, each once. Not inside other values."""
    nodes = [node for term in terms for node in own_nodes(term)]
    refs = [node for node in nodes if isinstance(node, Ref)]
    said = [_ROOTS[root] for root in _ROOTS if any(ref.root == root for ref in refs)]
    names = {ref.name for ref in refs}
    said += [words for name, words in _RUN.items() if name in names]
    if any(isinstance(node, Amount) for node in nodes):
        said.append("a in b: the amount a, as the destination counts the currency b")
    if any(isinstance(node, If) for node in nodes):
        said.append("may be left out: it is not there on every run, and then neither is its field")
    called = {node.function for node in nodes if isinstance(node, Call)}
    return said + [words for name, words in _FUNCTIONS.items() if name in called]
