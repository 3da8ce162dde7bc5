"""What Visa Token Service takes when a card is provisioned. Data.

Knows no HTTP and no key. Sources: Visa's own client (github.com/visa/mcp), the field list in
Visa's developer community (thread m-p/5930) and header samples of real messages. Which members are
required is not public; without those that are required here nothing can be provisioned.
"""

import re
from typing import Final

from forwardc.sandbox.destinations.shapes import Boolean, Items, Object, Shape, Text

_TEXTS: Final[dict[str, Shape]] = dict.fromkeys(
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
    Text(1, 256),
)
# Both public forms are SHA-256 in base64url without padding.
_TEXTS["clientWalletAccountEmailAddressHash"] = Text(pattern="[A-Za-z0-9_-]{43}")
QUERY: Final = Object(
    {
        "apiKey": Text(1),
        "relationshipID": Text(1, 100),
        # What an asynchronous provisioning answers is not public: it is not played.
        "async": Text(choices=frozenset({"false"})),
    }
)
"""The query, but for who may name its key otherwise."""
REQUEST: Final = Object(
    _TEXTS
    | {
        "presentationType": Items(Text(1)),
        "encPaymentInstrument": Text(1),
        "encRiskDataInfo": Text(1),
        "termsAndConditions": Object(closed=False),
        "isTokenForGuestCheckout": Boolean(),
    },
    required=("clientAppID", "encPaymentInstrument"),
    closed=False,
)

PROTECTED_HEADER: Final = Object(
    {
        "enc": Text(choices=frozenset({"A256GCM"})),
        "channelSecurityContext": Text(choices=frozenset({"SHARED_SECRET"})),
        # Text of seconds; another Visa API has a number of milliseconds, which must not pass here.
        "iat": Text(pattern="[0-9]{10}"),
    },
    required=("enc", "channelSecurityContext", "iat"),
    closed=False,
)
CONTEXT: Final = frozenset({"channelSecurityContext", "iat"})
"""Members of the header that Visa's own client leaves out."""

_ADDRESS: Final[dict[str, Shape]] = dict.fromkeys(
    ("line1", "line2", "city", "state", "country", "postalCode"), Text(longest=256)
)
PLAINTEXT: Final = Object(
    {
        "accountNumber": Text(pattern="[0-9]{13,19}"),
        "cvv2": Text(pattern="[0-9]{3,4}"),
        "name": Text(longest=256),
        "expirationDate": Object(
            {"month": Text(pattern="0[1-9]|1[0-2]"), "year": Text(pattern="20[0-9]{2}")},
            required=("month", "year"),
        ),
        "billingAddress": Object(_ADDRESS),
        "provider": Text(1),
    },
    required=("accountNumber",),
)

MONTH: Final = "expirationDate.month"
SHORT_MONTH: Final = re.compile("[1-9]")
"""How Checkout.com's example writes a month."""

NEEDED_BY_SOURCE: Final = {"ISSUER_PUSH_PROVISION": "provider"}
"""The member of the plaintext that a `panSource` asks for."""
