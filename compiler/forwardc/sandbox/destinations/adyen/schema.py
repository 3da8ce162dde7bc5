"""The documented shape of a request to Adyen's /payments, v68 to v72. Data.

Members, types and limits as tables. Source: the OpenAPI descriptions CheckoutService-v68 to v72 in
github.com/Adyen/adyen-openapi (July 2026): the names and limits, none of their text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from forwardc.sandbox.destinations.shapes import (
    ANY_OBJECT,
    BooleanShape,
    IntegerShape,
    JsonShape,
    ListShape,
    ObjectShape,
    TextMapShape,
    TextShape,
)
from forwardc.sandbox.money import ISO

# docs.adyen.com/development-resources/currency-codes marks four currencies as different from ISO
# 4217 and has CNH beside it. Only its rows A to E were found; a code of ISO that they lack is taken
# all the same, because the page changes more often than what it describes.
DIGITS: Final[Mapping[str, int]] = {**ISO, "CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2, "CNH": 2}
"""Digits after the decimal point by code, in capitals."""

VERSIONS = (68, 69, 70, 71, 72)

_ANY = TextShape()
_ENCRYPTED = TextShape(longest=15_000)
_BASE64 = TextShape(pattern=r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def _choice(*choices: str) -> TextShape:
    return TextShape(choices=frozenset(choices))


def _each(names: str, shape: JsonShape) -> dict[str, JsonShape]:
    return dict.fromkeys(names.split(), shape)


# Dates are texts of a day, or of a moment with its offset (RFC 3339).
_DATE = TextShape(
    pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
)

_AMOUNT = ObjectShape(
    {"currency": TextShape(choices=frozenset(DIGITS)), "value": IntegerShape(least=0)},
    required=("currency", "value"),
)

BILLING_ADDRESS = ObjectShape(
    _each("city houseNumberOrName street", TextShape(longest=3000))
    | {
        "country": TextShape(pattern="(?:[A-Z]{2})?"),
        "postalCode": _ANY,
        "stateOrProvince": TextShape(longest=1000),
    },
    required=("city", "country", "houseNumberOrName", "postalCode", "street"),
)

CARD = ObjectShape(
    _each(
        "billingSequenceNumber brand checkoutAttemptId cupsecureplus.smscode cvc expiryMonth "
        "expiryYear fastlaneData networkPaymentReference number recurringDetailReference "
        "shopperNotificationReference srcCorrelationId srcDigitalCardId srcScheme "
        "srcTokenReference",
        _ANY,
    )
    | _each(
        "encryptedCardNumber encryptedExpiryMonth encryptedExpiryYear encryptedPassword "
        "encryptedSecurityCode",
        _ENCRYPTED,
    )
    | {
        "encryptedCard": TextShape(longest=40_000),
        "fundingSource": _choice("credit", "debit", "prepaid"),
        "holderName": TextShape(longest=15_000),
        "sdkData": TextShape(longest=50_000),
        "storedPaymentMethodId": TextShape(longest=64),
        "threeDS2SdkVersion": TextShape(longest=12),
        "type": _choice("bcmc", "scheme", "networkToken", "giftcard", "card", "clicktopay"),
    }
)

MPI_DATA = ObjectShape(
    _each("cavvAlgorithm dsTransID eci riskScore threeDSVersion transStatusReason", _ANY)
    | _each("cavv tokenAuthenticationVerificationValue xid", _BASE64)
    | {
        "authenticationResponse": _choice(*"YNUA"),
        "challengeCancel": _choice("01", "02", "03", "04", "05", "06", "07"),
        "directoryResponse": _choice(*"ACDINRUY"),
    }
)

_SHOPPER_NAME = ObjectShape(
    _each("firstName lastName", TextShape(longest=80)), required=("firstName", "lastName")
)

_FIELDS: dict[str, JsonShape] = (
    _each("amount additionalAmount", _AMOUNT)
    | _each("additionalData localizedShopperStatement", TextMapShape())
    | _each(
        "accountInfo applicationInfo authenticationData bankAccount browserInfo company dccQuote "
        "deliveryAddress enhancedSchemeData fundOrigin fundRecipient installments mandate "
        "merchantRiskIndicator order paymentValidations platformChargebackLogic riskData "
        "shopperTaxInfo surcharge threeDS2RequestData",
        ANY_OBJECT,
    )
    | _each("lineItems splits subMerchants", ListShape(ANY_OBJECT))
    | _each("captureDelayHours fraudOffset", IntegerShape(-(2**31), 2**31 - 1))
    | _each(
        "enableOneClick enablePayOut enableRecurring storePaymentMethod threeDSAuthenticationOnly "
        "trustedShopper",
        BooleanShape(),
    )
    | _each("dateOfBirth deliverAt deliveryDate", _DATE)
    | _each(
        "conversionId mcc orderReference recurringExpiry recurringFrequency "
        "redirectFromIssuerMethod redirectToIssuerMethod reference sessionValidity shopperEmail "
        "shopperLocale socialSecurityNumber telephoneNumber",
        _ANY,
    )
    | {
        "merchantAccount": TextShape(pattern="[A-Za-z0-9_]+"),
        "billingAddress": BILLING_ADDRESS,
        "channel": _choice("iOS", "Android", "Web"),
        "checkoutAttemptId": TextShape(longest=256),
        "countryCode": TextShape(longest=100),
        "deviceFingerprint": TextShape(longest=5000),
        "entityType": _choice("NaturalPerson", "CompanyName"),
        "industryUsage": _choice("delayedCharge", "installment", "noShow"),
        "merchantOrderReference": TextShape(longest=1000),
        "metadata": TextMapShape(most=20, longest_name=20, longest_value=80),
        "mpiData": MPI_DATA,
        "origin": TextShape(longest=80),
        "paymentMethod": CARD,
        "recurringProcessingModel": _choice("CardOnFile", "Subscription", "UnscheduledCardOnFile"),
        "returnUrl": TextShape(longest=8000),
        "shopperConversionId": TextShape(longest=256),
        "shopperIP": TextShape(longest=1000),
        "shopperInteraction": _choice("Ecommerce", "ContAuth", "Moto", "POS"),
        "shopperName": _SHOPPER_NAME,
        "shopperReference": TextShape(3, 256),
        "shopperStatement": TextShape(longest=10_000),
        "store": TextShape(1, 64),
    }
)

_REQUIRED = ("amount", "merchantAccount", "paymentMethod", "reference", "returnUrl")

# Names that came or went between the versions: (first version, last version).
_SPAN = {
    "authenticationData": (69, 72),
    "paymentValidations": (69, 72),
    "deliverAt": (70, 72),
    "enhancedSchemeData": (70, 72),
    "industryUsage": (70, 72),
    "conversionId": (68, 71),
}


@dataclass(frozen=True, slots=True)
class Needed:
    """A member that another one asks for: where `at` has one of `values`, `needs` must be there.

    Both are dotted paths of texts or booleans.
    """

    at: str
    values: tuple[str | bool, ...]
    needs: str


NEEDED: Final = (
    Needed("storePaymentMethod", (True,), "shopperReference"),
    Needed("billingAddress.country", ("US", "CA"), "billingAddress.stateOrProvince"),
)


@dataclass(frozen=True, slots=True)
class AdyenCardField:
    """A member of a raw card: its encrypted twin, and the form of its value."""

    name: str
    encrypted: str
    pattern: str


CARD_FIELDS: Final = (
    AdyenCardField("number", "encryptedCardNumber", "[0-9]{12,19}"),
    AdyenCardField("expiryMonth", "encryptedExpiryMonth", "0[1-9]|1[0-2]"),
    AdyenCardField("expiryYear", "encryptedExpiryYear", "20[0-9]{2}"),
    AdyenCardField("cvc", "encryptedSecurityCode", "[0-9]{3,4}"),
)
CVC_DIGITS: Final = {"amex": 4}
"""How many digits the CVC of a brand has; three where the brand is not here."""

STORED: Final = ("storedPaymentMethodId", "recurringDetailReference", "encryptedCard")
"""Members that name a card which this sandbox's Adyen does not hold, or cannot open."""


def payment_request(version: int) -> ObjectShape:
    """The shape of the request body in one API version."""
    fields = {
        name: shape
        for name, shape in _FIELDS.items()
        if _SPAN.get(name, (68, 72))[0] <= version <= _SPAN.get(name, (68, 72))[1]
    }
    return ObjectShape(fields, _REQUIRED)
