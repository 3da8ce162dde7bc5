"""Checksums in a body: Nuvei's over fields of JSON, Ogone's over all fields of a form.

Sources: docs.nuvei.com, "Authentication"; Ingenico e-Commerce, "SHA-IN signature".
"""

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl

from forwardc.sandbox.crypto.signatures.received import ArrivedRequest, SignatureRefusedError, same

_WHO = ["merchantId", "merchantSiteId", "clientRequestId"]
_PAID = [*_WHO, "amount", "currency", "timeStamp"]
_LATER = [*_WHO, "clientUniqueId", "amount", "currency", "relatedTransactionId", "timeStamp"]
_ORDERS = {
    "getSessionToken": [*_WHO, "timeStamp"],
    "openOrder": _PAID,
    "payment": _PAID,
    "settleTransaction": _LATER,
    "refundTransaction": _LATER,
    "voidTransaction": _LATER,
    "getTransactionDetails": [*_WHO[:2], "transactionId", "clientUniqueId", "timeStamp"],
}
_OGONE = ("sha1", "sha256", "sha512")


def check_nuvei(arrived: ArrivedRequest) -> None:
    """Raises `SignatureRefusedError`."""
    try:
        members: Any = json.loads(arrived.body, parse_int=str, parse_float=str)
    except ValueError:
        raise SignatureRefusedError("the body is no JSON") from None
    if not isinstance(members, dict) or not isinstance(members.get("checksum"), str):
        raise SignatureRefusedError("the body has no checksum")
    order = _ORDERS[str(arrived.options.get("request"))]
    fields = [str(members.get(name, "")) for name in order]
    _compare(
        members["checksum"],
        {"in its order": _sha256([*fields, arrived.secret])},
        {
            "with the secret at the beginning": _sha256([arrived.secret, *fields]),
            "of fields sorted by name": _sha256(
                [*(str(members.get(name, "")) for name in sorted(order)), arrived.secret]
            ),
        },
        capitals=False,
    )


def check_ogone(arrived: ArrivedRequest) -> None:
    """Raises `SignatureRefusedError`."""
    pairs = parse_qsl(arrived.body.decode("utf-8", "replace"), keep_blank_values=True)
    given = [value for name, value in pairs if name == "SHASIGN"]
    if len(given) != 1:
        raise SignatureRefusedError("the form has not one SHASIGN")
    fields = sorted((name.upper(), value) for name, value in pairs if value and name != "SHASIGN")
    text = "".join(f"{name}={value}{arrived.secret}" for name, value in fields)
    right = str(arrived.options.get("hash", "sha512"))
    sums = {name: hashlib.new(name, text.encode()).hexdigest().upper() for name in _OGONE}
    others = {f"by {name}": value for name, value in sums.items() if name != right}
    _compare(given[0], {right: sums[right]}, others, capitals=True)


def _sha256(parts: list[str]) -> str:
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _compare(given: str, right: dict[str, str], others: dict[str, str], *, capitals: bool) -> None:
    (expected,) = right.values()
    if same(given, expected):
        return
    if given.lower() == expected.lower():
        case = "capitals" if capitals else "lower case"
        raise SignatureRefusedError(f"the hexadecimal text must be in {case}")
    for how, value in others.items():
        if given.lower() == value.lower():
            raise SignatureRefusedError(f"the checksum is one {how}")
    raise SignatureRefusedError("the checksum is of other fields, or by another secret")
