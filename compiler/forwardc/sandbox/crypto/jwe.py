"""Compact JWE (RFC 7516) with the key algorithms that Checkout.com and Visa document.

Written on the primitives of `cryptography`, so that a mistake in the JOSE library of a client does
not hide itself.
"""

import binascii
import hashlib
import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from forwardc.sandbox.errors import SandboxError

# Bits: RFC 7518, section 4.3.
MIN_RSA_BITS = 2048
RSA_ALGS = ("RSA-OAEP", "RSA-OAEP-256")
ALGS = (*RSA_ALGS, "A256GCMKW")
# Content key size in bytes of each content encryption of RFC 7518 section 5.1: destinations open
# what any client made. A vault that documents fewer says so itself.
ENCS = {
    "A128GCM": 16,
    "A192GCM": 24,
    "A256GCM": 32,
    "A128CBC-HS256": 32,
    "A192CBC-HS384": 48,
    "A256CBC-HS512": 64,
}
_CBC_HASHES = {16: hashlib.sha256, 24: hashlib.sha384, 32: hashlib.sha512}

Random = Callable[[int], bytes]


class JweError(SandboxError):
    """The message, key or algorithm is not usable. The text never holds a value."""


@dataclass(frozen=True, slots=True)
class OpenedJwe:
    """A decrypted message with its protected header."""

    header: Mapping[str, Any]
    plaintext: bytes = field(repr=False)


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str, *, padded: bool = False) -> bytes:
    """Decode base64url, strictly: no padding unless `padded` allows it, no other alphabet.

    Raises `JweError`.
    """
    bare = text.rstrip("=") if padded else text
    try:
        decoded = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        raise JweError("not base64url") from None
    if b64(decoded) != bare:
        raise JweError("not base64url")
    return decoded


def encrypt(
    plaintext: bytes,
    key: Mapping[str, Any],
    *,
    alg: str,
    enc: str,
    headers: Mapping[str, Any] | None = None,
    padded_key: bool = False,
    random: Random = os.urandom,
) -> str:
    """Encrypt to a compact JWE.

    `key` is a JWK: RSA public, or `oct` of 32 bytes for A256GCMKW. `headers` join the protected
    header and may not replace `alg`, `enc`, `iv` or `tag`. `padded_key` accepts `=` in `k`.
    Raises `JweError`.
    """
    extra = dict(headers or {})
    if alg not in ALGS or enc not in ENCS:
        raise JweError("the algorithm is not supported")
    if {"alg", "enc", "iv", "tag"} & extra.keys():
        raise JweError("the headers replace a reserved member")
    content_key = random(ENCS[enc])
    wrapped, wrap_header = _wrap(content_key, key, alg, padded_key, random)
    header = {"alg": alg, "enc": enc, **extra, **wrap_header}
    try:
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise JweError("the headers are not text") from None
    protected = b64(text)
    iv = random(12 if enc.endswith("GCM") else 16)
    sealed, tag = _seal(enc, content_key, iv, plaintext, protected.encode())
    return ".".join((protected, b64(wrapped), b64(iv), b64(sealed), b64(tag)))


def decrypt(
    compact: str,
    key: Mapping[str, Any],
    *,
    algs: Collection[str] = ALGS,
    encs: Collection[str] = tuple(ENCS),
) -> OpenedJwe:
    """Open a compact JWE with an RSA private JWK or an `oct` JWK. Raises `JweError`.

    `algs` and `encs` are those that the receiver takes.
    """
    parts = compact.split(".")
    if len(parts) != 5:
        raise JweError("a compact JWE has five parts")
    header = protected_header(compact)
    alg, enc = header.get("alg"), header.get("enc")
    if alg not in algs or not isinstance(enc, str) or enc not in encs:
        raise JweError("the algorithm is not supported")
    if "crit" in header or "zip" in header:
        raise JweError("the algorithm is not supported")
    wrapped, iv, sealed, tag = (unb64(part) for part in parts[1:])
    content_key = _unwrap(wrapped, header, key)
    if len(content_key) != ENCS[enc]:
        raise JweError("the content key has the wrong size")
    return OpenedJwe(header, _open(enc, content_key, iv, sealed, tag, parts[0].encode()))


def protected_header(compact: str) -> dict[str, Any]:
    """The protected header of a compact JWE, not yet authenticated. Raises `JweError`."""
    try:
        header = json.loads(unb64(compact.split(".")[0]))
    except ValueError:
        raise JweError("the protected header is not JSON") from None
    if not isinstance(header, dict):
        raise JweError("the protected header is not an object")
    return header


