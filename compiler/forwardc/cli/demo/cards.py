"""Plays the cardholder's browser and the merchant's back office: puts test cards into the vaults.

The only place of the command line where card numbers stand. In production a card reaches a vault
from the cardholder's device and never passes this program; a demo without a browser has to stand
in for it. So the numbers here are those that vendors publish for testing, they go to the sandbox
in this process only, and nothing but a vault's id and the last four digits comes back.
"""

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.sandbox.checkout.made_up_keys import checkout_public_key, checkout_secret_key
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key

if TYPE_CHECKING:
    import httpx

# Published by Stripe (docs.stripe.com/testing) and by Adyen in its API examples.
_NUMBERS: Final = MappingProxyType(
    {
        "visa": "4242424242424242",
        "visa_adyen": "4111111111111111",
        "declined": "4000000000000002",
    }
)
_CVC: Final = "737"
_MONTH, _YEAR = 3, 2030
_HOLDER: Final = "Jane Roe"
_CHECKOUT: Final = "https://api.sandbox.checkout.com"
_STRIPE: Final = "https://api.stripe.com"


@dataclass(frozen=True, slots=True)
class Stored:
    """A card at a vault: its id there, what goes with it in a run, and what may be told of it."""

    source: str
    description: str
    inputs: Mapping[str, str] = field(default_factory=dict)


async def store_card(vault: str, card: str, client: "httpx.AsyncClient") -> Stored:
    """Store a test card through the vault's own API. Raises `httpx.HTTPStatusError`."""
    return await (_at_checkout if vault == "checkout" else _at_stripe)(card, client)


async def _at_checkout(card: str, client: "httpx.AsyncClient") -> Stored:
    details = {
        "type": "card",
        "number": _NUMBERS[card],
        "expiry_month": _MONTH,
        "expiry_year": _YEAR,
        "name": _HOLDER,
    }
    browser, merchant = checkout_public_key(), checkout_secret_key()
    token = await _post(client, f"{_CHECKOUT}/tokens", browser, json=details)
    instrument = {"type": "token", "token": token["token"]}
    stored = await _post(client, f"{_CHECKOUT}/instruments", merchant, json=instrument)
    # The vault keeps no CVC: the cardholder types it again for each payment.
    typed = {"type": "cvv", "token_data": {"cvv": _CVC}}
    cvv = await _post(client, f"{_CHECKOUT}/tokens", browser, json=typed)
    description = f"{stored['scheme']} ending {stored['last4']}, and a CVC token"
    return Stored(stored["id"], description, {"cvv_token": cvv["token"]})


async def _at_stripe(card: str, client: "httpx.AsyncClient") -> Stored:
    details = {
        "type": "card",
        "card[number]": _NUMBERS[card],
        "card[exp_month]": str(_MONTH),
        "card[exp_year]": str(_YEAR),
        "card[cvc]": _CVC,
        "billing_details[name]": _HOLDER,
    }
    method = await _post(client, f"{_STRIPE}/v1/payment_methods", stripe_secret_key(), data=details)
    return Stored(method["id"], f"{method['card']['brand']} ending {method['card']['last4']}")


async def _post(
    client: "httpx.AsyncClient", url: str, key: str, **body: Mapping[str, Any]
) -> dict[str, Any]:
    answer = await client.post(url, headers={"Authorization": f"Bearer {key}"}, **body)  # type: ignore[arg-type]
    answer.raise_for_status()
    made: dict[str, Any] = answer.json()
    return made
