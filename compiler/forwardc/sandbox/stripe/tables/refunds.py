"""Parameters of refunds, and of the charges that they give back. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import Flag, Shape, Text, Unsupported, Whole
from forwardc.sandbox.stripe.tables.shared import CLEARED_METADATA, EXPAND, listing

CREATE: Final = Shape(
    {
        # Of a customer's cash balance.
        **dict.fromkeys(("currency", "customer", "instructions_email", "origin"), Unsupported()),
        "amount": Whole(low=1),
        "charge": Text(),
        "expand": EXPAND,
        "metadata": CLEARED_METADATA,
        "payment_intent": Text(),
        "reason": Text(choices=("duplicate", "fraudulent", "requested_by_customer")),
        "refund_application_fee": Flag(),
        "reverse_transfer": Flag(),
    }
)
UPDATE: Final = Shape({"expand": EXPAND, "metadata": CLEARED_METADATA})
LIST: Final = listing(charge=Text(), payment_intent=Text())
CHARGES: Final = listing(customer=Text(), payment_intent=Text(), transfer_group=Text())
