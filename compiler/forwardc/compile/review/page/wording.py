"""Terms, addresses and names of the language in words, for somebody who has never seen it.

A value is one line, `"Bearer " + secrets.shop_key`, with card values as the vault's documents
call them. A test asks for each name that a destination may use.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final, assert_never

from forwardc.compile.ir.program import ProgramPair
from forwardc.compile.language.json_members import as_written, name_of_member
from forwardc.compile.review.page.places import own_nodes
from forwardc.core.atoms import ATOMS
from forwardc.core.terms.functions import FUNCTIONS
from forwardc.core.terms.terms import (
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

# Characters of a constant that are shown: a cell of the table holds them on A4.
_LONGEST = 60

VendorNames = Mapping[str, str]
"""Names of card values at the vault, by ours; one that is missing keeps ours."""


def expression(term: Term, names: VendorNames) -> str:
    """The term as text. A constant of its own stands without quotation marks."""
    return constant(term) if isinstance(term, Lit) else part(term, names)


def constant(term: Lit) -> str:
    """A constant as it leaves; a long one is cut."""
    if term.value is None:
        return "null"
    text = str(term.value).lower() if isinstance(term.value, bool) else str(term.value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def part(term: Term, names: VendorNames) -> str:
    """A term among others: a text stands in quotation marks."""
    match term:
        case Lit(value=str()):
            return json.dumps(constant(term), ensure_ascii=False)
        case Lit():
            return constant(term)
        case Ref(name=name):
            return name
        case Atom(name=name):
            return names.get(name, name)
        case Raw(text=text):
            return text
        case Call():
            return _call(term, names)
        case Text(parts=parts):
            return " + ".join(part(piece, names) for piece in parts)
        case Map(entries=entries):
            inside = (f"{json.dumps(key)}: {part(value, names)}" for key, value in entries)
            return f"{{{', '.join(inside)}}}"
        case Seq(items=items):
            return f"[{', '.join(part(item, names) for item in items)}]"
        case If(present=present, then=then):
            return _where(present, then, names)
        case Encoded(tree=inner) | Limit(term=inner):
            return part(inner, names)
        case Amount():
            return _amount(term, names)
        case Source():
            return "source"
        case _:
            assert_never(term)


def _call(call: Call, names: VendorNames) -> str:
    """A call as its author wrote it: a table of codes is the compiler's, a JWE has own rows."""
    if call.function == "member":
        return as_written(name_of_member(call))
    args = call.args[:1] if FUNCTIONS[call.function].table else call.args
    shown = [part(arg, names) for arg in args]
    if call.function != "jwe":
        shown += [f"{name}={part(value, names)}" for name, value in call.named]
    return f"{call.function}({', '.join(shown)})"


def _where(present: str, then: Term, names: VendorNames) -> str:
    """What is left out where something is absent; an author's `x?` asks for itself."""
    text = part(then, names)
    own = names.get(present, as_written(present))
    return text if own in text else f"{text} (only with {own})"


def _amount(term: Amount, names: VendorNames) -> str:
    currency = part(term.currency, names)
    if term.of is None:
        return f"{term.measure} of {currency}"
    return f"{part(term.of, names)} in {currency}"


# Addresses: what is no constant stands in braces


def url_of(term: Term) -> str:
    """A URL with its holes in braces."""
    parts = term.parts if isinstance(term, Text) else (term,)
    return "".join(
        str(part.value) if isinstance(part, Lit) else "{" + getattr(part, "name", "...") + "}"
        for part in parts
    )


def path_of(term: Term) -> str:
    """The path of a URL with its holes in braces."""
    _, _, rest = url_of(term).partition("://")
    _, slash, path = rest.partition("/")
    return slash + path


def query_text(pairs: tuple[ProgramPair, ...], names: VendorNames) -> str:
    """The query in its order, with what is no constant in braces."""
    return "&".join(f"{pair.name}={_in_braces(pair.value, names)}" for pair in pairs)


def _in_braces(term: Term, names: VendorNames) -> str:
    text = expression(term, names)
    return text if isinstance(term, Lit) else f"{{{text}}}"


# Forms of card values


