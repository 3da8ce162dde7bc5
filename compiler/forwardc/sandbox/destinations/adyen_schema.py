"""The documented shape of a request to Adyen's /payments, v68 to v72. Data.

Knows no HTTP and no outcome. Source: the OpenAPI descriptions CheckoutService-v68 to v72 in
github.com/Adyen/adyen-openapi (July 2026): the names and limits, none of their text.
"""

from dataclasses import dataclass
from typing import Final

from forwardc.sandbox.destinations.adyen_currencies import DIGITS
from forwardc.sandbox.destinations.shapes import (
    ANY_OBJECT,
    Boolean,
    Integer,
    Items,
    Object,
    Shape,
    Text,
    TextMap,
)

VERSIONS = (68, 69, 70, 71, 72)

_ANY = Text()
_ENCRYPTED = Text(longest=15_000)
_BASE64 = Text(pattern=r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def _choice(*choices: str) -> Text:
    return Text(choices=frozenset(choices))


def _each(names: str, shape: Shape) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), shape)


# Dates are texts of a day, or of a moment with its offset (RFC 3339).
_DATE = Text(
    pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
)

_AMOUNT = Object(
    {"currency": Text(choices=frozenset(DIGITS)), "value": Integer(least=0)},
    required=("currency", "value"),
)

BILLING_ADDRESS = Object(
    _each("city houseNumberOrName street", Text(longest=3000))
    | {
        "country": Text(pattern="(?:[A-Z]{2})?"),
        "postalCode": _ANY,
        "stateOrProvince": Text(longest=1000),
    },
    required=("city", "country", "houseNumberOrName", "postalCode", "street"),
)

CARD = Object(
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
        "encryptedCard": Text(longest=40_000),
        "fundingSource": _choice("credit", "debit", "prepaid"),
        "holderName": Text(longest=15_000),
        "sdkData": Text(longest=50_000),
        "storedPaymentMethodId": Text(longest=64),
        "threeDS2SdkVersion": Text(longest=12),
        "type": _choice("bcmc", "scheme", "networkToken", "giftcard", "card", "clicktopay"),
    }
)

MPI_DATA = Object(
    _each("cavvAlgorithm dsTransID eci riskScore threeDSVersion transStatusReason", _ANY)
    | _each("cavv tokenAuthenticationVerificationValue xid", _BASE64)
    | {
        "authenticationResponse": _choice(*"YNUA"),
        "challengeCancel": _choice("01", "02", "03", "04", "05", "06", "07"),
        "directoryResponse": _choice(*"ACDINRUY"),
    }
)

_SHOPPER_NAME = Object(
    _each("firstName lastName", Text(longest=80)), required=("firstName", "lastName")
)

_FIELDS: dict[str, Shape] = (
    _each("amount additionalAmount", _AMOUNT)
    | _each("additionalData localizedShopperStatement", TextMap())
    | _each(
        "accountInfo applicationInfo authenticationData bankAccount browserInfo company dccQuote "
        "deliveryAddress enhancedSchemeData fundOrigin fundRecipient installments mandate "
        "merchantRiskIndicator order paymentValidations platformChargebackLogic riskData "
        "shopperTaxInfo surcharge threeDS2RequestData",
        ANY_OBJECT,
    )
    | _each("lineItems splits subMerchants", Items(ANY_OBJECT))
    | _each("captureDelayHours fraudOffset", Integer(-(2**31), 2**31 - 1))
    | _each(
        "enableOneClick enablePayOut enableRecurring storePaymentMethod threeDSAuthenticationOnly "
        "trustedShopper",
        Boolean(),
    )
    | _each("dateOfBirth deliverAt deliveryDate", _DATE)
    | _each(
        "conversionId mcc orderReference recurringExpiry recurringFrequency "
        "redirectFromIssuerMethod redirectToIssuerMethod reference sessionValidity shopperEmail "
        "shopperLocale socialSecurityNumber telephoneNumber",
        _ANY,
    )
    | {
        "merchantAccount": Text(pattern="[A-Za-z0-9_]+"),
        "billingAddress": BILLING_ADDRESS,
        "channel": _choice("iOS", "Android", "Web"),
        "checkoutAttemptId": Text(longest=256),
        "countryCode": Text(longest=100),
        "deviceFingerprint": Text(longest=5000),
        "entityType": _choice("NaturalPerson", "CompanyName"),
        "industryUsage": _choice("delayedCharge", "installment", "noShow"),
        "merchantOrderReference": Text(longest=1000),
        "metadata": TextMap(most=20, longest_name=20, longest_value=80),
        "mpiData": MPI_DATA,
        "origin": Text(longest=80),
        "paymentMethod": CARD,
        "recurringProcessingModel": _choice("CardOnFile", "Subscription", "UnscheduledCardOnFile"),
        "returnUrl": Text(longest=8000),
        "shopperConversionId": Text(longest=256),
        "shopperIP": Text(longest=1000),
        "shopperInteraction": _choice("Ecommerce", "ContAuth", "Moto", "POS"),
        "shopperName": _SHOPPER_NAME,
        "shopperReference": Text(3, 256),
        "shopperStatement": Text(longest=10_000),
        "store": Text(1, 64),
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
class CardField:
    """A member of a raw card: its encrypted twin, and the form of its value."""

    name: str
    encrypted: str
    pattern: str


CARD_FIELDS: Final = (
    CardField("number", "encryptedCardNumber", "[0-9]{12,19}"),
    CardField("expiryMonth", "encryptedExpiryMonth", "0[1-9]|1[0-2]"),
    CardField("expiryYear", "encryptedExpiryYear", "20[0-9]{2}"),
    CardField("cvc", "encryptedSecurityCode", "[0-9]{3,4}"),
)
CVC_DIGITS: Final = {"amex": 4}
"""How many digits the CVC of a brand has; three where the brand is not here."""

STORED: Final = ("storedPaymentMethodId", "recurringDetailReference", "encryptedCard")
"""Members that name a card which this sandbox's Adyen does not hold, or cannot open."""


def payment_request(version: int) -> Object:
    """The shape of the request body in one API version."""
    fields = {
        name: shape
        for name, shape in _FIELDS.items()
        if _SPAN.get(name, (68, 72))[0] <= version <= _SPAN.get(name, (68, 72))[1]
    }
    return Object(fields, _REQUIRED)
