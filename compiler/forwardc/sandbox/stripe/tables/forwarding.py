"""Parameters of forwarding requests (OpenAPI 2026-09-30.endive). Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import Dated, Items, Shape, Text
from forwardc.sandbox.stripe.tables.shared import EXPAND, METADATA

PUBLIC: Final = (
    "card_cvc",
    "card_expiry",
    "card_number",
    "cardholder_name",
    "request_signature",
)
BY_ARRANGEMENT: Final = (
    "network_token_cryptogram",
    "network_token_electronic_commerce_indicator",
    "network_token_expiry",
    "network_token_number",
)
_HEADER: Final = Shape({"name": Text(), "value": Text()}, required=("name", "value"))
CREATE: Final = Shape(
    {
        "payment_method": Text(),
        "url": Text(),
        "replacements": Items(Text(choices=PUBLIC + BY_ARRANGEMENT)),
        "request": Shape({"body": Text(), "headers": Items(_HEADER)}),
        "metadata": Dated(METADATA, since="2024-10-28"),
        "expand": EXPAND,
    },
    required=("payment_method", "url", "replacements"),
)