def form_of(term: Term) -> str:
    """The form of a value made of card values; empty for any other, and under a function."""
    match term:
        case Atom(name=name):
            return _atom(name)
        case If(then=then):
            return form_of(then)
        case Call(function="int", args=(Atom(name=name),)):
            part = name.rpartition(".")[2]
            return f"number, {'M' if part == 'MM' else part}"
        case Call(function="text", args=(inner,)):
            return form_of(inner)
        case Text(parts=parts):
            forms = [str(part.value) if isinstance(part, Lit) else form_of(part) for part in parts]
            is_card = any(_is_card(part) for part in parts)
            return "".join(forms) if is_card and all(forms) else ""
        case (
            Lit()
            | Ref()
            | Raw()
            | Call()
            | Map()
            | Seq()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            return ""
        case _:
            assert_never(term)


def _is_card(term: Term) -> bool:
    return not isinstance(term, Lit) and bool(form_of(term))


def _atom(name: str) -> str:
    if ".expiry." in name:
        return name.rpartition(".")[2]
    return "digits" if ATOMS[name].digits else "text"


# Names of the language
#
# A test asks for each name that a destination may use.

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
    "instrument": "instrument.*: what the vault's API tells of the card, asked before sending",
}
_RUN: Final = {
    "run.id": "run.id: a UUID, another one for each run",
    "run.now": "run.now: the time of sending (UTC)",
    "run.idempotency_key": "run.idempotency_key: one for each step and run, also when resumed",
}
WEAK: Final = "weak digest, because the vendor asks for it"
"""What is said of MD5 and SHA-1 wherever somebody reviews them."""
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
    "sha512": "sha512: SHA-512, as bytes",
    "sha1": f"sha1: SHA-1, as bytes, a {WEAK}",
    "md5": f"md5: MD5, as bytes, a {WEAK}",
    "hmac_sha256": "hmac_sha256(key, x): HMAC-SHA256, as bytes",
    "hmac_sha512": "hmac_sha512(key, x): HMAC-SHA512, as bytes",
    "hmac_sha1": f"hmac_sha1(key, x): HMAC-SHA1, as bytes, a {WEAK}",
    "request_signature": "request_signature: the signature that is described here, or a part of it",
    "unix": "unix: seconds since 1970 (UTC)",
    "unix_ms": "unix_ms: milliseconds since 1970 (UTC)",
    "iso8601": "iso8601: ISO 8601 in UTC with milliseconds",
    "format_time": "format_time: in UTC, or the offset that is named; MM is the month, mm minutes",
    "http_date": "http_date: as HTTP writes a date (RFC 9110), in UTC",
    "map": "map(x, entries): the value of the entry that x names; else= is for any other x",
    "join": "join(x, s): the items of x with s between them",
    "currency_number": "currency_number: numeric code of ISO 4217, three digits as text",
    "country_alpha3": "country_alpha3: code of three letters of ISO 3166-1",
    "country_number": "country_number: numeric code of ISO 3166-1, three digits as text",
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
    if name in ("billing.first_name", "billing.last_name"):
        return "customer's name"
    if root == "billing":
        return "billing address"
    if rest.startswith("expiry."):
        return "expiry date" if root == "card" else "expiry date of the token"
    return _ATOMS[name]


def glossary(terms: Iterable[Term]) -> list[str]:
    """What the names and functions in these values mean, each once. Not inside other values."""
    nodes = [node for term in terms for node in own_nodes(term)]
    refs = [node for node in nodes if isinstance(node, Ref)]
    meanings = [_ROOTS[root] for root in _ROOTS if any(ref.root == root for ref in refs)]
    names = {ref.name for ref in refs}
    meanings += [words for name, words in _RUN.items() if name in names]
    if any(isinstance(node, Amount) for node in nodes):
        meanings.append("a in b: the amount a, as the destination counts the currency b")
    if any(isinstance(node, If) for node in nodes):
        meanings.append(
            "may be left out: it is not there on every run, and then neither is its field"
        )
    if any(isinstance(node, Call) and node.function == "member" for node in nodes):
        meanings.append("params.x['y']: the member y of what the merchant gives as x")
    called = {node.function for node in nodes if isinstance(node, Call)}
    return meanings + [words for name, words in _FUNCTIONS.items() if name in called]
