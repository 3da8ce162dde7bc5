"""What a parameter of Stripe's API can be, and the shapes that several resources share.

The classes are the words of which each resource's tables are made; `params` reads by them. Names,
lengths, enums and what is required come from the OpenAPI document of 2026-09-30.endive,
stripe-python 16.1 and the API reference of January 2026; what the sandbox cannot follow is an
`UnsupportedParam`, never passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

# Characters: `maxLength` of strings in the OpenAPI document.
MAX_TEXT = 5000


@dataclass(frozen=True, slots=True)
class TextParam:
    """A string of at most `limit` characters; with `choices`, one of them."""

    limit: int = MAX_TEXT
    choices: tuple[str, ...] = ()
    form: Literal["email", "url"] | None = None


@dataclass(frozen=True, slots=True)
class IntegerParam:
    """An integer, with optional bounds."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class BooleanParam:
    """`true` or `false`; `words` are further values that are let through as text."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListParam:
    """A list, written `a[]=` or `a[0]=`."""

    of: "ParamKind"


@dataclass(frozen=True, slots=True)
class MapParam:
    """A map with known keys."""

    fields: Mapping[str, "ParamKind"]
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataParam:
    """At most 50 keys of 40 characters with values of 500 (API reference, January 2026)."""


@dataclass(frozen=True, slots=True)
class ClearableParam:
    """What may be unset: an empty string reads as None."""

    kind: "ParamKind"


@dataclass(frozen=True, slots=True)
class EitherParam:
    """A map, or else a scalar."""

    map: MapParam
    scalar: "ParamKind"


@dataclass(frozen=True, slots=True)
class DatedParam:
    """A parameter of the API versions from `since` on and before `until` (their dates).

    `code` and `text` are those of its refusal after `until`, where Stripe has special ones.
    """

    kind: "ParamKind"
    since: str = ""
    until: str = "9999"
    code: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class CountryParam:
    """A country's code of two capital letters (ISO 3166-1, and Kosovo's)."""


@dataclass(frozen=True, slots=True)
class GatedParam:
    """A parameter that Stripe switches on for an account on request: unknown to all others."""


@dataclass(frozen=True, slots=True)
class UnsupportedParam:
    """A parameter of Stripe that the sandbox cannot follow: it says so and does not pass over."""


ParamKind = (
    TextParam
    | IntegerParam
    | BooleanParam
    | ListParam
    | MapParam
    | MetadataParam
    | ClearableParam
    | EitherParam
    | DatedParam
    | CountryParam
    | GatedParam
    | UnsupportedParam
)


# --- Countries of an address: ISO 3166-1 alpha-2, and XK, which Stripe uses

COUNTRIES: Final = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW XK
    """.split()
)


# --- Shapes that several resources share

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


# --- `payment_method_options[card]`

_NETWORKS: Final = (
    "amex cartes_bancaires diners discover eftpos_au girocard interac jcb link mastercard unionpay "
    "unknown visa"
)
_IF_AVAILABLE: Final = TextParam(choices=("if_available", "never"))
_USAGE: Final = TextParam(choices=("installment", "recurring", "unscheduled"))
_THREE_D_SECURE: Final[dict[str, ParamKind]] = {
    "ares_trans_status": TextParam(choices=tuple("ACINRUY")),
    "cryptogram": TextParam(),
    "electronic_commerce_indicator": TextParam(choices=("01", "02", "05", "06", "07")),
    "network_options": MapParam(
        {
            "cartes_bancaires": MapParam(
                {
                    "cb_avalgo": TextParam(choices=tuple("01234A")),
                    "cb_exemption": TextParam(4),
                    "cb_score": IntegerParam(0, 99),
                },
                required=("cb_avalgo",),
            )
        }
    ),
    "requestor_challenge_indicator": TextParam(2),
    "transaction_id": TextParam(),
    "version": TextParam(choices=("1.0.2", "2.1.0", "2.2.0", "2.3.0", "2.3.1")),
}
_SHARED: Final[dict[str, ParamKind]] = {
    # For recurring payments by the rules of India.
    "mandate_options": UnsupportedParam(),
    # Without the arrangement the API does not know it (stripe-dotnet's issue 2898).
    "moto": GatedParam(),
    "network": TextParam(choices=tuple(_NETWORKS.split())),
    "request_three_d_secure": TextParam(choices=("any", "automatic", "challenge")),
}
PAYMENT_CARD: Final = MapParam(
    {
        **_SHARED,
        "capture_method": ClearableParam(TextParam(choices=("manual",))),
        "cvc_token": UnsupportedParam(),
        "installments": UnsupportedParam(),
        "request_extended_authorization": _IF_AVAILABLE,
        "request_incremental_authorization": _IF_AVAILABLE,
        "request_multicapture": _IF_AVAILABLE,
        "request_overcapture": _IF_AVAILABLE,
        # It needs a cvc_token.
        "require_cvc_recollection": UnsupportedParam(),
        "setup_credential_usage": _USAGE,
        "setup_future_usage": ClearableParam(
            TextParam(choices=("none", "off_session", "on_session"))
        ),
        "statement_descriptor_suffix_kana": ClearableParam(TextParam(22)),
        "statement_descriptor_suffix_kanji": ClearableParam(TextParam(17)),
        "stored_credential_usage": _USAGE,
        "three_d_secure": MapParam(
            {**_THREE_D_SECURE, "exemption_indicator": TextParam(choices=("low_risk", "none"))},
            required=("cryptogram", "transaction_id", "version"),
        ),
    }
)
SETUP_CARD: Final = MapParam(
    {**_SHARED, "setup_credential_usage": _USAGE, "three_d_secure": MapParam(_THREE_D_SECURE)}
)
