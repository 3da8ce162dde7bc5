"""Parameters of payment intents, as far as a card needs them. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    BooleanParam,
    ClearableParam,
    IntegerParam,
    MapParam,
    ParamKind,
    TextParam,
    UnsupportedParam,
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
_SHARED: Final[dict[str, ParamKind]] = {
    **dict.fromkeys(_UNSUPPORTED, UnsupportedParam()),
    **METHOD_TYPES,
    "capture_method": TextParam(choices=("automatic", "automatic_async", "manual")),
    "expand": EXPAND,
    "payment_method": TextParam(),
    "payment_method_options": MapParam({"card": ClearableParam(PAYMENT_CARD)}),
}
_AT_CONFIRMATION: Final[dict[str, ParamKind]] = {
    "confirmation_token": UnsupportedParam(),
    "error_on_requires_action": BooleanParam(),
    "mandate": TextParam(),
    "mandate_data": ClearableParam(MANDATE_DATA),
    "off_session": BooleanParam(words=("one_off", "recurring")),
    "radar_options": MapParam({"referrer": ClearableParam(TextParam()), "session": TextParam()}),
    "return_url": TextParam(form="url"),
    "use_stripe_sdk": BooleanParam(),
}
_TRANSFER: Final = MapParam(
    {
        "amount": IntegerParam(0),
        "description": TextParam(),
        "destination": TextParam(),
        "metadata": CLEARED_METADATA,
        "payment_data": UnsupportedParam(),
    },
    required=("destination",),
)
_OF_THE_PAYMENT: Final[dict[str, ParamKind]] = {
    "currency": TextParam(),
    "customer": TextParam(),
    "customer_account": UnsupportedParam(),
    "description": TextParam(1000),
    "payment_method_configuration": UnsupportedParam(),
    "statement_descriptor": TextParam(22),
    "statement_descriptor_suffix": TextParam(22),
    "transfer_group": TextParam(),
}
CREATE: Final = MapParam(
    {
        **_SHARED,
        **_AT_CONFIRMATION,
        **_OF_THE_PAYMENT,
        "amount": IntegerParam(low=1),
        "application_fee_amount": IntegerParam(low=0),
        "automatic_payment_methods": AUTOMATIC_METHODS,
        "confirm": BooleanParam(),
        "confirmation_method": TextParam(choices=("automatic", "manual")),
        "metadata": METADATA,
        "on_behalf_of": TextParam(),
        "receipt_email": TextParam(form="email"),
        "setup_future_usage": TextParam(choices=("off_session", "on_session")),
        "shipping": SHIPPING,
        "transfer_data": _TRANSFER,
    },
    required=("amount", "currency"),
)
_CLEARED: Final[dict[str, ParamKind]] = {
    "receipt_email": ClearableParam(TextParam(form="email")),
    "setup_future_usage": ClearableParam(TextParam(choices=("off_session", "on_session"))),
    "shipping": ClearableParam(SHIPPING),
}
CONFIRM: Final = MapParam(
    {
        **_SHARED,
        **_AT_CONFIRMATION,
        **_CLEARED,
        "amount_to_confirm": IntegerParam(low=1),
        "client_secret": TextParam(),
    }
)
UPDATE: Final = MapParam(
    {
        **_SHARED,
        **_OF_THE_PAYMENT,
        **_CLEARED,
        "amount": IntegerParam(low=1),
        "application_fee_amount": ClearableParam(IntegerParam(low=0)),
        "metadata": CLEARED_METADATA,
        "transfer_data": UnsupportedParam(),
    }
)
CAPTURE: Final = MapParam(
    {
        **dict.fromkeys(("amount_details", "hooks", "payment_details"), UnsupportedParam()),
        "amount_to_capture": IntegerParam(low=1),
        "application_fee_amount": IntegerParam(low=0),
        "expand": EXPAND,
        # Further captures need multicapture, which the account does not have.
        "final_capture": BooleanParam(),
        "metadata": CLEARED_METADATA,
        "statement_descriptor": TextParam(22),
        "statement_descriptor_suffix": TextParam(22),
        "transfer_data": UnsupportedParam(),
    }
)
CANCEL: Final = MapParam(
    {
        "cancellation_reason": TextParam(
            choices=("abandoned", "duplicate", "fraudulent", "requested_by_customer")
        ),
        "expand": EXPAND,
    }
)
LIST: Final = listing(customer=TextParam(), customer_account=UnsupportedParam())
