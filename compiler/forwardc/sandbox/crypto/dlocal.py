"""dLocal's V2-HMAC-SHA256 header, over login, date and body.

The caller gives the header values as sent. Source: docs.dlocal.com, "Generate the signature" and
"Payins security".
"""

import hashlib
import hmac


def message(*, x_login: str, x_date: str, body: bytes) -> bytes:
    """The bytes under the HMAC: the headers X-Login and X-Date, then the body, nothing between."""
    return f"{x_login}{x_date}".encode() + body


def sign(*, secret: str, x_login: str, x_date: str, body: bytes) -> str:
    """The value of the `Authorization` header; `x_date` is ISO 8601 text, exactly as sent."""
    signed = message(x_login=x_login, x_date=x_date, body=body)
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"V2-HMAC-SHA256, Signature: {digest}"


def verify(authorization: str, *, secret: str, x_login: str, x_date: str, body: bytes) -> bool:
    """Whether the `Authorization` header belongs to these headers and this body."""
    expected = sign(secret=secret, x_login=x_login, x_date=x_date, body=body)
    return hmac.compare_digest(expected.encode(), authorization.encode())
