"""Visa's X-PAY-TOKEN: made and checked over the bytes that were sent.

Single use is the destination's memory, not this formula's. Source: developer.visa.com, page
"x-pay-token"; the window of 480 s from Visa's VTS guide thread.
"""

import hashlib
import hmac
import re
from enum import StrEnum
from urllib.parse import urlsplit

# Seconds to either side (Visa's VTS guide thread).
WINDOW_SECONDS = 480
_TOKEN = re.compile(r"xv2:(?P<timestamp>[0-9]{10}):(?P<digest>[0-9a-f]{64})")


class TokenRefusal(StrEnum):
    """Why a token is not accepted."""

    MALFORMED = "malformed"
    EXPIRED = "expired"
    MISMATCH = "mismatch"


def message(*, timestamp: int, url: str, body: bytes, remove_prefix: str | None = None) -> bytes:
    """The bytes under the HMAC: timestamp, resource path, query and body, one after the other.

    `timestamp` is seconds since 1970. `url` is the URL as sent: its path and query are taken byte
    for byte, without `?` and without outer slashes. `remove_prefix` is the context path that most
    Visa products drop (`/vdp/`) and VTS keeps. Raises `ValueError` where the path lacks it.
    """
    parts = urlsplit(url)
    path = parts.path
    if remove_prefix is not None:
        if not path.startswith(remove_prefix):
            raise ValueError("the path does not start with the context path")
        path = path[len(remove_prefix) :]
    return f"{timestamp}{path.strip('/')}{parts.query}".encode() + body


def x_pay_token(
    *, secret: str, timestamp: int, url: str, body: bytes, remove_prefix: str | None = None
) -> str:
    """The header value `xv2:<timestamp>:<lower-case hex HMAC-SHA256>`. Arguments as in `message`.

    `secret` is the shared secret as text; it is used as UTF-8 and never decoded.
    """
    signed = message(timestamp=timestamp, url=url, body=body, remove_prefix=remove_prefix)
    return f"xv2:{timestamp}:{hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def verify(
    token: str,
    *,
    secret: str,
    url: str,
    body: bytes,
    now: float,
    remove_prefix: str | None = None,
) -> TokenRefusal | None:
    """Check a token at the time `now` (seconds since 1970). None means accepted.

    Upper-case hex is malformed, as at Visa (visa/SampleCode issue 16). A timestamp more than the
    window ahead counts as expired too.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        return TokenRefusal.MALFORMED
    timestamp = int(match["timestamp"])
    if abs(now - timestamp) > WINDOW_SECONDS:
        return TokenRefusal.EXPIRED
    expected = x_pay_token(
        secret=secret, timestamp=timestamp, url=url, body=body, remove_prefix=remove_prefix
    )
    return None if hmac.compare_digest(expected, token) else TokenRefusal.MISMATCH
