"""Parameters of payment methods: cards only. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import Shape, Text, Unsupported, Whole
from forwardc.sandbox.stripe.tables.shared import (
    BILLING,
    CLEARED_METADATA,
    EXPAND,
    METADATA,
    REDISPLAY,
    listing,
)

_NETWORKS: Final = Shape({"preferred": Text(choices=("cartes_bancaires", "mastercard", "visa"))})
CREATE: Final = Shape(
    {
        "type": Text(),
        "card": Shape(
            {
                "number": Text(),
                "exp_month": Whole(),
                "exp_year": Whole(),
                "cvc": Text(),
                "token": Text(),
                "networks": _NETWORKS,
            }
        ),
        "billing_details": BILLING,
        "metadata": METADATA,
        "allow_redisplay": REDISPLAY,
        # Sharing and cloning need a connected account.
        "customer": Unsupported(),
        "payment_method": Unsupported(),
        "radar_options": Shape({"session": Text()}),
        "expand": EXPAND,
    },
    required=("type",),
)
UPDATE: Final = Shape(
    {
        "card": Shape({"exp_month": Whole(), "exp_year": Whole(), "networks": _NETWORKS}),
        "billing_details": BILLING,
        "metadata": CLEARED_METADATA,
        "allow_redisplay": REDISPLAY,
        "expand": EXPAND,
    }
)
ATTACH: Final = Shape(
    {"customer": Text(), "customer_account": Unsupported(), "expand": EXPAND},
    required=("customer",),
)
LIST: Final = listing(
    created=None,
    allow_redisplay=REDISPLAY,
    customer=Text(),
    customer_account=Unsupported(),
    type=Text(),
)
CUSTOMERS_LIST: Final = listing(created=None, allow_redisplay=REDISPLAY, type=Text())
