"""The signature of Rocketpay Gate (a white label of ECOMMPAY Gate) over a JSON body.

Knows no HTTP and no envelope: it takes the decoded body, and where the signature stands is the
caller's matter. Reference: the official PHP SDK (ITECOMMPAY/paymentpage-sdk-php).
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

from forwardc.sandbox.crypto.natural_order import natural_key
from forwardc.sandbox.errors import SandboxError

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
