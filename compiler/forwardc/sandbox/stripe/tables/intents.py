"""Parameters of payment intents, as far as a card needs them. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    Cleared,
    Flag,
    Kind,
    Shape,
    Text,
    Unsupported,
    Whole,
)
from forwardc.sandbox.stripe.tables.card_options import PAYMENT_CARD
from forwardc.sandbox.stripe.tables.shared import (
    AUTOMATIC_METHODS,
    CLEARED_METADATA,
    EXPAND,
    MANDATE_DATA,
    METADATA,
    METHOD_TYPES,
    SHIPPING,
    listing,
)

_UNSUPPORTED: Final = (
    "amount_details",
    "excluded_payment_method_types",
    "hooks",
    "payment_details",
    # The published schema has no `card` in it, so that a raw card cannot come this way.
    "payment_method_data",
)
_SHARED: Final[dict[str, Kind]] = {
    **dict.fromkeys(_UNSUPPORTED, Unsupported()),
    **METHOD_TYPES,
    "capture_method": Text(choices=("automatic", "automatic_async", "manual")),
    "expand": EXPAND,
    "payment_method": Text(),
    "payment_method_options": Shape({"card": Cleared(PAYMENT_CARD)}),
}
_AT_CONFIRMATION: Final[dict[str, Kind]] = {
    "confirmation_token": Unsupported(),
    "error_on_requires_action": Flag(),
    "mandate": Text(),
    "mandate_data": Cleared(MANDATE_DATA),
    "off_session": Flag(words=("one_off", "recurring")),
    "radar_options": Shape({"referrer": Cleared(Text()), "session": Text()}),
    "return_url": Text(form="url"),
    "use_stripe_sdk": Flag(),
}
_TRANSFER: Final = Shape(
    {
        "amount": Whole(0),
        "description": Text(),
        "destination": Text(),
        "metadata": CLEARED_METADATA,
        "payment_data": Unsupported(),
    },
    required=("destination",),
)
_OF_THE_PAYMENT: Final[dict[str, Kind]] = {
    "currency": Text(),
    "customer": Text(),
    "customer_account": Unsupported(),
    "description": Text(1000),
    "payment_method_configuration": Unsupported(),
    "statement_descriptor": Text(22),
    "statement_descriptor_suffix": Text(22),
    "transfer_group": Text(),
}
CREATE: Final = Shape(
    {
        **_SHARED,
        **_AT_CONFIRMATION,
        **_OF_THE_PAYMENT,
        "amount": Whole(low=1),
        "application_fee_amount": Whole(low=0),
        "automatic_payment_methods": AUTOMATIC_METHODS,
        "confirm": Flag(),
        "confirmation_method": Text(choices=("automatic", "manual")),
        "metadata": METADATA,
        "on_behalf_of": Text(),
        "receipt_email": Text(form="email"),
        "setup_future_usage": Text(choices=("off_session", "on_session")),
        "shipping": SHIPPING,
        "transfer_data": _TRANSFER,
    },
    required=("amount", "currency"),
)
_CLEARED: Final[dict[str, Kind]] = {
    "receipt_email": Cleared(Text(form="email")),
    "setup_future_usage": Cleared(Text(choices=("off_session", "on_session"))),
    "shipping": Cleared(SHIPPING),
}
CONFIRM: Final = Shape(
    {
        **_SHARED,
        **_AT_CONFIRMATION,
        **_CLEARED,
        "amount_to_confirm": Whole(low=1),
        "client_secret": Text(),
    }
)
UPDATE: Final = Shape(
    {
        **_SHARED,
        **_OF_THE_PAYMENT,
        **_CLEARED,
        "amount": Whole(low=1),
        "application_fee_amount": Cleared(Whole(low=0)),
        "metadata": CLEARED_METADATA,
        "transfer_data": Unsupported(),
    }
)
CAPTURE: Final = Shape(
    {
        **dict.fromkeys(("amount_details", "hooks", "payment_details"), Unsupported()),
        "amount_to_capture": Whole(low=1),
        "application_fee_amount": Whole(low=0),
        "expand": EXPAND,
        # Further captures need multicapture, which the account does not have.
        "final_capture": Flag(),
        "metadata": CLEARED_METADATA,
        "statement_descriptor": Text(22),
        "statement_descriptor_suffix": Text(22),
        "transfer_data": Unsupported(),
    }
)
CANCEL: Final = Shape(
    {
        "cancellation_reason": Text(
            choices=("abandoned", "duplicate", "fraudulent", "requested_by_customer")
        ),
        "expand": EXPAND,
    }
)
LIST: Final = listing(customer=Text(), customer_account=Unsupported())
