"""The scenes of the demo: what is run, through which vault, and what must come out.

Data only: nothing here knows how a request is made, sent or shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from forwardc.core.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Scene:
    """One run. `card` names a test card that is stored first; a direct run has none."""

    title: str
    destination: str
    operation: str
    vault: str
    params: Mapping[str, str]
    card: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    expected: Outcome = Outcome.APPROVED

    @property
    def target(self) -> str:
        """The operation as `forwardc run` names it."""
        return f"{self.destination}.{self.operation}"


_PAYMENT: Final = {"amount": "1000", "currency": "EUR"}
_ORDER: Final = {
    **_PAYMENT,
    "reference": 'ORDER-1 "é" {{card_number}}',
    "return_url": "https://shop.example/return",
}
_BILLING: Final = {
    "billing.line1": "1 Example Street",
    "billing.city": "London",
    "billing.postal_code": "NW1 6XE",
    "billing.country": "GB",
}

SCENES: Final = (
    Scene(
        "Stripe through Checkout.com: three steps, the card in the first only",
        *("stripe", "payment", "checkout"),
        _PAYMENT,
        card="visa",
    ),
    Scene(
        "Adyen through Checkout.com, with the CVC; the order's name tries to be a placeholder",
        *("adyen", "card_cit", "checkout"),
        _ORDER,
        card="visa_adyen",
    ),
    Scene(
        "Adyen through Checkout.com: the issuer declines",
        *("adyen", "card_cit", "checkout"),
        {**_ORDER, "reference": "ORDER-2"},
        card="declined",
        expected=Outcome.DECLINED,
    ),
    Scene(
        "Visa through Checkout.com: the vault encrypts the card and signs the request",
        *("visa", "provision", "checkout"),
        {"wallet_account_id": "wallet-42", "email": "shopper@example.com"},
        card="visa",
    ),
    Scene(
        "Rokt through Stripe: the billing address comes from us, as Stripe forwards none",
        *("rokt", "share", "stripe"),
        {"reference": "ORDER-3"},
        card="visa",
        inputs=_BILLING,
    ),
    Scene(
        "Adyen through Stripe: the same YAML, blanks in place of placeholders",
        *("adyen", "card_cit", "stripe"),
        {**_ORDER, "reference": "ORDER-4"},
        card="visa_adyen",
    ),
    Scene(
        "Rocketpay, card information by token: no card data, so no vault",
        *("rocketpay", "card", "direct"),
        {"customer_id": "customer_123"},
    ),
)
