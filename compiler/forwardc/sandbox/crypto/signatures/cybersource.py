"""Cybersource's HTTP signature, checked over what arrived.

Source: developer.cybersource.com, REST, "HTTP signature authentication"; draft-cavage.
"""

import base64
import hashlib
import hmac
import re

from forwardc.sandbox.crypto.signatures.received import (
    ArrivedRequest,
    SignatureRefusedError,
    check_keyed,
    same,
)

_PAIR = re.compile(r'([A-Za-z]+)="([^"]*)"')
_TARGETS = ("request-target", "(request-target)")
_WITH_DIGEST = ("POST", "PUT", "PATCH")


def check(arrived: ArrivedRequest) -> None:
    """Raises `SignatureRefusedError`."""
    said = dict(_PAIR.findall(arrived.header("Signature")))
    if set(said) != {"keyid", "algorithm", "headers", "signature"}:
        raise SignatureRefusedError("the header Signature has other parts")
    if said["algorithm"] != "HmacSHA256":
        raise SignatureRefusedError("the algorithm is HmacSHA256")
    if said["keyid"] != str(arrived.options.get("key_id", said["keyid"])):
        raise SignatureRefusedError("the key id is another one")
    names = said["headers"].split(" ")
    needed = {"host", "date", "v-c-merchant-id"}
    needed |= {"digest"} if arrived.method in _WITH_DIGEST else set()
    missing = needed - set(names)
    if missing or not any(target in names for target in _TARGETS):
        raise SignatureRefusedError("the list of headers lacks one that must be signed")
    arrived.check_date(arrived.header("Date"), "%a, %d %b %Y %H:%M:%S GMT", "Date")
    if arrived.method in _WITH_DIGEST:
        _check_digest(arrived)

    def computed(key: bytes, *, swapped: bool = False) -> str:
        text = "\n".join(f"{name}: {value}" for name, value in _lines(arrived, names, swapped))
        return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()

    try:
        check_keyed(arrived, said["signature"], "base64", computed)
    except SignatureRefusedError:
        for key in (base64.b64decode(arrived.secret),):
            if same(said["signature"], computed(key, swapped=True)):
                message = "the list of headers and the signed text name the target differently"
                raise SignatureRefusedError(message) from None
        raise


def _lines(arrived: ArrivedRequest, names: list[str], swapped: bool) -> list[tuple[str, str]]:
    lines = []
    for name in names:
        if name in _TARGETS:
            other = _TARGETS[1 - _TARGETS.index(name)]
            value = f"{arrived.method.lower()} {arrived.target}"
            lines.append((other if swapped else name, value))
        else:
            lines.append((name, arrived.host if name == "host" else arrived.header(name)))
    return lines


def _check_digest(arrived: ArrivedRequest) -> None:
    digest = base64.b64encode(hashlib.sha256(arrived.body).digest()).decode()
    if not same(arrived.header("Digest"), f"SHA-256={digest}"):
        raise SignatureRefusedError("Digest is of another body")
