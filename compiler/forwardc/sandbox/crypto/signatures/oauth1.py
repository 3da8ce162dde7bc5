"""Mastercard's OAuth 1.0a, checked over what arrived.

Source: RFC 5849; Mastercard's developer documents on OAuth 1.0a with `oauth_body_hash`.
"""

import base64
import binascii
import hashlib
import json
import re
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from forwardc.sandbox.crypto.signatures.received import ArrivedRequest, SignatureRefusedError, same

_PAIR = re.compile(r'(oauth_[a-z_]+)="([^"]*)"')


def check(arrived: ArrivedRequest) -> str:
    """The nonce of an accepted request. Raises `SignatureRefusedError`."""
    header = arrived.header("Authorization")
    said = dict(_PAIR.findall(header))
    needed = {
        *("oauth_consumer_key", "oauth_nonce", "oauth_timestamp", "oauth_signature_method"),
        *("oauth_version", "oauth_body_hash", "oauth_signature"),
    }
    if not header.startswith("OAuth ") or set(said) != needed:
        raise SignatureRefusedError("the header Authorization has other parts")
    if said["oauth_signature_method"] != "RSA-SHA256" or said["oauth_version"] != "1.0":
        raise SignatureRefusedError("the method is RSA-SHA256, the version 1.0")
    key = arrived.options.get("consumer_key")
    if key is not None and unquote(said["oauth_consumer_key"]) != key:
        raise SignatureRefusedError("the consumer key is another one")
    if not said["oauth_timestamp"].isdigit():
        raise SignatureRefusedError("oauth_timestamp is no number of seconds")
    arrived.check_time(int(said["oauth_timestamp"]), "oauth_timestamp")
    body_hash = base64.b64encode(hashlib.sha256(arrived.body).digest()).decode()
    if not same(said["oauth_body_hash"], body_hash):
        raise SignatureRefusedError("oauth_body_hash is of another body")
    if not _is_by(arrived, said, with_query=True):
        fits = arrived.query and _is_by(arrived, said, with_query=False)
        lacking = "the query is not in the signed text"
        raise SignatureRefusedError(lacking if fits else "the signature is of another text")
    return str(said["oauth_nonce"])


def _is_by(arrived: ArrivedRequest, said: dict[str, str], *, with_query: bool) -> bool:
    pairs = [(name, value) for name, value in said.items() if name != "oauth_signature"]
    for item in arrived.query.split("&") if arrived.query and with_query else ():
        name, _, value = item.partition("=")
        pairs.append((_enc(unquote(name)), _enc(unquote(value.replace("+", " ")))))
    joined = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    parts = urlsplit(arrived.url)
    address = f"{parts.scheme}://{arrived.host}{arrived.path}"
    text = "&".join((arrived.method.upper(), _enc(address), _enc(joined)))
    members: dict[str, Any] = json.loads(arrived.secret)
    numbers = RSAPublicNumbers(_number(members["e"]), _number(members["n"]))
    try:
        signature = base64.b64decode(unquote(said["oauth_signature"]), validate=True)
        numbers.public_key().verify(signature, text.encode(), PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def _enc(text: str) -> str:
    return quote(text, safe="")


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
