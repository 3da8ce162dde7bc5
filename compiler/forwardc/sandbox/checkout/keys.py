"""The vault's RSA keys: one to encrypt headers for it, one that signs its access tokens.

Knows no endpoint. The keys are made on first use and live in the state, so that a sandbox with a
state file keeps its key ids.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from forwardc.sandbox.checkout.rows import fingerprint
from forwardc.sandbox.crypto.jwe import b64
from forwardc.sandbox.world import World

TABLE = "checkout.keys"
ENCRYPTION = "encryption"
SIGNING = "signing"
_PUBLIC = ("kty", "use", "alg", "kid", "n", "e")


def private_jwk(world: World, purpose: str) -> dict[str, Any]:
    """The private JWK of one purpose, made when first asked for."""
    table = world.table(TABLE)
    if purpose not in table:
        use, alg = ("enc", "RSA-OAEP-256") if purpose == ENCRYPTION else ("sig", "RS256")
        table[purpose] = {"kty": "RSA", "use": use, "alg": alg, **_generate()}
    jwk: dict[str, Any] = table[purpose]
    return jwk


def jwk_set(world: World) -> dict[str, Any]:
    """The JWK Set that /.well-known/jwks answers with. Its form is assumed, see docs/sandbox.md."""
    jwk = private_jwk(world, ENCRYPTION)
    return {"keys": [{name: jwk[name] for name in _PUBLIC}]}


def _generate() -> dict[str, str]:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    public = numbers.public_numbers
    members = {
        "n": public.n,
        "e": public.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    encoded = {name: b64(_bytes(value)) for name, value in members.items()}
    return {"kid": fingerprint(encoded["n"]), **encoded}


def _bytes(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
