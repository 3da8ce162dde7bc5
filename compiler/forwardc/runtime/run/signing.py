"""Signs a bound request of a direct step: Rocketpay Gate, Visa's x-pay-token, dLocal.

Works on the bytes that leave. The masked twin gets `***` where the real one gets a signature.
"""

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256, sha512
from typing import Any, assert_never
from urllib.parse import urlsplit

from forwardc.core.dataclass import replace
from forwardc.core.natural_order import natural_key
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.values import MASK, resolve
from forwardc.plan.model import PlanSignature, SignDlocal, SignRocketpay, SignVisa
from forwardc.runtime.http.request import BoundRequest

_UNSIGNED = frozenset({"signature", "frame_mode"})
_INT64 = range(-(2**63), 2**63)


def signed(request: BoundRequest, sign: PlanSignature, secret: str, now: datetime) -> BoundRequest:
    """The request with its signature.

    Raises `NotExpressibleError` where the body cannot be signed.
    """
    match sign:
        case SignRocketpay(into=into):
            return _in_body(request, into, secret)
        case SignVisa(remove_path_prefix=prefix):
            token = x_pay_token(
                request.url, request.body or b"", secret, int(now.timestamp()), prefix
            )
            return _with_headers(request, {"x-pay-token": token}, {"x-pay-token": MASK})
        case SignDlocal():
            date = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
            login = _header(request, "x-login")
            value = dlocal_authorization(login, date, request.body or b"", secret)
            return _with_headers(
                request,
                {"X-Date": date, "Authorization": value},
                {"X-Date": date, "Authorization": MASK},
            )
        case _:
            assert_never(sign)


def x_pay_token(
    url: str, body: bytes, secret: str, timestamp: int, remove_path_prefix: str | None
) -> str:
    """Visa's token over time, path, query and body, each exactly as sent (facts: visa.md 3).

    developer.visa.com, page x-pay-token: HMAC-SHA256, lower-case hexadecimal.
    """
    parts = urlsplit(url)
    path = parts.path
    if remove_path_prefix:
        path = path.removeprefix("/" + remove_path_prefix.strip("/"))
    message = f"{timestamp}{path.removeprefix('/')}{parts.query}".encode() + body
    return f"xv2:{timestamp}:{hmac.new(secret.encode(), message, sha256).hexdigest()}"


def dlocal_authorization(login: str, date: str, body: bytes, secret: str) -> str:
    """The `Authorization` of dLocal over X-Login, X-Date and body, without separators.

    docs.dlocal.com, page generate-signature.
    """
    message = f"{login}{date}".encode() + body
    digest = hmac.new(secret.encode(), message, sha256).hexdigest()
    return f"V2-HMAC-SHA256, Signature: {digest}"


def gate_text(body: dict[str, Any]) -> str:
    """The text that Rocketpay Gate signs: `path:value` of every leaf in PHP's natural order.

    Reference: the official PHP SDK, ITECOMMPAY/paymentpage-sdk-php. Raises `NotExpressibleError`
    for numbers with a fraction or beyond 64 bits, which the official SDKs do not print alike.
    """
    lines = sorted(_leaves(body, ()), key=lambda line: natural_key(line[0]))
    return ";".join(f"{path}:{value}" for path, value in lines)


def gate_signature(body: dict[str, Any], secret: str) -> str:
    """Padded base64 of HMAC-SHA512 over `gate_text`, the secret as UTF-8 text."""
    digest = hmac.new(secret.encode(), gate_text(body).encode(), sha512).digest()
    return base64.b64encode(digest).decode()


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _UNSIGNED:
                yield from _leaves(item, (*path, key.replace(":", "::")))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, str(index)))
    else:
        yield ":".join(path), _leaf(value)


def _leaf(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    if isinstance(value, int) and value in _INT64:
        return str(value)
    raise NotExpressibleError("a signed body holds whole numbers of 64 bits only")


def _in_body(request: BoundRequest, into: str, secret: str) -> BoundRequest:
    try:
        body = json.loads(request.body or b"")
    except ValueError:
        raise NotExpressibleError("only a JSON body can be signed") from None
    if not isinstance(body, dict):
        raise NotExpressibleError("only a JSON object can be signed")
    real = _put(body, into, gate_signature(body, secret))
    shown_body = _put(json.loads(request.shown.body or "{}"), into, MASK)
    shown = replace(request.shown, body=_compact(shown_body))
    return replace(request, body=_compact(real).encode(), shown=shown)


def _compact(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _put(body: dict[str, Any], pointer: str, value: str) -> dict[str, Any]:
    parent_path, _, name = pointer.rpartition("/")
    parent = resolve(body, parent_path)
    if not isinstance(parent, dict):
        raise NotExpressibleError(f"the body has no object at {parent_path} for the signature")
    parent[name] = value
    return body


def _with_headers(
    request: BoundRequest, real: dict[str, str], shown: dict[str, str]
) -> BoundRequest:
    return replace(
        request,
        headers=(*request.headers, *real.items()),
        shown=replace(request.shown, headers=(*request.shown.headers, *shown.items())),
    )


def _header(request: BoundRequest, header: str) -> str:
    for name, value in request.headers:
        if name.lower() == header:
            return value
    raise NotExpressibleError(f"the signature needs the header {header}")
