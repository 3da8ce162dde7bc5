"""The sandbox's values of secrets and credentials, made up by the rule of docs/sandbox.md.

They depend on names, and on what the plan says a value must be: a key, a length, a pattern. They
open nothing but a sandbox, and nothing secret is made here, so that no source of randomness is
used, and none would be right: every process must find the same values.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256, sha512
from itertools import compress, count
from typing import Final, assert_never

from forwardc.plan.environment import EnvironmentClass
from forwardc.plan.model import PlanSecret
from forwardc.plan.parts import CredentialShape, SecretForm, misfit
from forwardc.plan.secret_names import SecretId

# Octets of a symmetric key where the plan asks for no length: 256 bits (RFC 7518, section 3.2).
_OCTETS: Final = 32


def digest(name: str) -> bytes:
    """H(name) of the rule."""
    return sha256(f"forwardc-sandbox:{name}".encode()).digest()


def sandbox_secret(owner: str, name: str) -> str:
    """The value that an owner's secret has in every sandbox, where the plan asks for no form."""
    return "sbx_" + _hex40(owner, name)


def made_up_secret(secret: SecretId, spec: PlanSecret, class_: EnvironmentClass) -> str:
    """What the operator would give: text that has the form, and the shape, that the plan says."""
    raw = sandbox_secret(secret.owner, secret.name)
    if spec.form is None:
        if spec.as_key == "jwk":
            return _oct_jwk(raw, _OCTETS)
        return _shaped(spec.shape, class_, secret) or raw
    octets = spec.form.octets or _OCTETS
    match spec.form.kind:
        case "rsa_jwk":
            return _public(_private(secret))
        case "oct_jwk":
            return _oct_jwk(raw, octets)
        case "base64url":
            return base64url(_octets(raw, octets))
        case "text":
            return sha512(raw.encode()).hexdigest()[:octets]
        case "base64":
            return b64encode(_octets(raw, octets)).decode()
        case "rsa_private":
            return json.dumps(_private(secret))
        case "ec_private":
            return _curve_jwk(raw)
        case "ed25519_private":
            return _edwards_jwk(raw)
        case "basic":
            return b64encode(f"sandbox:{raw}".encode()).decode()
        case "login":
            return f"sandbox:{raw}"
        case "certificate" | "certificate_key":
            return _client_pem(secret, spec.form)
        case kind:
            assert_never(kind)


def _client_pem(secret: SecretId, form: SecretForm) -> str:
    """A certificate or its private key; where one secret holds both, the two of them."""
    from forwardc.runtime.secret_providers.made_up_certificate import certificate_pem, key_pem

    key = private_jwk(f"{secret.owner}:{form.key}")
    if form.kind == "certificate_key":
        return key_pem(key)
    certificate = certificate_pem(key, secret.owner)
    return certificate + key_pem(key) if form.key == secret.name else certificate


def made_up_private(secret: SecretId, spec: PlanSecret) -> dict[str, str] | None:
    """The private JWK of a made-up public key, for who plays the destination; None for others."""
    if spec.form is None or spec.form.kind != "rsa_jwk":
        return None
    return _private(secret)


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _private(secret: SecretId) -> dict[str, str]:
    return private_jwk(f"{secret.owner}:{secret.name}")


def _public(private: dict[str, str]) -> str:
    return json.dumps({"kty": "RSA", "n": private["n"], "e": base64url(EXPONENT.to_bytes(3))})


def _oct_jwk(raw: str, octets: int) -> str:
    return json.dumps({"kty": "oct", "k": base64url(_octets(raw, octets))})


# The order of P-256 (FIPS 186-5): a private key is a number below it, and not zero.
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _curve_jwk(raw: str) -> str:
    """A private key on P-256 as JWK (RFC 7518, section 6.2)."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

    number = int.from_bytes(_octets(raw, _OCTETS)) % (_P256_ORDER - 1) + 1
    point = derive_private_key(number, SECP256R1()).public_key().public_numbers()
    members = {"x": point.x, "y": point.y, "d": number}
    texts = {name: base64url(value.to_bytes(_OCTETS)) for name, value in members.items()}
    return json.dumps({"kty": "EC", "crv": "P-256", **texts})


def _edwards_jwk(raw: str) -> str:
    """A private key of Ed25519 as JWK (RFC 8037)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = _octets(raw, _OCTETS)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    members = {"crv": "Ed25519", "x": base64url(public), "d": base64url(seed)}
    return json.dumps({"kty": "OKP", **members})


def _octets(raw: str, octets: int) -> bytes:
    data = raw.encode()
    return (sha256(data).digest() if octets <= _OCTETS else sha512(data).digest())[:octets]


def _shaped(
    shape: CredentialShape | None, class_: EnvironmentClass, secret: SecretId
) -> str | None:
    """A text that begins as the class of environment says; None where nothing simple does."""
    pattern = getattr(shape, class_, None)
    start = None if pattern is None else beginning(pattern)
    text = None if start is None else start + _hex40(secret.owner, secret.name)
    return text if text is not None and misfit(shape, class_, text) is None else None


def _hex40(owner: str, name: str) -> str:
    return digest(f"{owner}:{name}").hex()[:40]


