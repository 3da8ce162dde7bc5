"""Parameters of setup intents. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    Cleared,
    Flag,
    Kind,
    Shape,
    Text,
    Unsupported,
)
from forwardc.sandbox.stripe.tables.card_options import SETUP_CARD
from forwardc.sandbox.stripe.tables.shared import (
    AUTOMATIC_METHODS,
    CLEARED_METADATA,
    EXPAND,
    MANDATE_DATA,
    METADATA,
    METHOD_TYPES,
    listing,
)

_UNSUPPORTED: Final = (
    "customer_account",
    "excluded_payment_method_types",
    "payment_method_configuration",
    "payment_method_data",
    # Money that moves between the account's own methods.
    "attach_to_self",
    "flow_directions",
)
_SHARED: Final[dict[str, Kind]] = {
    **METHOD_TYPES,
    "expand": EXPAND,
    "payment_method": Text(),
    "payment_method_options": Shape({"card": SETUP_CARD}),
}
_AT_CONFIRMATION: Final[dict[str, Kind]] = {
    "mandate_data": Cleared(MANDATE_DATA),
    "return_url": Text(form="url"),
    "use_stripe_sdk": Flag(),
}
CREATE: Final = Shape(
    {
        **dict.fromkeys(_UNSUPPORTED, Unsupported()),
        **_SHARED,
        **_AT_CONFIRMATION,
        "automatic_payment_methods": AUTOMATIC_METHODS,
        "confirm": Flag(),
        "confirmation_token": Unsupported(),
        "customer": Text(),
        "description": Text(1000),
        "metadata": METADATA,
        "on_behalf_of": Text(),
        "single_use": Unsupported(),
        "usage": Text(choices=("off_session", "on_session")),
    }
)
UPDATE: Final = Shape(
    {
        **dict.fromkeys(_UNSUPPORTED, Unsupported()),
        **_SHARED,
        "customer": Text(),
        "description": Text(1000),
        "metadata": CLEARED_METADATA,
    }
)
CONFIRM: Final = Shape(
    {
        **_SHARED,
        **_AT_CONFIRMATION,
        "client_secret": Text(),
        "confirmation_token": Unsupported(),
        "payment_method_data": Unsupported(),
    }
)
CANCEL: Final = Shape(
    {
        "cancellation_reason": Text(choices=("abandoned", "duplicate", "requested_by_customer")),
        "expand": EXPAND,
    }
)
LIST: Final = listing(
    attach_to_self=Unsupported(),
    customer=Text(),
    customer_account=Unsupported(),
    payment_method=Text(),
)
