"""Parameters that several resources have. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    Cleared,
    Country,
    Dated,
    Either,
    Flag,
    Items,
    Kind,
    Metadata,
    Shape,
    Text,
    Whole,
)

ADDRESS_PARTS: Final = ("city", "country", "line1", "line2", "postal_code", "state")
# Of a customer: Stripe takes any text for the country, as stripe-node's issue 1680 shows.
ADDRESS: Final = Shape(dict.fromkeys(ADDRESS_PARTS, Cleared(Text())))
_CHECKED: Final = Shape({**ADDRESS.fields, "country": Cleared(Country())})
BILLING: Final = Shape(
    {
        "address": Cleared(_CHECKED),
        "email": Cleared(Text(form="email")),
        "name": Cleared(Text()),
        "phone": Cleared(Text()),
        "tax_id": Text(),
    }
)
SHIPPING: Final = Shape(
    {
        "address": _CHECKED,
        "carrier": Text(),
        "name": Text(),
        "phone": Text(),
        "tracking_number": Text(),
    },
    required=("address", "name"),
)
CUSTOMER_SHIPPING: Final = Shape(
    {"address": ADDRESS, "name": Text(), "phone": Text()}, required=("address", "name")
)
EXPAND: Final = Items(Text())
METADATA: Final = Metadata()
CLEARED_METADATA: Final = Cleared(Metadata())
REDISPLAY: Final = Text(choices=("always", "limited", "unspecified"))
ONLY_EXPAND: Final = Shape({"expand": EXPAND})
WITH_CLIENT_SECRET: Final = Shape({"expand": EXPAND, "client_secret": Text()})

# The sandbox's account has cards switched on and nothing else.
ACTIVE_TYPES: Final = ("card",)
TYPES_ADDED: Final = "2026-07-29"
TYPES_REMOVED: Final = "2026-09-30"
METHOD_TYPES: Final[dict[str, Kind]] = {
    "allowed_payment_method_types": Dated(Items(Text()), since=TYPES_ADDED),
    "payment_method_types": Dated(
        Items(Text()),
        until=TYPES_REMOVED,
        code="payment_method_types_no_longer_supported",
        text="payment_method_types is no longer supported: use allowed_payment_method_types.",
    ),
}
AUTOMATIC_METHODS: Final = Shape(
    {"enabled": Flag(), "allow_redirects": Text(choices=("always", "never"))},
    required=("enabled",),
)
MANDATE_DATA: Final = Shape(
    {
        "customer_acceptance": Shape(
            {
                "accepted_at": Whole(0),
                "offline": Shape({}),
                "online": Shape(
                    {"ip_address": Text(), "user_agent": Text()},
                    required=("ip_address", "user_agent"),
                ),
                "type": Text(choices=("offline", "online")),
            },
            required=("type",),
        )
    },
    required=("customer_acceptance",),
)

_BOUNDS: Final = Shape(dict.fromkeys(("gt", "gte", "lt", "lte"), Whole()))
_CURSORS: Final[dict[str, Kind]] = {
    "starting_after": Text(),
    "ending_before": Text(),
    "limit": Whole(1, 100),
    "expand": EXPAND,
}
_CREATED: Final = Either(_BOUNDS, Whole())


def listing(*, created: Kind | None = _CREATED, **filters: Kind) -> Shape:
    """The parameters of a list: cursors, `created` and the filters of its own."""
    own = {"created": created} if created is not None else {}
    return Shape({**_CURSORS, **own, **filters})


# `created` is a map only, unlike in Stripe's other lists (OpenAPI 2026-09-30).
FORWARDING_LIST: Final = listing(created=_BOUNDS)
