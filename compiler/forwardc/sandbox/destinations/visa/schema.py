"""What Visa Token Service takes when a card is provisioned. Data.

Sources: Visa's own client (github.com/visa/mcp), the field list in Visa's developer community
(thread m-p/5930) and header samples of real messages. Which members are required is not public;
without those that are required here nothing can be provisioned.
"""

import re
from typing import Final

from forwardc.sandbox.destinations.shapes import (
    BooleanShape,
    JsonShape,
    ListShape,
    ObjectShape,
    TextShape,
)

_TEXTS: Final[dict[str, JsonShape]] = dict.fromkeys(
    (
        "clientAppID",
        "clientWalletAccountID",
        "clientWalletAccountEmailAddress",
        "locale",
        "panSource",
        "consumerEntryMode",
        "protectionType",
        "accountType",
    ),
    TextShape(1, 256),
)
# Both public forms are SHA-256 in base64url without padding.
_TEXTS["clientWalletAccountEmailAddressHash"] = TextShape(pattern="[A-Za-z0-9_-]{43}")
QUERY: Final = ObjectShape(
    {
        "apiKey": TextShape(1),
        "relationshipID": TextShape(1, 100),
        # What an asynchronous provisioning answers is not public: it is not played.
        "async": TextShape(choices=frozenset({"false"})),
    }
)
"""The query, but for who may name its key otherwise."""
REQUEST: Final = ObjectShape(
    _TEXTS
    | {
        "presentationType": ListShape(TextShape(1)),
        "encPaymentInstrument": TextShape(1),
        "encRiskDataInfo": TextShape(1),
        "termsAndConditions": ObjectShape(closed=False),
        "isTokenForGuestCheckout": BooleanShape(),
    },
    required=("clientAppID", "encPaymentInstrument"),
    closed=False,
)

PROTECTED_HEADER: Final = ObjectShape(
    {
        "enc": TextShape(choices=frozenset({"A256GCM"})),
        "channelSecurityContext": TextShape(choices=frozenset({"SHARED_SECRET"})),
        # Text of seconds; another Visa API has a number of milliseconds, which must not pass here.
        "iat": TextShape(pattern="[0-9]{10}"),
    },
    required=("enc", "channelSecurityContext", "iat"),
    closed=False,
)
CONTEXT: Final = frozenset({"channelSecurityContext", "iat"})
"""Members of the header that Visa's own client leaves out."""

_ADDRESS: Final[dict[str, JsonShape]] = dict.fromkeys(
    ("line1", "line2", "city", "state", "country", "postalCode"), TextShape(longest=256)
)
PLAINTEXT: Final = ObjectShape(
    {
        "accountNumber": TextShape(pattern="[0-9]{13,19}"),
        "cvv2": TextShape(pattern="[0-9]{3,4}"),
        "name": TextShape(longest=256),
        "expirationDate": ObjectShape(
            {"month": TextShape(pattern="0[1-9]|1[0-2]"), "year": TextShape(pattern="20[0-9]{2}")},
            required=("month", "year"),
        ),
        "billingAddress": ObjectShape(_ADDRESS),
        "provider": TextShape(1),
    },
    required=("accountNumber",),
)

MONTH: Final = "expirationDate.month"
SHORT_MONTH: Final = re.compile("[1-9]")
"""How Checkout.com's example writes a month."""

NEEDED_BY_SOURCE: Final = {"ISSUER_PUSH_PROVISION": "provider"}
"""The member of the plaintext that a `panSource` asks for."""
