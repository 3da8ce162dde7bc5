"""Signs the final request: Visa's x-pay-token and dLocal's header.

Knows no template: its parameters are plain values. Source: SDK-net DlocalSignature.cs; for Visa
the docs page only, which no SDK confirms.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from forwardc.sandbox.checkout.problems import invalid
from forwardc.sandbox.crypto import dlocal, visa
from forwardc.sandbox.world import Pairs

_AT = "destination_request.signature"


def sign(
    kind: str,
    parameters: Mapping[str, str],
    *,
    url: str,
    headers: Pairs,
    body: bytes,
    now: float,
) -> Pairs:
    """The headers with the signature's own; `now` is seconds since 1970. Raises `CheckoutError`."""
    if kind == "visa":
        added = _visa(parameters, url, body, now)
    else:
        added = _dlocal(parameters, headers, body, now)
    names = {name.lower() for name, _ in headers}
    if any(name.lower() in names for name, _ in added):
        raise invalid("signature_header_given", at=_AT)
    return (*headers, *added)


def _visa(parameters: Mapping[str, str], url: str, body: bytes, now: float) -> Pairs:
    try:
        token = visa.x_pay_token(
            secret=parameters["shared_secret"],
            timestamp=int(now),
            url=url,
            body=body,
            remove_prefix=parameters.get("remove_resource_path_prefix"),
        )
    except ValueError:
        raise invalid("remove_resource_path_prefix_invalid", at=_AT) from None
    return (("x-pay-token", token),)


def _dlocal(parameters: Mapping[str, str], headers: Pairs, body: bytes, now: float) -> Pairs:
    login = next((value for name, value in headers if name.lower() == "x-login"), None)
    if login is None:
        raise invalid("x_login_header_required", at=_AT)
    moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    date = moment.replace("+00:00", "Z")
    value = dlocal.sign(secret=parameters["secret_key"], x_login=login, x_date=date, body=body)
    return (("X-Date", date), ("Authorization", value))
