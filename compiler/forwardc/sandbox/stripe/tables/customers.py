"""Parameters of customers. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    ClearableParam,
    IntegerParam,
    ListParam,
    MapParam,
    ParamKind,
    TextParam,
    UnsupportedParam,
)
from forwardc.sandbox.stripe.tables.shared import (
    ADDRESS,
    CLEARED_METADATA,
    CUSTOMER_SHIPPING,
    EXPAND,
    listing,
)

# Of invoices, taxes and balances, which a vault's flow does not need.
_UNSUPPORTED: Final = (
    "cash_balance",
    "invoice_prefix",
    "next_invoice_sequence",
    "source",
    "tax",
    "validate",
)
_SHARED: Final[dict[str, ParamKind]] = {
    **dict.fromkeys(_UNSUPPORTED, UnsupportedParam()),
    "address": ClearableParam(ADDRESS),
    "balance": IntegerParam(),
    "business_name": ClearableParam(TextParam(150)),
    "description": ClearableParam(TextParam()),
    "email": ClearableParam(TextParam(512, form="email")),
    "expand": EXPAND,
    "individual_name": ClearableParam(TextParam(150)),
    "invoice_settings": MapParam(
        {
            "custom_fields": UnsupportedParam(),
            "default_payment_method": ClearableParam(TextParam()),
            "footer": TextParam(),
            "rendering_options": UnsupportedParam(),
        }
    ),
    "metadata": CLEARED_METADATA,
    "name": ClearableParam(TextParam(256)),
    "phone": ClearableParam(TextParam(20)),
    "preferred_locales": ListParam(TextParam()),
    "shipping": ClearableParam(CUSTOMER_SHIPPING),
    "tax_exempt": ClearableParam(TextParam(choices=("exempt", "none", "reverse"))),
}
CREATE: Final = MapParam(
    {
        **_SHARED,
        "payment_method": TextParam(),
        "tax_id_data": UnsupportedParam(),
        "test_clock": UnsupportedParam(),
    }
)
UPDATE: Final = MapParam({**_SHARED, "default_source": UnsupportedParam()})
LIST: Final = listing(email=TextParam(512), test_clock=UnsupportedParam())
KEPT: Final = (
    "address",
    "balance",
    "description",
    "email",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
)
"""What the object shows as it was given."""