# The public exponent in common use, which every library takes.
EXPONENT: Final = 65_537
# Bytes of each of the two primes: a modulus of 2048 bits, the least that JWE allows (RFC 7518).
_PRIME_BYTES: Final = 128
# Odd numbers that one sieve looks at; the gap to the next prime is 710 on average, so one serves.
_SIEVED: Final = 20_000
# Miller and Rabin's test by fixed bases: a number that follows from a digest is no adversary's.
_BASES: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


@lru_cache(maxsize=32)
def _primes_of(name: str) -> tuple[int, int]:
    return _prime(f"{name}:p"), _prime(f"{name}:q")


def private_jwk(name: str) -> dict[str, str]:
    """The private key of 2048 bits of a name, as a JWK (RFC 7518, section 6.3)."""
    p, q = _primes_of(name)
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    members = {
        "n": p * q,
        "e": EXPONENT,
        "d": d,
        "p": p,
        "q": q,
        "dp": d % (p - 1),
        "dq": d % (q - 1),
        "qi": pow(q, -1, p),
    }
    return {"kty": "RSA", **{member: _number(value) for member, value in members.items()}}


def _number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8)
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _prime(name: str) -> int:
    """The first prime at or above the name's number that RSA can use."""
    blocks = (sha256(f"forwardc-sandbox:{name}:{at}".encode()).digest() for at in range(4))
    start = int.from_bytes(b"".join(blocks)) | 3 << 8 * _PRIME_BYTES - 2 | 1
    return next(
        candidate
        for candidate in _candidates(start)
        if candidate % EXPONENT != 1 and _is_prime(candidate)
    )


def _candidates(start: int) -> Iterator[int]:
    """Odd numbers from `start` on that no small prime divides."""
    for at in count(start, 2 * _SIEVED):
        unmarked = bytearray(b"\x01" * _SIEVED)
        for prime in _small_primes():
            # The first place whose number `at + 2 * place` this prime divides.
            first = -at * pow(2, -1, prime) % prime
            unmarked[first::prime] = bytes(len(range(first, _SIEVED, prime)))
        yield from compress(range(at, at + 2 * _SIEVED, 2), unmarked)


@lru_cache(maxsize=1)
def _small_primes() -> tuple[int, ...]:
    primes: list[int] = []
    for number in range(3, _SIEVED, 2):
        if all(number % prime for prime in primes if prime * prime <= number):
            primes.append(number)
    return tuple(primes)


def _is_prime(number: int) -> bool:
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(number, base, odd, twos) for base in _BASES)


def _passes(number: int, base: int, odd: int, twos: int) -> bool:
    power = pow(base, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False


_COUNT: Final = re.compile(r"\{(\d+)(?:,\d*)?\}")
_CLASSES: Final = {"d": "0", "w": "a", "s": " ", "S": "a", "D": "a", "W": "-"}
# Characters of a made-up text: longer than any credential, and a count of a pattern stays harmless.
_LONGEST: Final = 200


def beginning(pattern: str) -> str | None:
    """The text; None for a pattern that has more than literals, choices, sets and counts."""
    reader = _Reader(pattern.removesuffix("$"))
    try:
        text = reader.choices()
    except (IndexError, ValueError):
        return None
    whole = reader.at == len(reader.pattern)
    return text if whole and len(text) <= _LONGEST else None


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def choices(self) -> str:
        """What stands before the first `|`; the others are passed over."""
        first = self.sequence()
        while self._taken("|"):
            self.sequence()
        return first

    def sequence(self) -> str:
        text = ""
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if not (self._taken("^") or self._taken("\\A")):
                unit = self.part()
                text += unit * self.times()
        return text

    def part(self) -> str:
        if self._taken("("):
            if self._taken("?") and not self._taken(":"):
                raise ValueError("a group of another kind")
            inside = self.choices()
            if not self._taken(")"):
                raise ValueError("a group that does not end")
            return inside
        if self._taken("["):
            return self.set()
        mark = self._next()
        if mark == "\\":
            return self.escaped()
        if mark in "*+?{":
            raise ValueError("a count of nothing")
        return "a" if mark == "." else mark

    def set(self) -> str:
        """The first member of a set that is not negated."""
        if self.pattern[self.at] == "^":
            raise ValueError("a negated set")
        mark = self._next()
        first = self.escaped() if mark == "\\" else mark
        while self._next() != "]":
            continue
        return first

    def escaped(self) -> str:
        mark = self._next()
        if mark.isalnum():
            return _CLASSES[mark] if mark in _CLASSES else self._unknown()
        return mark

    def times(self) -> int:
        """How often the part before must stand there."""
        count = _COUNT.match(self.pattern, self.at)
        if count is not None:
            self.at = count.end()
            least = min(int(count[1]), _LONGEST + 1)
        elif self._taken("+"):
            least = 1
        elif self._taken("*") or self._taken("?"):
            least = 0
        else:
            return 1
        self._taken("?")
        return least

    def _unknown(self) -> str:
        raise ValueError("an escape of another kind")

    def _next(self) -> str:
        mark = self.pattern[self.at]
        self.at += 1
        return mark

    def _taken(self, mark: str) -> bool:
        there = self.pattern.startswith(mark, self.at)
        self.at += len(mark) if there else 0
        return there
