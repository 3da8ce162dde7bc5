"""Parameters that several resources have. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    BooleanParam,
    ClearableParam,
    CountryParam,
    DatedParam,
    EitherParam,
    IntegerParam,
    ListParam,
    MapParam,
    MetadataParam,
    ParamKind,
    TextParam,
)

ADDRESS_PARTS: Final = ("city", "country", "line1", "line2", "postal_code", "state")
# Of a customer: Stripe takes any text for the country, as stripe-node's issue 1680 shows.
ADDRESS: Final = MapParam(dict.fromkeys(ADDRESS_PARTS, ClearableParam(TextParam())))
_CHECKED: Final = MapParam({**ADDRESS.fields, "country": ClearableParam(CountryParam())})
BILLING: Final = MapParam(
    {
        "address": ClearableParam(_CHECKED),
        "email": ClearableParam(TextParam(form="email")),
        "name": ClearableParam(TextParam()),
        "phone": ClearableParam(TextParam()),
        "tax_id": TextParam(),
    }
)
SHIPPING: Final = MapParam(
    {
        "address": _CHECKED,
        "carrier": TextParam(),
        "name": TextParam(),
        "phone": TextParam(),
        "tracking_number": TextParam(),
    },
    required=("address", "name"),
)
CUSTOMER_SHIPPING: Final = MapParam(
    {"address": ADDRESS, "name": TextParam(), "phone": TextParam()}, required=("address", "name")
)
EXPAND: Final = ListParam(TextParam())
METADATA: Final = MetadataParam()
CLEARED_METADATA: Final = ClearableParam(MetadataParam())
REDISPLAY: Final = TextParam(choices=("always", "limited", "unspecified"))
ONLY_EXPAND: Final = MapParam({"expand": EXPAND})
WITH_CLIENT_SECRET: Final = MapParam({"expand": EXPAND, "client_secret": TextParam()})

# The sandbox's account has cards switched on and nothing else.
ACTIVE_TYPES: Final = ("card",)
TYPES_ADDED: Final = "2026-07-29"
TYPES_REMOVED: Final = "2026-09-30"
METHOD_TYPES: Final[dict[str, ParamKind]] = {
    "allowed_payment_method_types": DatedParam(ListParam(TextParam()), since=TYPES_ADDED),
    "payment_method_types": DatedParam(
        ListParam(TextParam()),
        until=TYPES_REMOVED,
        code="payment_method_types_no_longer_supported",
        text="payment_method_types is no longer supported: use allowed_payment_method_types.",
    ),
}
AUTOMATIC_METHODS: Final = MapParam(
    {"enabled": BooleanParam(), "allow_redirects": TextParam(choices=("always", "never"))},
    required=("enabled",),
)
MANDATE_DATA: Final = MapParam(
    {
        "customer_acceptance": MapParam(
            {
                "accepted_at": IntegerParam(0),
                "offline": MapParam({}),
                "online": MapParam(
                    {"ip_address": TextParam(), "user_agent": TextParam()},
                    required=("ip_address", "user_agent"),
                ),
                "type": TextParam(choices=("offline", "online")),
            },
            required=("type",),
        )
    },
    required=("customer_acceptance",),
)

_BOUNDS: Final = MapParam(dict.fromkeys(("gt", "gte", "lt", "lte"), IntegerParam()))
_CURSORS: Final[dict[str, ParamKind]] = {
    "starting_after": TextParam(),
    "ending_before": TextParam(),
    "limit": IntegerParam(1, 100),
    "expand": EXPAND,
}
_CREATED: Final = EitherParam(_BOUNDS, IntegerParam())


def listing(*, created: ParamKind | None = _CREATED, **filters: ParamKind) -> MapParam:
    """The parameters of a list: cursors, `created` and the filters of its own."""
    own = {"created": created} if created is not None else {}
    return MapParam({**_CURSORS, **own, **filters})


# `created` is a map only, unlike in Stripe's other lists (OpenAPI 2026-09-30).
FORWARDING_LIST: Final = listing(created=_BOUNDS)
