"""Parameters of refunds, and of the charges that they give back. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    BooleanParam,
    IntegerParam,
    MapParam,
    TextParam,
    UnsupportedParam,
)
from forwardc.sandbox.stripe.tables.shared import CLEARED_METADATA, EXPAND, listing

CREATE: Final = MapParam(
    {
        # Of a customer's cash balance.
        **dict.fromkeys(
            ("currency", "customer", "instructions_email", "origin"), UnsupportedParam()
        ),
        "amount": IntegerParam(low=1),
        "charge": TextParam(),
        "expand": EXPAND,
        "metadata": CLEARED_METADATA,
        "payment_intent": TextParam(),
        "reason": TextParam(choices=("duplicate", "fraudulent", "requested_by_customer")),
        "refund_application_fee": BooleanParam(),
        "reverse_transfer": BooleanParam(),
    }
)
UPDATE: Final = MapParam({"expand": EXPAND, "metadata": CLEARED_METADATA})
LIST: Final = listing(charge=TextParam(), payment_intent=TextParam())
CHARGES: Final = listing(
    customer=TextParam(), payment_intent=TextParam(), transfer_group=TextParam()
)
