"""Which properties `expand[]` can inline, by object, and what stands behind each. Data only."""

from collections.abc import Mapping
from typing import Final

LINKS: Final[Mapping[str, Mapping[str, str]]] = {
    "charge": {
        "application": "",
        "balance_transaction": "",
        "customer": "customer",
        "on_behalf_of": "",
        "payment_intent": "payment_intent",
    },
    "customer": {"default_source": "", "test_clock": ""},
    "forwarding.request": {},
    "payment_intent": {
        "application": "",
        "customer": "customer",
        "latest_charge": "charge",
        "on_behalf_of": "",
        "payment_method": "payment_method",
        "review": "",
        "source": "",
    },
    "payment_method": {"customer": "customer"},
    "refund": {
        "balance_transaction": "",
        "charge": "charge",
        "payment_intent": "payment_intent",
        "source_transfer_reversal": "",
        "transfer_reversal": "",
    },
    "setup_intent": {
        "application": "",
        "customer": "customer",
        "latest_attempt": "",
        "mandate": "",
        "on_behalf_of": "",
        "payment_method": "payment_method",
        "single_use_mandate": "",
    },
}
"""Object, property, and the object behind it; an empty text where the sandbox holds only null."""
