"""Parameters of setup intents. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    BooleanParam,
    ClearableParam,
    MapParam,
    ParamKind,
    TextParam,
    UnsupportedParam,
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
_SHARED: Final[dict[str, ParamKind]] = {
    **METHOD_TYPES,
    "expand": EXPAND,
    "payment_method": TextParam(),
    "payment_method_options": MapParam({"card": SETUP_CARD}),
}
_AT_CONFIRMATION: Final[dict[str, ParamKind]] = {
    "mandate_data": ClearableParam(MANDATE_DATA),
    "return_url": TextParam(form="url"),
    "use_stripe_sdk": BooleanParam(),
}
CREATE: Final = MapParam(
    {
        **dict.fromkeys(_UNSUPPORTED, UnsupportedParam()),
        **_SHARED,
        **_AT_CONFIRMATION,
        "automatic_payment_methods": AUTOMATIC_METHODS,
        "confirm": BooleanParam(),
        "confirmation_token": UnsupportedParam(),
        "customer": TextParam(),
        "description": TextParam(1000),
        "metadata": METADATA,
        "on_behalf_of": TextParam(),
        "single_use": UnsupportedParam(),
        "usage": TextParam(choices=("off_session", "on_session")),
    }
)
UPDATE: Final = MapParam(
    {
        **dict.fromkeys(_UNSUPPORTED, UnsupportedParam()),
        **_SHARED,
        "customer": TextParam(),
        "description": TextParam(1000),
        "metadata": CLEARED_METADATA,
    }
)
CONFIRM: Final = MapParam(
    {
        **_SHARED,
        **_AT_CONFIRMATION,
        "client_secret": TextParam(),
        "confirmation_token": UnsupportedParam(),
        "payment_method_data": UnsupportedParam(),
    }
)
CANCEL: Final = MapParam(
    {
        "cancellation_reason": TextParam(
            choices=("abandoned", "duplicate", "requested_by_customer")
        ),
        "expand": EXPAND,
    }
)
LIST: Final = listing(
    attach_to_self=UnsupportedParam(),
    customer=TextParam(),
    customer_account=UnsupportedParam(),
    payment_method=TextParam(),
)
