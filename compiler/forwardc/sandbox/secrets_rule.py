"""The sandbox's made-up credentials: derived from a name, so that every process has the same.

Knows no vendor beyond the shape of its keys. A client that talks to the sandbox derives them
itself, by the rule that docs/sandbox.md states. They open nothing but a sandbox.
"""

from base64 import b32encode
from hashlib import sha256


def _digest(name: str) -> bytes:
    return sha256(f"forwardc-sandbox:{name}".encode()).digest()


def _base32(name: str) -> str:
    return b32encode(_digest(name)).decode("ascii").lower()


def _hex(name: str) -> str:
    return _digest(name).hex()[:40]


def _client(name: str) -> str:
    """Whose keys at Checkout.com: those of the merchant, or of another client by its name."""
    return f"vault:checkout:{name}:" if name else "vault:checkout:"


def _sbox(live: bool) -> str:
    return "" if live else "sbox_"


def _live(live: bool) -> str:
    """OAuth's credentials have no shape that tells one environment's from the other's."""
    return "live:" if live else ""


def secret(owner: str, name: str) -> str:
    """The value of an owner's secret (a destination's or a vendor's): `sbx_` and 40 hex digits."""
    return "sbx_" + _hex(f"{owner}:{name}")


def checkout_secret_key(client: str = "", *, live: bool = False) -> str:
    """Checkout.com secret key, `^sk_(sbox_)?[a-z2-7]{26}[a-z2-7*#$=]$`; without `sbox_` if live."""
    return f"sk_{_sbox(live)}" + _base32(_client(client) + "api_key")[:27]


def checkout_public_key(client: str = "", *, live: bool = False) -> str:
    """Checkout.com public key, the same with `pk_`."""
    return f"pk_{_sbox(live)}" + _base32(_client(client) + "public_key")[:27]


def checkout_client_id(client: str = "", *, live: bool = False) -> str:
    """Checkout.com OAuth client id, `ack_` and 26 characters."""
    return "ack_" + _base32(_client(client) + _live(live) + "client_id")[:26]


def checkout_client_secret(client: str = "", *, live: bool = False) -> str:
    """Checkout.com OAuth client secret, 40 hexadecimal digits."""
    return _hex(_client(client) + _live(live) + "client_secret")


def stripe_destination_key() -> str:
    """The key of a destination `stripe` with the secret `stripe_api_key`, which has a shape."""
    return "sk_test_" + _hex("stripe:stripe_api_key")


def stripe_secret_key(*, live: bool = False) -> str:
    """Stripe secret key, `sk_test_` or for live mode `sk_live_`, and 40 hexadecimal digits."""
    return f"sk_{'live' if live else 'test'}_" + _hex("vault:stripe:api_key")
