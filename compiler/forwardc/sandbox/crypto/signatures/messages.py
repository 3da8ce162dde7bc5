"""HTTP Message Signatures (RFC 9421) and Content-Digest (RFC 9530), checked over what arrived."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512

from forwardc.sandbox.crypto.signatures.received import (
    ArrivedRequest,
    SignatureRefusedError,
    check_keyed,
    same,
)

_INPUT = re.compile(r'([a-z*][a-z0-9_.*-]*)=(\(((?:"[^"]+" ?)*)\)(;.*)?)')
_PARAM = re.compile(r';([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|(\d+))')
_HASHES = {"sha-256": "sha256", "sha-512": "sha512"}
# Bytes of each number of a signature on P-256 (RFC 9421, section 3.3.4).
_HALF = 32


def check(arrived: ArrivedRequest) -> str:
    """The nonce of an accepted request, empty where it says none.

    Raises `SignatureRefusedError`.
    """
    read = _INPUT.fullmatch(arrived.header("Signature-Input"))
    if read is None:
        raise SignatureRefusedError("Signature-Input has another form")
    label, value = read[1], read[2]
    names = re.findall(r'"([^"]+)"', read[3])
    said = {name: text or number for name, text, number in _PARAM.findall(read[4] or "")}
    wanted = arrived.options.get("components")
    if wanted is not None and names != list(wanted):
        raise SignatureRefusedError("the list of components is another one")
    if not said.get("created", "").isdigit():
        raise SignatureRefusedError("Signature-Input says no time")
    arrived.check_time(int(said["created"]), "created")
    if "content-digest" in names:
        _check_digest(arrived)
    lines = [f'"{name}": {_component(arrived, name)}' for name in names]
    base = "\n".join([*lines, f'"@signature-params": {value}'])
    _check_signature(arrived, base.encode(), _signature(arrived, label))
    return str(said.get("nonce", ""))


def _component(arrived: ArrivedRequest, name: str) -> str:
    match name:
        case "@method":
            return arrived.method
        case "@authority":
            return arrived.host
        case "@path":
            return arrived.path
        case "@query":
            return f"?{arrived.query}"
        case "@request-target":
            return arrived.target
        case "@target-uri":
            return arrived.url
        case "@scheme":
            return urlsplit(arrived.url).scheme
        case _:
            return arrived.header(name)


def _check_digest(arrived: ArrivedRequest) -> None:
    name, _, text = arrived.header("Content-Digest").partition("=")
    if name not in _HASHES:
        raise SignatureRefusedError("Content-Digest is by another hash")
    value = base64.b64encode(hashlib.new(_HASHES[name], arrived.body).digest()).decode()
    if not same(text, f":{value}:"):
        raise SignatureRefusedError("Content-Digest is of another body")


def _signature(arrived: ArrivedRequest, label: str) -> bytes:
    name, _, text = arrived.header("Signature").partition("=")
    if name != label:
        raise SignatureRefusedError("Signature and Signature-Input have other labels")
    try:
        if not (text.startswith(":") and text.endswith(":")):
            raise ValueError
        return base64.b64decode(text[1:-1], validate=True)
    except (binascii.Error, ValueError):
        raise SignatureRefusedError("Signature is no byte sequence") from None


def _check_signature(arrived: ArrivedRequest, base: bytes, signature: bytes) -> None:
    if arrived.options.get("alg") == "hmac-sha256":
        form = str(arrived.options.get("key_form", "text"))
        given = signature.hex()
        check_keyed(
            arrived, given, form, lambda key: hmac.new(key, base, hashlib.sha256).hexdigest()
        )
        return
    try:
        _verify(str(arrived.options.get("alg")), json.loads(arrived.secret), base, signature)
    except (InvalidSignature, ValueError):
        raise SignatureRefusedError("the signature is of another text, or by another key") from None


def _verify(algorithm: str, jwk: dict[str, Any], base: bytes, signature: bytes) -> None:
    if algorithm == "ed25519":
        ed25519.Ed25519PublicKey.from_public_bytes(_octets(jwk["x"])).verify(signature, base)
    elif algorithm == "ecdsa-p256-sha256":
        point = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1())
        if len(signature) != 2 * _HALF:
            raise InvalidSignature
        halves = (int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:]))
        point.public_key().verify(encode_dss_signature(*halves), base, ec.ECDSA(SHA256()))
    else:
        key = rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
        if algorithm == "rsa-pss-sha512":
            # 64 bytes of salt: RFC 9421, section 3.3.1.
            pss = padding.PSS(padding.MGF1(SHA512()), 64)
            key.verify(signature, base, pss, SHA512())
        else:
            key.verify(signature, base, padding.PKCS1v15(), SHA256())


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_octets(text))
