"""Parameters of forwarding requests (OpenAPI 2026-09-30.endive). Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import DatedParam, ListParam, MapParam, TextParam
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
_HEADER: Final = MapParam({"name": TextParam(), "value": TextParam()}, required=("name", "value"))
CREATE: Final = MapParam(
    {
        "payment_method": TextParam(),
        "url": TextParam(),
        "replacements": ListParam(TextParam(choices=PUBLIC + BY_ARRANGEMENT)),
        "request": MapParam({"body": TextParam(), "headers": ListParam(_HEADER)}),
        "metadata": DatedParam(METADATA, since="2024-10-28"),
        "expand": EXPAND,
    },
    required=("payment_method", "url", "replacements"),
)
