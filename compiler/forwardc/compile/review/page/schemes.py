"""The named schemes of `sign:` in words: what is signed in which order, and where it lands.

A row for each scheme of the language; a test compares each with the bytes that the runtime signs.
"""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from forwardc.compile.ir.program import ProgramRequest
from forwardc.compile.review.page.named_schemes import NAMED_SCHEMES
from forwardc.compile.review.page.scheme import Parts, Scheme, body_kind
from forwardc.compile.review.page.wording import VendorNames, expression, path_of, query_text
from forwardc.core.natural_order import natural_key
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
    walk,
)

# Rocketpay Gate signs neither, wherever they stand.
_UNSIGNED: Final = frozenset({"signature", "frame_mode"})


def _visa(request: ProgramRequest, names: VendorNames) -> Parts:
    prefix = request.sign.remove_path_prefix if request.sign else None
    path = path_of(request.url)
    if prefix:
        path = path.removeprefix("/" + prefix.strip("/"))
    left_out = f", without /{prefix.strip('/')} before it" if prefix else ""
    return [
        ("time", "seconds since 1970 (UTC), the same as in the header"),
        (f"path without its first slash{left_out}", path.removeprefix("/")),
        ("query without `?`, byte for byte as sent", query_text(request.query, names) or "empty"),
        ("body, byte for byte as sent, after encryption", body_kind(request)),
    ]


def _dlocal(request: ProgramRequest, names: VendorNames) -> Parts:
    login = next((pair for pair in request.headers if pair.name.lower() == "x-login"), None)
    return [
        ("header X-Login", expression(login.value, names) if login else "missing"),
        ("header X-Date", "time of sending, ISO 8601 (UTC) with milliseconds"),
        ("body, byte for byte as sent", body_kind(request)),
    ]


def _rocketpay(request: ProgramRequest, names: VendorNames) -> Parts:
    lines = list(_lines(request.body.tree, (), names)) if request.body else []
    return [
        (f"{path}:", value) for path, value in sorted(lines, key=lambda line: natural_key(line[0]))
    ]


def _lines(term: Term, path: tuple[str, ...], names: VendorNames) -> Iterator[tuple[str, str]]:
    match term:
        case Map(entries=entries):
            for key, value in entries:
                if key not in _UNSIGNED:
                    yield from _lines(value, (*path, key.replace(":", "::")), names)
        case Seq(items=items):
            for index, item in enumerate(items):
                yield from _lines(item, (*path, str(index)), names)
        case If(then=Map() | Seq() as inner):
            yield from _lines(inner, path, names)
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Text()
            | If()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            optional = any(isinstance(node, If) for node in walk(term))
            yield ":".join(path), expression(term, names) + (" (where given)" if optional else "")
        case _:
            assert_never(term)


SCHEMES: Final[Mapping[str, Scheme]] = {
    "visa-x-pay-token": Scheme(
        "Visa X-Pay-Token",
        "header x-pay-token",
        "HMAC-SHA256, lower-case hexadecimal",
        "one after the other, without separators",
        "xv2:<time>:<signature>",
        "developer.visa.com, X-Pay-Token",
        _visa,
        (("x-pay-token", "xv2:<time>:<signature>"),),
    ),
    "dlocal": Scheme(
        "dLocal V2",
        "header Authorization",
        "HMAC-SHA256, lower-case hexadecimal",
        "one after the other, without separators",
        "V2-HMAC-SHA256, Signature: <signature>",
        "docs.dlocal.com, Generate the signature",
        _dlocal,
        (("X-Date", "<time>"), ("Authorization", "V2-HMAC-SHA256, Signature: <signature>")),
    ),
    "rocketpay-gate": Scheme(
        "Rocketpay Gate",
        "body",
        "HMAC-SHA512, base64 with padding",
        "sorted by path in PHP's natural order, with `;` between them; "
        "null is empty, true is 1, false is 0",
        "<signature>",
        "github.com/ITECOMMPAY/paymentpage-sdk-php",
        _rocketpay,
    ),
    **NAMED_SCHEMES,
}
