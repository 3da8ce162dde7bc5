"""Cards at vaults of a sandbox that is served: new ones, made over the vendors' own APIs."""

from typing import Any

import httpx

from forwardc.sandbox.checkout.made_up_keys import checkout_public_key
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key

NUMBER = "4242424242424242"
FORM = {
    "type": "card",
    "card[number]": NUMBER,
    "card[exp_month]": "3",
    "card[exp_year]": "2030",
    "card[cvc]": "123",
    "billing_details[name]": "Ann",
}
MAKERS_KEY = {"Authorization": f"Bearer {stripe_secret_key()}"}
"""The header of whoever makes a payment method at Stripe."""


def new_method(url: str, **more: str) -> str:
    """The id of a new payment method at Stripe, with a CVC that serves once."""
    answer = httpx.post(
        f"{url}/v1/payment_methods",
        data={**FORM, **more},
        headers={"Host": "api.stripe.com", **MAKERS_KEY},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def new_token(url: str, **more: Any) -> str:
    """The id of a new token at Checkout.com, which serves once."""
    details = {
        "type": "card",
        "number": NUMBER,
        "expiry_month": 3,
        "expiry_year": 2030,
        "name": "Ann",
        "cvv": "123",
        **more,
    }
    answer = httpx.post(
        f"{url}/tokens",
        json=details,
        headers={"Host": "api.sandbox.checkout.com", "Authorization": checkout_public_key()},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])
