"""AWS Signature Version 4: a keyed hash over a canonical request, whose body is hashed first.

docs.aws.amazon.com, IAM, "Create a signed AWS API request". Signed are `host`, the headers that AWS
adds, and those of the author's that begin with `x-amz-` or are `content-type`.
"""

import hmac
from hashlib import sha256
from typing import Final
from urllib.parse import quote, unquote

from forwardc.core.signatures.keys import text_key
from forwardc.core.signatures.request_text import RequestText

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


def amz_date(request: RequestText) -> str:
    """The header `X-Amz-Date`."""
    return f"{request.moment:%Y%m%dT%H%M%SZ}"


def content_sha256(request: RequestText) -> str:
    """The header `X-Amz-Content-Sha256`."""
    return sha256(request.body_bytes).hexdigest()


def signed_headers(request: RequestText) -> list[tuple[str, str]]:
    """The headers that are signed, in lower case, by name; values with single spaces."""
    headers = {"host": request.host, "x-amz-date": amz_date(request)}
    headers["x-amz-content-sha256"] = content_sha256(request)
    if "session_token" in request.options:
        headers["x-amz-security-token"] = request.option("session_token")
    for name in dict.fromkeys(name.lower() for name, _ in request.headers):
        if name == "content-type" or name.startswith("x-amz-"):
            headers[name] = " ".join((request.header(name) or "").split())
    return sorted(headers.items())


def canonical_request(request: RequestText, headers: list[tuple[str, str]]) -> str:
    """The request in the form that is hashed; S3 alone takes the path as it is sent."""
    once = quote(unquote(request.path), safe="/~")
    path = once if request.option("service") == "s3" else quote(once, safe="/~")
    query = sorted((_encoded(name), _encoded(value)) for name, value in request.query)
    return "\n".join(
        [
            request.method.upper(),
            path,
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{value}" for name, value in headers),
            "",
            ";".join(name for name, _ in headers),
            content_sha256(request),
        ]
    )


def _encoded(text: str) -> str:
    return quote(unquote(text), safe="~")


def scope(request: RequestText) -> str:
    """What the key is good for: day, region and service."""
    day = f"{request.moment:%Y%m%d}"
    return f"{day}/{request.option('region')}/{request.option('service')}/aws4_request"


def string_to_sign(request: RequestText, headers: list[tuple[str, str]]) -> str:
    """The text under the last hash."""
    canonical = sha256(canonical_request(request, headers).encode()).hexdigest()
    return "\n".join((_ALGORITHM, amz_date(request), scope(request), canonical))


def signature(request: RequestText, text: str, secret: str) -> str:
    """Lower-case hexadecimal, under a key for this day, region and service."""
    key = b"AWS4" + text_key(secret)
    for part in scope(request).split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def header(request: RequestText, gives: str, secret: str) -> str:
    """One of the headers that the scheme adds. Raises `SigningError`."""
    match gives:
        case "X-Amz-Date":
            return amz_date(request)
        case "X-Amz-Content-Sha256":
            return content_sha256(request)
        case "X-Amz-Security-Token":
            return request.option("session_token")
        case _:
            return authorization(request, secret)


def authorization(request: RequestText, secret: str) -> str:
    """The header `Authorization`. Raises `SigningError`."""
    headers = signed_headers(request)
    value = signature(request, string_to_sign(request, headers), secret)
    names = ";".join(name for name, _ in headers)
    return (
        f"{_ALGORITHM} Credential={request.option('access_key_id')}/{scope(request)}, "
        f"SignedHeaders={names}, Signature={value}"
    )
