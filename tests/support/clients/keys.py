"""The credentials of one client of Checkout.com at the sandbox."""

from dataclasses import dataclass, field

from forwardc.sandbox.checkout.made_up_keys import (
    checkout_client_id,
    checkout_client_secret,
    checkout_public_key,
    checkout_secret_key,
)


@dataclass(frozen=True)
class Keys:
    """Keys, OAuth credentials and the merchant's subdomain."""

    secret: str = field(default_factory=checkout_secret_key, repr=False)
    public: str = field(default_factory=checkout_public_key, repr=False)
    client: str = field(default_factory=checkout_client_id, repr=False)
    client_secret: str = field(default_factory=checkout_client_secret, repr=False)
    subdomain: str = "abcd1234"
