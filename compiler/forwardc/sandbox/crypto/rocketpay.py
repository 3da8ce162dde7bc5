"""The signature of Rocketpay Gate (a white label of ECOMMPAY Gate) over a JSON body.

Every leaf becomes a line, the lines are sorted in PHP's natural order (PHP 8 `strnatcmp`, on UTF-8
bytes), and their HMAC is the signature. Reference: the official PHP SDK
(ITECOMMPAY/paymentpage-sdk-php).
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from functools import cmp_to_key
from typing import Any

from forwardc.sandbox.errors import SandboxError

_ZERO, _NINE = 0x30, 0x39
# C's isspace(): space, \t, \n, \v, \f, \r.
_SPACES = frozenset(b" \t\n\v\f\r")


def _at(text: bytes, index: int) -> int:
    return text[index] if index < len(text) else 0


def _is_digit(byte: int) -> bool:
    return _ZERO <= byte <= _NINE


def _sign(left: int, right: int) -> int:
    return (left > right) - (left < right)


def _without_leading_zeros(text: bytes) -> int:
    index = 0
    while _at(text, index) == _ZERO and _is_digit(_at(text, index + 1)):
        index += 1
    return index


def _skip_spaces(text: bytes, index: int) -> int:
    while _at(text, index) in _SPACES:
        index += 1
    return index


def _run_end(text: bytes, index: int) -> int:
    while _is_digit(_at(text, index)):
        index += 1
    return index


def _compare_runs(left: bytes, right: bytes) -> int:
    """Two runs of digits: with a zero in front like fractions, otherwise like integers."""
    fractional = left[0] == _ZERO or right[0] == _ZERO
    if not fractional and len(left) != len(right):
        return _sign(len(left), len(right))
    return (left > right) - (left < right)


def compare(left: str, right: str) -> int:
    """-1, 0 or 1: whether `left` comes before, together with or after `right`.

    Texts that differ in leading zeros or white space only can compare equal, so a sort that uses
    this must be stable, as PHP's is.
    """
    a, b = left.encode(), right.encode()
    if not a or not b:
        return _sign(len(a), len(b))
    i, j = _without_leading_zeros(a), _without_leading_zeros(b)
    while True:
        i, j = _skip_spaces(a, i), _skip_spaces(b, j)
        if _is_digit(_at(a, i)) and _is_digit(_at(b, j)):
            end_a, end_b = _run_end(a, i), _run_end(b, j)
            order = _compare_runs(a[i:end_a], b[j:end_b])
            i, j = end_a, end_b
            if order or i == len(a) or j == len(b):
                return order or _sign(i < len(a), j < len(b))
        # PHP looks at the byte after a run at once, white space or not.
        if _at(a, i) != _at(b, j):
            return _sign(_at(a, i), _at(b, j))
        i, j = i + 1, j + 1
        if i >= len(a) or j >= len(b):
            return _sign(i < len(a), j < len(b))


natural_key = cmp_to_key(compare)


# --- The signature

_LEFT_OUT = frozenset({"signature", "frame_mode"})
_INT64 = range(-(2**63), 2**63)


class UnsignableBodyError(SandboxError, ValueError):
    """The body holds a value that the official SDKs do not sign alike. Never carries the value."""


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    if not isinstance(value, int):
        raise UnsignableBodyError("only text, integers, booleans and null can be signed")
    if value not in _INT64:
        raise UnsignableBodyError("an integer beyond 64 bits becomes a float in PHP")
    return str(value)


def _lines(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every leaf as (path, text). An empty object or list has no leaf and so says nothing."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _LEFT_OUT:
                yield from _lines(item, (*path, key.replace(":", "::")))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _lines(item, (*path, str(index)))
    else:
        yield ":".join(path), _text(value)


def string_to_sign(data: dict[str, Any]) -> str:
    """`path:value` of every leaf, sorted by path in PHP's natural order, joined by `;`.

    `data` is the decoded body; members named `signature` or `frame_mode` are left out at any depth,
    through lists too. Raises `UnsignableBodyError` for floats, integers beyond 64 bits and text
    with lone surrogates.
    """
    try:
        lines = sorted(_lines(data, ()), key=lambda line: natural_key(line[0]))
        text = ";".join(f"{path}:{value}" for path, value in lines)
        text.encode()
    except UnicodeEncodeError:
        # Not chained: the codec's error carries the text.
        raise UnsignableBodyError("a text is not valid Unicode") from None
    return text


def sign(data: dict[str, Any], secret: str) -> str:
    """Padded base64 of HMAC-SHA512, 88 characters. `secret` is text, used as UTF-8."""
    signed = string_to_sign(data).encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha512).digest()).decode()


def verify(data: dict[str, Any], signature: str, secret: str) -> bool:
    """Whether `signature` belongs to the body. Raises `UnsignableBodyError` as `sign` does."""
    return hmac.compare_digest(sign(data, secret).encode(), signature.encode(errors="replace"))
