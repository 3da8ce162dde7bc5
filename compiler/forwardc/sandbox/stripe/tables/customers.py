"""Parameters of customers. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    Cleared,
    Items,
    Kind,
    Shape,
    Text,
    Unsupported,
    Whole,
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
_SHARED: Final[dict[str, Kind]] = {
    **dict.fromkeys(_UNSUPPORTED, Unsupported()),
    "address": Cleared(ADDRESS),
    "balance": Whole(),
    "business_name": Cleared(Text(150)),
    "description": Cleared(Text()),
    "email": Cleared(Text(512, form="email")),
    "expand": EXPAND,
    "individual_name": Cleared(Text(150)),
    "invoice_settings": Shape(
        {
            "custom_fields": Unsupported(),
            "default_payment_method": Cleared(Text()),
            "footer": Text(),
            "rendering_options": Unsupported(),
        }
    ),
    "metadata": CLEARED_METADATA,
    "name": Cleared(Text(256)),
    "phone": Cleared(Text(20)),
    "preferred_locales": Items(Text()),
    "shipping": Cleared(CUSTOMER_SHIPPING),
    "tax_exempt": Cleared(Text(choices=("exempt", "none", "reverse"))),
}
CREATE: Final = Shape(
    {
        **_SHARED,
        "payment_method": Text(),
        "tax_id_data": Unsupported(),
        "test_clock": Unsupported(),
    }
)
UPDATE: Final = Shape({**_SHARED, "default_source": Unsupported()})
LIST: Final = listing(email=Text(512), test_clock=Unsupported())
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
