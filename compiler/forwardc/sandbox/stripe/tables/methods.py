"""Parameters of payment methods: cards only. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import IntegerParam, MapParam, TextParam, UnsupportedParam
from forwardc.sandbox.stripe.tables.shared import (
    BILLING,
    CLEARED_METADATA,
    EXPAND,
    METADATA,
    REDISPLAY,
    listing,
)

_NETWORKS: Final = MapParam(
    {"preferred": TextParam(choices=("cartes_bancaires", "mastercard", "visa"))}
)
CREATE: Final = MapParam(
    {
        "type": TextParam(),
        "card": MapParam(
            {
                "number": TextParam(),
                "exp_month": IntegerParam(),
                "exp_year": IntegerParam(),
                "cvc": TextParam(),
                "token": TextParam(),
                "networks": _NETWORKS,
            }
        ),
        "billing_details": BILLING,
        "metadata": METADATA,
        "allow_redisplay": REDISPLAY,
        # Sharing and cloning need a connected account.
        "customer": UnsupportedParam(),
        "payment_method": UnsupportedParam(),
        "radar_options": MapParam({"session": TextParam()}),
        "expand": EXPAND,
    },
    required=("type",),
)
UPDATE: Final = MapParam(
    {
        "card": MapParam(
            {"exp_month": IntegerParam(), "exp_year": IntegerParam(), "networks": _NETWORKS}
        ),
        "billing_details": BILLING,
        "metadata": CLEARED_METADATA,
        "allow_redisplay": REDISPLAY,
        "expand": EXPAND,
    }
)
ATTACH: Final = MapParam(
    {"customer": TextParam(), "customer_account": UnsupportedParam(), "expand": EXPAND},
    required=("customer",),
)
LIST: Final = listing(
    created=None,
    allow_redisplay=REDISPLAY,
    customer=TextParam(),
    customer_account=UnsupportedParam(),
    type=TextParam(),
)
CUSTOMERS_LIST: Final = listing(created=None, allow_redisplay=REDISPLAY, type=TextParam())
