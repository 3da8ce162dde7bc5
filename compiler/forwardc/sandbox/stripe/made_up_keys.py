"""The made-up keys of the emulated Stripe, in the shapes that the vendor's have.

A client that talks to the sandbox derives them itself, by the rule that docs/sandbox.md states.
"""

from forwardc.sandbox.credentials import hex_of


def stripe_destination_key() -> str:
    """The key of a destination `stripe` with the secret `stripe_api_key`, which has a shape."""
    return "sk_test_" + hex_of("stripe:stripe_api_key")


def stripe_secret_key(*, live: bool = False) -> str:
    """Stripe secret key, `sk_test_` or for live mode `sk_live_`, and 40 hexadecimal digits."""
    return f"sk_{'live' if live else 'test'}_" + hex_of("vault:stripe:api_key")
