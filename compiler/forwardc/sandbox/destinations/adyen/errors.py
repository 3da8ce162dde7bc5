"""Adyen's error codes, and which mistake in a payment request has which. Data, and its exception.

Sources: Adyen's page on API error codes and the examples of its API description; where they leave
the choice of a code open, it is this sandbox's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from forwardc.sandbox.errors import SandboxError


@dataclass(frozen=True, slots=True)
class AdyenRefusal:
    """What Adyen answers to one mistake. The message carries no value."""

    code: str
    message: str
    status: int = 422
    kind: str = "validation"


class AdyenError(SandboxError):
    """The request is refused with this error."""

    def __init__(self, error: AdyenRefusal) -> None:
        super().__init__(error.message)
        self.error = error


UNAUTHORIZED: Final = AdyenRefusal("000", "HTTP Status Response - Unauthorized", 401, "security")
MERCHANT_ACCOUNT: Final = AdyenRefusal("901", "Invalid Merchant Account", 403, "security")
IDEMPOTENCY_KEY: Final = AdyenRefusal("702", "The idempotency key is not valid", 400)
ALREADY: Final = AdyenRefusal("704", "Request already processed or in progress")
NOT_JSON: Final = AdyenRefusal("702", "The content type is not JSON", 400)
CARD_NUMBER: Final = AdyenRefusal("101", "Invalid card number")
CVC: Final = AdyenRefusal("103", "CVC is not the right length")
EXPIRY: Final = AdyenRefusal("129", "Expiry Date Invalid")
ENCRYPTED: Final = AdyenRefusal("174", "Unable to decrypt data")
CONTRACT: Final = AdyenRefusal("800", "Contract not found")
NOT_SUPPORTED: Final = AdyenRefusal(
    "905", "Payment details are not supported", kind="configuration"
)
SERVER: Final = AdyenRefusal("905", "Payment details are not supported", 500, "configuration")

_AMOUNT: Final = AdyenRefusal("137", "Invalid amount specified")
_CURRENCY: Final = AdyenRefusal("138", "Unsupported currency specified")
_REFERENCE: Final = AdyenRefusal("130", "Reference Missing")
_RETURN_URL: Final = AdyenRefusal("14_030", "Return URL is missing.")
_SHOPPER_REFERENCE: Final = AdyenRefusal("000", "Recurring payments require a shopperReference")

_ADDRESS: Final[Mapping[str, AdyenRefusal]] = MappingProxyType(
    {
        f"billingAddress.{name}": AdyenRefusal(code, f"Billing address problem ({shown})")
        for name, shown, code in (
            ("city", "City", "131"),
            ("street", "Street", "132"),
            ("houseNumberOrName", "HouseNumberOrName", "133"),
            ("country", "Country", "134"),
            ("postalCode", "PostalCode", "134"),
            ("stateOrProvince", "StateOrProvince", "135"),
        )
    }
)

MISSING: Final[Mapping[str, AdyenRefusal]] = MappingProxyType(
    {
        "amount": AdyenRefusal("100", "Required object 'amount' is not provided."),
        "amount.value": _AMOUNT,
        "amount.currency": _CURRENCY,
        "merchantAccount": MERCHANT_ACCOUNT,
        "paymentMethod": AdyenRefusal("14_002", "Required object 'paymentMethod' is not provided."),
        "reference": _REFERENCE,
        "returnUrl": _RETURN_URL,
        "shopperReference": _SHOPPER_REFERENCE,
        **_ADDRESS,
    }
)
"""What an absent member is answered with, by its path."""

VALUE: Final[Mapping[str, AdyenRefusal]] = MappingProxyType(
    {
        "amount.value": _AMOUNT,
        "amount.currency": _CURRENCY,
        "merchantAccount": MERCHANT_ACCOUNT,
        "billingAddress.country": _ADDRESS["billingAddress.country"],
    }
)
"""What a value of the right type that is not allowed is answered with; any other is 702."""

EMPTY: Final[Mapping[str, AdyenRefusal]] = MappingProxyType(
    {
        "reference": _REFERENCE,
        "returnUrl": _RETURN_URL,
        **{
            path: _ADDRESS[path]
            for path in (
                "billingAddress.city",
                "billingAddress.street",
                "billingAddress.houseNumberOrName",
                "billingAddress.country",
            )
        },
    }
)
"""Texts that count as absent where they are empty."""


def unexpected(path: str, kind: str) -> AdyenRefusal:
    """Any other mistake in the body: its place and its kind."""
    return AdyenRefusal("702", f"Unexpected input: {path or 'body'}: {kind}", 400)


def unreadable(reason: str) -> AdyenRefusal:
    """A body that is no JSON."""
    return AdyenRefusal("702", f"Unexpected input: {reason}", 400)


def of_status(status: int, words: str) -> AdyenRefusal:
    """What the platform in front answers without looking at a body: 404, 405."""
    return AdyenRefusal("000", f"HTTP Status Response - {words}", status)