def rsa_public_key(jwk: Mapping[str, Any]) -> rsa.RSAPublicKey:
    """The RSA public key of a JWK, at least 2048 bits. Raises `JweError`."""
    if jwk.get("kty") != "RSA" or not all(isinstance(jwk.get(m), str) for m in ("n", "e")):
        raise JweError("the key is not an RSA key")
    try:
        public = rsa.RSAPublicNumbers(_integer(jwk["e"]), _integer(jwk["n"])).public_key()
    except ValueError:
        raise JweError("the RSA key is not valid") from None
    if public.key_size < MIN_RSA_BITS:
        raise JweError("the RSA key is too short")
    return public


def rsa_private_key(jwk: Mapping[str, Any]) -> rsa.RSAPrivateKey:
    """The RSA private key of a JWK with all its primes. Raises `JweError`."""
    public = rsa_public_key(jwk).public_numbers()
    try:
        p, q, d, dp, dq, qi = (_integer(jwk[m]) for m in ("p", "q", "d", "dp", "dq", "qi"))
        return _checked(rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public))
    except (KeyError, ValueError):
        raise JweError("the RSA private key is not valid") from None


# That the primes are some is proven in a tenth of a second, for each of a sandbox's few keys once.
@lru_cache(maxsize=16)
def _checked(numbers: rsa.RSAPrivateNumbers) -> rsa.RSAPrivateKey:
    """The key of its numbers. Raises `ValueError`."""
    return numbers.private_key()


def _integer(text: str) -> int:
    return int.from_bytes(unb64(text), "big")


def _oaep(alg: str) -> padding.OAEP:
    # RSA-OAEP means SHA-1 by RFC 7518 section 4.3; OAEP does not need its collision resistance.
    digest: hashes.HashAlgorithm = (
        hashes.SHA1() if alg == "RSA-OAEP" else hashes.SHA256()  # noqa: S303 - RFC 7518, 4.3
    )
    return padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)


def _oct_key(jwk: Mapping[str, Any], padded: bool) -> bytes:
    if jwk.get("kty") != "oct" or not isinstance(jwk.get("k"), str):
        raise JweError("the key is not a symmetric key")
    key = unb64(jwk["k"], padded=padded)
    if len(key) != 32:
        raise JweError("the symmetric key does not have 256 bits")
    return key


def _wrap(
    content_key: bytes, jwk: Mapping[str, Any], alg: str, padded: bool, random: Random
) -> tuple[bytes, dict[str, str]]:
    if alg in RSA_ALGS:
        return rsa_public_key(jwk).encrypt(content_key, _oaep(alg)), {}
    key = _oct_key(jwk, padded)
    iv = random(12)
    sealed = AESGCM(key).encrypt(iv, content_key, None)
    return sealed[:-16], {"iv": b64(iv), "tag": b64(sealed[-16:])}


def _unwrap(wrapped: bytes, header: Mapping[str, Any], jwk: Mapping[str, Any]) -> bytes:
    try:
        if header["alg"] in RSA_ALGS:
            return rsa_private_key(jwk).decrypt(wrapped, _oaep(header["alg"]))
        key = _oct_key(jwk, padded=False)
        return AESGCM(key).decrypt(unb64(header["iv"]), wrapped + unb64(header["tag"]), None)
    except (InvalidTag, KeyError, TypeError, ValueError, AttributeError):
        raise JweError("the content key cannot be unwrapped") from None


def _seal(enc: str, key: bytes, iv: bytes, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
    if enc.endswith("GCM"):
        sealed = AESGCM(key).encrypt(iv, plaintext, aad)
        return sealed[:-16], sealed[-16:]
    half = len(key) // 2
    padder = PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key[half:]), modes.CBC(iv)).encryptor()
    text = cipher.update(padder.update(plaintext) + padder.finalize()) + cipher.finalize()
    return text, _cbc_tag(key[:half], iv, text, aad)


def _open(enc: str, key: bytes, iv: bytes, sealed: bytes, tag: bytes, aad: bytes) -> bytes:
    try:
        if enc.endswith("GCM"):
            return AESGCM(key).decrypt(iv, sealed + tag, aad)
        half = len(key) // 2
        if not hmac.compare_digest(_cbc_tag(key[:half], iv, sealed, aad), tag):
            raise JweError("the message is not authentic")
        cipher = Cipher(algorithms.AES(key[half:]), modes.CBC(iv)).decryptor()
        unpadder = PKCS7(128).unpadder()
        padded = cipher.update(sealed) + cipher.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except (InvalidTag, ValueError):
        raise JweError("the message is not authentic") from None


def _cbc_tag(key: bytes, iv: bytes, sealed: bytes, aad: bytes) -> bytes:
    """RFC 7518 section 5.2.2.1: HMAC over AAD, IV, ciphertext and the AAD's length in bits."""
    message = aad + iv + sealed + (len(aad) * 8).to_bytes(8, "big")
    return hmac.new(key, message, _CBC_HASHES[len(key)]).digest()[: len(key)]
