"""The made-up keys of the emulated Checkout.com, in the shapes that the vendor's have.

A client that talks to the sandbox derives them itself, by the rule that docs/sandbox.md states.
"""

from forwardc.sandbox.credentials import base32_of, hex_of


def _client(name: str) -> str:
    """Whose keys at Checkout.com: those of the merchant, or of another client by its name."""
    return f"vault:checkout:{name}:" if name else "vault:checkout:"


def _sbox(live: bool) -> str:
    return "" if live else "sbox_"


def _live(live: bool) -> str:
    """OAuth's credentials have no shape that tells one environment's from the other's."""
    return "live:" if live else ""


def checkout_secret_key(client: str = "", *, live: bool = False) -> str:
    """Checkout.com secret key, `^sk_(sbox_)?[a-z2-7]{26}[a-z2-7*#$=]$`; without `sbox_` if live."""
    return f"sk_{_sbox(live)}" + base32_of(_client(client) + "api_key")[:27]


def checkout_public_key(client: str = "", *, live: bool = False) -> str:
    """Checkout.com public key, the same with `pk_`."""
    return f"pk_{_sbox(live)}" + base32_of(_client(client) + "public_key")[:27]


def checkout_client_id(client: str = "", *, live: bool = False) -> str:
    """Checkout.com OAuth client id, `ack_` and 26 characters."""
    return "ack_" + base32_of(_client(client) + _live(live) + "client_id")[:26]


def checkout_client_secret(client: str = "", *, live: bool = False) -> str:
    """Checkout.com OAuth client secret, 40 hexadecimal digits."""
    return hex_of(_client(client) + _live(live) + "client_secret")
