"""RSA keys that follow from a name: made up for a sandbox, and known to everybody.

Nothing secret is made here, so that no source of randomness is used, and none would be right: every
process must find the same key. The rule stands in docs/sandbox.md.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from itertools import compress, count
from typing import Final

EXPONENT: Final = 65_537
_PRIME_BYTES: Final = 128
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
    return next(one for one in _candidates(start) if one % EXPONENT != 1 and _is_prime(one))


def _candidates(start: int) -> Iterator[int]:
    """Odd numbers from `start` on that no small prime divides."""
    for at in count(start, 2 * _SIEVED):
        kept = bytearray(b"\x01" * _SIEVED)
        for prime in _small_primes():
            # The first place whose number `at + 2 * place` this prime divides.
            first = -at * pow(2, -1, prime) % prime
            kept[first::prime] = bytes(len(range(first, _SIEVED, prime)))
        yield from compress(range(at, at + 2 * _SIEVED, 2), kept)


@lru_cache(maxsize=1)
def _small_primes() -> tuple[int, ...]:
    found: list[int] = []
    for number in range(3, _SIEVED, 2):
        if all(number % prime for prime in found if prime * prime <= number):
            found.append(number)
    return tuple(found)


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
